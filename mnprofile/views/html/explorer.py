"""The explorer: the factors of every configuration, and the controls that use them."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from math import log10
from typing import Any

from mnprofile.base.escape import visible
from mnprofile.base.units import plain
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.factors import (
    ALPHAS,
    EXPANSIONS,
    RESOLUTIONS,
    Factors,
    factors,
)
from mnprofile.views.html.markup import data_block
from mnprofile.views.html.panels import (
    TYPE_KEYS,
    Panel,
    ReportNetwork,
    accuracy,
    legend,
)
from mnprofile.views.html.shell import drawing, fragment
from mnprofile.views.plots.accuracy import AccuracyPlot
from mnprofile.views.plots.accuracy_svg import BOTTOM, LEFT, RIGHT, TOP, axes
from mnprofile.views.plots.palette import FAMILIES, OTHER, family_of, type_of
from mnprofile.views.sheets.columns import DRAWN

DATA_ID = "mnp-data"
# The values of a limit's slider; the field next to it takes any whole number.
LIMITS = {
    "macs": tuple(n * 10**p for p in (6, 7, 8, 9) for n in (1, 2, 3, 4, 5, 6, 8)),
    "params": tuple(
        n * 10**p // 10 for p in (6, 7) for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20)
    ),
}
# JavaScript numbers above this are not exact.
MAX_EXACT = 1 << 53
_MARKERS = {one.key: one.marker.path for one in (*FAMILIES.values(), OTHER)}


def explorer(networks: Sequence[ReportNetwork], plot: AccuracyPlot) -> Panel:
    """Controls and figures, around the plot with the moving point."""
    moving = drawing("moving.svg", top=TOP, bottom=BOTTOM, marker=_MARKERS["v1"])
    panel = accuracy(networks, plot, extra=moving)
    body = fragment("explorer.html", plot=panel.body, legend=legend())
    return replace(panel, body=body)


def explorer_data(networks: Sequence[ReportNetwork], plot: AccuracyPlot) -> Any:
    """The JSON block that the explorer's script reads."""
    place = axes(plot)
    tables = [one for one in networks if isinstance(one.arch, Architecture)]
    numbers = {network.arch.name: index for index, network in enumerate(tables)}
    return data_block(
        DATA_ID,
        {
            "nets": [_network(network) for network in tables],
            "points": [
                {
                    "net": numbers[point.network],
                    "alpha": point.alpha,
                    "res": int(point.resolution),
                    "top1": point.top1,
                    "printed": plain(point.top1),
                    "macs": point.macs,
                    "params": point.params,
                }
                for point in plot.points
            ],
            "axes": {
                "macs": [log10(cost) for cost in place.cost],
                "top1": place.top1,
                "x": (LEFT, RIGHT),
                "y": (TOP, BOTTOM),
            },
            "limits": LIMITS,
            "drawn": list(DRAWN.items()),
            "types": [*TYPE_KEYS.items(), ("rest", "other")],
            "standard": [96, 128, 160, 192, 224, 256, 288, 320],
            "markers": _MARKERS,
        },
    )


def _network(network: ReportNetwork) -> dict[str, Any]:
    """One table on its grid; equal rows of numbers are stored once."""
    assert isinstance(network.arch, Architecture), "only tables have factors"
    config = network.counted.config
    height, width = config.resolution
    side = height if height == width else network.arch.resolution
    found = factors(
        network.arch,
        impl=config.impl,
        alphas=tuple(sorted({*ALPHAS, config.alpha})),
        expansions=tuple(dict.fromkeys((*EXPANSIONS, config.t))),
        resolutions=tuple(sorted({*RESOLUTIONS, side})),
    )
    exact = _exact(found)
    vectors: dict[tuple[int, ...], int] = {}
    positions: dict[tuple[int, ...], int] = {}
    slots = [
        [
            visible(slot.name),
            visible(slot.stage),
            type_of(slot.type),
            slot.biases,
            slot.norms,
            vectors.setdefault(_folded(slot.weights, found), len(vectors)),
            vectors.setdefault(_folded(slot.out, found), len(vectors)),
            positions.setdefault(slot.positions, len(positions)),
        ]
        for slot in found.slots
    ]
    return {
        "title": visible(network.title),
        "command": shlex.join(["mnprofile", "count", visible(network.spelling)]),
        "options": "" if config.impl == "paper" else f" --impl {config.impl}",
        "family": family_of(network.arch.name).key,
        "alphas": found.alphas,
        "ts": [
            {"value": t, "text": plain(t) if t is not None else "the table's"}
            for t in found.expansions
        ],
        "res": [found.resolutions[index] for index in exact],
        "start": {"alpha": config.alpha, "res": side, "t": config.t},
        "slots": slots,
        "vectors": list(vectors),
        "positions": [[row[index] for index in exact] for row in positions],
    }


def _folded(vector: tuple[int, ...], found: Factors) -> tuple[int, ...]:
    """One value per alpha where t changes nothing, else one per (alpha, t)."""
    many = len(found.expansions)
    rows = [vector[at : at + many] for at in range(0, len(vector), many)]
    return vector if any(len(set(row)) > 1 for row in rows) else vector[::many]


def _exact(found: Factors) -> list[int]:
    """The indices of the resolutions whose totals cannot exceed MAX_EXACT."""
    return [
        index
        for index, _ in enumerate(found.resolutions)
        if 2 * sum(max(s.weights) * s.positions[index] for s in found.slots) < MAX_EXACT
    ]
