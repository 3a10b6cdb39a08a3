"""Dots and straight lines on two log axes: a roofline, and latencies as predicted."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

from markupsafe import Markup

from mnprofile.base import escape
from mnprofile.views.html.markup import element, legend_list, swatch
from mnprofile.views.html.shell import drawing
from mnprofile.views.plots.palette import TYPES
from mnprofile.views.plots.plotly_layout import (
    TEXT,
    PlotlyFigure,
    layout,
    log_axis,
    scatter,
)
from mnprofile.views.plots.scales import Frame, Scale, log_ticks

FRAME, HEIGHT = Frame(9.0, 97.0, 34.0, 300.0), 342  # of the SVG
MOST_TICKS = 9
_ROOM = 1.25  # around the data


class Dot(NamedTuple):
    """A mark at (x, y). ``key`` is the CSS key of its colour, ``told`` what it is."""

    x: float
    y: float
    key: str
    told: str
    is_filled: bool = True


class Line(NamedTuple):
    """A line through points, cheapest first, with a name at its last one."""

    points: tuple[tuple[float, float], ...]
    name: str = ""
    is_dashed: bool = False


@dataclass(frozen=True)
class LogLogPlot:
    """The dots and lines of one plot. ``legend`` has the name of each colour key."""

    name: str
    dots: tuple[Dot, ...]
    lines: tuple[Line, ...]
    x_title: str
    y_title: str
    legend: tuple[tuple[str, str], ...] = ()

    @cached_property
    def x(self) -> Scale:
        ends = (x for line in self.lines for x, _ in line.points)
        return _scale([*(dot.x for dot in self.dots), *ends], self.x_title)

    @cached_property
    def y(self) -> Scale:
        ends = (y for line in self.lines for _, y in line.points)
        return _scale([*(dot.y for dot in self.dots), *ends], self.y_title)


def _scale(values: Iterable[float], title: str) -> Scale:
    found = [value for value in values if value > 0] or [1.0, 10.0]
    low, high = min(found) / _ROOM, max(found) * _ROOM
    ticks = log_ticks(low, high)
    if len(ticks) > MOST_TICKS:
        ticks = [tick for tick in ticks if f"{tick:e}".startswith("1.0")]
    return Scale(low, high, tuple(ticks), title)


# --- as SVG ---------------------------------------------------------------------------


def svg(plot: LogLogPlot) -> Markup:
    """The plot as SVG; each dot carries its numbers as a ``<title>``."""
    return drawing(
        "log_log.svg",
        plot=plot,
        x=partial(FRAME.x, plot.x),
        y=partial(FRAME.y, plot.y),
        top=FRAME.top,
        bottom=FRAME.bottom,
        height=HEIGHT,
    )


def legend(plot: LogLogPlot) -> Markup:
    """Which colour is what."""
    return legend_list(
        (swatch(element("circle", cx=6, cy=6, r=5, class_=f"t-{key}")), name)
        for key, name in plot.legend
    )


# --- as a plotly figure ---------------------------------------------------------------


def figure(plot: LogLogPlot) -> PlotlyFigure:
    """The plot as a plotly figure, with one entry of the legend per colour."""
    names = dict(plot.legend)
    keys = dict.fromkeys(dot.key for dot in plot.dots)
    marks = [
        _marks(names.get(key, key), key, [dot for dot in plot.dots if dot.key == key])
        for key in keys
    ]
    drawn = layout(x=log_axis(plot.x), y=log_axis(plot.y))
    return {"data": [*map(_line, plot.lines), *marks], "layout": drawn}


def _line(line: Line) -> dict[str, Any]:
    xs, ys = zip(*line.points, strict=True)
    return scatter(
        "lines",
        xs,
        ys,
        name=escape.plotly(line.name),
        showlegend=bool(line.name),
        hoverinfo="skip",
        line={
            "color": TEXT,
            "width": 1.2,
            "dash": "dot" if line.is_dashed else "solid",
        },
    )


def _marks(name: str, key: str, dots: list[Dot]) -> dict[str, Any]:
    return scatter(
        "markers",
        [dot.x for dot in dots],
        [dot.y for dot in dots],
        name=escape.plotly(name),
        hovertext=[escape.plotly(dot.told) for dot in dots],
        hoverinfo="text",
        marker={
            "symbol": "circle",
            "color": TYPES[key][1],
            "size": 10,
            "opacity": [0.9 if dot.is_filled else 0.45 for dot in dots],
            "line": {"width": 1, "color": TEXT},
        },
    )
