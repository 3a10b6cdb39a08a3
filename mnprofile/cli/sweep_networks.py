"""`mnprofile sweep` over networks from code or files: each runs in its own process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnprofile.base import files
from mnprofile.base.errors import OK, UNMEASURED, VERDICT, UsageError
from mnprofile.cli.output import emit, warn
from mnprofile.cli.tasks import TaskRun, run_tasks

if TYPE_CHECKING:
    from mnprofile.cli.plot_files import Drawing
    from mnprofile.cli.sweep import Ask
    from mnprofile.search.conditions import Condition
    from mnprofile.search.tasks.task import Task
    from mnprofile.views.document import Document
    from mnprofile.views.plots.accuracy import Axis

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


def refuse(ask: Ask, accuracy: Path | None) -> None:
    """Raise UsageError for an option that only a sweep over tables has."""
    for name, why in _ONLY_TABLES.items():
        if ask.axes[name] is not None:
            raise UsageError(f"--{name}: a network that is not a table: {why}")
    for option, given, accepted in (
        ("published", ask.published, None),
        ("pareto", ask.pareto and accuracy is None, "your own: --accuracy FILE.csv"),
    ):
        if given:
            raise UsageError(f"--{option}: {_NEEDS_TOP1}", accepted=accepted)


def run(
    ask: Ask,
    conditions: Sequence[Condition],
    reading: Mapping[str, Any],
    how: TaskRun,
    kind: str,
    output: Path | None,
    plot: Drawing | None,
    accuracy: Path | None,
) -> int:
    """Count every combination, write the rows that satisfy the conditions, draw them.

    A device adds latencies, ``accuracy`` is a file of known top-1.

    Returns the exit code: 3 if some failed, 1 if ``--strict`` and totals are bounds.
    """
    from mnprofile.search.own_accuracies import (
        accuracy_note,
        frontier_of,
        read_accuracies,
        with_accuracies,
    )
    from mnprofile.search.row_files import require_parquet
    from mnprofile.search.tasks.networks import network_grid, network_tasks
    from mnprofile.search.tasks.versions import versions_of
    from mnprofile.views.plots.swept_networks import axis_of
    from mnprofile.views.sheets.swept_networks import (
        failures,
        swept_networks_document,
    )

    if kind == "parquet":
        require_parquet()
    axis = axis_of(ask.x_axis)
    notes = _latency_notes(ask.device, conditions)
    grid = network_grid(ask.archs, reading, ask.axes["resolution"], ask.device)
    tasks = network_tasks(grid, ask.element_bits)
    names = list(tasks[0].row)
    known = read_accuracies(accuracy, names) if accuracy is not None else None
    files_used = [*ask.archs, *([ask.device] if ask.device is not None else [])]
    versions = versions_of(files_used)
    files.check_targets([output, plot.path if plot is not None else None])
    outcomes = run_tasks(tasks, how, versions)
    rows: list[Mapping[str, Any]] = [one.row for one in outcomes]
    if known is not None:
        rows = [*with_accuracies(rows, known)]
        notes.append(accuracy_note(rows, known))
    kept = [row for row in rows if row["error"] is not None or _holds(row, conditions)]
    shown = frontier_of(kept) if ask.pareto else kept
    document = swept_networks_document(
        shown, names, ask.element_bits, count=len(rows), told=notes
    )
    _write(document, kind, output)
    if plot is not None:
        _draw(plot, tasks, rows, kept, axis, notes, accuracy)
    if failures(rows):
        return UNMEASURED
    is_bound = reading["strict"] and any(row["without_rule"] for row in rows)
    return VERDICT if is_bound else OK


def _draw(
    plot: Drawing,
    tasks: Sequence[Task],
    rows: Sequence[Mapping[str, Any]],
    kept: Sequence[Mapping[str, Any]],
    axis: Axis,
    notes: Sequence[str],
    accuracy: Path | None,
) -> None:
    """Draw the rows that satisfy the conditions, on the frontier or not."""
    from mnprofile.views.html.sweep_page import NetworkPlots
    from mnprofile.views.plots.swept_networks import points_of

    chosen = {id(row) for row in kept}
    some = [at for at, row in enumerate(rows) if id(row) in chosen]
    points = points_of(
        [tasks[at] for at in some],
        [rows[at] for at in some],
        axis,
        f"as in {accuracy}" if accuracy is not None else "",
    )
    plot.write(NetworkPlots(tuple(points), axis, notes))


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
