"""`mnprofile time --measure` over a grid: one network at a time on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnprofile.base import files
from mnprofile.base.errors import OK, UNMEASURED, UsageError
from mnprofile.cli.options import with_head
from mnprofile.cli.output import warn
from mnprofile.cli.tasks import AXES, TaskRun, is_many, run_tasks
from mnprofile.networks.configuration import parse_spec
from mnprofile.networks.finding import foreign_reader

if TYPE_CHECKING:
    from mnprofile.views.document import Document


def is_grid(arch: str, given: Mapping[str, Any], keep: TaskRun) -> bool:
    """Whether several configurations are asked for, or a run to go on with."""
    from mnprofile.search.tasks.values import split

    several = any(
        len(split(text.partition("=")[2])) > 1 or ":" in text
        for text in given["arguments"]
        if foreign_reader(parse_spec(arch)[0])
    )
    return several or not keep.is_default or any(is_many(given[key]) for key in AXES)


def refuse(given: Mapping[str, Any]) -> None:
    """Raise UsageError for several values where one network is asked for."""
    for key in AXES:
        if is_many(given[key]):
            option = "res" if key == "resolution" else key
            raise UsageError(
                f"--{option}: several values need --measure", accepted="one value"
            )


def measure_grid(
    arch: str,
    given: Mapping[str, Any],
    how: Mapping[str, Any],
    keep: TaskRun,
    device: str | None,
    save: Path | None,
) -> tuple[Document, int]:
    """Time every configuration; the table of them, and the exit code.

    Rows that succeed are added to the file ``save``, which --calibrate reads.
    """
    from mnprofile.costs.latency.devices import device_of
    from mnprofile.costs.latency.measurements import with_rows
    from mnprofile.costs.latency.prediction import calibration_of
    from mnprofile.evidence.profilers.timing import HowToRun
    from mnprofile.search.tasks.timings import timing_tasks
    from mnprofile.search.tasks.versions import machine, versions_of
    from mnprofile.views.sheets.measured_grid import measured_grid_document

    arch = with_head(arch, given["head"])
    if given["train"]:
        raise UsageError("--train: networks are timed as they are used, in eval()")
    if save is not None:
        with_rows(save, ())  # refuses a file of other columns before anything runs
    also = {**machine(), **versions_of([arch])}
    if device is not None:
        calibration_of(device_of(device), _family(arch))
        also |= versions_of([device])
    tasks = timing_tasks(arch, given, how, device)
    outcomes = run_tasks(tasks, keep, also)
    done = [one.figures["saved"] for one in outcomes if not one.error]
    if save is not None and done:
        files.write_text(save, with_rows(save, done))
        warn(f"Measurements: {save}")
    asked = asdict(HowToRun(**tasks[0].arguments["how"]))
    failed = len(done) < len(outcomes)
    document = measured_grid_document([one.row for one in outcomes], asked)
    return document, UNMEASURED if failed else OK


def _family(arch: str) -> str:
    from mnprofile.costs.latency.prediction import IMPORTED
    from mnprofile.networks.catalog import load

    name, _ = parse_spec(arch)
    return IMPORTED if foreign_reader(name) else load(name).family
