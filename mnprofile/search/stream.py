"""Sweeps: the configurations of grids that pass some conditions, in bounded pieces.

Nothing holds a whole grid: widths are assembled a few thousand at a time, their product
with the resolutions is taken in pieces, and only the rows that pass are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mnprofile.base import units
from mnprofile.base.errors import UsageError, nearest
from mnprofile.base.units import Bits
from mnprofile.evidence.literature import accuracy_series as recipes
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search import interpolation as accuracy
from mnprofile.search.grids import Grid
from mnprofile.search.interpolation import Accuracy
from mnprofile.search.peaks import Peaks, peaks_of
from mnprofile.search.products import product

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDTHS_AT_ONCE = 16_384
CELLS_AT_ONCE = 262_144

MEMORY = "act_peak_bytes"
# What a row has besides its group, in the order of the columns. ``t`` is nan where the
# table's own expansion stands, ``top1`` where no accuracy is known.
NUMBERS = (
    "alpha",
    "height",
    "width",
    "t",
    "macs",
    "params",
    "weights",
    "buffers",
    "activations",
    MEMORY,
    "top1",
    "kind",
)
# What a condition may be about; ``kind`` is for the two below.
LIMITED = (
    "alpha",
    "t",
    "macs",
    "params",
    "weights",
    "buffers",
    "activations",
    MEMORY,
    "top1",
)
_DENSE = 4  # one row in so many makes it cheaper to compute the peak of all
_PER_WIDTH = ("alpha", "t", "params", "weights", "buffers")
_COUNTS = ("macs", "params", "weights", "buffers", "activations")


@dataclass(frozen=True)
class Group:
    """What the rows of one piece of work share."""

    arch: Architecture
    impl: str
    classes: int
    accuracy: Accuracy | None  # None where published figures are not about it
    latencies: tuple[recipes.Latency, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Configurations and their figures, column by column; ``group`` indexes groups."""

    groups: tuple[Group, ...]
    group: NDArray[np.int32]
    columns: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.group)

    def take(self, index: Any) -> Rows:
        """Some of the rows, by index or mask."""
        taken = {name: column[index] for name, column in self.columns.items()}
        return Rows(self.groups, self.group[index], taken)


@dataclass(frozen=True)
class Condition:
    """A limit that a row must keep, such as macs <= 100,000,000."""

    column: str
    sign: str
    value: float

    def holds(self, values: Any) -> Any:
        """True where the limit is kept; never where a value is unknown."""
        if self.sign == "<=":
            return values <= self.value
        if self.sign == ">=":
            return values >= self.value
        if self.sign == "<":
            return values < self.value
        if self.sign == ">":
            return values > self.value
        return values == self.value

    def __str__(self) -> str:
        value = (
            units.grouped(int(self.value))
            if self.column in (*_COUNTS, MEMORY)
            else units.plain(self.value)
        )
        return f"{self.column} {self.sign} {value}"


KNOWN = Condition("kind", ">=", accuracy.PUBLISHED)  # a top-1, published or not
ONLY_PUBLISHED = Condition("kind", "=", accuracy.PUBLISHED)
_CONDITION = re.compile(r"\s*([a-z0-9_]+)\s*(<=|>=|<|>|==?)\s*(\S.*?)\s*")


def parse_condition(text: str, option: str = "--where") -> Condition:
    """ "macs<=100M" or "alpha>0.5" -> a condition. Raises UsageError."""
    match = _CONDITION.fullmatch(text)
    accepted = f"COLUMN OPERATOR VALUE: {', '.join(LIMITED)}; <= >= < > ="
    if match is None:
        raise UsageError(f'{option}: "{text}" is no condition', accepted=accepted)
    column, sign, value = match.groups()
    sign = "=" if sign == "==" else sign
    if column not in LIMITED:
        close = nearest(column, LIMITED)
        raise UsageError(
            f'{option}: no column "{column}"', accepted=accepted, suggestion=close
        )
    return Condition(column, sign, limit_value(column, value, option))


def limit_value(column: str, text: str, option: str) -> float:
    """What a limit on a column says: "100M" macs, "256KiB" of memory, "70" percent.

    Raises UsageError naming the option.
    """
    if column in _COUNTS:
        return units.parse_quantity(text, option)
    if column == MEMORY:
        return units.parse_memory(text, option)
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    in_range = 0 <= number <= 100 if column == "top1" else -1e9 < number < 1e9
    if not in_range:
        what, such = (
            ("percentage", "70 or 70.5") if column == "top1" else ("number", "0.75")
        )
        raise UsageError(f'{option}: "{text}" is no {what}', accepted=f"such as {such}")
    return number


# --- the stream ----------------------------------------------------------------------


def groups_of(grids: Sequence[Grid]) -> tuple[Group, ...]:
    """Every table, implementation and number of classes that the grids hold."""
    return tuple(
        Group(
            one.arch,
            impl,
            classes,
            accuracy.accuracy_of(one.arch.name) if about else None,
            recipes.latencies(one.arch.name) if about else (),
        )
        for one in grids
        for impl in one.impls
        for classes in one.classes
        for about in (accuracy.as_published(one.arch, impl, classes),)
    )


def stream(
    grids: Sequence[Grid],
    conditions: Sequence[Condition] = (),
    *,
    pareto: bool = False,
    bits: Bits = 8,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Rows]:
    """The rows of the grids that keep every condition, in pieces of bounded size.

    With ``pareto`` only the frontier of top-1 over macs comes, cheapest first, at the
    end. ``bits`` is the size of an element in memory. ``progress`` hears how many
    configurations each piece of work went through.
    """
    groups = groups_of(grids)
    frontier = Frontier() if pareto else None
    index = 0
    for one in grids:
        for _ in range(len(one.impls) * len(one.classes)):
            search = _Search(
                groups, index, one, tuple(conditions), frontier, bits, progress
            )
            for rows in search.rows():
                if frontier is None:
                    yield rows
                else:
                    frontier.add(rows)
            index += 1
    if frontier is not None and frontier.rows is not None:
        yield frontier.rows


@dataclass(frozen=True)
class _Search:
    """One group of one grid, gone through in pieces."""

    groups: tuple[Group, ...]
    index: int
    grid: Grid
    conditions: tuple[Condition, ...]
    frontier: Frontier | None
    bits: Bits
    progress: Callable[[int], None]

    @property
    def group(self) -> Group:
        return self.groups[self.index]

    @property
    def needs_top1(self) -> bool:
        """Whether rows of unknown accuracy are of no use."""
        asked = any(one.column in ("top1", "kind") for one in self.conditions)
        return asked or self.frontier is not None

    def rows(self) -> Iterator[Rows]:
        """The rows that pass, a piece at a time."""
        import numpy as np

        grid = self.grid
        alphas = np.array(grid.alphas, float)
        own = [t for t in grid.ts if t is None]
        given = [t for t in grid.ts if t is not None]
        sides = np.array(grid.resolutions, np.int64).reshape(-1, 2)
        step = max(1, CELLS_AT_ONCE // len(sides))
        for values in (own, given):
            count = len(alphas) * len(values)
            if self.needs_top1 and self.group.accuracy is None:
                self.progress(count * len(sides))
                continue
            for start in range(0, count, WIDTHS_AT_ONCE):
                at = np.arange(start, min(start + WIDTHS_AT_ONCE, count))
                alpha = alphas[at // len(values)]
                t = np.array(values, float)[at % len(values)]
                piece = _Piece(self, alpha, t, sides, is_own=values is own)
                for first in range(0, piece.count, step):
                    rows = piece.rows(slice(first, first + step))
                    if len(rows):
                        yield rows
                    done = min(step, piece.count - first)
                    self.progress(done * len(sides))
                self.progress((len(at) - piece.count) * len(sides))


class _Piece:
    """Some widths that keep the conditions on widths, times every resolution."""

    def __init__(
        self, search: _Search, alpha: Any, t: Any, sides: Any, *, is_own: bool
    ) -> None:
        import numpy as np

        self.search = search
        self.sides = sides
        group = search.group
        square = sides[:, 0] == sides[:, 1]
        self.side = np.where(square, sides[:, 0], 0)
        if search.needs_top1 and not is_own:
            useful = t == accuracy.table_expansion(group.arch)
            alpha, t = alpha[useful], t[useful]
        made = self._every = product(
            group.arch,
            alpha=alpha,
            t=None if is_own else t,
            resolutions=search.grid.resolutions,
            classes=group.classes,
            impl=group.impl,
        )
        per_width = {
            "alpha": alpha,
            "t": t,
            "params": made.params,
            "weights": made.weights,
            "buffers": made.buffers,
        }
        kept = np.ones(len(alpha), bool)
        for one in search.conditions:
            if one.column in _PER_WIDTH:
                kept &= one.holds(per_width[one.column])
        if not kept.all():
            per_width = {name: values[kept] for name, values in per_width.items()}
            made = replace(
                made,
                weights=made.weights[kept],
                params=made.params[kept],
                buffers=made.buffers[kept],
                work=made.work[kept],
                outputs=made.outputs[kept],
            )
        self.per_width, self.product, self._kept = per_width, made, kept
        self.count = int(kept.sum())
        own = np.isnan(per_width["t"])
        self.as_printed = own | (
            per_width["t"] == (accuracy.table_expansion(group.arch) or np.nan)
        )

    def rows(self, at: slice) -> Rows:
        """The rows of some of the widths that keep every condition."""
        import numpy as np

        search = self.search
        macs = self.product.macs(at)
        known: dict[str, Any] = {"macs": macs}
        kept: Any = np.ones(macs.shape, bool)
        for one in search.conditions:
            if one.column not in (*_PER_WIDTH, MEMORY):
                self._know(one.column, at, known)
                kept &= one.holds(known[one.column])
        if search.frontier is not None:
            self._know("top1", at, known)
            kept &= search.frontier.may_enter(macs, known["top1"])
        k, r = np.nonzero(kept)
        if not len(k):
            return Rows(search.groups, k.astype(np.int32), {})
        # Memory costs most, so it comes last, and for what is left.
        peak = self._peak(at, k, r)
        limits = [one for one in search.conditions if one.column == MEMORY]
        if limits:
            fits = np.all([one.holds(peak) for one in limits], axis=0)
            k, r, peak = k[fits], r[fits], peak[fits]
            if not len(k):
                return Rows(search.groups, k.astype(np.int32), {})
        self._know("activations", at, known)
        self._know("top1", at, known)
        columns = {name: values[at][k] for name, values in self.per_width.items()} | {
            "height": self.sides[r, 0],
            "width": self.sides[r, 1],
            "macs": macs[k, r].astype(np.int64),
            "activations": known["activations"][k, r].astype(np.int64),
            MEMORY: peak,
            "top1": known["top1"][k, r],
            "kind": known["kind"][k, r],
        }
        group = np.full(len(k), search.index, np.int32)
        return Rows(search.groups, group, {name: columns[name] for name in NUMBERS})

    @cached_property
    def _peaks(self) -> Peaks:
        return peaks_of(self._every, self.search.bits).take(self._kept)

    def _peak(self, at: slice, k: Any, r: Any) -> Any:
        """The peak bytes [N] of some rows, by way of all rows where they are many."""
        if len(k) * _DENSE > (at.stop - at.start) * len(self.sides):
            return self._peaks.grid(at)[k, r]
        return self._peaks.at(k + at.start, r)

    def _know(self, column: str, at: slice, known: dict[str, Any]) -> None:
        """Compute a figure [k, R] of some of the widths, once and only when asked."""
        if column in known:
            return
        if column == "activations":
            known["activations"] = self.product.activations(at)
        else:
            known["top1"], known["kind"] = self._top1(at)

    def _top1(self, at: slice) -> tuple[Any, Any]:
        """Top-1 [k, R] and its kind; nan and none for another network than printed."""
        import numpy as np

        known = self.search.group.accuracy
        alpha, printed = self.per_width["alpha"][at], self.as_printed[at]
        if known is None or not printed.any():
            shape = (len(alpha), len(self.side))
            return (
                np.broadcast_to(np.nan, shape),
                np.broadcast_to(np.uint8(accuracy.NONE), shape),
            )
        top1, kind = known.grid(alpha, self.product.buffers[at], self.side)
        if not printed.all():
            top1[~printed], kind[~printed] = np.nan, accuracy.NONE
        return top1, kind


class Frontier:
    """The rows that no other row beats: as little cost with at least the top-1.

    The cost is a column of counts. Of two rows equal in both, a published one stays,
    else the first.
    """

    # A bucket holds the values that share an exponent and eight bits of the mantissa.
    _SHIFT = 44
    _FIRST = 1023 << 8

    def __init__(self, cost: str = "macs") -> None:
        import numpy as np

        self.cost = cost
        self.rows: Rows | None = None
        keys = np.arange(64 << 8, dtype=np.int64) + self._FIRST
        self._edges = (keys << self._SHIFT).view(np.float64)
        self._best = np.full(len(keys), -np.inf)

    def may_enter(self, cost: Any, top1: Any) -> Any:
        """A quick test that lets every row through that may be on the frontier."""
        import numpy as np

        keys = (cost.astype(np.float64).view(np.int64) >> self._SHIFT) - self._FIRST
        return top1 > self._best[np.maximum(keys, 0)]

    def add(self, rows: Rows) -> None:
        """Take in the rows that belong there, and drop those that they beat."""
        import numpy as np

        joined = rows if self.rows is None else join([self.rows, rows])
        columns = joined.columns
        order = np.lexsort((columns["kind"], -columns["top1"], columns[self.cost]))
        top1 = columns["top1"][order]
        before = np.concatenate(([-np.inf], np.maximum.accumulate(top1)[:-1]))
        self.rows = joined.take(order[top1 > before])
        cost, best = self.rows.columns[self.cost], self.rows.columns["top1"]
        below = np.searchsorted(cost, self._edges, side="right")
        self._best = np.concatenate(([-np.inf], best))[below]


def join(parts: Sequence[Rows]) -> Rows:
    """Rows of one sweep, one piece after the other."""
    import numpy as np

    return Rows(
        parts[0].groups,
        np.concatenate([part.group for part in parts]),
        {
            name: np.concatenate([part.columns[name] for part in parts])
            for name in NUMBERS
        },
    )
