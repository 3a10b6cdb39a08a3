"""A check of a PyTorch network, by module."""

from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.evidence.profilers.module_check import (
    EINSUM,
    UNREAD,
    ModuleCheck,
    ModuleRow,
)
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.check import reading_record, totals_sheet
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import headline, model_record

_NAMES = ("module", "kind", "line", "ours", "flop_counter", "fvcore", "left_out")


def module_document(checked: ModuleCheck) -> Document:
    """Every module that computes something, and the verdict."""
    sheet = _sheet(checked)
    sheets = [sheet, totals_sheet(checked).noted(*_notes(checked))]
    return Document("check", sheets, sheet, lambda: _record(checked))


def _sheet(checked: ModuleCheck) -> Sheet:
    seen = [row.fvcore for row in checked.rows if row.fvcore is not None]
    return Sheet.of(
        columns(
            "module",
            Column("kind", "Class"),
            "line",
            Column("ours", "Ours", "count"),
            Column("flop_counter", "FlopCounterMode / 2", "count"),
            Column("fvcore", "fvcore", "count"),
            "verdict",
        ),
        (
            {
                **record_of(row, "kind", "line", "ours", "flop_counter", "fvcore"),
                "module": row.module or "(the network)",
                "verdict": _verdict(row),
            }
            for row in checked.rows
        ),
        {
            "module": "total",
            "ours": sum(row.ours for row in checked.rows),
            "flop_counter": sum(row.flop_counter for row in checked.rows),
            "fvcore": sum(seen) if seen else None,
        },
        title=headline(checked.count.config),
    )


def _verdict(row: ModuleRow) -> str:
    if not row.agrees:
        return "differs"
    if row.left_out in (UNREAD, EINSUM):
        return f"fvcore: {row.left_out}"
    return f"fvcore: no handle for {row.left_out}" if row.left_out else "agrees"


def _notes(checked: ModuleCheck) -> list[str]:
    totals = checked.count.totals
    wrong = sum(not row.agrees for row in checked.rows)
    told = [*checked.count.graph.notes]
    if checked.params != totals.params:
        told.append(f"parameters differ: {totals.params}, torch {checked.params}")
    if checked.fvcore_failure:
        told.append(f"fvcore did not run: {checked.fvcore_failure}")
    skipped = ", ".join(f"{name} x{n}" for name, n in checked.uncounted.items())
    if skipped:
        told.append(f"fvcore has no handle for: {skipped}")
    for one in checked.readings:
        if one.sizes:
            told.append(f"{one.name} also counts {one.sizes} products of two sizes")
        if one.failure and one.name != "fvcore":
            told.append(f"{one.name} did not run: {one.failure}")
        if one.entry.unknown:
            told.append(f"The ledger does not know what {one.name} prints here")
    if checked.not_installed:
        told.append(f"Not installed: {', '.join(checked.not_installed)}")
    verdict = f"{_modules(wrong)} differ{'s' * (wrong == 1)}" if wrong else _AGREE
    told.append(
        f"{verdict}: {_modules(len(checked.rows))}, {totals.macs} multiply-adds,"
        f" {totals.params} parameters"
    )
    rests = [f"{one.name} {one.rest:+d}" for one in checked.readings if one.rest]
    if rests:
        told.append(f"Unexplained: {', '.join(rests)}")
    return told


_AGREE = "Every module agrees"


def _modules(count: int) -> str:
    return f"{count} module" if count == 1 else f"{count} modules"


def _record(checked: ModuleCheck) -> dict[str, Any]:
    return {
        "model": model_record(checked.count.config),
        "agrees": checked.agrees,
        "complete": checked.is_complete,
        "params": {"ours": checked.count.totals.params, "torch": checked.params},
        "modules": [
            {**record_of(row, *_NAMES), "agrees": row.agrees} for row in checked.rows
        ],
        "left_out": dict(checked.uncounted),
        "fvcore_failure": checked.fvcore_failure or None,
        "profilers": [reading_record(one) for one in checked.readings],
        "not_installed": list(checked.not_installed),
    }
