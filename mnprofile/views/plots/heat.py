"""A quantity over width and resolution, as a heat map."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mnprofile.base import units
from mnprofile.search.grids import Grid, Side
from mnprofile.search.products import Product, product
from mnprofile.views.plots.plotly_layout import COOL, TEXT, WARM, PlotlyFigure, layout
from mnprofile.views.plots.scales import log_ticks, thinned, tick_text
from mnprofile.views.sheets.columns import DRAWN


@dataclass(frozen=True)
class Heat:
    """One quantity [alpha][resolution] of one table."""

    network: str  # its title
    quantity: str  # a key of DRAWN
    alphas: tuple[float, ...]
    resolutions: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]
    left_out: int  # values of both axes that are not shown

    @property
    def caption(self) -> str:
        """What the colours mean, and what is not shown."""
        text = (
            "Each width and size; one colour scale per quantity, the same for all"
            " networks."
        )
        if self.left_out:
            text += f" {self.left_out:,} evenly spaced values of the axes are left out."
        return text

    @property
    def ends(self) -> tuple[int, int]:
        """The smallest and the largest value, at least 1."""
        every = [max(value, 1) for row in self.values for value in row]
        return min(every), max(every)


def heat_of(grid: Grid, quantity: str = "macs") -> Heat:
    """A quantity of a grid at its first t, classes and implementation."""
    alphas = thinned(sorted(grid.alphas))
    sides = thinned(sorted(grid.resolutions, key=math.prod))
    t = grid.ts[0]
    ts = None if t is None else [t] * len(alphas)
    return Heat(
        grid.arch.title or grid.arch.name,
        quantity,
        alphas,
        tuple(units.resolution_text(side) for side in sides),
        _rows(_VALUES[quantity](_product(grid, alphas, ts, sides)), len(sides)),
        len(grid.alphas) + len(grid.resolutions) - len(alphas) - len(sides),
    )


def macs_of(
    grid: Grid,
    alphas: Sequence[float],
    ts: Sequence[float] | None,
    sides: tuple[Side, ...],
) -> tuple[tuple[int, ...], ...]:
    """Multiply-adds [alpha][side] of a grid's table, each alpha with its t.

    They are those of its first classes and implementation.
    """
    return _rows(_product(grid, alphas, ts, sides).macs(), len(sides))


def _product(
    grid: Grid,
    alphas: Sequence[float],
    ts: Sequence[float] | None,
    sides: tuple[Side, ...],
) -> Product:
    import numpy as np

    return product(
        grid.arch,
        alpha=np.array(alphas),
        t=None if ts is None else np.array(ts),
        resolutions=sides,
        classes=grid.classes[0],
        impl=grid.impls[0],
        depth=grid.depth,
    )


def _rows(found: Any, sides: int) -> tuple[tuple[int, ...], ...]:
    """[K, R] as whole numbers; a value per width is the same at every size."""
    import numpy as np

    whole = np.asarray(found).astype(int)
    every = whole if whole.ndim > 1 else np.repeat(whole[:, None], sides, 1)
    return tuple(tuple(row) for row in every.tolist())


# The values [K, R] or [K] of each quantity that is drawn.
_VALUES: dict[str, Callable[[Product], Any]] = {
    "macs": lambda made: made.macs(),
    "params": lambda made: made.params,
    "activations": lambda made: made.activations(),
}


def figure(heat: Heat, ends: tuple[int, int] | None = None) -> PlotlyFigure:
    """One hue on a log scale with a colour bar, and the number in each cell.

    ``ends`` are the smallest and largest value of the scale; the heat map's own if
    not given.
    """
    low, high = ends or heat.ends
    ticks = log_ticks(low, high) or [low]
    label = DRAWN[heat.quantity]
    trace = {
        "type": "heatmap",
        "x": list(heat.resolutions),
        "y": [units.plain(alpha) for alpha in heat.alphas],
        "z": [
            [round(math.log10(max(one, 1)), 4) for one in row] for row in heat.values
        ],
        "zmin": math.log10(low),
        "zmax": math.log10(high),
        "customdata": [list(row) for row in heat.values],
        "text": [[tick_text(value) for value in row] for row in heat.values],
        "texttemplate": "%{text}",
        "textfont": {"color": TEXT},
        # No name in it: plotly would read what stands in braces.
        "hovertemplate": "α %{y}, %{x}<br>%{customdata:,}"
        f" {label.lower()}<extra></extra>",
        "colorscale": [[0, COOL], [1, WARM]],
        "colorbar": {
            "title": {"text": label, "side": "right"},
            "tickvals": [math.log10(tick) for tick in ticks],
            "ticktext": [tick_text(tick) for tick in ticks],
            "thickness": 12,
            "outlinewidth": 0,
        },
        "xgap": 1,
        "ygap": 1,
    }
    drawn = layout(
        x={"title": "Resolution", "type": "category"},
        y={"title": "α", "type": "category"},
        top=36,  # the buttons are above the cells
    )
    return {"data": [trace], "layout": drawn}
