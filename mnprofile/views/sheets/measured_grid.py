"""Many networks timed here: one row per configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.swept_networks import failure_notes, failures, settings

_FIGURES = columns(
    Column("macs", "Mult-adds", "count"),
    "ms",
    Column("low_ms", "Half from", "number"),
    Column("high_ms", "to", "number"),
    "predicted_ms ratio engine threads error",
)
_SHOWN = ("macs", "ms", "low_ms", "high_ms")


def measured_grid_document(
    rows: Sequence[Mapping[str, Any]], how: Mapping[str, Any]
) -> Document:
    """The rows in the order of the grid; ``how`` are the fields of a HowToRun."""
    rows = [_with_ratio(row) for row in rows]
    figures = {column.key for column in _FIGURES}
    names = [name for name in rows[0] if name not in figures]
    notes = _notes(rows, how)
    seen = [
        name
        for name in names
        if name == "model" or len({repr(row[name]) for row in rows}) > 1
    ]
    predicted = any(row.get("ratio") for row in rows)
    every = (*settings(names), *_FIGURES)
    shown = Sheet.of(
        every,
        ({**row, "macs": "failed"} if row["error"] else row for row in rows),
        notes=(*notes, *failure_notes(rows, seen)),
    )
    more = ("predicted_ms", "ratio") if predicted else ()
    return Document(
        "time-grid",
        [shown.only(*settings(seen), *_SHOWN, *more)],
        Sheet.of(every, rows, notes=notes),
        lambda: {
            "how": dict(how),
            "rows": rows,
            "count": len(rows),
            "failed": failures(rows),
            "notes": notes,
        },
    )


def _with_ratio(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what is only saved, and with predicted over measured."""
    found = {key: value for key, value in row.items() if key != "saved"}
    if found.get("predicted_ms") and found.get("ms"):
        found["ratio"] = round(found["predicted_ms"] / found["ms"], 2)
    return found


def _notes(rows: Sequence[Mapping[str, Any]], how: Mapping[str, Any]) -> list[str]:
    engines = sorted({row["engine"] for row in rows if row.get("engine")})
    threads = sorted({row["threads"] for row in rows if row.get("threads")})
    count = ", ".join(map(str, threads))
    used = [f"{count} thread{'' if threads == [1] else 's'}"] if threads else []
    notes = [
        f"ms: the median of {how['repeats']} runs, after {how['warmup']} more to warm"
        " up, and half of the runs around it; one network at a time",
        ", ".join(
            [*engines, how["processor"], how["dtype"], f"batch {how['batch']}", *used]
        ),
    ]
    if any(row.get("ratio") for row in rows):
        notes.append("Ratio: predicted over measured")
    if failed := failures(rows):
        notes.append(f"{failed} of {len(rows)} configurations failed")
    return notes
