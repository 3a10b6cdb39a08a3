"""The traces of a figure as SVG: lines, marks, texts, bars and heat maps."""

import math
from collections.abc import Iterator, Sequence
from html import unescape
from typing import Any, NamedTuple

from markupsafe import Markup

from mnprofile.views.html.markup import element
from mnprofile.views.plots.palette import MARKERS
from mnprofile.views.plots.picture_axes import Axis, words

DASHES = {"dot": "2 3", "dash": "7 4"}


class Look(NamedTuple):
    """What traces need to know of the whole picture."""

    width: int
    height: int
    font: int
    ink: str


def stacked(traces: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bars with their bases: each stands on those of the traces before it."""
    sums: dict[Any, float] = {}
    found = []
    for trace in traces:
        if trace["type"] == "bar":
            bases = [sums.get(name, 0) for name in trace["x"]]
            for name, value in zip(trace["x"], trace["y"], strict=True):
                sums[name] = sums.get(name, 0) + value
            found.append({**trace, "bases": bases})
            continue
        found.append(trace)
    return found


def trace_parts(
    trace: dict[str, Any], x: Axis, y: Axis, look: Look
) -> Iterator[Markup]:
    if trace["type"] == "heatmap":
        yield from _cells(trace, x, y, look)
    elif trace["type"] == "bar":
        yield from _bars(trace, x, y)
    else:
        points = [
            (x.place(a), y.place(b))
            for a, b in zip(trace["x"], trace["y"], strict=True)
        ]
        if "lines" in trace["mode"]:
            yield path(trace, points)
        if "markers" in trace["mode"]:
            yield from marks(trace, points)
        if "text" in trace["mode"]:
            yield from _labels_of(trace, points, look)


def path(trace: dict[str, Any], points: Sequence[tuple[float, float]]) -> Markup:
    line = trace["line"]
    steps = []
    for index, (at, up) in enumerate(points):
        if index and line.get("shape") == "hv":
            steps.append(f"H{at:.2f}V{up:.2f}")
        else:
            steps.append(f"{'L' if index else 'M'}{at:.2f},{up:.2f}")
    return element(
        "path",
        d="".join(steps),
        fill=trace.get("fillcolor", "none"),
        stroke=line["color"],
        stroke_width=line["width"],
        stroke_dasharray=DASHES.get(line.get("dash", "")),
    )


def marks(
    trace: dict[str, Any], points: Sequence[tuple[float, float]]
) -> Iterator[Markup]:
    marker = trace["marker"]
    symbol = marker["symbol"].removesuffix("-open")
    is_open = symbol != marker["symbol"]
    color = marker.get("color") or trace["line"]["color"]
    outline = marker.get("line", {})
    for index, (at, up) in enumerate(points):
        size = marker["size"]
        if isinstance(size, list):  # an area: plotly's sizemode
            size = max(math.sqrt(2 * size[index] / marker["sizeref"]), 7)
        opacity = marker.get("opacity", 1)
        opacity = opacity[index] if isinstance(opacity, list) else opacity
        scale = size / 2
        yield element(
            "path",
            d=MARKERS[symbol],
            transform=f"translate({at:.2f} {up:.2f}) scale({scale:.2f})",
            fill="none" if is_open else color,
            stroke=outline.get("color", color),
            stroke_width=f"{outline.get('width', 1) / scale:.3f}",
            opacity=opacity if opacity != 1 else None,
        )


def _labels_of(
    trace: dict[str, Any], points: Sequence[tuple[float, float]], look: Look
) -> Iterator[Markup]:
    """Texts above the left of their points; one that would cover another is out."""
    size = round(look.font * 0.75, 1)
    taken: list[tuple[float, float]] = []
    for (at, up), told in zip(points, trace["text"], strict=True):
        text = unescape(told).strip()
        wide = 0.6 * size * len(text)
        if all(at - wide > x or at < x - wide or abs(up - y) > size for x, y in taken):
            taken.append((at, up))
            yield words(at - 8, up - 6, text, trace["textfont"]["color"], size, "end")


def _bars(trace: dict[str, Any], x: Axis, y: Axis) -> Iterator[Markup]:
    colors = trace["marker"]["color"]
    width = x.step * 0.8
    for index, (name, value) in enumerate(zip(trace["x"], trace["y"], strict=True)):
        base = trace["bases"][index]
        top, foot = y.place(base + value), y.place(base)
        if value:
            yield element(
                "rect",
                x=f"{x.place(name) - width / 2:.2f}",
                y=f"{top:.2f}",
                width=f"{width:.2f}",
                height=f"{foot - top:.2f}",
                fill=colors[index] if isinstance(colors, list) else colors,
            )


def _cells(trace: dict[str, Any], x: Axis, y: Axis, look: Look) -> Iterator[Markup]:
    """The cells of a heat map with their numbers, and the bar of its colours."""
    low, high = trace["zmin"], trace["zmax"]
    scale = [color for _, color in trace["colorscale"]]
    size = round(min(look.font * 0.85, x.step / 5, y.step * 0.6), 1)
    for name, row, texts in zip(trace["y"], trace["z"], trace["text"], strict=True):
        for side, value, text in zip(trace["x"], row, texts, strict=True):
            color = _mixed(scale, (value - low) / ((high - low) or 1))
            at, up = x.place(side), y.place(name)
            yield element(
                "rect",
                x=f"{at - x.step / 2 + 0.5:.2f}",
                y=f"{up - y.step / 2 + 0.5:.2f}",
                width=f"{x.step - 1:.2f}",
                height=f"{y.step - 1:.2f}",
                fill=color,
            )
            if size >= 6:
                yield words(at, up + size * 0.35, text, _on(color), size, "middle")
    yield from _color_bar(trace, scale, look)


def _color_bar(
    trace: dict[str, Any], scale: Sequence[str], look: Look
) -> Iterator[Markup]:
    bar, ink = trace["colorbar"], look.ink
    left, top = look.width - look.font * 6.2, look.font * 2
    tall, count = look.height - look.font * 7, 40
    for index in range(count):
        yield element(
            "rect",
            x=f"{left:.1f}",
            y=f"{top + tall * (count - 1 - index) / count:.2f}",
            width=look.font,
            height=f"{tall / count + 0.5:.2f}",
            fill=_mixed(scale, index / (count - 1)),
        )
    low, high = trace["zmin"], trace["zmax"]
    for tick, text in zip(bar["tickvals"], bar["ticktext"], strict=True):
        up = top + tall * (1 - (tick - low) / ((high - low) or 1))
        yield words(left + look.font * 1.4, up + 4, text, ink, look.font * 0.8, "start")
    yield words(
        look.width - 8,
        look.font * 1.3,
        bar["title"]["text"],
        ink,
        look.font * 0.85,
        "end",
    )


def _mixed(scale: Sequence[str], share: float) -> str:
    """A colour between the two ends of a scale."""
    one, two = (
        [int(color[at : at + 2], 16) for at in (1, 3, 5)]
        for color in (scale[0], scale[-1])
    )
    part = min(max(share, 0.0), 1.0)
    return "#" + "".join(
        f"{round(a + (b - a) * part):02x}" for a, b in zip(one, two, strict=True)
    )


def _on(color: str) -> str:
    """Black or white, whichever reads better on a colour (WCAG's luminance)."""
    linear = []
    for at in (1, 3, 5):
        part = int(color[at : at + 2], 16) / 255
        linear.append(
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        )
    light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (light + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"
