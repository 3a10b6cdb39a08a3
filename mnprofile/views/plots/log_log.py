"""Dots and straight lines on two log axes: a roofline, and latencies as predicted.

What every drawing of such a plot shows; ``log_log_svg`` and ``log_log_plotly`` draw it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from mnprofile.views.plots.scales import Scale, log_ticks

MOST_TICKS = 9
_ROOM = 1.25  # around the data


class Dot(NamedTuple):
    """A mark at (x, y). ``key`` is the CSS key of its colour, ``told`` what it is."""

    x: float
    y: float
    key: str
    told: str
    is_filled: bool = True


class Line(NamedTuple):
    """A line through points, cheapest first, with a name at its last one."""

    points: tuple[tuple[float, float], ...]
    name: str = ""
    is_dashed: bool = False


@dataclass(frozen=True)
class LogLogPlot:
    """The dots and lines of one plot. ``legend`` has the name of each colour key."""

    name: str
    dots: tuple[Dot, ...]
    lines: tuple[Line, ...]
    x_title: str
    y_title: str
    legend: tuple[tuple[str, str], ...] = ()

    @cached_property
    def x(self) -> Scale:
        ends = (x for line in self.lines for x, _ in line.points)
        return _scale([*(dot.x for dot in self.dots), *ends], self.x_title)

    @cached_property
    def y(self) -> Scale:
        ends = (y for line in self.lines for _, y in line.points)
        return _scale([*(dot.y for dot in self.dots), *ends], self.y_title)


def _scale(values: Iterable[float], title: str) -> Scale:
    found = [value for value in values if value > 0] or [1.0, 10.0]
    low, high = min(found) / _ROOM, max(found) * _ROOM
    ticks = log_ticks(low, high)
    if len(ticks) > MOST_TICKS:
        ticks = [tick for tick in ticks if f"{tick:e}".startswith("1.0")]
    return Scale(low, high, tuple(ticks), title)
