"""The plots of a sweep as one HTML file that needs no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mnprofile import __version__
from mnprofile.base import escape
from mnprofile.base.json_files import CONVENTION
from mnprofile.search.grids import Grid
from mnprofile.views.plots import figures as plots
from mnprofile.views.plots.figures import Figure
from mnprofile.views.plots.points import Sample


@dataclass(frozen=True)
class View:
    """One figure of the page: its id, heading, caption and size in pixels."""

    id: str
    title: str
    caption: str
    figure: Figure
    height: int
    min_width: int = 0


def page(sample: Sample, grids: Sequence[Grid], notes: Sequence[str] = ()) -> str:
    """A page with top-1 against cost, multiply-adds over the grid, and against t."""
    points = sample.points()
    frontier = sorted((one for one in points if one.on_frontier), key=lambda one: one.x)
    views = views_of(sample, grids)
    return render(
        "sweep.html",
        views,
        title="Accuracy and cost of " + ", ".join(_names(grids)),
        frontier=frontier,
        notes=list(notes),
    )


def _names(grids: Sequence[Grid]) -> list[str]:
    names = list(dict.fromkeys(escape.visible(grid.arch.name) for grid in grids))
    return names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} others"]


def views_of(sample: Sample, grids: Sequence[Grid]) -> list[View]:
    """The views that a sweep has data for, in order."""
    points = sample.points()
    views = []
    if points:
        views.append(
            View(
                "mnp-accuracy",
                "Top-1 against " + sample.axis.name,
                plots.accuracy_caption(points, sample.axis, sample.seen_count),
                plots.accuracy_figure(points, sample.axis),
                height=560,
            )
        )
    first = {grid.arch.name: grid for grid in reversed(grids)}
    for index, name in enumerate(dict.fromkeys(grid.arch.name for grid in grids), 1):
        heat = plots.heat_data(first[name])
        caption = "Multiply-adds of each width and size; darker is more."
        if heat.left_out:
            caption += f" {heat.left_out:,} values of the axes are left out, evenly."
        views.append(
            View(
                f"mnp-heat-{index}",
                f"Multiply-adds of {escape.visible(name)} over α and resolution",
                caption,
                plots.heat_figure(heat),
                height=120 + 38 * len(heat.alphas),
                min_width=70 + 44 * len(heat.resolutions),
            )
        )
    expansions = [
        one
        for grid in first.values()
        if (one := plots.expansion_data(grid)) is not None
    ]
    if expansions:
        views.append(
            View(
                "mnp-expansion",
                "Multiply-adds against the expansion factor t",
                "One t for every block whose printed one is above 1, at α 1 and the"
                " table's own resolution. Dashed: the factors as printed.",
                plots.expansion_figure(
                    sorted(expansions, key=lambda one: one.arch.name)
                ),
                height=420,
            )
        )
    return views


def render(template: str, views: Sequence[View], **content: Any) -> str:
    """A template with figures, their library and script in it, and nothing fetched."""
    import jinja2
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.PackageLoader("mnprofile.views.html"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = escape.visible
    assert environment.loader is not None

    def asset(name: str) -> str:
        assert environment.loader is not None
        return environment.loader.get_source(environment, name)[0]

    library, script = get_plotlyjs(), asset("plots.js")
    figures = {
        "config": plots.CONFIG,
        "themes": plots.THEMES,
        "figures": {view.id: view.figure for view in views},
    }
    return environment.get_template(template).render(
        views=views,
        policy=content_policy(library, script),
        convention=CONVENTION,
        version=__version__,
        style=Markup(asset("sweep.css")),  # noqa: S704 - our own file
        figures=Markup(script_json(figures)),  # noqa: S704 - escaped for a script
        library=Markup(library),  # noqa: S704 - plotly.js
        script=Markup(script),  # noqa: S704 - our own file
        **content,
    )


def script_json(value: Any) -> str:
    """JSON that may stand in a script element, the same bytes on every machine."""
    text = json.dumps(value, separators=(",", ":"), sort_keys=True)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def content_policy(*scripts: str) -> str:
    """Only these scripts may run, and nothing may be fetched or sent."""
    hashes = " ".join(
        "'sha256-"
        + base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()
        + "'"
        for one in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
