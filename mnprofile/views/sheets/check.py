"""A cross-check: layers, grand totals, differences, verdict."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

from mnprofile.base.sheet import Column, Sheet, noted
from mnprofile.base.units import grouped
from mnprofile.evidence.profilers.cross_check import Check, LayerCheck, Problem, sum_of
from mnprofile.evidence.profilers.module_check import ModuleCheck
from mnprofile.evidence.profilers.readings import Reading
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import headed, model_record
from mnprofile.views.sheets.ledger import (
    assumed_text,
    breakdown_sheet,
    entry_record,
    legend,
    writing_record,
)

By = Literal["layer", "block", "stage"]
LEGEND = (
    "fvcore: its convolutions and linear layers; torch FLOPs: FlopCounterMode's, two"
    " per multiply-add; BN, pool: what fvcore adds for these; Off: figures that differ,"
    " including parameters, buffers and output sizes"
)
SHOWN_PROBLEMS = 12  # in the table; JSON holds all of them
_MEASURED = columns(
    Column("macs", "Ours", "count"),
    Column("fvcore_macs", "fvcore", "count"),
    Column("flops", "torch FLOPs", "count"),
    Column("fvcore_other", "BN, pool", "count"),
    "params",
    Column("params_torch", "in torch", "count"),
    "buffers",
    Column("buffers_torch", "in torch", "count"),
    Column("problems", "Off", "number"),
)


def check_document(checked: Check, by: By) -> Document:
    """A cross-check: the layers, the totals, what differs, the verdict."""
    if by == "layer":
        full = layer_sheet(
            one
            for one in checked.layers
            if one.layer.figures.macs or one.fvcore_other or one.problems
        )
    else:
        full = _group_sheet(checked, by)
    shown = full.only(
        full.columns[0].key, "macs fvcore_macs flops fvcore_other problems"
    )
    sheets = [*headed([shown.noted(LEGEND)], checked.count.config)]
    sheets.append(totals_sheet(checked))
    fvcore = checked.readings[0]
    if fvcore.total is not None:
        sheets.append(
            breakdown_sheet(fvcore.entry, fvcore.total, "What fvcore's total contains")
        )
    if checked.problems:
        sheets.append(_first_problems_sheet(checked))
    return Document(
        "check",
        noted(sheets, _notes(checked)),
        layer_sheet(checked.layers),
        lambda: check_record(checked),
    )


def layer_sheet(layers: Iterable[LayerCheck]) -> Sheet:
    """One row per layer, all that was measured."""
    some = tuple(layers)
    return Sheet.of(
        columns("name row output", *_MEASURED),
        (
            {
                "name": one.name,
                "row": one.layer.origin.line,
                "output": str(one.layer.out_shape),
                **_measured([one]),
            }
            for one in some
        ),
        {"name": "total", **_measured(some)},
    )


def _measured(layers: Sequence[LayerCheck]) -> dict[str, Any]:
    sums = sum_of(layers)
    return {
        "macs": sums.ours.macs,
        "fvcore_macs": sums.fvcore_macs,
        "flops": sums.flops,
        "fvcore_other": sums.fvcore_other,
        "params": sums.ours.params,
        "params_torch": sums.params,
        "buffers": sums.ours.buffers,
        "buffers_torch": sums.buffers,
        "problems": sums.problems,
    }


def _group_sheet(checked: Check, by: By) -> Sheet:
    groups: dict[str, list[LayerCheck]] = {}
    for one in checked.layers:
        groups.setdefault(getattr(one.layer, by), []).append(one)
    return Sheet.of(
        columns(by, *_MEASURED),
        ({by: name, **_measured(layers)} for name, layers in groups.items()),
        {by: "total", **_measured(checked.layers)},
    )


def reading_sheet(
    checks: Iterable[tuple[str, Check | ModuleCheck]], *, failed: str | None = None
) -> Sheet:
    """What each profiler printed for some networks, under their titles, and what the
    ledger's sum leaves of it. ``failed`` is shown if there is no total."""
    return Sheet.of(
        columns(
            "network profiler version",
            Column("total", "Prints", "count"),
            Column("formula", "Ledger"),
            Column("ledger_total", "Explained", "count"),
            "rest failure",
        ),
        (
            {
                "network": title,
                **reading_record(reading),
                "total": failed if reading.total is None else reading.total,
            }
            for title, checked in checks
            for reading in checked.readings
        ),
    )


def totals_sheet(checked: Check | ModuleCheck) -> Sheet:
    """The same for one network."""
    sheet = reading_sheet([("", checked)], failed="failed")
    return replace(
        sheet.only("profiler version total formula rest"),
        title="Grand totals of each profiler, and what the ledger leaves unexplained",
        notes=(legend(one.entry for one in checked.readings),),
    )


def problem_sheet(problems: Iterable[tuple[str, Problem]]) -> Sheet:
    """One row per difference, under its network's title."""
    return Sheet.of(
        columns("network layer row what", Column("ours", "Ours", "count"), "measured"),
        ({"network": title, **_problem_record(one)} for title, one in problems),
    )


def _first_problems_sheet(checked: Check) -> Sheet:
    more = len(checked.problems) - SHOWN_PROBLEMS
    first = checked.problems[:SHOWN_PROBLEMS]
    sheet = problem_sheet(("", one) for one in first)
    return replace(
        sheet.only("layer row what ours measured"),
        title="Differences, in the order of the network",
        notes=(f"and {more} more; --format json has all of them",) if more > 0 else (),
    )


def _notes(checked: Check) -> Iterator[str]:
    yield from checked.count.graph.notes
    if checked.left_out:
        listed = ", ".join(f"{name} x{n}" for name, n in checked.left_out.items())
        yield f"Not counted by fvcore, as it reports: {listed}"
    yield assumed_text(checked.writing)
    for one in checked.readings:
        if one.failure:
            yield f"{one.name} {one.version} failed: {one.failure}"
    if checked.not_installed:
        yield f"not installed: {', '.join(checked.not_installed)}"
    yield verdict(checked)


def verdict(checked: Check) -> str:
    """The outcome in a sentence."""
    if checked.problems:
        first = checked.problems[0]
        line = f" (line {first.line})" if first.line else ""
        return (
            f"Differs in {len(checked.problems)} figures, first at {first.layer}{line}:"
            f" {first.what}, ours {first.ours}, measured {first.theirs}"
        )
    unexplained = [one for one in checked.readings if one.rest]
    if unexplained:
        rests = ", ".join(f"{one.name} {one.rest:+d}" for one in unexplained)
        return f"Unexplained: {rests}"
    totals = checked.count.totals
    text = (
        f"Agrees: {len(checked.count.layers)} layers,"
        f" {grouped(totals.macs)} multiply-adds,"
        f" {grouped(checked.params)} parameters, {grouped(checked.buffers)} buffers;"
        " nothing is left unexplained, and the same operators run between the layers"
    )
    if not checked.is_complete:
        failed = [one.name for one in checked.readings if one.total is None]
        return f"{text}. Not measured: {', '.join(failed)}"
    return text


def check_record(checked: Check) -> dict[str, Any]:
    """The JSON record of a cross-check."""
    totals = checked.count.totals
    whole = sum_of(checked.layers)
    return {
        "model": model_record(checked.count.config),
        "writing": writing_record(checked.writing),
        "agrees": checked.agrees,
        "complete": checked.is_complete,
        "totals": {
            **record_of(totals, "macs", "params", "buffers"),
            "fvcore_macs": whole.fvcore_macs,
            "fvcore_other": whole.fvcore_other,
            "flop_counter_flops": whole.flops,
            "torch_params": checked.params,
            "torch_buffers": checked.buffers,
        },
        "layers": [_layer_record(one) for one in checked.layers],
        "profilers": [reading_record(one) for one in checked.readings],
        "fvcore_left_out": dict(checked.left_out),
        "not_installed": list(checked.not_installed),
        "differences": [_problem_record(one) for one in checked.problems],
        "verdict": verdict(checked),
    }


def reading_record(one: Reading) -> dict[str, Any]:
    """The JSON record of what a profiler printed, with the ledger's sum."""
    record = entry_record(one.entry)
    del record["total"]  # the ledger's; a reading has its own
    return {
        **record,
        "version": one.version,
        "total": one.total,
        "ledger_total": one.entry.total,
        "rest": one.rest,
        "failure": one.failure or None,
    }


def _problem_record(one: Problem) -> dict[str, Any]:
    return {
        "layer": one.layer,
        "row": one.line,
        **record_of(one, "what", "ours"),
        "measured": one.theirs,
    }


def _layer_record(one: LayerCheck) -> dict[str, Any]:
    figures, shape = one.layer.figures, one.out_shape
    return {
        "name": one.name,
        "row": one.layer.origin.line,
        "macs": figures.macs,
        "fvcore_macs": one.fvcore_macs,
        "fvcore_other": one.fvcore_other,
        "flop_counter_flops": one.flops,
        "params": figures.params,
        "torch_params": one.params,
        "buffers": figures.buffers,
        "torch_buffers": one.buffers,
        "torch_out_shape": [shape.c, shape.h, shape.w] if shape else None,
        "agrees": not one.problems,
    }
