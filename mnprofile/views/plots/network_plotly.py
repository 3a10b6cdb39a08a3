"""One network as plotly figures: by stage, layer by layer, and its live memory."""

from collections.abc import Iterable, Mapping
from typing import Any

from mnprofile.base import escape, units
from mnprofile.costs.counting import Count, Layer
from mnprofile.costs.memory.activations import Memory
from mnprofile.views.plots.palette import TYPES, type_of
from mnprofile.views.plots.plotly_layout import PlotlyFigure, layout, scatter
from mnprofile.views.plots.scales import linear_ticks, tick_text
from mnprofile.views.sheets.columns import DRAWN

_BLUE = TYPES["pw"][1]


def by_stage(counted: Count, quantity: str = "macs") -> PlotlyFigure:
    """A bar per stage, stacked by operator type."""
    stages = counted.by("stage")
    sums = {group.name: sums_by_type(group.layers, quantity) for group in stages}
    return _stacked(sums, "Stage", quantity)


def by_layer(counted: Count, quantity: str = "macs") -> PlotlyFigure:
    """A bar per layer in network order, in the colour of its operator type."""
    sums = {one.name: sums_by_type([one], quantity) for one in counted.layers}
    return _stacked(sums, "Layer, in network order", quantity)


def sums_by_type(layers: Iterable[Layer], quantity: str) -> dict[str, int]:
    """A quantity of the counted layers by the key of their type, 0 where none is."""
    sums = dict.fromkeys(TYPES, 0)
    for layer in layers:
        if layer.is_counted:
            sums[type_of(layer.type)] += getattr(layer.figures, quantity)
    return sums


def _stacked(
    sums: Mapping[str, Mapping[str, int]], title: str, quantity: str
) -> PlotlyFigure:
    """A bar for each name, split by operator type."""
    names = [*map(escape.plotly, sums)]
    told = DRAWN[quantity].lower()
    traces = []
    for key, (label, color) in TYPES.items():
        values = [one[key] for one in sums.values()]
        if any(values):
            trace = {
                "type": "bar",
                "name": label,
                "x": names,
                "y": values,
                "marker": {"color": color},
                "hovertext": [
                    f"{name}<br>{label}: {units.grouped(value)} {told}"
                    for name, value in zip(names, values, strict=True)
                ],
                "hoverinfo": "text",
            }
            traces.append(trace)
    top = max((sum(one.values()) for one in sums.values()), default=1)
    figure = _drawn(traces, {"title": title, "type": "category"}, DRAWN[quantity], top)
    figure["layout"]["barmode"] = "stack"
    return figure


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
    x = {"title": "Layer, in network order"}
    return _drawn([trace], x, "Live bytes", max(values, default=1))


def _drawn(
    traces: list[dict[str, Any]], x: dict[str, Any], title: str, top: int
) -> PlotlyFigure:
    """A figure whose vertical axis goes from 0 to ``top``."""
    ticks = linear_ticks(max(top, 1))
    y = {
        "title": title,
        "range": [0, max(top, 1) * 1.05],
        "tickvals": list(ticks),
        "ticktext": [tick_text(tick) for tick in ticks],
    }
    return {"data": traces, "layout": layout(x=x, y=y)}
