"""A log-log plot as a plotly figure."""

from typing import Any

from mnprofile.base import escape
from mnprofile.views.plots.log_log import Dot, Line, LogLogPlot
from mnprofile.views.plots.palette import TYPES
from mnprofile.views.plots.plotly_layout import (
    TEXT,
    PlotlyFigure,
    layout,
    log_axis,
    scatter,
)


def figure(plot: LogLogPlot) -> PlotlyFigure:
    """Dots over lines, with one entry of the legend per colour."""
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
