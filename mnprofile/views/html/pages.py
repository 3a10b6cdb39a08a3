"""Self-contained pages: one file, no outside host, no inline script but the hashed.

The same input gives the same bytes: there is no clock, no random id and no path.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from mnprofile import __version__
from mnprofile.base.json_files import CONVENTION
from mnprofile.views.html.markup import text, trusted
from mnprofile.views.html.panels import Panel

FOLDER = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Section:
    """Panels under one heading."""

    key: str
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Page:
    """Everything a page shows. ``data`` are JSON blocks for its scripts.

    ``verdict`` (over, unmeasured, ok) colours the leading sentence.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    scripts: tuple[str, ...] = ("tables.js",)
    data: tuple[Markup, ...] = ()
    verdict: str = ""


def render(page: Page) -> str:
    """A page as HTML."""
    style = asset("plot.css") + asset("style.css")
    scripts = [asset(name) for name in page.scripts]
    return _template("page.html").render(
        page=page,
        policy=_policy(style, scripts),
        style=trusted(style),
        scripts=[trusted(script) for script in scripts],
        convention=CONVENTION,
        version=__version__,
    )


def fragment(name: str, **context: Any) -> Markup:
    """A template that is a part of a page."""
    return trusted(_template(name).render(context))


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Nothing may load or run but what stands in this file."""
    allowed = " ".join(_hash(script) for script in scripts) or "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {allowed}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def asset(name: str) -> str:
    """A script or style sheet of this package."""
    found = (FOLDER / name).read_text("utf-8")
    assert "</script" not in found
    assert "</style" not in found
    return found


def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_final,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _final(value: object) -> object:
    """What every expression of a template passes through."""
    return text(value) if isinstance(value, str) else value
