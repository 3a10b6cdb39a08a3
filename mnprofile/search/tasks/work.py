"""What a task can do: each function takes plain JSON values and gives columns.

They run in a process of their own (``child``), so heavy packages load there only.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mnprofile.search.conditions import COUNTS, LATENCY, MEMORY


def check(
    arch: str,
    *,
    pooling: Any,
    activations: Any,
    counters: Sequence[str],
    **settings: Any,
) -> dict[str, Any]:
    """Compare one configuration of a table with fvcore and FlopCounterMode."""
    from mnprofile.evidence.profilers.cross_check import check as checked
    from mnprofile.networks.catalog import build

    height, width = settings.pop("resolution")
    graph = build(arch, resolution=(height, width), **settings)
    outcome = checked(
        graph, pooling=pooling, activations=activations, counters=counters
    )
    return {
        "macs": outcome.count.totals.macs,
        "params": outcome.count.totals.params,
        "agrees": outcome.agrees,
        "complete": outcome.is_complete,
        "differences": len(outcome.problems),
        "first": _first(outcome),
    }


def _first(outcome: Any) -> str | None:
    """The first difference in words."""
    if outcome.problems:
        one = outcome.problems[0]
        return f"{one.layer}: {one.what}, ours {one.ours}, measured {one.theirs}"
    for one in outcome.readings:
        if one.failure:
            return f"{one.name} failed: {one.failure}"
        if one.rest:
            return f"{one.name}: {one.rest:+d} unexplained"
    return None


def count(
    arch: str,
    *,
    arguments: Mapping[str, str],
    resolution: Sequence[int] | None,
    inputs: Sequence[str],
    train: bool,
    bits: int,
    device: str | None = None,
) -> dict[str, Any]:
    """Count a network that is not a table. Argument values are Python literals.

    With a ``device``, its latency there too; None outside the device's figures.
    """
    from mnprofile.costs.counting import count as counted
    from mnprofile.costs.memory.activations import activation_memory
    from mnprofile.networks.configuration import Request
    from mnprofile.networks.finding import find_network

    side = None if resolution is None else (resolution[0], resolution[1])
    asked = _asked(arguments, inputs, train=train)
    _, graph = find_network(arch, Request(resolution=side), asked)
    totals = counted(graph).totals
    unknown = sorted({node.type for node in graph.unknown})
    more = {} if device is None else {LATENCY: _latency(graph, device)}
    return {
        **{name: getattr(totals, name) for name in COUNTS},
        MEMORY: activation_memory(graph, bits=bits).act_peak_bytes,
        **more,
        "without_rule": ", ".join(unknown) or None,
    }


def _latency(graph: Any, device: str) -> float | None:
    from mnprofile.costs.latency.devices import device_of
    from mnprofile.costs.latency.prediction import IMPORTED, predict

    if graph.unknown:
        return None
    found = predict(graph, IMPORTED, device_of(device))
    return None if found.outside else round(found.ms, 3)


def measure(
    arch: str,
    *,
    settings: Mapping[str, Any],
    reading: Mapping[str, Any],
    how: Mapping[str, Any],
    device: str | None,
) -> dict[str, Any]:
    """Time a network here; ``saved`` is its row in a file that --calibrate reads."""
    from mnprofile.costs.counting import count as counted
    from mnprofile.costs.latency.devices import device_of
    from mnprofile.costs.latency.prediction import family_of, predict
    from mnprofile.evidence.profilers.measurement_rows import measured_row
    from mnprofile.evidence.profilers.timing import HowToRun
    from mnprofile.evidence.profilers.timing import measure as measured
    from mnprofile.networks.configuration import Request
    from mnprofile.networks.finding import find_network

    side = settings["resolution"]
    asked = _asked(**reading)
    request = Request(**{**settings, "resolution": side and tuple(side)})
    network, graph = find_network(arch, request, asked)
    found = measured(
        network, graph, HowToRun(**how), spelling=arch, asked=asked, layers=False
    )
    row = measured_row(arch, graph, asked, found)
    figures = {
        "macs": counted(graph).totals.macs,
        **{key: row[key] for key in ("ms", "low_ms", "high_ms")},
        "engine": found.engine,
        "threads": found.threads,
        "saved": row,
    }
    if device is not None:
        expected = predict(graph, family_of(network), device_of(device)).ms
        figures["predicted_ms"] = round(expected, 3)
    return figures


def _asked(
    arguments: Mapping[str, str] = MappingProxyType({}),
    inputs: Sequence[str] = (),
    settings: Sequence[str] = (),
    *,
    table: str | None = None,
    train: bool = False,
) -> Any:
    """How a network is read. Argument values are Python literals."""
    from mnprofile.networks.readers.inputs import (
        ReadRequest,
        parse_inputs,
        parse_setting,
    )

    return ReadRequest(
        inputs=parse_inputs(tuple(inputs)),
        arguments=tuple(
            (key, ast.literal_eval(text)) for key, text in arguments.items()
        ),
        train=train,
        table=table,
        settings=tuple(map(parse_setting, settings)),
    )
