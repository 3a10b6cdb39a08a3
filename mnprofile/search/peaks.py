"""Peak activation memory of many configurations at once.

``liveness`` says which sums of channels x positions the peak is the largest of. Here
each sum is a product of arrays, and those that are never the largest are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

from mnprofile.costs.memory.liveness import Terms, candidates, live_sets
from mnprofile.search.products import Product, number_type
from mnprofile.search.structures import Structure, flat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Sum = tuple[NDArray[Any], NDArray[Any]]  # of channels [K, n] x positions [n, R]

# More than the rounding error of the few operations in a bound.
_MARGIN = 1 + 1e-9


@dataclass(frozen=True)
class Peaks:
    """Sums of bytes per position [K, n] times positions [n, R].

    The peak is the largest sum. The number type holds every sum exactly.
    """

    sums: tuple[Sum, ...]

    def grid(self, widths: Any = slice(None)) -> Ints:
        """The peak of some of the widths at every resolution [K, R], in bytes."""
        return _largest(factors[widths] @ sizes for factors, sizes in self.sums)

    def at(self, k: Any, r: Any) -> Ints:
        """The peak of pairs of a width and a resolution [N], in bytes."""
        return _largest(
            sum(factors[k, n] * row[r] for n, row in enumerate(sizes))
            for factors, sizes in self.sums
        )


def peaks_of(made: Product, bits: int) -> Peaks:
    """The sums that give the peaks of a product's configurations, at 8, 16 or 32 bits.

    Raises UsageError if a peak may not fit into 64 bits.
    """
    import numpy as np

    count_k, count_r = len(made.params), made.positions.shape[1]
    merged: dict[tuple[object, ...], Sum] = {}
    for one in made.structures:
        seen: Counter[bytes] = Counter()
        for channels, positions in _needed(candidates(live_sets(one.graph)), one):
            sizes = np.zeros((len(positions), count_r), np.int64)
            sizes[:, one.sizes] = positions
            kind = sizes.tobytes()
            seen[kind] += 1
            # Structures differ in widths, so sums over the same sizes share an array.
            key = (kind, seen[kind])
            if key not in merged:
                merged[key] = np.zeros((count_k, len(positions)), np.int64), sizes
            merged[key][0][one.widths] = channels * (bits // 8)
    sums = []
    for factors, sizes in merged.values():
        kind_of_number = number_type(factors, sizes, "bytes of activations")
        sums.append((factors.astype(kind_of_number), sizes.astype(kind_of_number)))
    return Peaks(tuple(sums))


def _needed(found: Iterable[Terms], of: Structure) -> list[tuple[Ints, Ints]]:
    """Sums as arrays [k, n] and [n, r], without those that are never the largest.

    Positions are bounded by multiples of one row of them, which bounds a width's sums
    at all resolutions; a sum whose upper bound is below another's lower bound is out.
    """
    import numpy as np

    sums = [[(flat(c), flat(p)) for c, p in terms] for terms in found]
    if len(of.widths) and len(of.sizes):
        unit = sums[0][0][1]
        most = [sum(c * np.max(p / unit) for c, p in terms) for terms in sums]
        least = [sum(c * np.min(p / unit) for c, p in terms) for terms in sums]
        reached = reduce(np.maximum, least)
        sums = [
            terms
            for terms, bound in zip(sums, most, strict=True)
            if np.any(bound * _MARGIN > reached)
        ]
    shapes = len(of.widths), len(of.sizes)
    return [
        (
            np.stack([np.broadcast_to(c, shapes[0]) for c, _ in terms], 1),
            np.stack([np.broadcast_to(p, shapes[1]) for _, p in terms]),
        )
        for terms in sums
    ]


def _largest(values: Iterable[Any]) -> Ints:
    import numpy as np

    largest: Any = None
    for value in values:
        largest = value if largest is None else np.maximum(largest, value, out=value)
    whole: Ints = largest.astype(np.int64)
    return whole
