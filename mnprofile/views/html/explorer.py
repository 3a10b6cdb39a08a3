"""The explorer: the factors of every configuration, and the controls that use them."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from math import log10
from typing import Any, NamedTuple

from mnprofile.base.errors import UsageError
from mnprofile.base.escape import visible
from mnprofile.base.units import Bits, plain
from mnprofile.costs.counting import count
from mnprofile.costs.memory.activations import activation_memory
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.configuration import checked_classes
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.factors import (
    ALPHAS,
    EXPANSIONS,
    RESOLUTIONS,
    Factors,
    factors,
    peak_terms,
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
# JavaScript numbers above this are not exact.
MAX_EXACT = 1 << 53
MAX_LAYERS = 400  # on a grid, whose every structure is built: one has 20 or more
BITS: Bits = 8  # per element of a map, where memory is shown
_MARKERS = {one.key: one.marker.path for one in (*FAMILIES.values(), OTHER)}


@dataclass(frozen=True)
class ShownQuantity:
    """A total in the explorer's bar, which can have a limit.

    ``unit`` is how its limit is read: "count" (100M), "bytes" (256KiB) or "ms". A
    network has it as a sum over its layers, as ``peaks``, or as ``given``: one value
    per alpha, t and resolution, the last running fastest. ``steps`` are the values of
    the limit's slider; the field takes any.
    """

    key: str
    label: str
    unit: str
    steps: tuple[int, ...]


def _steps(first: int, last: int, digits: Sequence[int]) -> tuple[int, ...]:
    """Round numbers: each digit times the powers of ten from first to last."""
    return tuple(n * 10**p for p in range(first, last + 1) for n in digits)


SHOWN = (
    ShownQuantity(
        "macs", "Multiply-adds", "count", _steps(6, 9, (1, 2, 3, 4, 5, 6, 8))
    ),
    ShownQuantity("params", "Parameters", "count", _steps(5, 7, range(1, 10))),
    ShownQuantity("activations", "Activations", "count", _steps(5, 7, (1, 2, 3, 5, 7))),
    ShownQuantity(
        "act_peak_bytes",
        f"Peak memory, {BITS} bits (bytes)",
        "bytes",
        tuple(
            n << 10 for n in (32, 64, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096)
        ),
    ),
)
FIGURES = {
    "flops": "Flops (2 × multiply-adds)",
    "weights": "Weights",
    "biases": "Biases",
    "bn_affine": "Batch-norm γ, β",
    "other_params": "Other parameters",
    "buffers": "Buffers",
}


def explorer(networks: Sequence[ReportNetwork], plot: AccuracyPlot) -> Panel:
    """Controls and figures, around the plot with the moving point."""
    moving = drawing("moving.svg", top=TOP, bottom=BOTTOM, marker=_MARKERS["v1"])
    panel = accuracy(networks, plot, extra=moving)
    body = fragment(
        "explorer.html",
        plot=panel.body,
        has_points=bool(plot.points),
        legend=legend(),
        quantities=SHOWN,
        figures=FIGURES.items(),
    )
    return replace(panel, body=body)


def explorer_data(networks: Sequence[ReportNetwork], plot: AccuracyPlot) -> Any:
    """The JSON block that the explorer's script reads."""
    place = axes(plot)
    numbers = {network.arch.name: index for index, network in enumerate(networks)}
    return data_block(
        DATA_ID,
        {
            "nets": [_network(network) for network in networks],
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
            "quantities": [
                {"key": one.key, "label": one.label, "unit": one.unit} for one in SHOWN
            ],
            "limits": {one.key: one.steps for one in SHOWN},
            "stacked": [{"key": key, "label": label} for key, label in DRAWN.items()],
            "types": [*TYPE_KEYS.items(), ("rest", "other")],
            "standard": [96, 128, 160, 192, 224, 256, 288, 320],
            "markers": _MARKERS,
        },
    )


def _network(network: ReportNetwork) -> dict[str, Any]:
    """What the page knows of one network, with a hash of its content.

    A table is given on its grid. Where the grid's sums are not the figures that were
    counted (products of activations, other parameters), there is only what was counted.
    """
    config = network.counted.config
    is_table = isinstance(network.arch, Architecture)
    other = config.impl != "paper"
    unknown = network.counted.graph.unknown
    content = _on_grid(network)
    if content is None:
        content = _fixed(network)
    digest = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {
        **content,
        "hash": digest[:8],
        "name": visible(network.arch.name),
        "title": visible(network.title)
        + (" (at least: operators without a rule)" if unknown else ""),
        "command": shlex.join(["mnprofile", "count", visible(network.spelling)]),
        "options": f" --impl {config.impl}" if is_table and other else "",
        "family": family_of(network.arch.name).key,
    }


def _fixed(network: ReportNetwork) -> dict[str, Any]:
    """The figures of the one configuration that was counted."""
    config = network.counted.config
    peak = activation_memory(network.counted.graph, bits=BITS).act_peak_bytes
    keys = ("macs", "params", "weights", "biases", "bn_affine", "other_params")
    return {
        "alphas": [config.alpha],
        "ts": [{"value": config.t, "text": "as built"}],
        "res": [config.resolution[0]],
        "start": {"alpha": config.alpha, "res": config.resolution[0], "t": config.t},
        "fixed": {
            "layers": [
                {
                    "name": visible(layer.name),
                    "stage": visible(layer.stage),
                    "type": type_of(layer.type),
                    **{
                        key: getattr(layer.figures, key)
                        for key in (*keys, "buffers", "activations")
                    },
                }
                for layer in network.counted.all_layers
            ],
            "figures": {"act_peak_bytes": peak},
        },
    }


def _on_grid(network: ReportNetwork) -> dict[str, Any] | None:
    """One table on its grid; equal rows of numbers are stored once.

    None for a network that has no grid, or more than MAX_LAYERS.
    """
    if not isinstance(network.arch, Architecture):
        return None
    if len(network.counted.layers) > MAX_LAYERS:
        return None
    config = network.counted.config
    height, width = config.resolution
    side = height if height == width else network.arch.resolution
    try:
        found = factors(
            network.arch,
            impl=config.impl,
            alphas=tuple(sorted({*ALPHAS, config.alpha})),
            expansions=tuple(dict.fromkeys((*EXPANSIONS, config.t))),
            resolutions=tuple(sorted({*RESOLUTIONS, side})),
        )
    except UsageError:  # an implementation that refuses some widths of the grid
        return None
    exact = _exact(found)
    sides = tuple(found.resolutions[index] for index in exact)
    start = Start(config.alpha, config.t, side)
    if not sides or not _agrees(network, found, start):
        return None
    vectors: dict[tuple[int, ...], int] = {}
    positions: dict[tuple[int, ...], int] = {}

    def vector(values: tuple[int, ...]) -> int:
        return vectors.setdefault(_folded(values, found), len(vectors))

    def sizes(values: tuple[int, ...]) -> int:
        return positions.setdefault(values, len(positions))

    slots = [
        [
            visible(slot.name),
            visible(slot.stage),
            type_of(slot.type),
            slot.biases,
            slot.norms,
            vector(slot.weights),
            vector(slot.out),
            sizes(tuple(slot.positions[index] for index in exact)),
        ]
        for slot in found.slots
    ]
    peaks = [
        [[vector(channels), sizes(places)] for channels, places in terms]
        for terms in peak_terms(network.arch, found, sides, config.impl, BITS)
    ]
    return {
        "alphas": found.alphas,
        "ts": [
            {"value": t, "text": plain(t) if t is not None else "table's"}
            for t in found.expansions
        ],
        "res": sides,
        "start": {"alpha": config.alpha, "res": side, "t": config.t},
        "slots": slots,
        "peaks": peaks,
        "vectors": list(vectors),
        "positions": list(positions),
    }


class Start(NamedTuple):
    """The place of a network on its grid."""

    alpha: float
    t: float | None
    side: int


def _agrees(network: ReportNetwork, found: Factors, start: Start) -> bool:
    """Whether the grid says of the network's own place what was counted for it."""
    if start.side not in found.resolutions:
        return False
    assert isinstance(network.arch, Architecture), "only tables have a grid"
    at = found.alphas.index(start.alpha) * len(found.expansions)
    at += found.expansions.index(start.t)
    size = found.resolutions.index(start.side)
    config = replace(
        network.counted.config,
        resolution=(start.side, start.side),
        classes=checked_classes(network.arch, None),
        output_stride=None,
    )
    totals = count(build_rows(network.arch, config)).totals
    macs = sum(slot.weights[at] * slot.positions[size] for slot in found.slots)
    params = sum(
        slot.weights[at] + (slot.biases + slot.norms) * slot.out[at]
        for slot in found.slots
    )
    activations = sum(slot.out[at] * slot.positions[size] for slot in found.slots)
    return (macs, params, activations) == (
        totals.macs,
        totals.params,
        totals.activations,
    )


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
