"""Live memory as SVG: a step plot with one value per layer, along the network.

The steps are drawn in a separate frame that stretches with the page, in units of one
layer; text and the mark of the peak are outside it and keep their shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from mnprofile.base.units import plain, short_bytes
from mnprofile.views.html.shell import drawing
from mnprofile.views.plots.scales import linear_ticks

TOP, BOTTOM, HEIGHT = 30, 210, 232  # pixels; the peak's name is above TOP
# About this many pixels per letter of a band's name, out of those of a phone's plot.
LETTER, PHONE = 9, 260


@dataclass(frozen=True)
class PlotStep:
    """One step: how many bytes, the band (a stage) it is in, and what it is."""

    value: int
    band: str
    title: str


def step_plot(steps: Sequence[PlotStep], *, peak: int, told: str, label: str) -> Markup:
    """Bytes from left to right. ``peak`` is the index of the marked step.

    ``told`` is written at the peak, towards the middle of the plot; ``label`` names
    the whole drawing. Empty if there are no steps.
    """
    if not steps:
        return Markup()
    most = max(*(step.value for step in steps), 1)

    def y(value: int) -> str:
        return plain(round(BOTTOM - (BOTTOM - TOP) * value / most, 2))

    return drawing(
        "live_memory.html",
        steps=steps,
        ticks=linear_ticks(most),
        bands=_bands(steps),
        path="".join(f"V{y(step.value)}H{at}" for at, step in enumerate(steps, 1)),
        peak=peak,
        peak_x=f"{100 * (peak + 0.5) / len(steps):.3f}%",
        peak_y=y(steps[peak].value),
        is_left=2 * peak < len(steps),
        told=told,
        label=label,
        y=y,
        short_bytes=short_bytes,
        top=TOP,
        bottom=BOTTOM,
        height=HEIGHT,
    )


def _bands(steps: Sequence[PlotStep]) -> list[tuple[str, str, bool, bool]]:
    """Where each stage begins, its name, and whether it is the last one and tight.

    The last name is at the right edge; a tight one has no room on a phone.
    """
    bands = [
        (name, len(list(group))) for name, group in groupby(steps, lambda s: s.band)
    ]
    drawn, at = [], 0
    for index, (name, wide) in enumerate(bands):
        is_last = 0 < index == len(bands) - 1
        shared = bands[index - 1 :] if is_last else [(name, wide)]
        room = PHONE * sum(wide for _, wide in shared) / len(steps)
        is_tight = room < LETTER * sum(len(name) for name, _ in shared)
        drawn.append((f"{100 * at / len(steps):.3f}%", name, is_last, is_tight))
        at += wide
    return drawn
