"""Peaks of many configurations at once, beside one at a time.

    python -m tests.benchmarks.peak

Prints configurations a second for each network, and how many times faster the arrays
are than building and measuring each configuration alone.
"""

import time
from typing import Any

from mnprofile import activation_memory, build
from mnprofile.blocks import assemble
from mnprofile.catalog import load
from mnprofile.graph import Config
from mnprofile.liveness import candidates, live_sets

# Widths within which every block has the same layers, and resolutions.
NETWORKS = {"v1": (0.5, 0.9), "v2": (0.72, 0.99), "v3-large": (0.72, 0.99)}
WIDTHS, SIDES, CHUNK = 2000, range(64, 564), 100


def at_once(name: str) -> float:
    """Configurations a second, every peak from columns times rows."""
    import numpy as np

    arch, (low, high) = load(name), NETWORKS[name]
    begin = time.perf_counter()
    column: Any = np.linspace(low, high, WIDTHS)[:, None]
    row: Any = np.arange(SIDES.start, SIDES.stop)[None, :]
    config = Config(name, "paper", column, (row, row), None, None, arch.classes)
    found = [
        [(np.broadcast_to(channels, (WIDTHS, 1)), size) for channels, size in terms]
        for terms in candidates(live_sets(assemble(arch, config)))
    ]
    for at in range(0, WIDTHS, CHUNK):
        sums: list[Any] = [
            sum(channels[at : at + CHUNK] * size for channels, size in terms)
            for terms in found
        ]
        peak = sums[0]
        for other in sums[1:]:
            np.maximum(peak, other, out=peak)
    return WIDTHS * len(SIDES) / (time.perf_counter() - begin)


def one_at_a_time(name: str) -> float:
    """Configurations a second, each built and measured."""
    begin = time.perf_counter()
    for side in SIDES[:100]:
        activation_memory(build(name, alpha=0.75, resolution=side))
    return 100 / (time.perf_counter() - begin)


def main() -> None:
    for name in NETWORKS:
        fast, slow = at_once(name), one_at_a_time(name)
        print(
            f"{name}: {fast / 1e6:.1f} M a second, {fast / slow:,.0f} times one alone"
        )


if __name__ == "__main__":
    main()
