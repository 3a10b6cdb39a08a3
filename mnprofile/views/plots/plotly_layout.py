"""What all plotly figures share.

A figure is a plain dictionary, ``{"data": [...], "layout": {...}}``: nothing here needs
plotly. Colours that follow the page's theme are tokens (``TEXT``, ``GRID``, ``PAPER``),
which the page's script replaces by those of ``THEMES``. Names are escaped where a
figure is made, because plotly treats every text as markup.
"""

import math
from collections.abc import Iterable
from typing import Any

from mnprofile.views.plots.scales import Scale, tick_text

PlotlyFigure = dict[str, Any]

TEXT, GRID, PAPER = "theme:text", "theme:grid", "theme:paper"
# The ends of a heat map's scale: TEXT can be read on both, and on all between.
COOL, WARM = "theme:cool", "theme:warm"
THEMES = {
    "light": {
        TEXT: "#1f2328",
        GRID: "#d8dee4",
        PAPER: "#ffffff",
        COOL: "#eef4ff",
        WARM: "#5b96ee",
    },
    "dark": {
        TEXT: "#e6edf3",
        GRID: "#3d444d",
        PAPER: "#14171b",
        COOL: "#16273f",
        WARM: "#2a5db0",
    },
}
# No logo, and no button that sends the chart anywhere.
CONFIG: dict[str, Any] = {
    "displaylogo": False,
    "responsive": True,
    "toImageButtonOptions": {"scale": 2},
    "modeBarButtonsToRemove": ["sendChartToCloud", "lasso2d", "select2d"],
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "typesetMath": False,
}


def scatter(
    mode: str, xs: Iterable[float], ys: Iterable[float], **more: Any
) -> dict[str, Any]:
    """A trace of lines, markers or text."""
    return {"type": "scatter", "mode": mode, "x": [*xs], "y": [*ys], **more}


def layout(*, x: dict[str, Any], y: dict[str, Any], top: int = 12) -> dict[str, Any]:
    """The layout of a figure with these axes. ``top`` is its upper margin in pixels."""
    shared = {
        "gridcolor": GRID,
        "linecolor": GRID,
        "zeroline": False,
        "automargin": True,
        "ticks": "outside",
        "tickcolor": GRID,
    }
    xaxis, yaxis = (
        {**shared, **axis, "title": {"standoff": 8, "text": axis["title"]}}
        for axis in (x, y)
    )
    return {
        "xaxis": xaxis,
        "yaxis": yaxis,
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": TEXT},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "margin": {"l": 48, "r": 12, "t": top, "b": 48},
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


def log_axis(scale: Scale, unit: str = "") -> dict[str, Any]:
    """A scale as a logarithmic axis; ``unit`` is that of its ticks."""
    return {
        "title": scale.title,
        "type": "log",
        "range": [math.log10(scale.low), math.log10(scale.high)],
        "tickvals": [*scale.ticks],
        "ticktext": [tick_text(tick, unit) for tick in scale.ticks],
    }


def themed(figure: Any, theme: str) -> Any:
    """A figure, or a part of one, with its tokens as the colours of a theme."""
    colors = THEMES[theme]
    if isinstance(figure, dict):
        return {key: themed(value, theme) for key, value in figure.items()}
    if isinstance(figure, list | tuple):
        return [themed(value, theme) for value in figure]
    return colors.get(figure, figure) if isinstance(figure, str) else figure
