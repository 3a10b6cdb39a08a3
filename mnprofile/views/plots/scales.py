"""Scales: round ticks, their texts, and which of many values are shown."""

import math
from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from mnprofile.base.units import plain

T = TypeVar("T")

MAX_SHOWN = 24  # values on an axis
MOST_TICKS = 5  # on a linear axis, besides 0


class Scale(NamedTuple):
    """One axis: its ends, its ticks and its title."""

    low: float
    high: float
    ticks: tuple[float, ...]
    title: str
    is_log: bool = True

    def part(self, value: float) -> float:
        """Where a value is: 0 at the low end, 1 at the high one."""
        low, high, at = self.low, self.high, value
        if self.is_log:
            low, high, at = math.log10(low), math.log10(high), math.log10(at)
        return (at - low) / (high - low)


class Frame(NamedTuple):
    """Where a drawing has its axes, which scales in width with the page."""

    left: float  # percent of the width
    right: float
    top: float  # pixels
    bottom: float

    def x(self, scale: Scale, value: float) -> str:
        """The place of a value from the left, in percent."""
        return f"{self.left + (self.right - self.left) * scale.part(value):.3f}%"

    def y(self, scale: Scale, value: float) -> str:
        """The place of a value from the top, in pixels."""
        tall = (self.bottom - self.top) * scale.part(value)
        return plain(round(self.bottom - tall, 2))


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times the powers of ten from ``low`` to ``high``."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = [step * 10**power for power in range(first, last + 1) for step in (1, 2, 5)]
    return [tick for tick in every if low <= tick <= high]


def linear_ticks(most: int) -> range:
    """0 and up to five multiples of a 1-2-5 number, none above ``most``."""
    power = 10 ** max(len(str(most)) - 2, 0)
    sizes = (n * power for n in (1, 2, 5, 10, 20, 50))
    step = next(size for size in sizes if most <= MOST_TICKS * size)
    return range(0, most + 1, step)


def tick_text(value: float, unit: str = "") -> str:
    """2e7 -> "20 M", with a decimal prefix; with a unit as it is."""
    if unit:
        return f"{value:g}{unit}"
    for power, suffix in ((9, "G"), (6, "M"), (3, "k")):
        if value >= 10**power:
            return f"{value / 10**power:.3g} {suffix}"
    return f"{value:g}"


def thinned(values: Sequence[T]) -> tuple[T, ...]:
    """At most MAX_SHOWN of the values, evenly spaced, including both ends."""
    if len(values) <= MAX_SHOWN:
        return tuple(values)
    last = len(values) - 1
    at = {round(step * last / (MAX_SHOWN - 1)) for step in range(MAX_SHOWN)}
    return tuple(values[index] for index in sorted(at))
