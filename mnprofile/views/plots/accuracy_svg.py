"""Top-1 against cost as SVG: it scales with the page and needs no script.

Horizontal places are percentages, so that text keeps its size on a phone. Colours are
classes of the page's style sheet. Each mark carries its numbers as a ``<title>``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10, sqrt

from markupsafe import Markup

from mnprofile.base.units import grouped, plain, short
from mnprofile.views.html.markup import element, join
from mnprofile.views.plots.accuracy import AccuracyPlot, Point, frontier
from mnprofile.views.plots.palette import Style, styles
from mnprofile.views.plots.scales import log_ticks

LEFT, RIGHT = 7.0, 97.0  # percent of the width
TOP, BOTTOM = 16.0, 344.0  # pixels
HEIGHT = 386


@dataclass(frozen=True)
class Axes:
    """From a cost and an accuracy to a place in the plot."""

    cost: tuple[float, float]  # of both ends, on a log scale
    top1: tuple[float, float]

    def x(self, cost: float) -> str:
        low, high = map(log10, self.cost)
        return f"{LEFT + (RIGHT - LEFT) * (log10(cost) - low) / (high - low):.3f}%"

    def y(self, top1: float) -> str:
        low, high = self.top1
        return plain(round(BOTTOM - (BOTTOM - TOP) * (top1 - low) / (high - low), 2))

    def line(self, a: Point, b: Point, class_: str | None = None) -> Markup:
        """From one point straight to another."""
        return self._line((a.x, a.top1), (b.x, b.top1), class_)

    def step(self, a: Point, b: Point) -> Markup:
        """From one point to the right and then up to another."""
        corner = (b.x, a.top1)
        return self._line((a.x, a.top1), corner) + self._line(corner, (b.x, b.top1))

    def _line(
        self, a: tuple[float, float], b: tuple[float, float], class_: str | None = None
    ) -> Markup:
        (xa, ya), (xb, yb) = a, b
        return element(
            "line",
            x1=self.x(xa),
            x2=self.x(xb),
            y1=self.y(ya),
            y2=self.y(yb),
            class_=class_,
        )


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

    A table's line joins the points that none of its own beats; the stepped line is
    the frontier of all. ``extra`` is drawn last, for a script to move.
    """
    place, looks = axes(plot), styles(plot.names)
    shown = {
        network: (looks[network], frontier(own))
        for network in plot.names
        if (own := plot.of(network))
    }
    steps = [place.step(a, b) for a, b in pairwise(plot.frontier)]
    lines = [
        place.line(a, b, f"l-{style.key}")
        for style, best in shown.values()
        for a, b in pairwise(best)
    ]
    dots = [
        (point, _dot(plot, place, index, *shown[point.network]))
        for index, point in enumerate(plot.points)
    ]
    dots.sort(key=lambda dot: -dot[0].params)
    legend = [(plot.names[network], style) for network, (style, _) in shown.items()]
    return element(
        "svg",
        join(_grid(plot, place)),
        element("g", join(steps), class_="frontier"),
        join([*lines, *(mark for _, mark in dots), *_legend(legend)]),
        extra if extra is not None else "",
        class_="scatter",
        height=HEIGHT,
        role="group",
        aria_label=f"Top-1 accuracy over {plot.axis.name}",
    )


def _grid(plot: AccuracyPlot, place: Axes) -> list[Markup]:
    marks = []
    for tick in log_ticks(*place.cost):
        x, millions = place.x(tick), tick / 10**6
        marks.append(element("line", x1=x, x2=x, y1=TOP, y2=BOTTOM, class_="grid"))
        marks.append(
            element(
                "text",
                plain(int(millions) if millions >= 1 else millions),
                x=x,
                y=BOTTOM + 17,
                class_="tick",
                text_anchor="middle",
            )
        )
    bottom, top = (int(value) for value in place.top1)
    for percent in range(bottom, top + 1, 5):
        y = place.y(percent)
        marks.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
        told = f"{percent} %" + (" top-1 accuracy" if percent == top else "")
        marks.append(element("text", told, x="0", y=y, dy="-3", class_="tick"))
    axis = f"{plot.axis.short} (millions, log scale)"
    marks.append(element("text", axis, x="100%", y=BOTTOM + 37, class_="axis"))
    return marks


def _dot(
    plot: AccuracyPlot, place: Axes, index: int, style: Style, best: Sequence[Point]
) -> Markup:
    """One network: the area is its parameters, the title its figures.

    It is paler where another of its table, whose frontier is ``best``, beats it.
    """
    point = plot.points[index]
    told = (
        f"{plot.names[point.network]} alpha {plain(point.alpha)}, {point.resolution}:"
        f" top-1 {plain(point.top1)} %, {grouped(point.macs)} multiply-adds"
        f" ({short(2 * point.macs)} flops), {grouped(point.params)} params"
    )
    size = round(3.2 * sqrt(point.params / 10**6), 2)
    mark = element(
        "g",
        element("title", told),
        element("path", d=style.marker.path, transform=f"scale({plain(size)})"),
        class_=f"dot f-{style.key}" + ("" if point in best else " beaten"),
        role="img",
        aria_label=told,
        data_point=index,
    )
    x, y = place.x(point.x), place.y(point.top1)
    return element("svg", mark, x=x, y=y, overflow="visible")


def _legend(shown: Sequence[tuple[str, Style]]) -> list[Markup]:
    """Markers and names in the empty corner: high cost, low accuracy."""
    wide = 8.4 * max((len(name) for name, _ in shown), default=0) + 24
    return [
        element(
            "text",
            element("tspan", style.marker.glyph, class_=f"f-{style.key}"),
            f" {name}",
            x="100%",
            dx=plain(round(-wide, 1)),
            y=plain(BOTTOM - 12 - 20 * index),
            class_="name",
        )
        for index, (name, style) in enumerate(reversed(shown))
    ]
