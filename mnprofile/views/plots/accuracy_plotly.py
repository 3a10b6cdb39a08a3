"""Top-1 against cost as a plotly figure."""

import math
from collections.abc import Sequence
from typing import Any

from mnprofile.base import escape, units
from mnprofile.views.plots.accuracy import AccuracyPlot, Point, Series
from mnprofile.views.plots.plotly_layout import TEXT, PlotlyFigure, layout, scatter
from mnprofile.views.plots.scales import log_ticks, tick_text

_LARGEST_MARK = 34  # pixels across
_SMALLEST_MARK = 7


def figure(plot: AccuracyPlot) -> PlotlyFigure:
    """Top-1 against cost on a log axis, with the stepped frontier over all points.

    Area is parameters; colour and shape the table; published points are filled,
    estimates hollow; points off the frontier are faint.
    """
    traces = [_frontier_line(plot.frontier)]
    for series in plot.series:
        for is_published in (True, False):
            chosen = [one for one in series.points if one.is_published == is_published]
            if chosen:
                traces.append(_marks(plot, series, chosen))
    traces.append(_frontier_labels(plot.frontier))
    xs = [point.x for point in plot.points] or [1.0, 10.0]
    ys = [point.top1 for point in plot.points] or [0.0, 100.0]
    # Wider than the data, because labels are to the left of their marks.
    low, high = min(xs) / 1.25, max(xs) * 1.25
    ticks = log_ticks(low, high)
    drawn = layout(
        x={
            "title": plot.axis.title,
            "type": "log",
            "range": [math.log10(low), math.log10(high)],
            "tickvals": ticks,
            "ticktext": [tick_text(tick, plot.axis.unit) for tick in ticks],
        },
        y={
            "title": "Top-1 on ImageNet (%)",
            "range": [min(ys) - 2, max(ys) + 3],
            "ticksuffix": "",
        },
    )
    return {"data": traces, "layout": drawn}


def _frontier_line(frontier: Sequence[Point]) -> dict[str, Any]:
    """Steps: between two points, the cheaper one is the best that is known."""
    line = {"shape": "hv", "color": TEXT, "width": 1.2, "dash": "dot"}
    return _trace("lines", frontier, name="frontier", line=line, hoverinfo="skip")


def _frontier_labels(frontier: Sequence[Point]) -> dict[str, Any]:
    """Width and size at the frontier's points, thinned where they would collide."""
    shown: list[Point] = []
    for point in frontier:
        near = shown and (
            math.log10(point.x / shown[-1].x) < 0.09
            and point.top1 - shown[-1].top1 < 1.6
        )
        if not near:
            shown.append(point)
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
    best = set(plot.frontier)
    most = max(point.params for point in plot.points)
    marker = {
        "symbol": style.marker.symbol + ("" if is_published else "-open"),
        "color": style.color,
        "size": [point.params for point in points],
        "sizemode": "area",
        "sizeref": 2 * most / _LARGEST_MARK**2,
        "sizemin": _SMALLEST_MARK / 2,
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
        marker=marker,
    )


def _trace(mode: str, points: Sequence[Point], **more: Any) -> dict[str, Any]:
    xs, ys = (one.x for one in points), (one.top1 for one in points)
    return scatter(mode, xs, ys, **more)


def hover(point: Point) -> str:
    """The configuration, its figures, their source and the command, as markup."""
    t = f", t {units.plain(point.t)}" if point.t is not None else ""
    how = f"published: {point.where}" if point.is_published else point.where
    lines = [
        point.shown,
        f"α {units.plain(point.alpha)}, {point.resolution}{t}",
        f"{units.short(point.macs)} multiply-adds ({units.short(2 * point.macs)}"
        " FLOPs)",
        f"{units.short(point.params)} params",
        f"top-1 {units.plain(point.top1)} % ({how})",
        *(f"{ms:g} ms on {device}" for device, ms in point.latencies),
        point.command,
    ]
    first, *others = map(escape.plotly, lines)
    return "<br>".join([f"<b>{first}</b>", *others])
