"""Every published width and resolution of every shipped table, cross-checked.

A run on request, one to three minutes: python -m tests.whole_grid
"""

import sys

import torch

import mnprofile
from mnprofile.evidence.literature import sources
from mnprofile.networks import catalog

SOURCES = ("paper-v1", "paper-v2", "paper-v3", "slim-v1", "slim-v2-v3", "keras")


def grid(family: str) -> list[tuple[float, int]]:
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


def main() -> int:
    """Check the whole grid; return the number of configurations that do not agree."""
    torch.set_num_threads(1)
    checked = failed = 0
    for arch in catalog.shipped():
        for alpha, resolution in grid(arch.family):
            outcome = mnprofile.check(
                mnprofile.build(arch, alpha=alpha, resolution=resolution)
            )
            checked += 1
            if not (outcome.agrees and outcome.is_complete):
                failed += 1
                print(arch.name, alpha, resolution, outcome.problems[:1])
    print(f"{checked} configurations, {failed} without agreement")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main()))
