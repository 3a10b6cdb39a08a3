"""The axes of a picture, and the two elements that everything in it is made of."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from mnprofile.views.html.markup import element
from mnprofile.views.plots.scales import tick_text


class Axis(NamedTuple):
    """From a value to pixels, and the ticks with their texts."""

    place: Callable[[Any], float]
    ticks: Sequence[tuple[float, str]]
    title: str
    step: float  # pixels of one category


class Area(NamedTuple):
    """The part of the picture between the axes."""

    left: float
    right: float
    top: float
    bottom: float


def _values(traces: Sequence[dict[str, Any]], key: str) -> list[Any]:
    return [value for trace in traces for value in trace[key]]


def labels(axis: dict[str, Any], traces: Sequence[dict[str, Any]]) -> list[str]:
    """The texts on the vertical axis, for their width."""
    if axis.get("type") == "category":
        return [str(value) for value in _values(traces, "y")]
    return [*map(str, axis.get("ticktext", ["000 M"]))]


def axis_of(
    axis: dict[str, Any],
    traces: Sequence[dict[str, Any]],
    key: str,
    start: float,
    end: float,
) -> Axis:
    """One axis from ``start`` to ``end`` in pixels."""
    title = axis["title"]["text"]
    if axis.get("type") == "category":
        names = list(dict.fromkeys(map(str, _values(traces, key))))
        if axis.get("autorange") == "reversed":
            start, end = end, start
        step = (end - start) / max(len(names), 1)
        at = {name: start + (index + 0.5) * step for index, name in enumerate(names)}
        return Axis(lambda v: at[str(v)], [(at[n], n) for n in names], title, abs(step))
    is_log = axis.get("type") == "log"
    low, high = axis.get("range") or _range(traces, key)

    def place(value: float) -> float:
        number = math.log10(value) if is_log else value
        return start + (end - start) * (number - low) / ((high - low) or 1)

    ticks = axis.get("tickvals") or _round_ticks(low, high)
    texts = axis.get("ticktext") or [tick_text(tick) for tick in ticks]
    inside = [
        (place(tick), str(text))
        for tick, text in zip(ticks, texts, strict=True)
        if low <= (math.log10(tick) if is_log else tick) <= high
    ]
    return Axis(place, inside, title, 0.0)


def _round_ticks(low: float, high: float) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, about six of them."""
    rough = max((high - low) / 6, 1e-9)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(index * step, 9) for index in range(first, last + 1)]


def _range(traces: Sequence[dict[str, Any]], key: str) -> tuple[float, float]:
    """From the smallest to the largest value, bars from 0 and stacked."""
    if any(trace["type"] == "bar" for trace in traces):
        sums: dict[Any, float] = {}
        for trace in traces:
            for name, value in zip(trace["x"], trace["y"], strict=True):
                sums[name] = sums.get(name, 0) + value
        return 0.0, 1.04 * max(sums.values(), default=1)
    every = _values(traces, key)
    return min(every, default=0), max(every, default=1)


def rule(x1: float, y1: float, x2: float, y2: float, color: str) -> Markup:
    ends = {"x1": f"{x1:.2f}", "y1": f"{y1:.2f}", "x2": f"{x2:.2f}", "y2": f"{y2:.2f}"}
    return element("line", stroke=color, stroke_width=1, **ends)


def words(x: float, y: float, text: str, fill: str, size: float, anchor: str) -> Markup:
    return element(
        "text",
        text,
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        fill=fill,
        font_size=round(size, 1),
        text_anchor=anchor,
    )
