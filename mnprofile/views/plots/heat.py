"""Multiply-adds over width and resolution, as a heat map."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mnprofile.base import units
from mnprofile.search.grids import Grid, Side
from mnprofile.search.products import product
from mnprofile.views.plots.plotly_layout import PlotlyFigure, layout
from mnprofile.views.plots.scales import thinned, tick_text


@dataclass(frozen=True)
class Heat:
    """Multiply-adds [alpha][resolution] of one table."""

    alphas: tuple[float, ...]
    resolutions: tuple[str, ...]
    macs: tuple[tuple[int, ...], ...]
    left_out: int  # values of both axes that are not shown

    @property
    def caption(self) -> str:
        """What the colours mean, and what is not shown."""
        text = "Multiply-adds of each width and size; darker is more."
        if self.left_out:
            text += f" {self.left_out:,} evenly spaced values of the axes are left out."
        return text


def heat_of(grid: Grid) -> Heat:
    """The multiply-adds of a grid at its first t, classes and implementation."""
    alphas = thinned(sorted(grid.alphas))
    sides = thinned(sorted(grid.resolutions, key=math.prod))
    t = grid.ts[0]
    ts = None if t is None else [t] * len(alphas)
    return Heat(
        alphas,
        tuple(units.resolution_text(side) for side in sides),
        macs_of(grid, alphas, ts, sides),
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
    import numpy as np

    made = product(
        grid.arch,
        alpha=np.array(alphas),
        t=None if ts is None else np.array(ts),
        resolutions=sides,
        classes=grid.classes[0],
        impl=grid.impls[0],
    )
    return tuple(tuple(row) for row in made.macs().astype(int).tolist())


def figure(heat: Heat) -> PlotlyFigure:
    """One hue on a log scale, and the number in each cell."""
    alphas = [units.plain(alpha) for alpha in heat.alphas]
    trace = {
        "type": "heatmap",
        "x": list(heat.resolutions),
        "y": alphas,
        "z": [[math.log10(max(value, 1)) for value in row] for row in heat.macs],
        "text": [[tick_text(value) for value in row] for row in heat.macs],
        "texttemplate": "%{text}",
        "hovertext": [
            [
                f"α {alpha}, {side}<br>{units.grouped(value)} multiply-adds"
                for side, value in zip(heat.resolutions, row, strict=True)
            ]
            for alpha, row in zip(alphas, heat.macs, strict=True)
        ],
        "hoverinfo": "text",
        # Light enough for dark numbers at both ends, on a light and on a dark page.
        "colorscale": [[0, "#f3f7ff"], [1, "#86aef5"]],
        "textfont": {"color": "#1f2328"},
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    drawn = layout(
        x={"title": "Resolution", "type": "category"},
        y={"title": "α", "type": "category"},
        top=36,  # the buttons are above the cells
    )
    return {"data": [trace], "layout": drawn}
