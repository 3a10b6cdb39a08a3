"""What a count adds with --fields receptive: what each layer sees of the input."""

from itertools import repeat
from typing import Any

from mnprofile.base.sheet import Column, Sheet, Value
from mnprofile.base.units import resolution_text
from mnprofile.costs.counting import Count
from mnprofile.costs.receptive_fields import Field, receptive_fields
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import columns

_COLUMNS = columns(
    "field", Column("effective_stride", "Stride", "number"), "padding sees_all"
)


def with_receptive_fields(document: Document, counted: Count) -> Document:
    """A count's document, by layer, with the layers' receptive fields."""
    fields = receptive_fields(counted.graph)
    cells = (_cells(fields[str(row[0])], empty="no") for row in document.csv.rows)
    return document._replace(
        sheets=[*document.sheets, field_sheet(counted, fields)],
        csv=document.csv.beside(_COLUMNS, cells),
        record=lambda: _record(document.record(), fields),
    )


def field_sheet(counted: Count, fields: dict[str, Field]) -> Sheet:
    """One row per layer: field, effective stride and padding in pixels."""
    notes = [
        "Field, stride and padding in pixels of the input; parts of the field can"
        " lie beyond its edge."
    ]
    if any(field.sees_all for field in fields.values()):
        notes.append(
            "Sees all: also sees the whole image, through squeeze-excite or the"
            " pooling; the field is that of the map itself."
        )
    if not all(field.is_defined for field in fields.values()):
        notes.append(
            "Not defined: after a transposed convolution with a stride, or a resize,"
            " neighbours see windows of different places."
        )
    return Sheet(
        columns("name", *_COLUMNS),
        tuple(
            (layer.name, *_cells(fields[layer.name], empty=""))
            for layer in counted.layers
        ),
        title="Receptive fields",
        notes=tuple(notes),
    )


def _cells(field: Field, *, empty: str) -> tuple[Value, ...]:
    seen = "yes" if field.sees_all else empty
    if not field.is_defined:
        return ("not defined", None, None, seen)
    return (*map(resolution_text, _pairs(field)), seen)


def _pairs(field: Field) -> tuple[tuple[int, int], ...]:
    """Height and width of the field, the effective stride and the padding."""
    h, w = field.h, field.w
    return ((h.size, w.size), (h.stride, w.stride), (h.padding, w.padding))


def _record(record: dict[str, Any], fields: dict[str, Field]) -> dict[str, Any]:
    return {
        **record,
        "layers": [
            {**layer, "receptive": _field_record(fields[layer["name"]])}
            for layer in record["layers"]
        ],
    }


def _field_record(field: Field) -> dict[str, Any]:
    pairs = map(list, _pairs(field)) if field.is_defined else repeat(None)
    keys = ("field", "effective_stride", "padding")
    return {**dict(zip(keys, pairs, strict=False)), "sees_all": field.sees_all}
