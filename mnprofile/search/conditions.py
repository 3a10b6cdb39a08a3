"""Conditions on the rows of a sweep, such as macs<=100M."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import Any

from mnprofile.base import units
from mnprofile.base.errors import UsageError, nearest
from mnprofile.search.interpolation import PUBLISHED

MEMORY = "act_peak_bytes"
LATENCY = "latency_ms"
COUNTS = ("macs", "params", "weights", "buffers", "activations")
# What a condition may limit; ``kind`` is for the two below.
_LIMITED = ("alpha", "t", *COUNTS, MEMORY, LATENCY, "top1")
_HOLDS = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}


@dataclass(frozen=True)
class Condition:
    """A limit that a row must satisfy, such as macs <= 100,000,000."""

    column: str
    sign: str
    value: float

    def holds(self, values: Any) -> Any:
        """True where the limit is satisfied; never where a value is unknown."""
        return _HOLDS[self.sign](values, self.value)

    def __str__(self) -> str:
        if self.column == LATENCY:
            return f"{self.column} {self.sign} {self.value:g}"
        value = (
            units.grouped(int(self.value))
            if self.column in (*COUNTS, MEMORY)
            else units.plain(self.value)
        )
        return f"{self.column} {self.sign} {value}"


KNOWN = Condition("kind", ">=", PUBLISHED)  # a top-1, published or not
ONLY_PUBLISHED = Condition("kind", "=", PUBLISHED)
_CONDITION = re.compile(r"\s*([a-z0-9_]+)\s*(<=|>=|<|>|==?)\s*(\S.*?)\s*")


def parse_condition(text: str, option: str = "--where") -> Condition:
    """ "macs<=100M" or "alpha>0.5" -> a condition. Raises UsageError."""
    match = _CONDITION.fullmatch(text)
    accepted = f"COLUMN OPERATOR VALUE: {', '.join(_LIMITED)}; <= >= < > ="
    if match is None:
        raise UsageError(f'{option}: "{text}" is not a condition', accepted=accepted)
    column, sign, value = match.groups()
    sign = "=" if sign == "==" else sign
    if column not in _LIMITED:
        close = nearest(column, _LIMITED)
        raise UsageError(
            f'{option}: unknown column "{column}"', accepted=accepted, suggestion=close
        )
    return Condition(column, sign, limit_value(column, value, option))


def limit_value(column: str, text: str, option: str) -> float:
    """The value of a limit on a column: "100M" macs, "256KiB" of memory, "70" percent.

    Raises UsageError naming the option.
    """
    if column in COUNTS:
        return units.parse_quantity(text, option)
    if column == MEMORY:
        return units.parse_memory(text, option)
    if column == LATENCY:
        return units.parse_milliseconds(text, option)
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    in_range = 0 <= number <= 100 if column == "top1" else -1e9 < number < 1e9
    if not in_range:
        what, such = (
            ("percentage", "70 or 70.5") if column == "top1" else ("number", "0.75")
        )
        raise UsageError(
            f'{option}: "{text}" is not a {what}', accepted=f"such as {such}"
        )
    if column == "top1" and 0 < number < 1:
        meant = f"{100 * number:g}"
        raise UsageError(
            f"{option}: {text} is a share, where percent are meant",
            accepted="such as 70 or 70.5",
            suggestion=meant,
        )
    return number
