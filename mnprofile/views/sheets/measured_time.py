"""A network timed here, beside what is predicted for a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mnprofile.base.sheet import Sheet
from mnprofile.costs.latency.prediction import Prediction
from mnprofile.costs.latency.work import Work, work
from mnprofile.evidence.profilers.timing import MeasuredTime
from mnprofile.graph.graph import Graph
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import headline, model_record
from mnprofile.views.sheets.time import (
    four_digits,
    prediction_notes,
    prediction_record,
    rounded_ms,
)

_BYTES = {"float32": 32, "float16": 16, "bfloat16": 16}


def measured_document(
    graph: Graph, measured: MeasuredTime, prediction: Prediction | None
) -> Document:
    """The measured time of every layer, and of the whole network."""
    layers = layer_records(graph, measured, prediction)
    whole, how = measured.whole, measured.how
    total: dict[str, Any] = {
        "layer": "whole network",
        "macs": sum(one["macs"] for one in layers),
        "measured_ms": rounded_ms(whole.ms),
    }
    if prediction is not None:
        total["predicted_ms"] = rounded_ms(prediction.ms)
        total["ratio"] = _ratio(prediction.ms, whole.ms)
    sheet = Sheet.of(
        columns("layer macs intensity measured_ms gmacs_per_second predicted_ms ratio"),
        layers,
        total,
    )
    shown = ["layer", "macs", "measured_ms", "gmacs_per_second"]
    shown += ["predicted_ms", "ratio"] if prediction else ["intensity"]
    timed = any(one["measured_ms"] is not None for one in layers)
    if not timed:
        sheet = replace(sheet, rows=())
    notes = [how_note(measured), *_rest_note(measured)]
    if prediction is not None:
        notes += [*prediction_notes(prediction), "Ratio: predicted over measured"]
    return Document(
        "time-measured",
        [replace(sheet.only(*shown), title=headline(graph.config), notes=tuple(notes))],
        sheet,
        lambda: {
            "model": model_record(graph.config),
            "engine": measured.engine,
            **record_of(how, "batch", "dtype", "processor", "warmup"),
            "threads": measured.threads,
            "measured": {
                key: rounded_ms(value) for key, value in whole._asdict().items()
            },
            "runs_ms": [rounded_ms(one) for one in measured.runs_ms],
            "layers": layers if timed else [],
            "predicted": prediction and prediction_record(prediction, ()),
            "notes": notes,
        },
    )


def layer_records(
    graph: Graph, measured: MeasuredTime, prediction: Prediction | None
) -> list[dict[str, Any]]:
    """One record per layer, with its attained rate where it was timed alone."""
    bits, batch = _BYTES[measured.how.dtype], measured.how.batch
    expected = {one.name: one.ms for one in prediction.layers} if prediction else {}
    records = []
    for name, nodes in graph.layers.items():
        done = work(nodes, bits)
        if done.operator:
            ms = measured.layers.get(name)
            records.append(_layer_record(name, done, batch, ms, expected))
    return records


def _layer_record(
    name: str, done: Work, batch: int, ms: float | None, expected: Mapping[str, float]
) -> dict[str, Any]:
    rate = 1e-6 * batch * done.macs / ms if ms else None
    record = {
        "layer": name,
        "macs": done.macs,
        "intensity": done.intensity and round(done.intensity, 3),
        "measured_ms": four_digits(ms),
        "gmacs_per_second": four_digits(rate),
    }
    if name in expected:
        record["predicted_ms"] = four_digits(expected[name])
        record["ratio"] = _ratio(expected[name], ms)
    return record


def _ratio(predicted: float, measured: float | None) -> float | None:
    return round(predicted / measured, 2) if measured else None


def how_note(measured: MeasuredTime) -> str:
    """How the runs were made, and their spread."""
    how, whole = measured.how, measured.whole
    count = measured.threads
    threads = f", {count} thread{'s' if count != 1 else ''}" if count else ""
    return (
        f"Measured here: {whole.ms:.3g} ms in the median of {len(measured.runs_ms)}"
        f" runs, half of them from {whole.low_ms:.3g} to {whole.high_ms:.3g} ms, after"
        f" {how.warmup} more to warm up; {measured.engine}, {how.processor},"
        f" {how.dtype}, batch {how.batch}{threads}"
    )


def _rest_note(measured: MeasuredTime) -> list[str]:
    if not measured.layers:
        return ["This runtime times the network as a whole."]
    rest = measured.whole.ms - sum(measured.layers.values())
    return [
        "Layers were timed in further runs, one by one; together they take"
        f" {abs(rest):.3g} ms {'less' if rest >= 0 else 'more'} than the whole."
    ]
