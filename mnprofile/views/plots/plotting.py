"""The plots by name: what they need, and one way to draw each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UsageError
from mnprofile.costs.counting import Count, count
from mnprofile.costs.memory.activations import activation_memory
from mnprofile.networks import catalog
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.grids import grids_for
from mnprofile.views.plots import accuracy_plotly, expansion, heat, network_plotly
from mnprofile.views.plots.accuracy import printed, titles
from mnprofile.views.plots.picture import HEIGHT, WIDTH, PictureStyle
from mnprofile.views.plots.plotly_layout import PlotlyFigure, themed
from mnprofile.views.sheets.columns import DRAWN

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mnprofile.graph.graph import Graph

    Plotted = str | Architecture | Graph | Count

OF_TABLES = ("accuracy", "heat", "expansion")
OF_NETWORKS = ("stages", "layers", "memory")
KINDS = (*OF_TABLES, *OF_NETWORKS)


def plot(
    what: Plotted | Sequence[Plotted],
    kind: str = "accuracy",
    *,
    quantity: str = "macs",
    theme: str = "light",
    size: tuple[int, int] | None = None,
) -> go.Figure:
    """A plot as a plotly figure.

    Args:
        what: for "accuracy" and "expansion" one or several tables (names, paths or
            loaded architectures), for "heat" one; for "stages", "layers" and "memory"
            one name, graph or count.
        kind: "accuracy" (printed top-1 over multiply-adds), "heat" (a quantity over α
            and resolution), "expansion" (multiply-adds over t), "stages", "layers"
            (bars by operator type) or "memory" (live activations at 8 bits).
        quantity: "macs", "params" or "activations", for heat, stages and layers.
        theme: "light" or "dark".
        size: width and height in pixels, 100 to 10,000; that of its place where None.

    Raises:
        UsageError: another kind, quantity, theme or size, or a table that a kind cannot
            draw.

    >>> plot("v2", "stages").layout.yaxis.title.text
    'Multiply-adds'
    """
    import plotly.graph_objects as go

    width, height = size or (WIDTH, HEIGHT)
    style = PictureStyle(width, height, theme)
    drawn = go.Figure(themed(figure_of(what, kind, quantity), style.theme))
    if size is not None:
        drawn.update_layout(width=style.width, height=style.height)
    return drawn


def figure_of(
    what: Plotted | Sequence[Plotted], kind: str, quantity: str = "macs"
) -> PlotlyFigure:
    """The figure of a plot, with tokens for the colours of a theme."""
    if kind not in KINDS:
        raise UsageError(f'kind: "{kind}" is not a plot', accepted=", ".join(KINDS))
    if quantity not in DRAWN:
        raise UsageError(
            f'quantity: "{quantity}" is not drawn', accepted=", ".join(DRAWN)
        )
    single = isinstance(what, str | Architecture | Count) or hasattr(what, "nodes")
    every = [what] if single else list(what)  # type: ignore[arg-type] # not single
    if kind in OF_NETWORKS:
        return _of_network(_only(every, kind), kind, quantity)
    archs = [_table(one, kind) for one in every]
    if kind == "accuracy":
        return accuracy_plotly.figure(printed([(arch, "paper") for arch in archs]))
    if kind == "heat":
        (grid,) = grids_for([_only(archs, kind)])
        return heat.figure(heat.heat_of(grid, quantity))
    found = [one for grid in grids_for(archs) if (one := expansion.expansion_of(grid))]
    if not found:
        raise UsageError("expansion: none of these tables has an expansion factor")
    return expansion.figure(found, titles(archs))


def _only(every: Sequence[object], kind: str) -> Any:
    if len(every) != 1:
        raise UsageError(f"{kind}: {len(every)} networks given", accepted="one network")
    return every[0]


def _table(one: object, kind: str) -> Architecture:
    if not isinstance(one, str | Architecture):
        raise UsageError(
            f"{kind}: not a table", accepted="a name, path or architecture"
        )
    return catalog.load(one)


def _of_network(one: Any, kind: str, quantity: str) -> PlotlyFigure:
    """A plot of one network, given by name, as a graph or as a count."""
    if isinstance(one, str | Architecture):
        one = catalog.build(one)
    counted = one if isinstance(one, Count) else count(one)
    if kind == "memory":
        return network_plotly.live_memory(activation_memory(counted.graph, bits=8))
    if kind == "stages":
        return network_plotly.by_stage(counted, quantity)
    return network_plotly.by_layer(counted, quantity)
