"""A cross-check of many configurations: one row per configuration, one verdict."""

from collections.abc import Sequence
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.base.units import factor
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import columns

_COLUMNS = columns(
    "model impl phi alpha depth resolution t classes macs params",
    "agrees",
    Column("differences", "Off", "number"),
    Column("first", "First difference"),
    "error",
)
_ALWAYS = ("model", "alpha", "resolution", "macs", "params", "agrees")


def checked_grid_document(rows: Sequence[dict[str, Any]]) -> Document:
    """The rows of a cross-check; columns in which nothing differs are not shown."""
    text = verdict(rows)
    full = Sheet.of(_COLUMNS, map(_shown, rows), notes=(text,))
    seen = [
        column.key
        for column in _COLUMNS
        if column.key in _ALWAYS or len({row.get(column.key) for row in rows}) > 1
    ]
    return Document(
        "check-grid",
        [full.only(*seen)],
        full,
        lambda: {"rows": [*rows], **tally(rows), "verdict": text},
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    words = {True: "yes", False: "no", None: None}
    return {**row, "agrees": words[row.get("agrees")]}


def tally(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many configurations agree, differ, were measured in part, or failed."""
    ran = [row for row in rows if row["error"] is None]
    return {
        "count": len(rows),
        "agree": sum(row["agrees"] and row["complete"] for row in ran),
        "differ": sum(not row["agrees"] for row in ran),
        "incomplete": sum(row["agrees"] and not row["complete"] for row in ran),
        "failed": len(rows) - len(ran),
    }


def verdict(rows: Sequence[dict[str, Any]]) -> str:
    """The outcome in a sentence, with the first configuration that differs."""
    found = tally(rows)
    text = f"{found['agree']} of {found['count']} configurations agree"
    for name, words in (("differ", "differ"), ("incomplete", "not fully measured")):
        text += f"; {found[name]} {words}" if found[name] else ""
    text += f"; {found['failed']} failed" if found["failed"] else ""
    for key, row in ((key, row) for key in ("first", "error") for row in rows):
        if row.get(key):
            where = f"{row['model']}@{factor(row['alpha'])}/{row['resolution']}"
            return f"{text}. The first: {where}: {row[key]}"
    return text
