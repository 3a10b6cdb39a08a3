"""Held-out error of a roofline, max(compute, memory) + overhead, beside the sums.

    python -m tests.benchmarks.max_model

Prints, for every shipped calibration, the median and worst error of the figures left
out (the same splits as the calibration's own), once as the calibration chooses among
its sums, and once for each model in which an operator takes the longer of its compute
and memory time, instead of both. Takes a few minutes.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from mnprofile.costs.latency.devices import Device, Measured, shipped_devices
from mnprofile.costs.latency.fitting import SLACK, _groups
from mnprofile.costs.latency.work import TERMS, Work, work
from mnprofile.networks.catalog import build, load

# Terms that share a price: those of compute, those of memory, and the overhead.
Terms = tuple[tuple[str, ...], ...]
_MACS, _BYTES = ("dense_mac", "depthwise_mac"), ("map_byte", "weight_byte")
ROOFLINES: dict[str, tuple[Terms, Terms, bool]] = {
    "max(multiply-adds, bytes)": ((_MACS,), (_BYTES,), False),
    "max(multiply-adds, bytes) + operators": ((_MACS,), (_BYTES,), True),
    "max(multiply-adds by kind, bytes) + operators": (
        (("dense_mac",), ("depthwise_mac",)),
        (_BYTES,),
        True,
    ),
    "max(multiply-adds by kind, bytes of maps and of weights) + operators": (
        (("dense_mac",), ("depthwise_mac",)),
        (("map_byte",), ("weight_byte",)),
        True,
    ),
}
STARTS = (0.03, 0.3, 3.0, 30.0)  # price of a byte over that of a multiply-add
ROUNDS = 60


def operators(figure: Measured, bits: int, impl: str) -> np.ndarray:
    """The amounts [operators, terms] of a figure's network."""
    graph = build(
        figure.network,
        alpha=figure.alpha,
        resolution=(figure.height, figure.width),
        impl=impl,
    )
    found = [work([node], bits) for node in graph]
    return np.array([one for one in found if one != Work()], float)


def columns(parts: np.ndarray, terms: Terms) -> np.ndarray:
    """Amounts [operators, prices] of terms that share a price."""
    at = [[TERMS.index(term) for term in some] for some in terms]
    return np.stack([parts[:, some].sum(axis=1) for some in at], 1)


class Roofline:
    """Prices of one model, fitted to relative errors as ``fitting.fit`` does."""

    def __init__(self, compute: Terms, memory: Terms, overhead: bool) -> None:
        self.compute, self.memory, self.overhead = compute, memory, overhead
        self.prices = np.zeros(len(compute) + len(memory) + overhead)

    def amounts(self, parts: np.ndarray) -> np.ndarray:
        """What is paid for [prices]: of each operator the longer of the two."""
        compute = columns(parts, self.compute)
        memory = columns(parts, self.memory)
        split = len(self.compute)
        is_compute = (
            compute @ self.prices[:split]
            >= memory @ self.prices[split : split + len(self.memory)]
        )
        found = [compute[is_compute].sum(axis=0), memory[~is_compute].sum(axis=0)]
        return np.concatenate([*found, [float(len(parts))] * self.overhead])

    def ms(self, parts: np.ndarray) -> float:
        return float(self.amounts(parts) @ self.prices)

    def fit(self, all_parts: Sequence[np.ndarray], ms: np.ndarray) -> None:
        """The best of several starts: pay, see which is longer, pay again."""
        best, least = self.prices, np.inf
        for start in STARTS:
            split = len(self.compute)
            self.prices = np.full(len(self.prices), start)
            self.prices[:split] = 1.0
            pull = np.ones(len(ms))
            for _ in range(ROUNDS):
                relative = np.stack([self.amounts(one) for one in all_parts])
                relative /= ms[:, None]
                scale = np.sqrt((relative**2).sum(axis=0))
                scale[scale == 0] = 1.0
                found, _ = nnls(relative / scale * pull[:, None], pull)
                self.prices = found / scale
                now = np.array([self.ms(one) for one in all_parts])
                off = np.abs(now / ms - 1)
                pull = np.sqrt(1 / np.maximum(off / SLACK, 1))
                loss = np.where(off < SLACK, off**2 / 2, SLACK * (off - SLACK / 2))
                if loss.sum() < least:
                    best, least = self.prices, loss.sum()
        self.prices = best


def held_out(
    name: str, all_parts: Sequence[np.ndarray], ms: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """The relative error of each figure by a fit on the other groups [figures]."""
    off = np.zeros(len(ms))
    for group in dict.fromkeys(groups.tolist()):
        kept = groups != group
        model = Roofline(*ROOFLINES[name])
        model.fit(
            [one for one, is_kept in zip(all_parts, kept, strict=True) if is_kept],
            ms[kept],
        )
        for at in np.flatnonzero(~kept).tolist():
            off[at] = abs(model.ms(all_parts[at]) / ms[at] - 1)
    return off


def compare(device: Device) -> None:
    for one in device.calibrations:
        ms = np.array([figure.ms for figure in one.figures])
        family = load(one.figures[0].network).family
        parts = [operators(figure, device.bits, "paper") for figure in one.figures]
        groups = np.array(_groups(one.figures)[0])
        print(f"{device.name}, {family}: {len(ms)} figures, one {one.left_out} out")
        print(f"  {one.errors.median:5.1f} {one.errors.worst:6.1f}  sums, as chosen")
        for name, (compute, memory, overhead) in ROOFLINES.items():
            if 2 * (len(compute) + len(memory) + overhead) > len(ms):
                continue
            off = 100 * held_out(name, parts, ms, groups)
            print(f"  {np.median(off):5.1f} {off.max():6.1f}  {name}", flush=True)


def main() -> None:
    print("median and worst error of figures left out, in percent")
    for device in shipped_devices():
        compare(device)


if __name__ == "__main__":
    main()
