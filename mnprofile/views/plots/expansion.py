"""Multiply-adds against the expansion factor t, or compound scaling φ, as lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mnprofile.base import escape, units
from mnprofile.search.grids import Grid
from mnprofile.views.plots.heat import macs_of
from mnprofile.views.plots.palette import PlotStyle, styles
from mnprofile.views.plots.plotly_layout import TEXT, PlotlyFigure, layout, scatter
from mnprofile.views.plots.scales import linear_ticks, thinned, tick_text


class Over(NamedTuple):
    """What lines are drawn over: its sign and name, and what a page says of it."""

    sign: str
    name: str
    key: str
    title: str
    caption: str


T = Over(
    "t",
    "Expansion factor t",
    "expansion",
    "Multiply-adds against the expansion factor t",
    "The same t for every block whose printed t is above 1, at α 1 and the table's own"
    " resolution. Dashed: with the printed factors.",
)
PHI = Over(
    "φ",
    "Compound scaling φ",
    "compound",
    "Multiply-adds against the compound scaling φ",
    "Width, depth and resolution together, each by its own factor to the power φ."
    " Dashed: as printed.",
)


@dataclass(frozen=True)
class Curve:
    """Multiply-adds of one table by t, at alpha 1 and its own size, or by φ."""

    network: str
    at: tuple[float, ...]
    macs: tuple[int, ...]
    as_printed: int


def expansion_of(grid: Grid) -> Curve | None:
    """Multiply-adds against t; None for a table without expansion.

    The t of the grid if it has several, else 0.5 to 10.
    """
    arch = grid.arch
    if not arch.has_expansion:
        return None
    given = sorted(t for t in grid.ts if t is not None)
    ts = thinned(given) if len(given) > 1 else tuple(n / 2 for n in range(1, 21))
    side = ((arch.resolution, arch.resolution),)
    macs = tuple(row[0] for row in macs_of(grid, [1.0] * len(ts), ts, side))
    ((as_printed,),) = macs_of(grid, [1.0], None, side)
    return Curve(arch.name, ts, macs, as_printed)


def compound_of(grids: Sequence[Grid]) -> Curve | None:
    """Multiply-adds of one table against φ, which its grids have, at their first t.

    None for fewer than two of them.
    """
    if len(grids) < 2:
        return None
    ordered = sorted(grids, key=lambda grid: grid.phi or 0.0)
    t = grids[0].ts[0]
    ts = None if t is None else [t]
    costs = [macs_of(grid, grid.alphas, ts, grid.resolutions) for grid in ordered]
    own = grids[0].arch
    side = ((own.resolution, own.resolution),)
    ((as_printed,),) = macs_of(replace(grids[0], depth=1.0), [1.0], None, side)
    return Curve(
        own.name,
        tuple(grid.phi or 0.0 for grid in ordered),
        tuple(macs for ((macs,),) in costs),
        as_printed,
    )


def figure(
    expansions: Sequence[Curve],
    names: Mapping[str, str] | None = None,
    over: Over = T,
) -> PlotlyFigure:
    """A line for each table, and a dashed one for its cost as printed.

    ``names`` says what each table is called.
    """
    looks = styles([one.network for one in expansions])
    called = names or {}
    traces = [
        trace
        for one in expansions
        for trace in _traces(
            one, looks[one.network], called.get(one.network, one.network), over.sign
        )
    ]
    most = max((max(*one.macs, one.as_printed) for one in expansions), default=1)
    ticks = linear_ticks(most)
    shown = [*ticks, ticks[-1] + ticks.step]
    drawn = layout(
        x={"title": over.name},
        y={
            "title": "Multiply-adds",
            "range": [0, most * 1.06],
            "tickvals": shown,
            "ticktext": [tick_text(tick) for tick in shown],
        },
    )
    return {"data": traces, "layout": drawn}


def _traces(
    one: Curve, style: PlotStyle, called: str, symbol: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    name = escape.plotly(called)
    line = scatter(
        "lines+markers",
        one.at,
        one.macs,
        name=name,
        hovertext=[
            f"<b>{name}</b><br>{symbol} {units.plain(x)}<br>{units.short(value)}"
            " multiply-adds"
            for x, value in zip(one.at, one.macs, strict=True)
        ],
        hoverinfo="text",
        line={"color": style.color, "width": 2},
        marker={
            "symbol": style.marker.symbol,
            "size": 8,
            "line": {"width": 1, "color": TEXT},
        },
    )
    as_printed = scatter(
        "lines",
        (one.at[0], one.at[-1]),
        (one.as_printed, one.as_printed),
        name=f"{name}, as printed",
        hoverinfo="skip",
        line={"color": style.color, "width": 1.5, "dash": "dash"},
        showlegend=False,
    )
    return line, as_printed
