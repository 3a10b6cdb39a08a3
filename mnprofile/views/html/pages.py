"""Pages as data: sections of panels."""

from dataclasses import dataclass

from markupsafe import Markup

from mnprofile.views.html.panels import Panel
from mnprofile.views.html.scripts import bundle, vendored
from mnprofile.views.html.shell import asset, document, fragment


@dataclass(frozen=True)
class Section:
    """Panels under one heading.

    ``fold`` "open" or "closed" lets a reader fold it; ``told`` stands beside its title.
    """

    key: str
    title: str
    panels: tuple[Panel, ...]
    fold: str = ""
    told: str = ""


@dataclass(frozen=True)
class Page:
    """Everything a page shows. ``data`` are JSON blocks for its scripts.

    ``verdict`` (over, unmeasured, ok) colours the leading sentence.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    scripts: tuple[str, ...] = ("tables.mjs",)
    vendor: tuple[str, ...] = ()  # scripts of others that these need
    data: tuple[Markup, ...] = ()
    verdict: str = ""


def render(page: Page) -> str:
    """A page as HTML."""
    return document(
        page.title,
        fragment("page.html", page=page, needs_script=bool(page.data)),
        style="".join(map(asset, ("theme.css", "plot.css", "style.css"))),
        scripts=[*map(vendored, page.vendor), bundle(*page.scripts)],
        data=page.data,
    )
