"""Every shipped table and head against fvcore and torch's FlopCounterMode.

The MobileNets at each width and resolution that is printed for them, the others at
their own, and every head on three backbones. A run on request, ten minutes or more:

    python -m tests.whole_grid [NAME...]
"""

import sys
from collections.abc import Iterator
from typing import Any

import torch

import mnprofile
from mnprofile.evidence.literature import sources
from mnprofile.networks import catalog

SOURCES = ("paper-v1", "paper-v2", "paper-v3", "slim-v1", "slim-v2-v3", "keras")
BACKBONES = ("v2", "v3-large", "resnet-50")


def printed(family: str) -> list[tuple[float, int]]:
    """The widths and resolutions that papers and model zoos print for a family."""
    return sorted(
        {
            (figure.alpha, figure.resolution)
            for source in SOURCES
            for figure in sources.figures(source)
            if figure.family.startswith(family)
            and figure.alpha is not None
            and figure.resolution is not None
        }
    )


def configurations() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in catalog.names():
        arch = catalog.load(name)
        if arch.group:  # not a MobileNet
            yield name, {}
            continue
        for alpha, resolution in printed(arch.family):
            yield name, {"alpha": alpha, "resolution": resolution}
    for head in catalog.heads():
        for backbone in BACKBONES:
            yield f"{backbone}+{head}", {}


def main(wanted: list[str]) -> int:
    """Check them all; return the number of configurations that do not agree."""
    torch.set_num_threads(1)
    checked = failed = 0
    for name, settings in configurations():
        if wanted and name not in wanted:
            continue
        outcome = mnprofile.check(mnprofile.build(name, **settings))
        checked += 1
        if not (outcome.agrees and outcome.is_complete):
            failed += 1
            print(name, settings, outcome.problems[:1], flush=True)
    print(f"{checked} configurations, {failed} without agreement")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
