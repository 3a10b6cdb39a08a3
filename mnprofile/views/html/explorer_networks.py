"""What the explorer's page knows of one network: its factors, or its only figures."""

import json
import shlex
from contextlib import suppress
from hashlib import sha256
from math import prod
from typing import Any

from mnprofile.base.errors import UnmeasuredError, UsageError
from mnprofile.base.escape import visible
from mnprofile.base.units import Bits, plain, resolution_text
from mnprofile.costs.counting import QUANTITIES, Count
from mnprofile.costs.latency.devices import Device
from mnprofile.costs.latency.prediction import family_of as calibrated_family
from mnprofile.costs.latency.prediction import predict
from mnprofile.costs.memory.activations import activation_memory
from mnprofile.graph.configuration import Configuration
from mnprofile.networks.configuration import PAPER, checked_classes
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.factors import (
    ALPHAS,
    EXPANSIONS,
    RESOLUTIONS,
    Factors,
    Resolution,
    Slot,
    factors,
    peak_terms,
    product_of,
)
from mnprofile.search.latencies import exact_times
from mnprofile.search.products import Product
from mnprofile.views.document import record_of
from mnprofile.views.html.panels import ReportNetwork
from mnprofile.views.plots.palette import family_of, type_of

# JavaScript numbers above this are not exact.
MAX_EXACT = 1 << 53
# On a grid every structure of a network is built, and t makes many: 233 of
# EfficientNetV2-S, which took eight seconds. Of more layers, t stays the table's own.
MAX_LAYERS, MAX_VARIED = 400, 80
BITS: Bits = 8  # per element of a map, where memory is shown


def network_data(network: ReportNetwork, device: Device | None) -> dict[str, Any]:
    """What the page knows of one network, with a hash of its content.

    A table is given on its grid. Where the grid's sums are not the figures that were
    counted (products of activations, other parameters), there is only what was counted.
    """
    unknown = network.counted.graph.unknown
    content = _on_grid(network, device)
    start, end = _count_command(network, is_whole=content is None)
    if content is None:
        content = _fixed(network, device)
    digest = sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {
        **content,
        "hash": digest[:8],
        "name": visible(network.arch.name),
        "title": visible(network.title)
        + (" (at least: operators without a rule)" if unknown else ""),
        "command": visible(shlex.join(start)),
        "options": visible("".join(f" {shlex.quote(word)}" for word in end)),
        "family": family_of(network.arch.name).key,
    }


def _count_command(
    network: ReportNetwork, *, is_whole: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``mnprofile count`` of a network with all that it needs: the words before its
    width, resolution and t, and those after, or with them if it ``is_whole``."""
    start = ("mnprofile", "count", network.spelling)
    arch, config = network.arch, network.counted.config
    if not isinstance(arch, Architecture):
        return start, network.options
    given: list[tuple[str, str]] = []
    if is_whole:
        given += [
            ("--alpha", plain(config.alpha)),
            ("--res", resolution_text(config.resolution)),
        ]
        if config.t is not None:
            given.append(("--t", plain(config.t)))
    for option, value, usual in (
        ("--depth", plain(config.depth), plain(1.0)),
        ("--classes", config.classes, checked_classes(arch, None)),
        ("--output-stride", config.output_stride, arch.output_stride),
        ("--impl", config.impl, PAPER),
    ):
        if value != usual and value is not None:
            given.append((option, str(value)))
    return start, tuple(word for pair in given for word in pair)


def _fixed(network: ReportNetwork, device: Device | None) -> dict[str, Any]:
    """The figures of the one configuration that was counted."""
    config, graph = network.counted.config, network.counted.graph
    figures: dict[str, float] = {
        "act_peak_bytes": activation_memory(graph, bits=BITS).act_peak_bytes
    }
    if device is not None:
        with suppress(UnmeasuredError):
            ms = predict(graph, calibrated_family(network.arch), device).ms
            figures["latency_ms"] = ms
    keys = [key for key in QUANTITIES if key != "flops"]
    size = _shown(_resolution(config))
    return {
        "alphas": [config.alpha],
        "ts": [{"value": config.t, "text": "as built"}],
        "res": [size],
        "start": {"alpha": config.alpha, "res": size, "t": config.t},
        "fixed": {
            "layers": [
                {
                    "name": visible(layer.name),
                    "stage": visible(layer.stage),
                    "type": type_of(layer.type),
                    **record_of(layer.figures, *keys),
                }
                for layer in network.counted.all_layers
            ],
            "figures": figures,
        },
    }


def _on_grid(network: ReportNetwork, device: Device | None) -> dict[str, Any] | None:
    """One table on its grid; equal rows of numbers are stored once.

    None for a network that has no grid, or more than MAX_LAYERS.
    """
    if not isinstance(network.arch, Architecture):
        return None
    if len(network.counted.layers) > MAX_LAYERS:
        return None
    config = network.counted.config
    found = _factors(network.arch, network.counted)
    if found is None:
        return None
    exact = _exact(found)
    sides = tuple(found.resolutions[index] for index in exact)
    if not sides or not _agrees(network, found):
        return None
    once = _Once(found)
    slots = [_slot(slot, once, exact) for slot in found.slots]
    made = product_of(
        network.arch, found, sides, impl=config.impl, classes=config.classes
    )
    peaks = [
        [[once.vector(channels), once.sizes(places)] for channels, places in terms]
        for terms in peak_terms(made, BITS)
    ]
    times = _times(network, made, device)
    if times is not None:
        times["terms"] = [
            [once.vector(prices), once.sizes(places)]
            for prices, places in times["terms"]
        ]
    return {
        "alphas": found.alphas,
        "ts": [
            {"value": t, "text": plain(t) if t is not None else "table's"}
            for t in found.expansions
        ],
        "res": [_shown(side) for side in sides],
        "start": {
            "alpha": config.alpha,
            "res": _shown(_resolution(config)),
            "t": config.t,
        },
        "slots": slots,
        "peaks": peaks,
        **({"times": times} if times else {}),
        "vectors": list(once.vectors),
        "positions": list(once.positions),
    }


def _resolution(config: Configuration) -> Resolution:
    height, width = config.resolution
    return height if height == width else (height, width)


def _shown(resolution: Resolution) -> int | str:
    """What the page calls a resolution: 224, or "320x240" (height x width)."""
    return resolution if isinstance(resolution, int) else resolution_text(resolution)


def _area(one: Resolution) -> int:
    return one * one if isinstance(one, int) else prod(one)


def _factors(arch: Architecture, counted: Count) -> Factors | None:
    """The table on its grid, or None if a rule refuses some widths of the grid."""
    config = counted.config
    varied = EXPANSIONS if len(counted.layers) <= MAX_VARIED else ()
    try:
        return factors(
            arch,
            impl=config.impl,
            classes=config.classes,
            alphas=tuple(sorted({*ALPHAS, config.alpha})),
            expansions=tuple(dict.fromkeys((*varied, config.t))),
            # Smallest first: the order of the page's slider.
            resolutions=tuple(sorted({*RESOLUTIONS, _resolution(config)}, key=_area)),
        )
    except UsageError:
        return None


class _Once:
    """Rows of numbers, each stored once: what refers to one has its place."""

    def __init__(self, found: Factors) -> None:
        self.found = found
        self.vectors: dict[tuple[int, ...], int] = {}
        self.positions: dict[tuple[int, ...], int] = {}

    def vector(self, values: tuple[int, ...]) -> int:
        folded = _folded(values, self.found)
        return self.vectors.setdefault(folded, len(self.vectors))

    def sizes(self, values: tuple[int, ...]) -> int:
        return self.positions.setdefault(values, len(self.positions))


def _slot(slot: Slot, once: _Once, exact: list[int]) -> list[Any]:
    """One layer of every configuration, at the sizes that are exact."""
    return [
        visible(slot.name),
        visible(slot.stage),
        type_of(slot.type),
        slot.biases,
        slot.norms,
        once.vector(slot.weights),
        once.vector(slot.out),
        once.sizes(tuple(slot.positions[index] for index in exact)),
    ]


def _times(
    network: ReportNetwork, made: Product, device: Device | None
) -> dict[str, Any] | None:
    """The time of every configuration on a device, and where the figures end.

    None where the device is not calibrated for the family of the network.
    """
    if device is None:
        return None
    found = device.calibration(calibrated_family(network.arch))
    if found is None:
        return None
    exact = exact_times(made, found, device.bits)
    return {
        "terms": exact.terms,
        "per_ms": 10 ** (exact.digits + 6),
        "off": found.errors.most / 100,
        "alphas": found.alphas,
        "sides": found.sides,
    }


def _agrees(network: ReportNetwork, found: Factors) -> bool:
    """Whether the grid says of the network's own place what was counted for it."""
    config, totals = network.counted.config, network.counted.totals
    if _resolution(config) not in found.resolutions:
        return False
    at = found.alphas.index(config.alpha) * len(found.expansions)
    at += found.expansions.index(config.t)
    size = found.resolutions.index(_resolution(config))
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
