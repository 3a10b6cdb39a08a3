"""Top-1 against cost: what every drawing of such a plot shows, and the caption.

``accuracy_svg`` draws it for a report, ``accuracy_plotly`` as a plotly figure.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import log10, sqrt

from mnprofile.base import units
from mnprofile.base.errors import UsageError
from mnprofile.evidence.literature.accuracy_series import PHONES, printed_accuracies
from mnprofile.networks.configuration import PAPER
from mnprofile.networks.imported import Network
from mnprofile.search.frontier import frontier
from mnprofile.search.row_files import latency_column
from mnprofile.views.plots.palette import PlotStyle, styles
from mnprofile.views.plots.scales import Scale, log_ticks, tick_text

LARGEST_MARK = 34  # pixels across: that of the most parameters
SMALLEST_MARK = 7


@dataclass(frozen=True, slots=True)
class Axis:
    """What top-1 is drawn against. ``key`` is a column of the sweep's files."""

    key: str
    title: str
    unit: str = ""  # after a number, instead of a decimal prefix

    @property
    def short(self) -> str:
        """The title without the part in brackets."""
        return self.title.partition(" (")[0]

    @property
    def name(self) -> str:
        """The title as used within a sentence."""
        return self.short[0].lower() + self.short[1:]


MACS = Axis("macs", "Multiply-adds (1 multiply-add = 2 FLOPs)")
COUNTS = {
    "macs": MACS,
    "params": Axis("params", "Parameters"),
    "activations": Axis("activations", "Activations (output elements)"),
}


def x_axis(text: str) -> Axis:
    """ "macs", "params", "activations" or "latency:PHONE". Raises UsageError."""
    name, colon, phone = text.partition(":")
    phone = phone.strip()
    if not colon and name in COUNTS:
        return COUNTS[name]
    if name == "latency" and phone in PHONES:
        title = f"Latency on {phone} (ms, as published)"
        return Axis(latency_column(phone), title, " ms")
    raise UsageError(
        f'--x: "{text}" is not an axis',
        accepted=", ".join([*COUNTS, *(f'"latency:{phone}"' for phone in PHONES)]),
    )


@dataclass(frozen=True, slots=True)
class Point:
    """A network whose top-1 (percent) is known. ``x`` is in the axis' own unit."""

    network: str  # the name of its table, a shipped one
    alpha: float
    resolution: str
    x: float
    macs: int
    params: int
    top1: float
    where: str  # its top-1 comes from
    t: float | None = None
    is_published: bool = True
    latencies: tuple[tuple[str, float], ...] = ()  # device, ms
    title: str = ""  # what people call it
    impl: str = PAPER  # whose rules it is counted by

    @property
    def shown(self) -> str:
        return self.title or self.network

    @property
    def label(self) -> str:
        """Width and size in short: 0.75/160."""
        return f"{self.alpha:g}/{self.resolution}"

    @property
    def configuration(self) -> str:
        """Width, size and expansion in words."""
        t = f", t {units.plain(self.t)}" if self.t is not None else ""
        return f"α {units.plain(self.alpha)}, {self.resolution}{t}"

    @property
    def source(self) -> str:
        """Whether its top-1 is published, and where."""
        return f"published: {self.where}" if self.is_published else self.where

    @property
    def told(self) -> tuple[str, ...]:
        """The configuration, its figures, their source and the command."""
        return (
            self.shown,
            self.configuration,
            f"{units.grouped(self.macs)} multiply-adds"
            f" ({units.short(2 * self.macs)} flops)",
            f"{units.grouped(self.params)} parameters",
            f"top-1 {units.plain(self.top1)} % ({self.source})",
            *(f"{ms:g} ms on {device}" for device, ms in self.latencies),
            self.command,
        )

    @property
    def command(self) -> str:
        """The command that counts exactly this configuration."""
        parts = ["mnprofile", "count", self.network]
        parts += ["--alpha", units.plain(self.alpha), "--res", self.resolution]
        if self.t is not None:
            parts += ["--t", units.plain(self.t)]
        if self.impl != PAPER:
            parts += ["--impl", self.impl]
        return shlex.join(parts)


def titles(archs: Iterable[Network]) -> dict[str, str]:
    """What each table is called, by its name; the name too where two share a title."""
    known = {arch.name: arch.title or arch.name for arch in archs}
    shared = {one for one in known.values() if list(known.values()).count(one) > 1}
    return {
        name: f"{title} ({name})" if title in shared else title
        for name, title in known.items()
    }


def frontier_of(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points that no other one beats in both cost and top-1, cheapest first.

    Of two that are equal in both, a published one is kept, else the first.
    """
    found = frontier(points, lambda one: (one.x, one.top1, not one.is_published))
    return tuple(found)


@dataclass(frozen=True)
class Series:
    """The points of one table; ``name`` is what it is called.

    A line joins its ``best`` points; its others are paler.
    """

    name: str
    style: PlotStyle
    points: tuple[Point, ...]

    @cached_property
    def best(self) -> tuple[Point, ...]:
        """The frontier among its own points."""
        return frontier_of(self.points)


@dataclass(frozen=True)
class AccuracyPlot:
    """What every drawing of top-1 against cost shows.

    ``names`` says what each table is called, in the order of the legend.
    """

    points: tuple[Point, ...]
    names: Mapping[str, str]
    axis: Axis = MACS
    y_title: str = "Top-1 on ImageNet (%)"

    @cached_property
    def frontier(self) -> tuple[Point, ...]:
        """The frontier over all points."""
        return frontier_of(self.points)

    @cached_property
    def x(self) -> Scale:
        """The axis of costs: from one 1-2-5 step to another, beyond the data."""
        costs = [point.x for point in self.points] or [10_000_000, 1_000_000_000]
        smallest, largest = min(costs), max(costs)
        ticks = log_ticks(smallest / 10, 10 * largest)
        low = max(tick for tick in ticks if tick <= smallest)
        high = min(tick for tick in ticks if tick > largest)
        shown = tuple(tick for tick in ticks if low <= tick <= high)
        return Scale(low, high, shown, self.axis.title)

    @cached_property
    def y(self) -> Scale:
        """The axis of top-1: whole fives of a percent beyond the data."""
        top1 = [point.top1 for point in self.points] or [40.0, 80.0]
        low, high = int((min(top1) - 0.5) // 5 * 5), int(max(top1) // 5 * 5 + 5)
        ticks = tuple(range(low, high + 1, 5))
        return Scale(low, high, ticks, self.y_title, is_log=False)

    def size(self, point: Point) -> float:
        """Pixels across of a mark, whose area is its parameters."""
        most = max(one.params for one in self.points)
        return max(LARGEST_MARK * sqrt(point.params / most), SMALLEST_MARK)

    @cached_property
    def labelled(self) -> tuple[Point, ...]:
        """The points of the frontier that have a label: not where two would collide."""
        shown: list[Point] = []
        for point in self.frontier:
            if not shown or not _is_near(shown[-1], point):
                shown.append(point)
        return tuple(shown)

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """The points by table, without tables that have none."""
        looks = styles(self.names)
        return tuple(
            Series(name, looks[network], own)
            for network, name in self.names.items()
            if (own := tuple(one for one in self.points if one.network == network))
        )


def _is_near(before: Point, point: Point) -> bool:
    return log10(point.x / before.x) < 0.09 and point.top1 - before.top1 < 1.6


def printed(networks: Iterable[tuple[Network, str]]) -> AccuracyPlot:
    """Every printed accuracy of some tables over multiply-adds.

    Each table comes with the implementation whose rules it is counted by.
    """
    known = {arch.name: (arch, impl) for arch, impl in networks}
    points = tuple(
        Point(
            network=name,
            alpha=one.alpha,
            resolution=str(one.resolution),
            x=one.macs,
            macs=one.macs,
            params=one.params,
            top1=float(one.top1),
            where=one.where,
            title=arch.title,
            impl=impl,
        )
        for name, (arch, impl) in known.items()
        for one in printed_accuracies(arch, impl=impl)
    )
    names = {name: arch.title or name for name, (arch, _) in known.items()}
    return AccuracyPlot(points, names)


def sweep_caption(plot: AccuracyPlot, seen: int) -> str:
    """The caption of a sweep's plot. ``seen`` configurations had a known top-1."""
    points, axis = plot.points, plot.axis
    published = sum(point.is_published for point in points)
    text = (
        f"{seen:,} configurations with a known top-1; {len(points):,} networks are"
        " shown,"
        f" {published:,} published (filled) and {len(points) - published:,} estimated"
        f" (hollow); {len(plot.frontier):,} are on the frontier. The area of a mark"
        " shows its parameters; labels are α/resolution."
    )
    if axis.unit:
        text += " Latencies are as published; each source measured in its own way."
    if plot.frontier:
        best = plot.frontier[-1]
        cost = tick_text(best.x, axis.unit) if axis.unit else units.short(int(best.x))
        top1 = units.plain(best.top1)
        text += f" The best is {best.shown} {best.label}: {top1} % at {cost}."
    return text
