"""The explorer: the factors of every configuration, and the controls that use them."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base.escape import visible
from mnprofile.base.units import plain
from mnprofile.costs.counting import QUANTITIES
from mnprofile.evidence.literature.accuracies import Point
from mnprofile.search.factors import (
    ALPHAS,
    EXPANSIONS,
    RESOLUTIONS,
    Factors,
    factors,
)
from mnprofile.views.html.markup import data_block, element, join
from mnprofile.views.html.pages import fragment
from mnprofile.views.html.panels import TYPE_KEYS, Network, Panel, accuracy, legend
from mnprofile.views.plots import svg
from mnprofile.views.sheets.columns import DRAWN

DATA_ID = "mnp-data"
# What a limit's slider runs through; the field beside it takes any whole number.
LIMITS = {
    "macs": tuple(n * 10**p for p in (6, 7, 8, 9) for n in (1, 2, 3, 4, 5, 6, 8)),
    "params": tuple(
        n * 10**p // 10 for p in (6, 7) for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20)
    ),
}
# Beyond this a number of JavaScript is no longer exact.
MAX_EXACT = 1 << 53
LABELS = {
    "macs": "Multiply-adds",
    "flops": "Flops (2 x multiply-adds)",
    "params": "Parameters",
    "weights": "Weights",
    "biases": "Biases",
    "bn_affine": "Batch-norm gamma, beta",
    "buffers": "Buffers",
    "activations": "Activations",
}


def explorer(networks: Sequence[Network], points: Sequence[Point]) -> Panel:
    """Controls and figures, around the plot in which the moving point moves."""
    assert set(LABELS) == set(QUANTITIES)
    shape = element("path", d=svg.MARKERS["v1"], transform="scale(9)")
    moving = join(
        [
            element(
                "line", id="x-limit", y1=svg.TOP, y2=svg.BOTTOM, visibility="hidden"
            ),
            element(
                "svg",
                element("line", x1="0", x2="0", y1=svg.TOP, y2=svg.BOTTOM),
                element("g", shape, id="x-mark"),
                element("text", "", y=svg.TOP + 4, dx="6"),
                id="x-here",
                overflow="visible",
                visibility="hidden",
                x="0",
                y="0",
            ),
        ]
    )
    plot = accuracy(networks, points, extra=moving)
    body = fragment("explorer.html", plot=plot.body, quantities=LABELS, legend=legend())
    return replace(plot, body=body)


def explorer_data(networks: Sequence[Network], points: Sequence[Point]) -> Any:
    """The JSON block that the explorer's script reads."""
    place = svg.axes(points)
    numbers = {network.arch.name: index for index, network in enumerate(networks)}
    return data_block(
        DATA_ID,
        {
            "nets": [_network(network) for network in networks],
            "points": [
                {
                    "net": numbers[point.network],
                    "alpha": point.alpha,
                    "res": point.resolution,
                    "top1": float(point.top1),
                    "printed": str(point.top1),
                    "macs": point.macs,
                    "params": point.params,
                }
                for point in points
            ],
            "axes": {
                "macs": place.macs,
                "top1": place.top1,
                "x": (svg.LEFT, svg.RIGHT),
                "y": (svg.TOP, svg.BOTTOM),
            },
            "limits": LIMITS,
            "drawn": list(DRAWN.items()),
            "types": [*TYPE_KEYS.items(), ("rest", "other")],
            "standard": [96, 128, 160, 192, 224, 256, 288, 320],
            "markers": svg.MARKERS,
        },
    )


def _network(network: Network) -> dict[str, Any]:
    """One table on its grid; equal rows of numbers are stored once."""
    config = network.counted.config
    height, width = config.resolution
    side = height if height == width else network.arch.resolution
    found = _exact(
        factors(
            network.arch,
            impl=config.impl,
            alphas=tuple(sorted({*ALPHAS, config.alpha})),
            expansions=EXPANSIONS
            if config.t in EXPANSIONS
            else (*EXPANSIONS, config.t),
            resolutions=tuple(sorted({*RESOLUTIONS, side})),
        )
    )
    vectors: dict[tuple[int, ...], int] = {}
    positions: dict[tuple[int, ...], int] = {}
    slots = [
        [
            visible(slot.name),
            visible(slot.stage),
            svg.type_of(slot.type),
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
        "family": svg.family_of(network.arch.name),
        "alphas": found.alphas,
        "ts": [
            {"value": t, "text": plain(t) if t is not None else "the table's"}
            for t in found.expansions
        ],
        "res": found.resolutions,
        "start": {"alpha": config.alpha, "res": side, "t": config.t},
        "slots": slots,
        "vectors": list(vectors),
        "positions": list(positions),
    }


def _folded(vector: tuple[int, ...], found: Factors) -> tuple[int, ...]:
    """One value an alpha where t changes nothing, else one an (alpha, t)."""
    many = len(found.expansions)
    rows = [vector[at : at + many] for at in range(0, len(vector), many)]
    return (
        tuple(row[0] for row in rows)
        if all(len(set(row)) == 1 for row in rows)
        else vector
    )


def _exact(found: Factors) -> Factors:
    """Without the resolutions at which a sum could leave the exact integers."""
    keep = [
        index
        for index, _ in enumerate(found.resolutions)
        if 2 * sum(max(s.weights) * s.positions[index] for s in found.slots) < MAX_EXACT
    ]
    return replace(
        found,
        resolutions=tuple(found.resolutions[index] for index in keep),
        slots=tuple(
            replace(slot, positions=tuple(slot.positions[index] for index in keep))
            for slot in found.slots
        ),
    )
