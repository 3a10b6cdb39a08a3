"""Figures as plain plotly dictionaries: data first, then drawing.

Nothing here needs plotly: a figure is ``{"data": [...], "layout": {...}}``. Colours
that follow the page's light or dark theme stand as tokens (``TEXT``, ``GRID``,
``PAPER``) until ``themed`` puts them in; a page does the same when the theme changes.
Names are escaped, because plotly takes every text for markup.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnprofile.base import escape, units
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.grids import Grid
from mnprofile.search.products import product
from mnprofile.views.plots.points import Axis, Point

Figure = dict[str, Any]

TEXT, GRID, PAPER = "theme:text", "theme:grid", "theme:paper"
THEMES = {
    "light": {TEXT: "#1f2328", GRID: "#d8dee4", PAPER: "#ffffff"},
    "dark": {TEXT: "#e6edf3", GRID: "#3d444d", PAPER: "#0d1117"},
}


@dataclass(frozen=True, slots=True)
class Style:
    """Colour and marker of one table, the same in every plot."""

    color: str
    symbol: str


# Petroff's six colours: told apart with every common kind of colour blindness.
_STYLES = {
    "mobilenet_v1": Style("#5790fc", "circle"),
    "mobilenet_v2": Style("#f89c20", "square"),
    "mobilenet_v3_large": Style("#e42536", "triangle-up"),
    "mobilenet_v3_small": Style("#964a8b", "triangle-down"),
}
_OTHERS = (
    Style("#7a21dd", "diamond"),
    Style("#9c9ca1", "cross"),
    Style("#7a21dd", "x"),
    Style("#9c9ca1", "star"),
    Style("#7a21dd", "pentagon"),
    Style("#9c9ca1", "hexagon"),
)
_LARGEST_MARK = 34  # pixels across
_SMALLEST_MARK = 7
MAX_SHOWN = 24  # values on an axis of a heat map


def styles(names: Sequence[str]) -> dict[str, Style]:
    """A style for each table; the four networks keep theirs."""
    others = [name for name in dict.fromkeys(names) if name not in _STYLES]
    free = {name: _OTHERS[at % len(_OTHERS)] for at, name in enumerate(others)}
    return {name: _STYLES.get(name) or free[name] for name in names}


def themed(figure: Figure, theme: str) -> Figure:
    """The figure with the colours of "light" or "dark"."""
    colors = THEMES[theme]

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: put(one) for key, one in value.items()}
        if isinstance(value, list):
            return [put(one) for one in value]
        return colors.get(value, value) if isinstance(value, str) else value

    filled: Figure = put(figure)
    return filled


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten from ``low`` to ``high``."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = [step * 10**power for power in range(first, last + 1) for step in (1, 2, 5)]
    return [tick for tick in every if low <= tick <= high]


def tick_text(value: float, unit: str = "") -> str:
    """2e7 -> "20 M", with a decimal prefix; milliseconds as they are."""
    if unit:
        return f"{value:g}{unit}"
    for power, suffix in ((9, "G"), (6, "M"), (3, "k")):
        if value >= 10**power:
            return f"{value / 10**power:.3g} {suffix}"
    return f"{value:g}"


# --- top-1 against cost --------------------------------------------------------------


def accuracy_figure(points: Sequence[Point], axis: Axis) -> Figure:
    """Top-1 against cost on a log axis, with the stepped frontier over all points.

    Area is parameters; colour and shape the table; published points are filled,
    estimates hollow; points off the frontier are faint.
    """
    most = max((point.params for point in points), default=1)
    frontier = sorted(
        (point for point in points if point.on_frontier), key=lambda point: point.x
    )
    traces: list[dict[str, Any]] = [_frontier_line(frontier)]
    looks = styles([point.group.arch.name for point in points])
    for name in sorted(looks, key=lambda name: (name not in _STYLES, name)):
        for is_published in (True, False):
            chosen = [
                point
                for point in points
                if point.group.arch.name == name and point.is_published == is_published
            ]
            if chosen:
                traces.append(_marks(name, looks[name], chosen, is_published, most))
    traces.append(_frontier_labels(frontier))
    xs = [point.x for point in points] or [1.0, 10.0]
    ys = [point.top1 for point in points] or [0.0, 100.0]
    low, high = min(xs) / 1.25, max(xs) * 1.25
    ticks = log_ticks(low, high)
    layout = _layout(
        xaxis={
            "title": {"text": axis.title},
            "type": "log",
            "range": [math.log10(low), math.log10(high)],
            "tickvals": ticks,
            "ticktext": [tick_text(tick, axis.unit) for tick in ticks],
        },
        yaxis={
            "title": {"text": "Top-1 on ImageNet (%)"},
            "range": [min(ys) - 2, max(ys) + 3],
            "ticksuffix": "",
        },
    )
    return {"data": traces, "layout": layout}


def _frontier_line(frontier: Sequence[Point]) -> dict[str, Any]:
    """Steps: between two points nothing better is known than the cheaper one."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "frontier",
        "x": [point.x for point in frontier],
        "y": [point.top1 for point in frontier],
        "line": {"shape": "hv", "color": TEXT, "width": 1.2, "dash": "dot"},
        "hoverinfo": "skip",
    }


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
    return {
        "type": "scatter",
        "mode": "text",
        "x": [point.x for point in shown],
        "y": [point.top1 for point in shown],
        "text": [escape.plotly(point.label) + "   " for point in shown],
        "textposition": "top left",
        "textfont": {"size": 10, "color": TEXT},
        "hoverinfo": "skip",
        "showlegend": False,
        "cliponaxis": False,
    }


def _marks(
    name: str, style: Style, points: Sequence[Point], is_published: bool, most: int
) -> dict[str, Any]:
    shown = escape.plotly(name)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": shown if is_published else f"{shown}, estimates",
        "x": [point.x for point in points],
        "y": [point.top1 for point in points],
        "hovertext": [point.hover() for point in points],
        "hoverinfo": "text",
        "marker": {
            "symbol": style.symbol + ("" if is_published else "-open"),
            "color": style.color,
            "size": [point.params for point in points],
            "sizemode": "area",
            "sizeref": 2 * most / _LARGEST_MARK**2,
            "sizemin": _SMALLEST_MARK / 2,
            "opacity": [0.95 if point.on_frontier else 0.45 for point in points],
            "line": {
                "width": 1 if is_published else 1.6,
                "color": TEXT if is_published else style.color,
            },
        },
    }


def accuracy_caption(points: Sequence[Point], axis: Axis, seen: int) -> str:
    """The plot in a sentence, from its data."""
    published = sum(point.is_published for point in points)
    frontier = [point for point in points if point.on_frontier]
    text = (
        f"{seen:,} configurations with a known top-1; {len(points):,} networks are"
        " shown,"
        f" {published:,} published (filled) and {len(points) - published:,} estimated"
        f" (hollow); {len(frontier):,} are on the frontier. The area of a mark is its"
        " number of parameters; labels are α/resolution."
    )
    if axis.unit:
        text += " Latencies are as published: each source measured in its own way."
    if frontier:
        best = max(frontier, key=lambda point: point.top1)
        cost = tick_text(best.x, axis.unit) if axis.unit else units.short(int(best.x))
        name, top1 = best.group.arch.name, units.plain(best.top1)
        text += f" The best is {name} {best.label}: {top1} % at {cost}."
    return text


# --- multiply-adds over alpha x resolution -------------------------------------------


@dataclass(frozen=True)
class Heat:
    """Multiply-adds [alpha][resolution] of one table."""

    arch: Architecture
    alphas: tuple[float, ...]
    resolutions: tuple[str, ...]
    macs: tuple[tuple[int, ...], ...]
    left_out: int  # values of both axes that are not shown


def heat_data(grid: Grid) -> Heat:
    """The multiply-adds of a grid at its first t, classes and implementation."""
    import numpy as np

    alphas = _thinned(tuple(sorted(grid.alphas)))
    sides = _thinned(
        tuple(sorted(grid.resolutions, key=lambda side: side[0] * side[1]))
    )
    t = grid.ts[0]
    made = product(
        grid.arch,
        alpha=np.array(alphas),
        t=None if t is None else np.full(len(alphas), t),
        resolutions=sides,
        classes=grid.classes[0],
        impl=grid.impls[0],
    )
    whole = len(grid.alphas) + len(grid.resolutions)
    return Heat(
        grid.arch,
        alphas,
        tuple(units.resolution_text(side) for side in sides),
        tuple(tuple(int(value) for value in row) for row in made.macs()),
        whole - len(alphas) - len(sides),
    )


def _thinned(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """At most MAX_SHOWN of the values, evenly, both ends among them."""
    if len(values) <= MAX_SHOWN:
        return values
    last = len(values) - 1
    at = {round(step * last / (MAX_SHOWN - 1)) for step in range(MAX_SHOWN)}
    return tuple(values[index] for index in sorted(at))


def heat_figure(heat: Heat) -> Figure:
    """Multiply-adds by width and size: one hue, log scale, the number in each cell."""
    alphas = [units.plain(alpha) for alpha in heat.alphas]
    trace = {
        "type": "heatmap",
        "x": list(heat.resolutions),
        "y": alphas,
        "z": [[math.log10(max(value, 1)) for value in row] for row in heat.macs],
        "text": [[tick_text(value) for value in row] for row in heat.macs],
        "texttemplate": "%{text}",
        "hovertext": [
            [
                f"α {alpha}, {side}<br>{units.grouped(value)} multiply-adds"
                for side, value in zip(heat.resolutions, row, strict=True)
            ]
            for alpha, row in zip(alphas, heat.macs, strict=True)
        ],
        "hoverinfo": "text",
        # Light enough for dark numbers at both ends, on a light and on a dark page.
        "colorscale": [[0, "#f3f7ff"], [1, "#86aef5"]],
        "textfont": {"color": "#1f2328"},
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    layout = _layout(
        xaxis={"title": {"text": "Resolution"}, "type": "category"},
        yaxis={"title": {"text": "α"}, "type": "category"},
    )
    layout["margin"]["t"] = 36  # the buttons stand above the cells
    return {"data": [trace], "layout": layout}


# --- multiply-adds against t ---------------------------------------------------------


@dataclass(frozen=True)
class Expansion:
    """Multiply-adds of one table by expansion factor, at alpha 1 and its own size."""

    arch: Architecture
    ts: tuple[float, ...]
    macs: tuple[int, ...]
    as_printed: int


def expansion_data(grid: Grid) -> Expansion | None:
    """Multiply-adds against t; None for a table without expansion.

    The t of the grid where it has several, else 0.5 to 10.
    """
    import numpy as np

    arch = grid.arch
    if not arch.has_expansion:
        return None
    given = tuple(sorted(t for t in grid.ts if t is not None))
    ts = _thinned(given) if len(given) > 1 else tuple(n / 2 for n in range(1, 21))

    def macs(t: Any, count: int) -> tuple[int, ...]:
        made = product(
            arch,
            alpha=np.ones(count),
            t=t,
            resolutions=((arch.resolution, arch.resolution),),
            classes=grid.classes[0],
            impl=grid.impls[0],
        )
        return tuple(int(value) for value in made.macs()[:, 0])

    return Expansion(arch, ts, macs(np.array(ts), len(ts)), macs(None, 1)[0])


def expansion_figure(expansions: Sequence[Expansion]) -> Figure:
    """Multiply-adds against t, and the table's own cost as a dashed line."""
    looks = styles([one.arch.name for one in expansions])
    traces: list[dict[str, Any]] = []
    for one in expansions:
        name, style = escape.plotly(one.arch.name), looks[one.arch.name]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": list(one.ts),
                "y": list(one.macs),
                "hovertext": [
                    f"<b>{name}</b><br>t {units.plain(t)}<br>"
                    f"{units.short(value)} multiply-adds"
                    for t, value in zip(one.ts, one.macs, strict=True)
                ],
                "hoverinfo": "text",
                "line": {"color": style.color, "width": 2},
                "marker": {
                    "symbol": style.symbol,
                    "size": 8,
                    "line": {"width": 1, "color": TEXT},
                },
            }
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{name}, as printed",
                "x": [one.ts[0], one.ts[-1]],
                "y": [one.as_printed] * 2,
                "hoverinfo": "skip",
                "line": {"color": style.color, "width": 1.5, "dash": "dash"},
                "showlegend": False,
            }
        )
    most = max((max(*one.macs, one.as_printed) for one in expansions), default=1)
    step = _nice_step(most / 5)
    ticks = [step * index for index in range(int(most / step) + 2)]
    layout = _layout(
        xaxis={"title": {"text": "Expansion factor t"}},
        yaxis={
            "title": {"text": "Multiply-adds"},
            "range": [0, most * 1.06],
            "tickvals": ticks,
            "ticktext": [tick_text(tick) for tick in ticks],
        },
    )
    return {"data": traces, "layout": layout}


def _nice_step(least: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is not under ``least``."""
    power = 10.0 ** math.floor(math.log10(max(least, 1e-9)))
    return next(power * step for step in (1, 2, 5, 10) if power * step >= least)


# --- what all figures share ----------------------------------------------------------


def _layout(**axes: dict[str, Any]) -> dict[str, Any]:
    shared = {
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "automargin": True,
        "ticks": "outside",
        "tickcolor": GRID,
        "title": {"standoff": 8},
    }
    drawn = {
        name: {**shared, **axis, "title": {**shared["title"], **axis["title"]}}  # type: ignore[dict-item]
        for name, axis in axes.items()
    }
    return {
        **drawn,
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": TEXT},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "margin": {"l": 48, "r": 12, "t": 12, "b": 48},
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.02,
            "yanchor": "bottom",
            "itemsizing": "constant",
        },
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "bgcolor": PAPER, "font": {"color": TEXT}},
    }


# No logo, and no button that sends the chart anywhere.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["sendChartToCloud", "lasso2d", "select2d"],
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "typesetMath": False,
}
