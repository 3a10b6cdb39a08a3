"""The output of ``mnprofile check``: layers, grand totals, differences, verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Column, Sheet, Value
from mnprofile.base.units import grouped
from mnprofile.cli.ledger import breakdown_sheet, entry_record, legend, written
from mnprofile.cli.output import emit
from mnprofile.evidence.profilers.cross_check import Check, LayerCheck, Problem, sum_of
from mnprofile.views.sheets.configuration import headline, model_record

By = Literal["layer", "block", "stage"]
LEGEND = (
    "fvcore: its convolutions and linear layers; torch FLOPs: FlopCounterMode's, two a"
    " multiply-add; BN, pool: what fvcore adds for these; Off: figures that differ,"
    " parameters, buffers and output sizes included"
)
SHOWN_PROBLEMS = 12  # in the table; JSON holds all of them


def show(checked: Check, by: By, format_: str | None, output: Path | None) -> None:
    """Print a cross-check, or write it to a file."""
    emit(
        format_,
        output,
        sheets=_sheets(checked, by),
        csv=_layer_sheet(checked.layers),
        record=lambda: envelope("check", _record(checked)),
    )


def _sheets(checked: Check, by: By) -> list[Sheet]:
    """What a person reads: the layers, the totals, what differs, the verdict."""
    if by == "layer":
        layers = [
            one
            for one in checked.layers
            if one.layer.figures.macs or one.fvcore_other or one.problems
        ]
        full = _layer_sheet(layers)
    else:
        full = _group_sheet(checked, by)
    shown = full.only(
        full.columns[0].key, "macs", "fvcore_macs", "flops", "fvcore_other", "problems"
    )
    sheets = [replace(shown, title=headline(checked.count.config), notes=(LEGEND,))]
    sheets.append(_readings_sheet(checked))
    fvcore = checked.readings[0]
    if fvcore.total is not None:
        sheets.append(
            breakdown_sheet(fvcore.entry, fvcore.total, "What fvcore's total holds")
        )
    if checked.problems:
        sheets.append(_problem_sheet(checked.problems))
    notes = (*sheets[-1].notes, *_notes(checked))
    sheets[-1] = replace(sheets[-1], notes=notes)
    return sheets


def _layer_sheet(layers: Sequence[LayerCheck]) -> Sheet:
    """A line a layer, all that was measured."""
    columns = (
        Column("name", "Layer"),
        Column("row", "Line", "number"),
        Column("output", "Output"),
        *_MEASURED,
    )
    rows = tuple(
        (
            one.name,
            one.layer.origin.line,
            f"{one.layer.out_shape.h}x{one.layer.out_shape.w}x{one.layer.out_shape.c}",
            *_cells([one]),
        )
        for one in layers
    )
    return Sheet(columns, rows, ("total", None, None, *_cells(layers)))


_MEASURED = (
    Column("macs", "Ours", "count"),
    Column("fvcore_macs", "fvcore", "count"),
    Column("flops", "torch FLOPs", "count"),
    Column("fvcore_other", "BN, pool", "count"),
    Column("params", "Params", "count"),
    Column("params_torch", "in torch", "count"),
    Column("buffers", "Buffers", "count"),
    Column("buffers_torch", "in torch", "count"),
    Column("problems", "Off", "number"),
)


def _cells(layers: Sequence[LayerCheck]) -> tuple[Value, ...]:
    sums = sum_of(layers)
    return (
        sums.ours.macs,
        sums.fvcore_macs,
        sums.flops,
        sums.fvcore_other,
        sums.ours.params,
        sums.params,
        sums.ours.buffers,
        sums.buffers,
        sums.problems,
    )


def _group_sheet(checked: Check, by: By) -> Sheet:
    groups: dict[str, list[LayerCheck]] = {}
    for one in checked.layers:
        groups.setdefault(getattr(one.layer, by), []).append(one)
    return Sheet(
        (Column(by, by.capitalize()), *_MEASURED),
        tuple((name, *_cells(layers)) for name, layers in groups.items()),
        ("total", *_cells(checked.layers)),
    )


def _readings_sheet(checked: Check) -> Sheet:
    """What each profiler printed, and what is left of it without the ledger's sum."""
    return Sheet(
        (
            Column("profiler", "Profiler"),
            Column("version", "Version"),
            Column("total", "Prints", "count"),
            Column("formula", "Ledger"),
            Column("rest", "Rest", "count"),
        ),
        tuple(
            (
                one.name,
                one.version,
                one.total if one.total is not None else "failed",
                one.entry.formula,
                one.rest,
            )
            for one in checked.readings
        ),
        title="Grand totals: what each profiler printed, and what the ledger leaves",
        notes=(legend(one.entry for one in checked.readings),),
    )


def _problem_sheet(problems: tuple[Problem, ...]) -> Sheet:
    more = len(problems) - SHOWN_PROBLEMS
    notes = (f"and {more} more; --format json has all of them",) if more > 0 else ()
    return Sheet(
        (
            Column("layer", "Layer"),
            Column("row", "Line", "number"),
            Column("what", "What"),
            Column("ours", "Ours", "count"),
            Column("theirs", "Measured", "count"),
        ),
        tuple(
            (one.layer, one.line, one.what, one.ours, one.theirs)
            for one in problems[:SHOWN_PROBLEMS]
        ),
        title="Differences, in the order of the network",
        notes=notes,
    )


def _notes(checked: Check) -> Iterator[str]:
    yield from checked.count.graph.notes
    if checked.left_out:
        listed = ", ".join(f"{name} x{n}" for name, n in checked.left_out.items())
        yield f"fvcore leaves out, as it says itself: {listed}"
    yield written(checked.writing)
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
        " nothing is left unexplained"
    )
    if not checked.is_complete:
        failed = [one.name for one in checked.readings if one.total is None]
        return f"{text}. Not measured: {', '.join(failed)}"
    return text


def _record(checked: Check) -> dict[str, Any]:
    totals = checked.count.totals
    whole = sum_of(checked.layers)
    return {
        "model": model_record(checked.count.config),
        "writing": {
            "pooling": checked.writing.pooling,
            "activations": checked.writing.activations,
        },
        "agrees": checked.agrees,
        "complete": checked.is_complete,
        "totals": {
            "macs": totals.macs,
            "params": totals.params,
            "buffers": totals.buffers,
            "fvcore_macs": whole.fvcore_macs,
            "fvcore_other": whole.fvcore_other,
            "flop_counter_flops": whole.flops,
            "torch_params": checked.params,
            "torch_buffers": checked.buffers,
        },
        "layers": [_layer_record(one) for one in checked.layers],
        "profilers": [
            {
                **{
                    key: value
                    for key, value in entry_record(one.entry).items()
                    if key != "total"
                },
                "version": one.version,
                "total": one.total,
                "ledger_total": one.entry.total,
                "rest": one.rest,
                "failure": one.failure or None,
            }
            for one in checked.readings
        ],
        "fvcore_left_out": dict(checked.left_out),
        "not_installed": list(checked.not_installed),
        "differences": [
            {
                "layer": one.layer,
                "row": one.line,
                "what": one.what,
                "ours": one.ours,
                "measured": one.theirs,
            }
            for one in checked.problems
        ],
        "verdict": verdict(checked),
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
