"""One network as plotly figures: by stage, layer by layer, and its live memory."""

from collections.abc import Sequence
from typing import Any

from mnprofile.base import escape, units
from mnprofile.costs.counting import Count
from mnprofile.costs.memory.activations import Memory
from mnprofile.views.plots.palette import TYPES, type_of
from mnprofile.views.plots.plotly_layout import PlotlyFigure, layout, scatter
from mnprofile.views.plots.scales import linear_ticks, tick_text
from mnprofile.views.sheets.columns import DRAWN

_BLUE = TYPES["pw"][1]


def by_stage(counted: Count, quantity: str = "macs") -> PlotlyFigure:
    """A bar per stage, stacked by operator type."""
    groups = counted.by("stage")
    names = [escape.plotly(group.name) for group in groups]
    traces = []
    for key, (label, color) in TYPES.items():
        values = [
            sum(
                getattr(layer.figures, quantity)
                for layer in group.layers
                if layer.is_counted and type_of(layer.type) == key
            )
            for group in groups
        ]
        if any(values):
            traces.append(_bar(names, values, label, color, quantity))
    tops = [getattr(group.figures, quantity) for group in groups]
    return _drawn(traces, "Stage", quantity, max(tops, default=1))


def by_layer(counted: Count, quantity: str = "macs") -> PlotlyFigure:
    """A bar per layer in network order, in the colour of its operator type."""
    layers = counted.layers
    traces = []
    every = [escape.plotly(layer.name) for layer in layers]
    for key, (label, color) in TYPES.items():
        values = [
            getattr(layer.figures, quantity) if type_of(layer.type) == key else 0
            for layer in layers
        ]
        if any(values):
            traces.append(_bar(every, values, label, color, quantity))
    tops = [getattr(layer.figures, quantity) for layer in layers]
    return _drawn(traces, "Layer, in network order", quantity, max(tops, default=1))


def live_memory(memory: Memory) -> PlotlyFigure:
    """Bytes of live activations at each layer, as steps."""
    steps = memory.by("layer")
    values = [memory.bytes_of(step) for _, step in steps]
    line = {"color": _BLUE, "width": 2, "shape": "hv"}
    trace = scatter(
        "lines",
        range(1, len(values) + 1),
        values,
        name=f"live activations, {memory.bits} bits",
        line=line,
        hovertext=[
            f"{escape.plotly(name)}<br>{units.grouped(value)} bytes"
            for (name, _), value in zip(steps, values, strict=True)
        ],
        hoverinfo="text",
    )
    return _drawn(
        [trace], "Layer, in network order", "Live bytes", max(values, default=1)
    )


def _bar(
    names: Sequence[str], values: Sequence[int], label: str, color: str, quantity: str
) -> dict[str, Any]:
    told = DRAWN[quantity].lower()
    return {
        "type": "bar",
        "name": label,
        "x": list(names),
        "y": list(values),
        "marker": {"color": color},
        "hovertext": [
            f"{name}<br>{label}: {units.grouped(value)} {told}"
            for name, value in zip(names, values, strict=True)
        ],
        "hoverinfo": "text",
    }


def _drawn(
    traces: list[dict[str, Any]], x: str, quantity: str, top: int
) -> PlotlyFigure:
    """A layout whose vertical axis starts at 0."""
    ticks = linear_ticks(max(top, 1))
    is_bar = any(trace["type"] == "bar" for trace in traces)
    drawn = layout(
        x={"title": x, "type": "category"} if is_bar else {"title": x},
        y={
            "title": DRAWN.get(quantity, quantity),
            "range": [0, max(top, 1) * 1.05],
            "tickvals": list(ticks),
            "ticktext": [tick_text(tick) for tick in ticks],
        },
    )
    if is_bar:
        drawn["barmode"] = "stack"
    return {"data": traces, "layout": drawn}
