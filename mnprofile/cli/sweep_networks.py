"""`mnprofile sweep` over networks from code or files: each runs in its own process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnprofile.base import files
from mnprofile.base.errors import OK, UNMEASURED, VERDICT, UsageError
from mnprofile.base.units import Bits
from mnprofile.cli.output import emit, warn
from mnprofile.cli.tasks import TaskRun, run_tasks

if TYPE_CHECKING:
    from mnprofile.search.conditions import Condition
    from mnprofile.views.document import Document

# Options of a sweep over tables, and why they say nothing about other networks.
_ONLY_TABLES = {
    "alpha": "its width is an argument of its own: --arg",
    "phi": "compound scaling is of tables",
    "rho": "it has no resolution of its own that rho is relative to",
    "t": "its expansion is an argument of its own: --arg",
    "classes": "the number of classes is an argument of its own: --arg",
    "impl": "it is its own implementation",
}
_NEEDS_TOP1 = "no accuracy is published for such networks"


def refuse(
    axes: Mapping[str, str | None],
    *,
    published: bool,
    pareto: bool,
    plot: Path | None,
    accuracy: Path | None,
) -> None:
    """Raise UsageError for an option that only a sweep over tables has."""
    for name, why in _ONLY_TABLES.items():
        if axes[name] is not None:
            raise UsageError(f"--{name}: a network that is not a table: {why}")
    for option, given, accepted in (
        ("published", published, None),
        ("pareto", pareto and accuracy is None, "your own: --accuracy FILE.csv"),
        ("plot", plot is not None, "-o FILE.csv, to plot it with other tools"),
    ):
        if given:
            raise UsageError(f"--{option}: {_NEEDS_TOP1}", accepted=accepted)


def run(
    archs: Sequence[str],
    sizes: str | None,
    reading: Mapping[str, Any],
    conditions: Sequence[Condition],
    bits: Bits,
    how: TaskRun,
    kind: str,
    output: Path | None,
    *,
    device: str | None,
    accuracy: Path | None,
    pareto: bool,
) -> int:
    """Count every combination, write the rows that satisfy the conditions.

    ``device`` adds latencies, ``accuracy`` is a file of known top-1, and ``pareto``
    keeps the frontier of top-1 over multiply-adds.

    Returns the exit code: 3 if some failed, 1 if ``--strict`` and totals are bounds.
    """
    from mnprofile.search.grids import parse_resolutions
    from mnprofile.search.own_accuracies import (
        accuracy_note,
        frontier_of,
        read_accuracies,
        with_accuracies,
    )
    from mnprofile.search.row_files import require_parquet
    from mnprofile.search.tasks.networks import NetworkGrid, network_tasks
    from mnprofile.search.tasks.values import argument_grid
    from mnprofile.search.tasks.versions import versions_of
    from mnprofile.views.sheets.swept_networks import (
        failures,
        swept_networks_document,
    )

    if kind == "parquet":
        require_parquet()
    if sizes is not None and reading["inputs"]:
        raise UsageError("--res and --input together: one of them gives the input")
    grid = NetworkGrid(
        tuple(archs),
        tuple(argument_grid(reading["arguments"])),
        (None,) if sizes is None else parse_resolutions(sizes),
        reading["inputs"],
        reading["train"],
        device,
    )
    notes = _latency_notes(device, conditions)
    tasks = network_tasks(grid, bits)
    names = list(tasks[0].row)
    known = read_accuracies(accuracy, names) if accuracy is not None else None
    files_used = [*archs, *([device] if device is not None else [])]
    outcomes = run_tasks(tasks, how, versions_of(files_used))
    rows: list[Mapping[str, Any]] = [one.row for one in outcomes]
    if known is not None:
        rows = [*with_accuracies(rows, known)]
        notes.append(accuracy_note(rows, known))
    kept = [row for row in rows if row["error"] is not None or _holds(row, conditions)]
    kept = frontier_of(kept) if pareto else kept
    document = swept_networks_document(kept, names, bits, count=len(rows), told=notes)
    _write(document, kind, output)
    if failures(rows):
        return UNMEASURED
    is_bound = reading["strict"] and any(row["without_rule"] for row in rows)
    return VERDICT if is_bound else OK


def _write(document: Document, kind: str, output: Path | None) -> None:
    from mnprofile.search.row_files import write_sheet

    if kind != "parquet" or output is None:
        emit(document, kind, output)
        return
    with files.replacing(output) as file:
        write_sheet(file, document.csv)
    for note in document.notes:
        warn(note)


def _holds(row: Mapping[str, Any], conditions: Sequence[Condition]) -> bool:
    """Whether a row satisfies all conditions; a column that it lacks is unknown."""
    return all(
        row.get(one.column) is not None and bool(one.holds(row[one.column]))
        for one in conditions
    )


def _latency_notes(device: str | None, conditions: Sequence[Condition]) -> list[str]:
    """What latencies are of. Raises UsageError, and UnmeasuredError for a device
    that is not calibrated on such networks."""
    from mnprofile.costs.latency.devices import device_of
    from mnprofile.costs.latency.prediction import IMPORTED, calibration_of
    from mnprofile.search.conditions import LATENCY

    if device is None:
        if any(one.column == LATENCY for one in conditions):
            raise UsageError("a limit on latency needs a device", accepted="--device")
        return []
    found = device_of(device)
    known = calibration_of(found, IMPORTED)
    return [
        f"ms: estimated for {found.name}, empty outside its figures; of figures left"
        f" out it is off by {known.errors.median:g} % in the median and"
        f" {known.errors.worst:g} % at worst"
    ]
