"""Bars as SVG; each part carries its number as a ``<title>``."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mnprofile.base.units import plain
from mnprofile.views.html.markup import element, text, trusted

THINNEST = 2.5  # pixels, of a bar beside others


@dataclass(frozen=True)
class Segment:
    """A part of a stacked bar: its colour class, value, and what it is."""

    key: str
    value: int
    title: str
    row: str | None = None  # the id of the row with its numbers


def stacked_bar(segments: Sequence[Segment], whole: int, label: str) -> Markup:
    """One horizontal bar; ``whole`` is the value of a full bar."""
    parts, at = [], 0
    for segment in segments:
        if segment.value:
            x, width = _percent(at, whole), _percent(segment.value, whole)
            parts.append(_part(segment.key, segment.title, x, width))
        at += segment.value
    return _drawn("bar", label, parts)


def step_bar(step: int, most: int, label: str) -> Markup:
    """A bar from the middle: to the right where it grew, to the left where it shrank.

    ``most`` is the step of a bar that reaches an end.
    """
    wide = 50 * abs(step) / most if most else 0.0
    key, start = ("grew", 50.0) if step > 0 else ("shrank", 50 - wide)
    middle = element("line", x1="50%", x2="50%", y1="-3", y2="19")
    bar = _part(key, label, f"{start:.3f}%", f"{wide:.3f}%")
    return _drawn("bar steps", label, [bar, middle])


def columns(segments: Sequence[Segment], label: str, height: int = 72) -> Markup:
    """One vertical bar per layer, from left to right in network order."""
    top = max((segment.value for segment in segments), default=0) or 1
    step = 100 / max(len(segments), 1)
    parts = []
    for index, segment in enumerate(segments):
        tall = round((height - 2) * segment.value / top, 2)
        x, width = f"{index * step + step * 0.1:.3f}%", f"{step * 0.8:.3f}%"
        y = plain(round(height - tall, 2))
        parts.append(
            _part(segment.key, segment.title, x, width, y, plain(tall), segment.row)
        )
    return _drawn("columns", label, parts, height)


def paired(groups: Sequence[Sequence[Segment]], label: str, height: int = 96) -> Markup:
    """Several vertical bars beside each other for each layer, one per network.

    Each is at least ``THINNEST`` pixels wide; the drawing may be wider than the page.
    """
    top = max((one.value for group in groups for one in group), default=0) or 1
    step = 100 / max(len(groups), 1)
    parts = []
    for index, group in enumerate(groups):
        wide = 0.84 * step / max(len(group), 1)
        for place, one in enumerate(group):
            tall = round((height - 2) * one.value / top, 2)
            x = f"{index * step + 0.08 * step + place * wide:.3f}%"
            y = plain(round(height - tall, 2))
            width, high = f"{wide:.3f}%", plain(tall)
            parts.append(_part(one.key, one.title, x, width, y, high, one.row))
    many = sum(map(len, groups))
    return _drawn("columns paired", label, parts, height, round(THINNEST * many / 0.84))


def _drawn(
    class_: str,
    label: str,
    parts: Sequence[Markup],
    height: int = 16,
    width: int | None = None,
) -> Markup:
    size = {"height": height, "width": width}
    return element("svg", *parts, class_=class_, role="img", aria_label=label, **size)


def _part(
    key: str,
    title: str,
    x: str,
    width: str,
    y: str = "0",
    height: str = "100%",
    row: str | None = None,
) -> Markup:
    """A rectangle, written out: a page of many layers has thousands."""
    at = f'x="{x}" width="{width}" y="{y}" height="{height}"'
    to = "" if row is None else f' data-row="{text(row)}"'
    told = f"<title>{text(title)}</title>"
    return trusted(f'<rect class="t-{text(key)}" {at}{to}>{told}</rect>')


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.3f}%" if whole else "0%"
