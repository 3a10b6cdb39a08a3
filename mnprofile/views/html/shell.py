"""Every page is one file: it fetches nothing and runs only the scripts it hashes.

The same input gives the same bytes: pages have no dates, random ids or paths.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mnprofile import __version__
from mnprofile.base.json_files import CONVENTION
from mnprofile.views.html.markup import text, trusted

FOLDER = Path(__file__).parent / "templates"


def document(
    title: str,
    body: Markup,
    *,
    style: str,
    scripts: Sequence[str],
    data: Sequence[Markup],
    has_plotly: bool = False,
) -> str:
    """One HTML file around a body.

    ``data`` are JSON blocks for its scripts. If plotly.js is one of these, the page
    also allows the style elements that it adds and the pictures that it saves.
    """
    styles = "'unsafe-inline'" if has_plotly else _hash(style)
    policy = (
        "default-src 'none'",
        f"script-src {' '.join(map(_hash, scripts))}",
        f"style-src {styles}",
        "img-src data: blob:" if has_plotly else "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return fragment(
        "document.html",
        title=title,
        body=body,
        policy="; ".join(policy),
        style=trusted(style),
        scripts=map(trusted, scripts),
        data=data,
    )


def fragment(name: str, **context: Any) -> Markup:
    """A template filled in: a part of a page, or the whole."""
    return trusted(_environment().get_template(name).render(context))


def drawing(name: str, **context: Any) -> Markup:
    """A template filled in, on one line because space between elements is drawn.

    Texts are kept: line ends in them are shown as codes.
    """
    return trusted("".join(map(str.strip, fragment(name, **context).splitlines())))


def asset(name: str) -> str:
    """A script or style sheet of this package."""
    found = (FOLDER / name).read_text("utf-8")
    assert "</script" not in found
    assert "</style" not in found
    return found


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_final,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals.update(convention=CONVENTION, version=__version__)
    made.filters["unbroken"] = _unbroken
    return made


def _unbroken(text: str) -> str:
    """A sentence whose lines end neither before a percent sign nor before a unit."""
    return re.sub(r"(?<=\d) (?=(?:%|[KMGT]|[kM]?B|ms)\b|%)", "\u00a0", text)


def _final(value: object) -> object:
    """What every expression of a template passes through."""
    return text(value) if isinstance(value, str) else value
