"""The rows of a sweep over networks that are not tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import columns

_FIGURES = columns(
    Column("macs", "Multiply-adds", "count"),
    "params weights buffers activations act_peak_bytes",
    Column("without_rule", "Not counted"),
    "error",
)
_SHOWN = ("macs", "params", "act_peak_bytes")


def swept_networks_document(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], bits: int, *, count: int
) -> Document:
    """Rows under the columns of ``names`` (model, arguments, resolution), in order.

    ``count`` configurations ran; the rows are those that a limit does not exclude.
    """
    settings = tuple(
        Column(name, "Res" if name == "resolution" else name.capitalize(), "text")
        for name in names
    )
    notes = _notes(rows, bits, count)
    full = Sheet.of((*settings, *_FIGURES), rows, notes=notes)
    seen = [name for name in names if any(row.get(name) is not None for row in rows)]
    also = [
        name
        for name in ("without_rule", "error")
        if any(row.get(name) is not None for row in rows)
    ]
    return Document(
        "sweep-networks",
        [full.only(*(seen or names[:1]), *_SHOWN, *also)],
        full,
        lambda: {
            "bits": bits,
            "rows": [dict(row) for row in rows],
            "count": len(rows),
            "configurations": count,
            "failed": failures(rows),
            "notes": notes,
        },
    )


def failures(rows: Sequence[Mapping[str, Any]]) -> int:
    """How many configurations could not be counted."""
    return sum(row["error"] is not None for row in rows)


def _notes(rows: Sequence[Mapping[str, Any]], bits: int, count: int) -> list[str]:
    notes = [f"Peak bytes: live activations at {bits} bits"]
    if not rows:
        notes.insert(0, "No configuration satisfies the conditions.")
    if any(row.get("without_rule") for row in rows):
        notes.append("Rows with operators that are not counted are lower bounds.")
    if failed := failures(rows):
        first = next(row["error"] for row in rows if row["error"] is not None)
        notes.append(f"{failed} of {count} configurations failed; the first: {first}")
    return notes
