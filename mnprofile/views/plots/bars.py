"""Bars as SVG; each part carries its number as a ``<title>``."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mnprofile.base.units import grouped, plain
from mnprofile.views.html.markup import element, text, trusted
from mnprofile.views.sheets.columns import DRAWN

THINNEST = 2.5  # pixels, of a bar beside others


@dataclass(frozen=True)
class Segment:
    """A part of a stacked bar: its colour class, value, and what it is."""

    key: str
    value: int
    title: str
    row: str | None = None  # the id of the row with its numbers


def figures_text(figures: object) -> str:
    """What something costs, for the card at its bars."""
    return ", ".join(
        f"{grouped(getattr(figures, key))} {label.lower()}"
        for key, label in DRAWN.items()
    )


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


def bars(groups: Sequence[Sequence[Segment]], label: str, height: int = 72) -> Markup:
    """Vertical bars, a group of them for each layer, from left to right.

    Several of a group stand beside each other, each at least ``THINNEST`` pixels wide:
    the drawing may be wider than the page.
    """
    top = max((one.value for group in groups for one in group), default=0) or 1
    step = 100 / max(len(groups), 1)
    is_paired = any(len(group) > 1 for group in groups)
    filled = 0.84 if is_paired else 0.8
    parts = []
    for index, group in enumerate(groups):
        wide = filled * step / max(len(group), 1)
        for place, one in enumerate(group):
            tall = round((height - 2) * one.value / top, 2)
            x = f"{index * step + (1 - filled) / 2 * step + place * wide:.3f}%"
            y = plain(round(height - tall, 2))
            width, high = f"{wide:.3f}%", plain(tall)
            parts.append(_part(one.key, one.title, x, width, y, high, one.row))
    if not is_paired:
        return _drawn("columns", label, parts, height)
    least = round(THINNEST * sum(map(len, groups)) / filled)
    return _drawn("columns paired", label, parts, height, least)


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
