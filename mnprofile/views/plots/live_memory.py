"""Live memory as SVG: a step plot with one value per layer, along the network.

The steps are drawn in a frame of their own that stretches with the page, in units of
one layer; text and the mark of the peak stand outside of it and keep their shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from mnprofile.base.units import plain, short_bytes
from mnprofile.views.html.markup import element, join
from mnprofile.views.plots.scales import linear_ticks

TOP, BOTTOM, HEIGHT = 30, 210, 232  # pixels; the peak's name stands above TOP
# A band's name needs about this many pixels a letter, of a phone's plot.
LETTER, PHONE = 9, 260


@dataclass(frozen=True)
class PlotStep:
    """One step: how many bytes, the band (a stage) it is in, and what it is."""

    value: int
    band: str
    title: str


def step_plot(steps: Sequence[PlotStep], *, peak: int, told: str, label: str) -> Markup:
    """Bytes from left to right. ``peak`` is the index of the marked step.

    ``told`` stands at the peak, ``label`` names the whole drawing. Empty for no steps.
    """
    if not steps:
        return Markup()
    most = max(*(step.value for step in steps), 1)
    ruler, lines = _rules(most)
    drawn = element(
        "svg",
        *lines,
        *_bands(steps),
        _area(steps, most, peak),
        *_mark(steps, most, peak, told),
        class_="scatter treads",
        role="img",
        aria_label=label,
        height=HEIGHT,
    )
    return element("div", ruler, drawn, class_="ruled")


def _y(value: int, most: int) -> str:
    return plain(round(BOTTOM - (BOTTOM - TOP) * value / most, 2))


def _rules(most: int) -> tuple[Markup, list[Markup]]:
    """The scale beside the plot, and its lines across it."""
    names, lines = [], []
    for tick in linear_ticks(most):
        y = _y(tick, most)
        text = short_bytes(tick) if tick else "0"
        names.append(element("text", text, x="100%", y=y, dy="4", class_="axis"))
        lines.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
    ruler = element(
        "svg", join(names), class_="scatter", height=HEIGHT, aria_hidden="true"
    )
    return ruler, lines


def _bands(steps: Sequence[PlotStep]) -> list[Markup]:
    """Where each stage begins, and its name below: the last one's at the very right.

    A name without room on a phone is of the class "tight".
    """
    bands = [
        (name, len(list(group)))
        for name, group in groupby(steps, lambda step: step.band)
    ]
    marks: list[Markup] = []
    at = 0
    for index, (name, wide) in enumerate(bands):
        x = f"{100 * at / len(steps):.3f}%"
        marks.append(element("line", x1=x, x2=x, y1=TOP, y2=HEIGHT, class_="grid"))
        is_last = 0 < index == len(bands) - 1
        shared = bands[index - 1 :] if is_last else [(name, wide)]
        room = PHONE * sum(wide for _, wide in shared) / len(steps)
        is_tight = room < LETTER * sum(len(name) for name, _ in shared)
        kind = "axis" if is_last else "tick"
        marks.append(
            element(
                "text",
                name,
                x="100%" if is_last else x,
                y=HEIGHT - 6,
                dx="0" if is_last else "3",
                class_=f"{kind} tight" if is_tight else kind,
            )
        )
        at += wide
    return marks


def _area(steps: Sequence[PlotStep], most: int, peak: int) -> Markup:
    """The area, its outline, the peak's column, and a title for each step."""
    path = "".join(
        f"V{_y(step.value, most)}H{index}" for index, step in enumerate(steps, 1)
    )
    columns = [
        element(
            "rect",
            element("title", step.title),
            x=index,
            width=1,
            y=TOP,
            height=BOTTOM - TOP,
        )
        for index, step in enumerate(steps)
    ]
    top = _y(steps[peak].value, most)
    return element(
        "svg",
        element("path", d=f"M0,{BOTTOM}{path}V{BOTTOM}Z", class_="area"),
        element("path", d=f"M{peak},{BOTTOM}V{top}h1V{BOTTOM}Z", class_="most"),
        element("path", d=f"M0,{BOTTOM}{path}V{BOTTOM}", class_="outline"),
        join(columns),
        viewBox=f"0 0 {len(steps)} {HEIGHT}",
        preserveAspectRatio="none",
        height=HEIGHT,
    )


def _mark(
    steps: Sequence[PlotStep], most: int, peak: int, told: str
) -> tuple[Markup, Markup]:
    """A dot on the peak and its name beside it, towards the middle of the plot."""
    x = f"{100 * (peak + 0.5) / len(steps):.3f}%"
    y = _y(steps[peak].value, most)
    is_left = 2 * peak < len(steps)
    return (
        element("circle", cx=x, cy=y, r="4.5", class_="summit"),
        element(
            "text",
            told,
            x=x,
            y=y,
            dx="9" if is_left else "-9",
            dy="-9",
            text_anchor="start" if is_left else "end",
            class_="name",
        ),
    )
