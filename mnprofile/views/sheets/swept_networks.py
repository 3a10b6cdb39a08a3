"""The rows of a sweep over networks that are not tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.base.units import factor
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import columns

_FIGURES = columns(
    "macs params weights buffers activations act_peak_bytes latency_ms top1",
    Column("without_rule", "Not counted"),
    "error",
)
SHOWN_FAILURES = 12  # in the table; CSV and JSON hold all of them
_IF_ASKED = ("latency_ms", "top1")  # columns that not every sweep has
_SHOWN = ("macs", "params", "act_peak_bytes")


def swept_networks_document(
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    bits: int,
    *,
    count: int,
    told: Sequence[str] = (),
) -> Document:
    """Rows under the columns of ``names`` (model, arguments, resolution), in order.

    ``count`` configurations ran; the rows are those that a limit does not exclude.
    ``told`` are notes on where latencies and accuracies come from.
    """
    notes = [*_notes(rows, bits, count), *told]
    seen = [name for name in names if any(row.get(name) is not None for row in rows)]
    unknown = ["without_rule"] * any(row.get("without_rule") for row in rows)
    asked = [name for name in _IF_ASKED if any(name in r for r in rows)]
    figures = [one for one in _FIGURES if one.key not in _IF_ASKED or one.key in asked]
    all_columns = (*settings(names), *figures)
    shown = Sheet.of(
        all_columns,
        ({**row, "macs": "failed"} if row["error"] else row for row in rows),
        notes=(*notes, *failure_notes(rows, seen)),
    )
    return Document(
        "sweep-networks",
        [shown.only(*settings(seen or names[:1]), *_SHOWN, *asked, *unknown)],
        Sheet.of(all_columns, rows, notes=notes),
        lambda: {
            "bits": bits,
            "rows": [dict(row) for row in rows],
            "count": len(rows),
            "configurations": count,
            "failed": failures(rows),
            "notes": notes,
        },
    )


def settings(names: Iterable[str]) -> list[Column]:
    """The columns of what tells configurations apart; an argument may have any name."""
    labels = {"resolution": "Res"}
    return [Column(name, labels.get(name, name.capitalize())) for name in names]


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
        notes.append(f"{failed} of {count} configurations failed")
    return notes


def failure_notes(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """Why rows failed, below a table that has no room for it."""
    failed = [row for row in rows if row["error"] is not None]
    lines = [
        f"{', '.join(f'{name} {_setting(row.get(name))}' for name in names)}:"
        f" {row['error']}"
        for row in failed[:SHOWN_FAILURES]
    ]
    more = len(failed) - SHOWN_FAILURES
    return [*lines, f"and {more} more; csv and json have all"] if more > 0 else lines


def _setting(value: object) -> object:
    return factor(value) if isinstance(value, float) else value
