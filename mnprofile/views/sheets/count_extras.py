"""What `mnprofile count` adds on request: deployed sizes and receptive fields."""

from dataclasses import dataclass, replace
from typing import Any

from mnprofile.base.sheet import Column, Sheet, Value
from mnprofile.base.units import short_bytes
from mnprofile.costs.counting import Count, Grouping, Layer
from mnprofile.costs.deployment import QUANTITIES, Deployed, deployed, deployed_record
from mnprofile.costs.receptive_fields import Field, receptive_fields

_DEPLOYED = (
    Column("weights", "Weights", "count"),
    Column("biases", "Biases", "count"),
    Column("params", "Deployed params", "count"),
    Column("weight_bytes", "Weight bytes", "count"),
    Column("bias_bytes", "Bias bytes", "count"),
    Column("scale_bytes", "Scale bytes", "count"),
    Column("bytes", "Bytes", "count"),
    Column("training_params", "Training params", "count"),
    Column("training_bytes", "Bytes", "count"),
)
_RECEPTIVE = (
    Column("field", "Field", "number"),
    Column("effective_stride", "Stride", "number"),
    Column("padding", "Padding", "number"),
    Column("sees_all", "Sees all"),
)
_NOTES = {
    8: "1 byte a weight, 4 a bias (int32), 4 for the scale of each output channel"
    " (float32)",
    16: "2 bytes a weight and a bias",
    32: "4 bytes a weight and a bias",
}


@dataclass(frozen=True, slots=True)
class Extras:
    """The added sheets, columns and records of one count.

    ``bits`` is None without --deploy.
    """

    counted: Count
    by: Grouping
    bits: int | None
    receptive: bool

    def sheets(self) -> list[Sheet]:
        """What a person reads, below the count."""
        sheets = []
        if self.bits is not None:
            sheets.append(self._deployed_sheet(self.bits))
        if self.receptive:
            sheets.append(self._receptive_sheet())
        return sheets

    def widened(self, sheet: Sheet) -> Sheet:
        """The count's CSV with the added columns."""
        groups = self.counted.by(self.by)
        if self.bits is not None:
            bits = self.bits
            cells: list[tuple[Value, ...]] = [
                _deployed_cells(deployed(one.layers, bits)) for one in groups
            ]
            columns = tuple(
                replace(column, key=f"deployed_{column.key}")
                if not column.key.startswith("training")
                else column
                for column in _DEPLOYED
            )
            sheet = _beside(sheet, columns, cells)
        if self.receptive:
            fields = receptive_fields(self.counted.graph)
            rows = [_field_cells(fields[one.name], empty="no") for one in groups]
            sheet = _beside(sheet, _RECEPTIVE, rows)
        return sheet

    def added(self, record: dict[str, Any]) -> dict[str, Any]:
        """The count's JSON record with what was asked for."""
        record = dict(record)
        layers = {layer.name: layer for layer in self.counted.all_layers}
        if self.bits is not None:
            record["deploy"] = {
                "bits": self.bits,
                **deployed_record(deployed(layers.values(), self.bits)),
            }
        fields = receptive_fields(self.counted.graph) if self.receptive else {}
        record["layers"] = [
            {**entry, **self._layer_record(layers[entry["name"]], fields)}
            for entry in record["layers"]
        ]
        return record

    def _layer_record(self, layer: Layer, fields: dict[str, Field]) -> dict[str, Any]:
        added: dict[str, Any] = {}
        if self.bits is not None:
            added["deploy"] = deployed_record(deployed([layer], self.bits))
        if fields:
            field = fields[layer.name]
            added["receptive"] = {
                "field": [field.h.size, field.w.size],
                "effective_stride": [field.h.stride, field.w.stride],
                "padding": [field.h.padding, field.w.padding],
                "sees_all": field.sees_all,
            }
        return added

    def _deployed_sheet(self, bits: int) -> Sheet:
        totals = deployed(self.counted.all_layers, bits)
        full = Sheet(
            (Column(self.by, self.by.capitalize()), *_DEPLOYED),
            tuple(
                (group.name, *_deployed_cells(deployed(group.layers, bits)))
                for group in self.counted.by(self.by)
            ),
            ("total", *_deployed_cells(totals)),
            f"As deployed at {bits} bits, and in training",
            (
                f"Deployed: {short_bytes(totals.bytes)}: batch norm folded into weights"
                f" and biases; {_NOTES[bits]}.",
                f"Training: {short_bytes(totals.training_bytes)}: parameters and"
                " batch-norm buffers in float32.",
            ),
        )
        return full.only(
            self.by, "params", "bytes", "training_params", "training_bytes"
        )

    def _receptive_sheet(self) -> Sheet:
        fields = receptive_fields(self.counted.graph)
        notes = [
            "Field, stride and padding in pixels of the input; parts of the field can"
            " lie beyond its edge."
        ]
        if any(field.sees_all for field in fields.values()):
            notes.append(
                "Sees all: the whole image besides, through squeeze-excite or the"
                " pooling; the field is that of the map itself."
            )
        return Sheet(
            (Column("name", "Layer"), *_RECEPTIVE),
            tuple(
                (layer.name, *_field_cells(fields[layer.name], empty=""))
                for layer in self.counted.layers
            ),
            title="Receptive fields",
            notes=tuple(notes),
        )


def _beside(
    sheet: Sheet, columns: tuple[Column, ...], cells: list[tuple[Value, ...]]
) -> Sheet:
    return replace(
        sheet,
        columns=(*sheet.columns, *columns),
        rows=tuple((*row, *more) for row, more in zip(sheet.rows, cells, strict=True)),
        total=None,
    )


def _deployed_cells(one: Deployed) -> tuple[int, ...]:
    return tuple(getattr(one, name) for name in QUANTITIES)


def _field_cells(field: Field, *, empty: str) -> tuple[Value, ...]:
    pairs = [(getattr(field.h, key), getattr(field.w, key)) for key in _EXTENT]
    shown = [str(h) if h == w else f"{h}x{w}" for h, w in pairs]
    return (*shown, "yes" if field.sees_all else empty)


_EXTENT = ("size", "stride", "padding")
