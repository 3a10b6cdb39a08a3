"""The only way from text to HTML: whatever is not markup yet is escaped.

Names of a user's table reach a page through ``element``, ``text`` or a template, which
all end in ``text``; JSON reaches it through ``data_block``.
"""

import json
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from markupsafe import Markup, escape

from mnprofile.base.escape import visible


def text(value: object) -> Markup:
    """A value as HTML text: markup is kept, the rest escaped, controls made visible."""
    if isinstance(value, Markup):
        return value
    return _escaped(value) if isinstance(value, str) else escape(value)


@lru_cache(1 << 12)
def _escaped(value: str) -> Markup:
    return escape(visible(value))  # most cells of a table stand in others too


def element(tag: str, *children: object, **attributes: object) -> Markup:
    """One element. ``class_`` and ``data_x`` are class and data-x; None is left out.

    >>> element("b", "a<b", class_="x")
    Markup('<b class="x">a&lt;b</b>')
    """
    assert tag not in ("br", "hr", "img", "input"), "an end tag is added to each"
    inside = "".join([text(child) for child in children])
    named = "".join(
        [
            f' {_attribute(name)}="{text(value)}"'
            for name, value in attributes.items()
            if value is not None
        ]
    )
    return trusted(f"<{tag}{named}>{inside}</{tag}>")


@cache
def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def trusted(source: str) -> Markup:
    """Text of this package that is markup already: a template's result, a script."""
    return Markup(source)  # noqa: S704 - nothing of a user gets here


def join(parts: "list[Markup]") -> Markup:
    """Pieces of markup, one after the other."""
    return trusted("".join([text(part) for part in parts]))


def swatch(*shape: object, side: int = 12) -> Markup:
    """The picture of one entry of a legend."""
    return element("svg", *shape, width=side, height=side, aria_hidden="true")


def square(key: str) -> Markup:
    """The swatch of a CSS key of colours."""
    return swatch(element("rect", class_=f"t-{key}", width=12, height=12))


def legend_list(items: Iterable[tuple[Markup, str]]) -> Markup:
    """Which swatch is what."""
    named = [element("li", picture, " ", name) for picture, name in items]
    return element("ul", join(named), class_="legend")


def data_block(name: str, content: Any) -> Markup:
    """JSON that scripts of the page read by id; no text in it can end the block."""
    body = json.dumps(content, sort_keys=True, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        body = body.replace(mark, f"\\u{ord(mark):04x}")
    return trusted(f'<script type="application/json" id="{text(name)}">{body}</script>')
