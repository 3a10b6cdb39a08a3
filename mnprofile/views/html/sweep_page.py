"""The plots of a sweep as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnprofile.search.grids import Grid
from mnprofile.views.html.markup import data_block
from mnprofile.views.html.shell import asset, document, fragment
from mnprofile.views.plots import accuracy_plotly, expansion, heat
from mnprofile.views.plots.accuracy import AccuracyPlot, sweep_caption
from mnprofile.views.plots.plotly_layout import CONFIG, THEMES, PlotlyFigure
from mnprofile.views.plots.sample import Sample


@dataclass(frozen=True)
class View:
    """One figure of the page: its id, heading, caption and size in pixels."""

    id: str
    title: str
    caption: str
    figure: PlotlyFigure
    height: int
    min_width: int = 0


def page(sample: Sample, grids: Sequence[Grid], notes: Sequence[str] = ()) -> str:
    """A page with top-1 against cost, multiply-adds over the grid, and against t."""
    plot = sample.plot()
    firsts = {grid.arch.name: grid for grid in reversed(grids)}
    names = list(dict.fromkeys(grid.arch.name for grid in grids))
    views = [
        *_accuracy(plot, sample.seen_count),
        *(_heat(firsts[name], index) for index, name in enumerate(names, 1)),
        *_expansion([firsts[name] for name in sorted(names)]),
    ]
    title = "Accuracy and cost of " + ", ".join(
        names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} others"]
    )
    return plots_page(title, views, notes, plot)


def plots_page(
    title: str,
    views: Sequence[View],
    notes: Sequence[str] = (),
    plot: AccuracyPlot | None = None,
) -> str:
    """A page of plotly figures, with the frontier of a ``plot`` in numbers."""
    from plotly.offline import get_plotlyjs

    drawn = {
        "config": CONFIG,
        "themes": THEMES,
        "figures": {view.id: view.figure for view in views},
    }
    body = fragment("sweep.html", title=title, views=views, plot=plot, notes=notes)
    return document(
        title,
        body,
        style=asset("sweep.css"),
        scripts=(get_plotlyjs(), asset("plots.js")),
        data=(data_block("figures", drawn),),
        has_plotly=True,
    )


def _accuracy(plot: AccuracyPlot, seen: int) -> list[View]:
    """Top-1 against cost, where any is known."""
    if not plot.points:
        return []
    title = "Top-1 against " + plot.axis.name
    caption = sweep_caption(plot, seen)
    drawn = accuracy_plotly.figure(plot)
    return [View("mnp-accuracy", title, caption, drawn, height=560)]


def _heat(grid: Grid, index: int) -> View:
    """Multiply-adds of one table; ``index`` is its place in the page."""
    data = heat.heat_of(grid)
    return View(
        f"mnp-heat-{index}",
        f"Multiply-adds of {grid.arch.name} over α and resolution",
        data.caption,
        heat.figure(data),
        height=120 + 38 * len(data.alphas),
        min_width=70 + 44 * len(data.resolutions),
    )


def _expansion(grids: Sequence[Grid]) -> list[View]:
    """Multiply-adds against t, of the tables that have one."""
    found = [one for grid in grids if (one := expansion.expansion_of(grid)) is not None]
    if not found:
        return []
    title = "Multiply-adds against the expansion factor t"
    drawn = expansion.figure(found)
    return [View("mnp-expansion", title, expansion.CAPTION, drawn, height=420)]
