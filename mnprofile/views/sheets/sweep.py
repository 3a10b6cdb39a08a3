"""The rows of a sweep: a table for people, and files of every format."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import IO, Any

from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Sheet, Value
from mnprofile.base.units import Bits
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.time import approximate, latency_notes

_COLUMNS = columns(
    "model impl phi alpha depth resolution t classes",
    "macs params act_peak_bytes top1 latency_ms",
)


def sweep_document(
    parts: Iterable[Any],
    groups: Sequence[Any],
    *,
    bits: Bits,
    memory: bool,
    frontier: bool,
) -> Document:
    """The rows as people read them; with peak memory if ``memory``."""
    from mnprofile.search.row_files import frame

    table = frame(parts, groups)
    # Latencies are only in the files and plots, and so are their sources.
    notes = [note for note in accuracy_notes(groups) if ": latency on " not in note]
    if (table["top1_kind"] == "estimate").any():
        notes.append("~ estimate, between published figures")
    else:
        notes = [note.partition("; estimates ")[0] for note in notes]
    if memory:
        notes.append(f"Peak bytes: live activations at {bits} bits")
    if table.empty:
        notes.insert(0, "No configuration satisfies the conditions.")
    title = "Frontier of top-1 over multiply-adds" if frontier else ""
    rows = row_sheet(table, title, notes, memory=memory)
    return Document("sweep", [rows], rows, dict)


def row_sheet(table: Any, title: str, notes: Sequence[str], *, memory: bool) -> Sheet:
    """A frame of sweep rows, without columns that carry no information."""
    blank = set() if memory else {"act_peak_bytes"}
    blank |= {name for name in ("impl", "classes") if table[name].nunique() < 2}
    blank |= {name for name in ("t", "top1") if table[name].isna().all()}
    shown = [
        column
        for column in _COLUMNS
        if column.key in table.columns and column.key not in blank
    ]
    cells = {column.key: map(_cell, table[column.key].tolist()) for column in shown}
    if "top1" in cells:
        cells["top1"] = map(_top1, table["top1"].tolist(), table["top1_kind"].tolist())
    if "latency_ms" in cells:
        kinds = table["latency_kind"].astype(str).tolist()
        known = table["latency_ms"].tolist()
        times = (None if math.isnan(ms) else float(ms) for ms in known)
        cells["latency_ms"] = map(approximate, times, kinds)
    rows = tuple(zip(*cells.values(), strict=True))
    return Sheet(tuple(shown), rows, None, title, tuple(notes))


def _cell(value: Any) -> Value:
    """A cell of a frame; nan is empty."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _top1(value: float, kind: str) -> Value:
    return f"~{value}" if kind == "estimate" else _cell(value)


def write_rows(
    kind: str,
    file: IO[bytes],
    parts: Iterable[Any],
    groups: Sequence[Any],
    grids: Sequence[Any],
    bits: Bits,
) -> list[str]:
    """Write the rows as json, csv or parquet; return the notes that belong to them."""
    from mnprofile.search import row_files

    names = row_files.columns_of(groups)
    notes = accuracy_notes(groups)
    notes.append(f"act_peak_bytes: live activations at {bits} bits")
    if kind == "json":
        asked = {"grids": [grid_record(one) for one in grids], "bits": bits}
        head = envelope("sweep", asked)
        row_files.write_json(
            file, parts, names, head, lambda count: {"count": count, "notes": notes}
        )
    elif kind == "csv":
        row_files.write_csv(file, parts, names)
    else:
        sides = [side for one in grids for side in one.resolutions]
        square = all(height == width for height, width in sides)
        row_files.write_parquet(file, parts, names, square=square)
    return notes


def accuracy_notes(groups: Sequence[Any]) -> list[str]:
    """Where each table's top-1 comes from, how far its estimates may be off, and where
    its latencies come from."""
    notes, seen = [], set()
    for group in groups:
        name = group.arch.name
        if name in seen or group.accuracy is None:
            continue
        seen.add(name)
        fit = group.accuracy.fit
        text = f"{name}: top-1 of {group.accuracy.label}"
        if fit is not None:
            text += (
                "; estimates between its figures are off by"
                f" {fit.mean_error:.1f} points on average, {fit.worst_error:.1f} at"
                " worst (leave-one-out)"
            )
        notes.append(text)
        if group.latencies:
            sources = "; ".join(
                f"{latency.device} of {latency.label}" for latency in group.latencies
            )
            notes.append(f"{name}: latency on {sources}")
    device = next((one.timing.device for one in groups if one.timing), None)
    if device is not None:
        families = dict.fromkeys(group.arch.family for group in groups)
        notes += latency_notes(device, families)
    return notes


def grid_record(grid: Any) -> dict[str, Any]:
    """The JSON record of a grid."""
    return {
        "model": grid.arch.name,
        "phi": grid.phi,
        "alphas": len(grid.alphas),
        "resolutions": len(grid.resolutions),
        "ts": len(grid.ts),
        "classes": list(grid.classes),
        "impls": list(grid.impls),
        "size": grid.size,
    }
