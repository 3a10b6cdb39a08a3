"""What a count adds with --deploy: sizes with batch norm folded in."""

from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.base.units import Bits, short_bytes
from mnprofile.costs.counting import Count, Grouping
from mnprofile.costs.deployment import deploy, deployed, deployed_record
from mnprofile.costs.memory.activations import activation_memory, peak_text
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns

_COLUMNS = columns(
    "weights biases",
    Column("params", "Deployed params", "count"),
    "weight_bytes bias_bytes scale_bytes bytes training_params",
    Column("training_bytes", "Bytes", "count"),
)
_NOTES = {
    8: "1 byte per weight, 4 per bias (int32), 4 for the scale of each output channel"
    " (float32)",
    16: "2 bytes per weight and per bias",
    32: "4 bytes per weight and per bias",
}


def with_deployment(
    document: Document, counted: Count, by: Grouping, bits: Bits | None
) -> Document:
    """A count's document with the sizes as deployed."""
    sheet = deployment_sheet(counted, by, bits)
    shown = sheet.only(by, "params bytes training_params training_bytes")
    groups = counted.by(by, elementwise=True)
    sizes = {
        one.name: deployed_record(deployed(one.layers, bits)).values() for one in groups
    }
    columns = [
        column
        if column.key.startswith("training")
        else column._replace(key=f"deployed_{column.key}")
        for column in _COLUMNS
    ]
    return document._replace(
        sheets=[*document.sheets, shown],
        csv=document.csv.beside(
            columns, (sizes[str(row[0])] for row in document.csv.rows)
        ),
        record=lambda: _record(document.record(), counted, bits),
    )


def deployment_sheet(counted: Count, by: Grouping, bits: Bits | None) -> Sheet:
    """One row per layer, block, stage or type: parameters and bytes of each kind.

    With ``bits`` None they are those of the model file.
    """
    totals = deploy(counted, bits)
    return Sheet.of(
        columns(by, *_COLUMNS),
        (
            {by: group.name, **deployed_record(deployed(group.layers, bits))}
            for group in counted.by(by)
        ),
        {by: "total", **deployed_record(totals)},
        title=f"As deployed at {bits} bits, and in training"
        if bits
        else "As stored in the file, and in training",
        notes=(
            *(
                file_notes(counted, totals.bytes)
                if bits is None
                else (
                    f"Deployed: {short_bytes(totals.bytes)}: batch norm folded into"
                    f" weights and biases; {_NOTES[bits]}.",
                )
            ),
            f"Training: {short_bytes(totals.training_bytes)}: parameters and"
            " batch-norm buffers in float32.",
        ),
    )


def file_notes(counted: Count, deployed_bytes: int) -> tuple[str, ...]:
    """What a model file stores, by type, and the memory that a run needs at least."""
    file = counted.graph.file
    assert file is not None
    kinds = ", ".join(
        f"{kind} {short_bytes(size)}" for kind, size in file.by_type.items() if size
    )
    peak = activation_memory(counted.graph)
    beside = "; constants lie beside it" if file.is_external else ""
    return (
        f"In the {file.format} file ({short_bytes(file.size)}{beside}):"
        f" {short_bytes(deployed_bytes)} of weights, biases and scales of weights.",
        f"Constants by type: {kinds or 'none'}.",
        f"Arena for activations: at least {peak_text(peak)}",
    )


def _record(
    record: dict[str, Any], counted: Count, bits: Bits | None
) -> dict[str, Any]:
    """A count's record with the sizes, in total and of each layer."""
    layers = {layer.name: layer for layer in counted.all_layers}
    return {
        **record,
        "layers": [
            {**one, "deploy": deployed_record(deployed([layers[one["name"]]], bits))}
            for one in record["layers"]
        ],
        "deploy": {
            "bits": bits,
            **deployed_record(deploy(counted, bits)),
            **({} if bits else {"file": _file_record(counted)}),
        },
    }


def _file_record(counted: Count) -> dict[str, Any]:
    file = counted.graph.file
    assert file is not None
    return {
        **record_of(file, "format", "size", "is_external"),
        "bytes_by_type": dict(file.by_type),
        "arena_bytes_at_least": activation_memory(counted.graph).act_peak_bytes,
    }
