"""The plots of a sweep as one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnprofile.base.escape import visible
from mnprofile.search.grids import Grid
from mnprofile.views.html.markup import data_block
from mnprofile.views.html.scripts import bundle, vendored
from mnprofile.views.html.shell import asset, document, fragment
from mnprofile.views.plots import accuracy_plotly, expansion, heat, log_log
from mnprofile.views.plots.accuracy import AccuracyPlot, Axis, sweep_caption, titles
from mnprofile.views.plots.expansion import PHI, Curve, Over, T
from mnprofile.views.plots.plotly_layout import CONFIG, THEMES, PlotlyFigure
from mnprofile.views.plots.sample import Sample
from mnprofile.views.plots.swept_networks import (
    NetworkPoint,
    accuracy_caption,
    accuracy_plot,
    cost_plot,
)
from mnprofile.views.sheets.columns import DRAWN


@dataclass(frozen=True)
class View:
    """One figure of the page: its id, heading, caption and size in pixels."""

    id: str
    title: str
    caption: str
    figure: Any  # a PlotlyFigure, or {"lists": ..., "choices": several of them}
    height: int
    min_width: int = 0


@dataclass(frozen=True)
class TablePlots:
    """Top-1 against cost, multiply-adds over the grid, and against t.

    Of a compound scaling, multiply-adds against φ instead of the last two.
    """

    sample: Sample
    grids: Sequence[Grid]
    notes: Sequence[str] = ()

    def page(self) -> str:
        """All plots, as a page."""
        plot = self.sample.plot()
        firsts = {grid.arch.name: grid for grid in reversed(self.grids)}
        named = titles(grid.arch for grid in self.grids)
        names = list(named.values())
        caption = sweep_caption(plot, self.sample.seen_count)
        of_phi = [one for one in self.grids if one.phi is not None]
        curves = _curves(_compound(of_phi), named, PHI)
        views = _accuracy(plot, caption)
        views += curves or [_heat([firsts[name] for name in named], named)]
        if not of_phi:
            ordered = (firsts[name] for name in sorted(named))
            views += _curves(map(expansion.expansion_of, ordered), named, T)
        notes = [_titled(note, named) for note in self.notes]
        return plots_page(_title(names), views, notes, plot)

    def figure(self) -> PlotlyFigure:
        """The plot that stands for them as a picture."""
        plot = self.sample.plot()
        if plot.points:
            return accuracy_plotly.figure(plot)
        first = self.grids[0]
        same = [one for one in self.grids if one.arch is first.arch]
        curve = expansion.compound_of(same) if first.phi is not None else None
        if curve is not None:
            return expansion.figure([curve], over=PHI)
        return heat.figure(heat.heat_of(first))


@dataclass(frozen=True)
class NetworkPlots:
    """Top-1 against cost, where it is known, and multiply-adds against parameters."""

    points: Sequence[NetworkPoint]
    axis: Axis
    notes: Sequence[str] = ()

    def page(self) -> str:
        plot = accuracy_plot(self.points, self.axis)
        costs = cost_plot(self.points)
        caption = f"{len(costs.dots):,} configurations."
        drawn = log_log.figure(costs)
        views = [
            *_accuracy(plot, accuracy_caption(plot)),
            View("mnp-costs", costs.name, caption, drawn, height=520),
        ]
        title = _title([*plot.names], "Accuracy and cost" if plot.points else "Cost")
        return plots_page(title, views, self.notes, plot)

    def figure(self) -> PlotlyFigure:
        plot = accuracy_plot(self.points, self.axis)
        if plot.points:
            return accuracy_plotly.figure(plot)
        return log_log.figure(cost_plot(self.points))


def _title(names: Sequence[str], what: str = "Accuracy and cost") -> str:
    few = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} others"]
    return f"{what} of " + ", ".join(few)


def plots_page(
    title: str,
    views: Sequence[View],
    notes: Sequence[str] = (),
    plot: AccuracyPlot | None = None,
    lead: str = "",
) -> str:
    """A page of plotly figures, with the frontier of a ``plot`` in numbers."""
    drawn = {
        "config": CONFIG,
        "themes": THEMES,
        "figures": {view.id: view.figure for view in views},
    }
    body = fragment(
        "sweep.html", title=title, views=views, plot=plot, notes=notes, lead=lead
    )
    return document(
        title,
        body,
        style=asset("theme.css") + asset("sweep.css"),
        scripts=(vendored("plotly-cartesian.min.js"), bundle("plots.mjs")),
        data=(data_block("figures", drawn),),
        has_plotly=True,
    )


def _titled(note: str, named: Mapping[str, str]) -> str:
    """A note that begins with a table's name, with what the page calls the table."""
    name, colon, rest = note.partition(":")
    return f"{named.get(name, name)}{colon}{rest}"


def _accuracy(plot: AccuracyPlot, caption: str) -> list[View]:
    """Top-1 against cost, where any is known."""
    if not plot.points:
        return []
    title = "Top-1 against " + plot.axis.name
    drawn = accuracy_plotly.figure(plot)
    return [View("mnp-accuracy", title, caption, drawn, height=560)]


def _heat(grids: Sequence[Grid], named: Mapping[str, str]) -> View:
    """One heat map with a switch for its network and its quantity, on shared scales."""
    heats = {key: [heat.heat_of(one, key) for one in grids] for key in DRAWN}
    ends = {
        key: (min(one.ends[0] for one in every), max(one.ends[1] for one in every))
        for key, every in heats.items()
    }
    figures = [
        heat.figure(heats[key][index], ends[key])
        for index, _ in enumerate(grids)
        for key in heats
    ]
    lists = [
        {"label": "Network", "names": [visible(named[one.arch.name]) for one in grids]},
        {"label": "Quantity", "names": [*DRAWN.values()]},
    ]
    every = heats["macs"]
    return View(
        "mnp-heat",
        "Cost over α and resolution",
        max((one.caption for one in every), key=len),
        {"lists": lists, "choices": figures},
        height=130 + 38 * max(len(one.alphas) for one in every),
        min_width=300,
    )


def _curves(
    curves: Iterable[Curve | None], named: Mapping[str, str], over: Over
) -> list[View]:
    """Multiply-adds against t or φ, of the tables that have a curve."""
    found = [curve for curve in curves if curve is not None]
    if not found:
        return []
    drawn = expansion.figure(found, named, over)
    return [View(f"mnp-{over.key}", over.title, over.caption, drawn, height=420)]


def _compound(grids: Iterable[Grid]) -> Iterator[Curve | None]:
    """Multiply-adds of each table over the values of φ that its grids have."""
    by_table: dict[str, list[Grid]] = {}
    for one in grids:
        by_table.setdefault(one.arch.name, []).append(one)
    return map(expansion.compound_of, by_table.values())
