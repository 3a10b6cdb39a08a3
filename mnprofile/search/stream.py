"""Sweeps: the configurations of grids that pass some conditions, in bounded pieces.

Nothing holds a whole grid: widths are assembled a few thousand at a time, their product
with the resolutions is taken in pieces, and only the rows that pass are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mnprofile.base.units import Bits
from mnprofile.search.conditions import LATENCY, MEMORY, Condition
from mnprofile.search.frontier import Frontier, on_frontier
from mnprofile.search.grids import Grid
from mnprofile.search.interpolation import NONE, is_as_printed
from mnprofile.search.latencies import (
    DECIMALS,
    Latencies,
    latencies_of,
    limits_latency,
    require_times,
    times,
)
from mnprofile.search.peaks import Peaks, peaks_of
from mnprofile.search.products import Product, product
from mnprofile.search.rows import NUMBERS, TIMED, Rows, SweepGroup, groups_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTHS_AT_ONCE = 16_384
CELLS_AT_ONCE = 262_144

_DENSE = 4  # if one row in this many passes, the peaks of all are cheaper
_COUNTED_PER_WIDTH = ("params", "weights", "buffers")


def stream(
    grids: Sequence[Grid],
    conditions: Sequence[Condition] = (),
    *,
    pareto: bool = False,
    bits: Bits = 8,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Rows]:
    """The rows of the grids that satisfy every condition, in pieces of bounded size.

    With ``pareto`` only the frontier of top-1 over macs is yielded, cheapest first, at
    the end. ``bits`` are the bits per element in memory. ``progress`` is called with
    the number of configurations in each piece of work.
    """
    for one in grids[:1]:
        archs, limited = [grid.arch for grid in grids], limits_latency(conditions)
        require_times(archs, one.device, limited=limited)
    groups = groups_of(grids)
    frontier = Frontier() if pareto else None
    of_groups = [one for one in grids for _ in one.impls for _ in one.classes]
    for index, one in enumerate(of_groups):
        search = _Search(groups, index, one, tuple(conditions), frontier, bits)
        for rows in search.rows(progress):
            if frontier is None:
                yield rows
            else:
                frontier.add(rows)
    if frontier is not None and frontier.rows is not None:
        yield frontier.rows


@dataclass(frozen=True)
class _Search:
    """One group of one grid, searched in pieces."""

    groups: tuple[SweepGroup, ...]
    index: int
    grid: Grid
    conditions: tuple[Condition, ...]
    frontier: Frontier | None
    bits: Bits

    @property
    def group(self) -> SweepGroup:
        return self.groups[self.index]

    @property
    def needs_top1(self) -> bool:
        """Whether rows of unknown accuracy can be skipped."""
        asked = any(one.column in ("top1", "kind") for one in self.conditions)
        return asked or self.frontier is not None

    def rows(self, progress: Callable[[int], None]) -> Iterator[Rows]:
        """The rows that pass, a piece at a time."""
        import numpy as np

        count_r = len(self.grid.resolutions)
        step = max(1, CELLS_AT_ONCE // count_r)
        for alpha, t in self._widths():
            left, useful = len(alpha), np.ones(len(alpha), bool)
            if self.needs_top1:
                known = self.group.accuracy is not None
                useful &= known & is_as_printed(self.group.arch, t)
            if useful.any():
                piece = self._piece(alpha[useful], t[useful])
                for first in range(0, len(piece.kept), step):
                    at = piece.kept[first : first + step]
                    rows = _Cells(piece, at).rows()
                    if rows is not None:
                        yield rows
                    progress(len(at) * count_r)
                left -= len(piece.kept)
            progress(left * count_r)

    def _widths(self) -> Iterator[tuple[Any, Any]]:
        """Every alpha with every t [k], some at a time; nan is the table's own t."""
        import numpy as np

        alphas, ts = np.array(self.grid.alphas, float), self.grid.ts
        own, given = [t for t in ts if t is None], [t for t in ts if t is not None]
        for values in (np.array(own, float), np.array(given, float)):
            count = len(alphas) * len(values)
            for start in range(0, count, WIDTHS_AT_ONCE):
                at = np.arange(start, min(start + WIDTHS_AT_ONCE, count))
                yield alphas[at // len(values)], values[at % len(values)]

    def _piece(self, alpha: Any, t: Any) -> _Piece:
        import numpy as np

        made = product(
            self.group.arch,
            alpha=alpha,
            t=t,
            resolutions=self.grid.resolutions,
            classes=self.group.classes,
            impl=self.group.impl,
            depth=self.grid.depth,
        )
        figures = {"alpha": alpha, "t": t}
        figures |= {name: getattr(made, name) for name in _COUNTED_PER_WIDTH}
        kept = np.ones(len(alpha), bool)
        for one in self.conditions:
            if one.column in figures:
                kept &= one.holds(figures[one.column])
        return _Piece(self, made, figures, np.flatnonzero(kept))


@dataclass(frozen=True)
class _Piece:
    """Some widths; their ``figures`` [K] do not depend on the resolution."""

    search: _Search
    product: Product
    figures: dict[str, Any]
    kept: Any  # [k], indices of the widths that satisfy the conditions on ``figures``

    @cached_property
    def sides(self) -> NDArray[np.int64]:
        """Height and width of every resolution [R, 2]."""
        import numpy as np

        return np.array(self.search.grid.resolutions, np.int64)

    @cached_property
    def peaks(self) -> Peaks:
        return peaks_of(self.product, self.search.bits)

    @cached_property
    def latencies(self) -> Latencies | None:
        timing = self.search.group.timing
        if timing is None or timing.calibration is None:
            return None
        return latencies_of(self.product, timing.calibration, timing.device.bits)


@dataclass(frozen=True)
class _Cells:
    """Widths ``at`` [k] of a piece at every resolution.

    Figures [k, R] are computed once, and only when asked for.
    """

    piece: _Piece
    at: Any

    @cached_property
    def macs(self) -> Any:
        return self.piece.product.macs(self.at)

    @cached_property
    def activations(self) -> Any:
        return self.piece.product.activations(self.at)

    @property
    def top1(self) -> Any:
        return self._accuracy[0]

    @property
    def kind(self) -> Any:
        return self._accuracy[1]

    @property
    def latency_ms(self) -> Any:
        return self._times[0]

    @property
    def latency_kind(self) -> Any:
        return self._times[1]

    @cached_property
    def _times(self) -> tuple[Any, Any]:
        """Milliseconds and their kind; the rows have a device."""
        group, figures = self.piece.search.group, self.piece.figures
        assert group.timing is not None, "a limit on latency needs a device"
        return times(
            group.timing,
            self.piece.latencies,
            self.at,
            group.arch,
            alpha=figures["alpha"][self.at],
            t=figures["t"][self.at],
            sides=self.piece.sides,
        )

    @cached_property
    def _accuracy(self) -> tuple[Any, Any]:
        """Top-1 and its kind; nan and NONE where t is not the table's own."""
        import numpy as np

        group, (height, width) = self.piece.search.group, self.piece.sides.T
        alpha, t, buffers = (
            self.piece.figures[name][self.at] for name in ("alpha", "t", "buffers")
        )
        printed = is_as_printed(group.arch, t)
        if group.accuracy is None or not printed.any():
            shape = len(self.at), len(height)
            return np.broadcast_to(np.nan, shape), np.broadcast_to(
                np.uint8(NONE), shape
            )
        side = np.where(height == width, height, 0)
        top1, kind = group.accuracy.grid(alpha, buffers, side)
        if not printed.all():
            top1[~printed], kind[~printed] = np.nan, NONE
        return top1, kind

    def _peak(self, k: Any, r: Any) -> Any:
        """The peak bytes [N] of some rows, computed for all rows if these are many."""
        if len(k) * _DENSE > len(self.at) * len(self.piece.sides):
            return self.piece.peaks.grid(self.at)[k, r]
        return self.piece.peaks.at(self.at[k], r)

    def rows(self) -> Rows | None:
        """The rows that satisfy every condition, or None if there are none."""
        import numpy as np

        search, sides, figures = self.piece.search, self.piece.sides, self.piece.figures
        kept: Any = np.ones(self.macs.shape, bool)
        for one in search.conditions:
            if one.column not in figures and one.column != MEMORY:
                kept &= one.holds(getattr(self, one.column))
        if search.frontier is not None:
            kept &= search.frontier.may_enter(self.macs, self.top1)
        # Faster than nonzero, which handles each index separately.
        k, r = np.divmod(np.flatnonzero(kept), kept.shape[1])
        limits = [one for one in search.conditions if one.column == MEMORY]
        if search.frontier is not None and not limits:
            best = on_frontier(self.macs[k, r], self.top1[k, r], self.kind[k, r])
            k, r = k[best], r[best]
        # Memory is slowest to compute, so it comes last, for the rows left.
        peak = self._peak(k, r) if len(k) else k
        for one in limits:
            fits = one.holds(peak)
            k, r, peak = k[fits], r[fits], peak[fits]
        if not len(k):
            return None
        columns = {name: values[self.at[k]] for name, values in figures.items()} | {
            "height": sides[r, 0],
            "width": sides[r, 1],
            "macs": self.macs[k, r].astype(np.int64),
            "activations": self.activations[k, r].astype(np.int64),
            MEMORY: peak,
            "top1": self.top1[k, r],
            "kind": self.kind[k, r],
        }
        timed = TIMED if search.group.timing is not None else ()
        columns |= {name: getattr(self, name)[k, r] for name in timed}
        if timed:
            columns[LATENCY] = np.round(columns[LATENCY], DECIMALS)
        names = (*NUMBERS, *timed)
        group = np.full(len(k), search.index, np.int32)
        return Rows(search.groups, group, {name: columns[name] for name in names})
