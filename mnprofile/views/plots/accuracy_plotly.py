"""Top-1 against cost as a plotly figure."""

from collections.abc import Sequence
from typing import Any

from mnprofile.base import escape
from mnprofile.views.plots.accuracy import (
    LARGEST_MARK,
    SMALLEST_MARK,
    AccuracyPlot,
    Point,
    Series,
)
from mnprofile.views.plots.plotly_layout import (
    TEXT,
    PlotlyFigure,
    layout,
    log_axis,
    scatter,
)


def figure(plot: AccuracyPlot) -> PlotlyFigure:
    """Top-1 against cost on a log axis, with the stepped frontier over all points.

    Area is parameters; colour and shape the table; published points are filled,
    estimates hollow; a line joins the best of a table, and its others are faint.
    """
    traces = [_frontier_line(plot.frontier)]
    for series in plot.series:
        traces.append(_best_line(series))
        for is_published in (True, False):
            chosen = [one for one in series.points if one.is_published == is_published]
            if chosen:
                traces.append(_marks(plot, series, chosen))
    traces.append(_labels(plot.labelled))
    drawn = layout(
        x=log_axis(plot.x, plot.axis.unit),
        y={
            "title": plot.y.title,
            "range": [plot.y.low, plot.y.high],
            "ticksuffix": "",
        },
    )
    return {"data": traces, "layout": drawn}


def _frontier_line(frontier: Sequence[Point]) -> dict[str, Any]:
    """Steps: between two points, the cheaper one is the best that is known."""
    line = {"shape": "hv", "color": TEXT, "width": 1.2, "dash": "dot"}
    return _trace("lines", frontier, name="frontier", line=line, hoverinfo="skip")


def _best_line(series: Series) -> dict[str, Any]:
    """The best points of one table; hidden with its marks."""
    name = escape.plotly(series.name)
    line = {"color": series.style.color, "width": 1.6}
    more = {"legendgroup": name, "showlegend": False, "hoverinfo": "skip"}
    return _trace("lines", series.best, line=line, **more)


def _labels(shown: Sequence[Point]) -> dict[str, Any]:
    """Width and size at points of the frontier."""
    return _trace(
        "text",
        shown,
        text=[escape.plotly(point.label) + "   " for point in shown],
        textposition="top left",
        textfont={"size": 10, "color": TEXT},
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )


def _marks(
    plot: AccuracyPlot, series: Series, points: Sequence[Point]
) -> dict[str, Any]:
    """The points of one table, all published or all estimated."""
    is_published = points[0].is_published
    name, style = escape.plotly(series.name), series.style
    best = set(series.best)
    most = max(point.params for point in plot.points)
    marker = {
        "symbol": style.marker.symbol + ("" if is_published else "-open"),
        "color": style.color,
        "size": [point.params for point in points],
        "sizemode": "area",
        "sizeref": 2 * most / LARGEST_MARK**2,
        "sizemin": SMALLEST_MARK / 2,
        "opacity": [0.95 if point in best else 0.45 for point in points],
        "line": {
            "width": 1 if is_published else 1.6,
            "color": TEXT if is_published else style.color,
        },
    }
    return _trace(
        "markers",
        points,
        name=name if is_published else f"{name}, estimates",
        hovertext=[hover(point) for point in points],
        hoverinfo="text",
        legendgroup=name,
        marker=marker,
    )


def _trace(mode: str, points: Sequence[Point], **more: Any) -> dict[str, Any]:
    xs, ys = (one.x for one in points), (one.top1 for one in points)
    return scatter(mode, xs, ys, **more)


def hover(point: Point) -> str:
    """What is told of a point, as markup."""
    first, *others = map(escape.plotly, point.told)
    return "<br>".join([f"<b>{first}</b>", *others])
