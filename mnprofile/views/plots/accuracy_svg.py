"""Top-1 against cost as SVG, which scales with the page and needs no script.

Horizontal places are percentages, so that text keeps its size on a phone. Colours are
classes of the page's style sheet. Each mark carries its numbers as a ``<title>``.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import log10, sqrt

from markupsafe import Markup

from mnprofile.base.units import grouped, plain, short
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.shell import drawing
from mnprofile.views.plots.accuracy import AccuracyPlot, Point, Series
from mnprofile.views.plots.scales import log_ticks

LEFT, RIGHT = 7.0, 97.0  # percent of the width
TOP, BOTTOM = 36.0, 344.0  # pixels
HEIGHT = 386


@dataclass(frozen=True)
class Axes:
    """From a cost and an accuracy to a place in the plot."""

    cost: tuple[float, float]  # of both ends, on a log scale
    top1: tuple[float, float]

    @property
    def ticks(self) -> list[float]:
        return log_ticks(*self.cost)

    @property
    def percents(self) -> range:
        return range(int(self.top1[0]), int(self.top1[1]) + 1, 5)

    def x(self, cost: float) -> str:
        low, high = map(log10, self.cost)
        return f"{LEFT + (RIGHT - LEFT) * (log10(cost) - low) / (high - low):.3f}%"

    def y(self, top1: float) -> str:
        low, high = self.top1
        return plain(round(BOTTOM - (BOTTOM - TOP) * (top1 - low) / (high - low), 2))


def axes(plot: AccuracyPlot) -> Axes:
    """Where the data is: a decade's 1-2-5 steps, and whole fives of a percent."""
    costs = [point.x for point in plot.points] or [10_000_000, 1_000_000_000]
    top1 = [point.top1 for point in plot.points] or [40.0, 80.0]
    ticks = log_ticks(1, 10 * max(costs))
    low = max(tick for tick in ticks if tick <= max(min(costs), 1))
    high = min(tick for tick in ticks if tick > max(costs))
    return Axes((low, high), (min(top1) // 5 * 5, max(top1) // 5 * 5 + 5))


def scatter(plot: AccuracyPlot, *, extra: Markup | None = None) -> Markup:
    """Accuracy over a count, in millions.

    A table's line joins the points that none of its own beats; marks off it are paler;
    the stepped line is the frontier of all. ``extra`` is drawn below the marks, for a
    script to move. The legend is beside the drawing: ``legend``.
    """
    of = {point: series for series in plot.series for point in series.points}
    dots = [(index, point, of[point]) for index, point in enumerate(plot.points)]
    return drawing(
        "accuracy.svg",
        plot=plot,
        place=axes(plot),
        dots=sorted(dots, key=lambda dot: -dot[1].params),
        number=plot.series.index,
        top=TOP,
        bottom=BOTTOM,
        height=HEIGHT,
        extra=extra or "",
        pairwise=pairwise,
        millions=_millions,
        told=_told,
        scale=_scale,
    )


def _millions(tick: float) -> str:
    return plain(int(tick) // 10**6 if tick >= 10**6 else tick / 10**6)


def _told(series: Series, point: Point) -> str:
    return (
        f"{series.name} alpha {plain(point.alpha)}, {point.resolution}:"
        f" top-1 {plain(point.top1)} %, {grouped(point.macs)} multiply-adds"
        f" ({short(2 * point.macs)} flops), {grouped(point.params)} params"
    )


def _scale(point: Point) -> str:
    """The size of a mark, whose area is its parameters."""
    return plain(round(3.2 * sqrt(point.params / 10**6), 2))


def legend(plot: AccuracyPlot) -> Markup:
    """Which mark is which table; a script makes these switches."""
    items = [
        element(
            "li",
            element(
                "svg",
                element(
                    "path",
                    d=series.style.marker.path,
                    transform="translate(7 7) scale(5)",
                    class_=f"f-{series.style.key}",
                ),
                width=14,
                height=14,
                aria_hidden="true",
            ),
            " ",
            series.name,
            data_series=index,
        )
        for index, series in enumerate(plot.series)
    ]
    return element("ul", join(items), class_="legend series")
