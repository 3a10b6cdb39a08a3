"""Plots drawn on the server: SVG that scales with the page and needs no script.

Horizontal places are percentages, so that text keeps its size on a phone. Colours are
classes of the page's style sheet. Each mark carries its numbers as a ``<title>``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10, sqrt

from markupsafe import Markup

from mnprofile.base.units import grouped, plain, short
from mnprofile.evidence.literature.accuracies import Point, frontier
from mnprofile.views.html.markup import element, join

# Fixed for every plot: family to colour class and marker (a path around 0, 0, whose
# area is that of a circle of radius 1 where drawn at scale 1).
MARKERS = {
    "v1": "M1,0A1,1 0 1 1 -1,0A1,1 0 1 1 1,0Z",
    "v2": "M-.89,-.89H.89V.89H-.89Z",
    "v3l": "M0,-1.35L1.17,.78H-1.17Z",
    "v3s": "M0,1.35L1.17,-.78H-1.17Z",
    "other": "M-.4,-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z",
}
GLYPHS = {"v1": "●", "v2": "■", "v3l": "▲", "v3s": "▼", "other": "✚"}
TICKS = tuple(n * 10**power for power in range(12) for n in (1, 2, 5))
LEFT, RIGHT = 7.0, 97.0  # percent of the width
TOP, BOTTOM = 16.0, 344.0  # pixels
HEIGHT = 386


@dataclass(frozen=True)
class Segment:
    """A part of a stacked bar: its colour class, value, and what it is."""

    key: str
    value: int
    title: str


def family_of(network: str) -> str:
    """The colour and marker of a network, by its table's name."""
    for name, key in (
        ("mobilenet_v1", "v1"),
        ("mobilenet_v2", "v2"),
        ("mobilenet_v3_large", "v3l"),
        ("mobilenet_v3_small", "v3s"),
    ):
        if network == name or network.startswith(f"{name}_"):
            return key
    return "other"


def type_of(name: str) -> str:
    """The colour of an operator type: one of five, or other."""
    if name == "Conv 1x1":
        return "pw"
    if name.startswith("Conv DW"):
        return "dw"
    if name.startswith("Conv"):
        return "kxk"
    return {"Fully Connected": "fc", "SE": "se"}.get(name, "rest")


def stacked_bar(segments: Sequence[Segment], whole: int, label: str) -> Markup:
    """One horizontal bar; ``whole`` is as long as the bar can be."""
    marks, at = [], 0
    for segment in segments:
        if segment.value:
            marks.append(
                element(
                    "rect",
                    element("title", segment.title),
                    class_=f"t-{segment.key}",
                    x=_percent(at, whole),
                    width=_percent(segment.value, whole),
                    y="0",
                    height="100%",
                )
            )
        at += segment.value
    return element(
        "svg", join(marks), class_="bar", role="img", aria_label=label, height="16"
    )


def columns(segments: Sequence[Segment], label: str, height: int = 72) -> Markup:
    """One vertical bar a layer, from left to right in network order."""
    top = max((segment.value for segment in segments), default=0) or 1
    step = 100 / max(len(segments), 1)
    marks = []
    for index, segment in enumerate(segments):
        tall = round((height - 2) * segment.value / top, 2)
        marks.append(
            element(
                "rect",
                element("title", segment.title),
                class_=f"t-{segment.key}",
                x=f"{index * step + step * 0.1:.3f}%",
                width=f"{step * 0.8:.3f}%",
                y=plain(round(height - tall, 2)),
                height=plain(tall),
            )
        )
    return element(
        "svg",
        join(marks),
        class_="columns",
        role="img",
        aria_label=label,
        height=height,
    )


@dataclass(frozen=True)
class Axes:
    """From multiply-adds and accuracy to a place in the plot."""

    macs: tuple[float, float]  # log10
    top1: tuple[float, float]

    def x(self, macs: float) -> float:
        low, high = self.macs
        return LEFT + (RIGHT - LEFT) * (log10(macs) - low) / (high - low)

    def y(self, top1: float) -> float:
        low, high = self.top1
        return BOTTOM - (BOTTOM - TOP) * (top1 - low) / (high - low)


def axes(points: Sequence[Point]) -> Axes:
    """Where the data is: a decade's 1-2-5 steps, and whole fives of a percent."""
    macs = [point.macs for point in points] or [10_000_000, 1_000_000_000]
    top1 = [float(point.top1) for point in points] or [40.0, 80.0]
    low = max(tick for tick in TICKS if tick <= max(min(macs), 1))
    high = min(tick for tick in TICKS if tick > max(macs))
    return Axes(
        (log10(low), log10(high)),
        (min(top1) // 5 * 5, max(top1) // 5 * 5 + 5),
    )


def scatter(
    points: Sequence[Point], names: dict[str, str], *, extra: Markup | None = None
) -> Markup:
    """Accuracy over multiply-adds. ``names`` gives each network's label.

    A family's line joins the points that none of its own beats; the stepped line is
    the frontier of all. ``extra`` is drawn last, for a script to move.
    """
    place = axes(points)
    best = frontier(tuple(points))
    marks = [*_grid(place), _steps(place, best)]
    lines: list[Markup] = []
    dots: list[tuple[Point, str, bool]] = []
    shown: list[tuple[str, str]] = []
    for network, label in names.items():
        own = tuple(point for point in points if point.network == network)
        if not own:
            continue
        key, line = family_of(network), frontier(own)
        lines += [_line(place, a, b, f"l-{key}") for a, b in pairwise(line)]
        dots += [(point, key, point in line) for point in own]
        shown.append((key, label))
    dots.sort(key=lambda dot: -dot[0].params)
    order = {point: index for index, point in enumerate(points)}
    marks += [*lines, *(_dot(place, *dot, names, order[dot[0]]) for dot in dots)]
    marks += _legend(shown)
    return element(
        "svg",
        join(marks),
        extra if extra is not None else "",
        class_="scatter",
        height=HEIGHT,
        role="group",
        aria_label="Top-1 accuracy over multiply-adds",
    )


def _grid(place: Axes) -> list[Markup]:
    marks = []
    low, high = place.macs
    for tick in TICKS:
        if low <= log10(tick) <= high:
            x = f"{place.x(tick):.3f}%"
            marks.append(element("line", x1=x, x2=x, y1=TOP, y2=BOTTOM, class_="grid"))
            marks.append(
                element(
                    "text",
                    plain(tick // 10**6) if tick >= 10**6 else plain(tick / 10**6),
                    x=x,
                    y=BOTTOM + 17,
                    class_="tick",
                    text_anchor="middle",
                )
            )
    bottom, top = (int(value) for value in place.top1)
    for percent in range(bottom, top + 1, 5):
        y = plain(round(place.y(percent), 2))
        marks.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
        told = f"{percent} %" + (" top-1 accuracy" if percent == top else "")
        marks.append(element("text", told, x="0", y=y, dy="-3", class_="tick"))
    axis = "Multiply-adds (millions, log scale)"
    marks.append(element("text", axis, x="100%", y=BOTTOM + 37, class_="axis"))
    return marks


def _steps(place: Axes, best: Sequence[Point]) -> Markup:
    """The frontier as steps: nothing is claimed between two networks."""
    marks = []
    for a, b in pairwise(best):
        xa, xb = (f"{place.x(point.macs):.3f}%" for point in (a, b))
        ya, yb = (plain(round(place.y(float(p.top1)), 2)) for p in (a, b))
        marks.append(element("line", x1=xa, x2=xb, y1=ya, y2=ya))
        marks.append(element("line", x1=xb, x2=xb, y1=ya, y2=yb))
    return element("g", join(marks), class_="frontier")


def _line(place: Axes, a: Point, b: Point, class_: str) -> Markup:
    return element(
        "line",
        x1=f"{place.x(a.macs):.3f}%",
        x2=f"{place.x(b.macs):.3f}%",
        y1=plain(round(place.y(float(a.top1)), 2)),
        y2=plain(round(place.y(float(b.top1)), 2)),
        class_=class_,
    )


def _dot(
    place: Axes,
    point: Point,
    key: str,
    best: bool,
    names: dict[str, str],
    index: int,
) -> Markup:
    """One network: the area is its parameters, the title its figures."""
    told = (
        f"{names[point.network]} alpha {plain(point.alpha)}, {point.resolution}:"
        f" top-1 {point.top1} %, {grouped(point.macs)} multiply-adds"
        f" ({short(2 * point.macs)} flops), {grouped(point.params)} params"
    )
    size = round(3.2 * sqrt(point.params / 10**6), 2)
    shape = element("path", d=MARKERS[key], transform=f"scale({plain(size)})")
    mark = element(
        "g",
        element("title", told),
        shape,
        class_=f"dot f-{key}" + ("" if best else " beaten"),
        role="img",
        aria_label=told,
        data_point=index,
    )
    return element(
        "svg",
        mark,
        x=f"{place.x(point.macs):.3f}%",
        y=plain(round(place.y(float(point.top1)), 2)),
        overflow="visible",
    )


def _legend(shown: Sequence[tuple[str, str]]) -> list[Markup]:
    """Markers and names in the corner where no network is: dear and inaccurate."""
    wide = 8.4 * max((len(label) for _, label in shown), default=0) + 24
    return [
        element(
            "text",
            element("tspan", GLYPHS[key], class_=f"f-{key}"),
            f" {label}",
            x="100%",
            dx=plain(round(-wide, 1)),
            y=plain(BOTTOM - 12 - 20 * index),
            class_="name",
        )
        for index, (key, label) in enumerate(reversed(shown))
    ]


def step_bar(step: int, most: int, label: str) -> Markup:
    """A bar from the middle: to the right where it grew, to the left where it shrank.

    ``most`` is the step that reaches an end.
    """
    wide = 50 * abs(step) / most if most else 0.0
    return element(
        "svg",
        element(
            "rect",
            element("title", label),
            class_="t-grew" if step > 0 else "t-shrank",
            x=f"{50 if step > 0 else 50 - wide:.3f}%",
            width=f"{wide:.3f}%",
            y="0",
            height="100%",
        ),
        element("line", x1="50%", x2="50%", y1="-3", y2="19"),
        class_="bar steps",
        role="img",
        aria_label=label,
        height="16",
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3f}%" if whole else "0%"
