"""Sweeps with peaks of memory, beside networks measured one at a time.

    python -m tests.benchmarks.peak

Prints configurations a second for each network: every row kept, those within 256 KiB
kept, and those under 5 M multiply-adds; and how many times faster the first is than
building and measuring each configuration alone.
"""

import time

from mnprofile import activation_memory, build
from mnprofile.search.conditions import parse_condition
from mnprofile.search.grids import grids_for
from mnprofile.search.stream import stream

NETWORKS = ("v1", "v2", "v3-large", "v3-small")
ALPHAS, SIDES = "0.35:1.35:0.0005", "32:531:1"
WHERE = ("act_peak_bytes>0", "act_peak_bytes<=256KiB", "macs<=5M")


def at_once(name: str, where: str) -> float:
    """Configurations a second of a sweep of a million, the best of three."""
    grids = grids_for(name, alpha=ALPHAS, resolution=SIDES)
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        for _ in stream(grids, [parse_condition(where)]):
            pass
        best = min(best, time.perf_counter() - begin)
    return grids[0].size / best


def one_at_a_time(name: str) -> float:
    """Configurations a second, each built and measured."""
    begin = time.perf_counter()
    for side in range(64, 164):
        activation_memory(build(name, alpha=0.75, resolution=side))
    return 100 / (time.perf_counter() - begin)


def main() -> None:
    for name in NETWORKS:
        rates = [at_once(name, where) for where in WHERE]
        shown = ", ".join(
            f"{where} {rate / 1e6:.1f} M"
            for where, rate in zip(WHERE, rates, strict=True)
        )
        times = rates[0] / one_at_a_time(name)
        print(f"{name}: {shown} a second; {times:,.0f} times one alone")


if __name__ == "__main__":
    main()
