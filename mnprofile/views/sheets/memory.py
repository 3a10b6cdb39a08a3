"""What `mnprofile memory` prints: sheets, the foot and the record."""

from dataclasses import replace
from typing import Any

from mnprofile.base import units
from mnprofile.base.sheet import Column, Sheet, Value
from mnprofile.base.units import short, short_bytes
from mnprofile.costs.deployment import Deployed, deployed_record
from mnprofile.costs.memory.activations import (
    LIVE,
    VIEWS,
    Memory,
    View,
    Widest,
    maps_text,
    peak_text,
)
from mnprofile.costs.memory.grouped import fused
from mnprofile.costs.memory.liveness import Step, Tensor
from mnprofile.evidence.literature.sources import figures
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph
from mnprofile.views.sheets.configuration import model_record


def memory_record(
    memory: Memory,
    plain: Memory,
    weights: Deployed,
    rows: tuple[Widest, ...],
    notes: tuple[str, ...],
) -> dict[str, Any]:
    """Live memory as JSON has it."""
    return {
        "model": model_record(memory.config),
        "bits": memory.bits,
        "groups": memory.groups,
        "fused": memory.is_fused,
        "act_peak_bytes": memory.act_peak_bytes,
        "act_peak_bytes_ungrouped": plain.act_peak_bytes,
        "recomputed_macs": memory.recomputed_macs,
        "extra_elems": memory.extra_elems,
        "weights": deployed_record(weights),
        "peak": _step_record(memory, memory.peak),
        "steps": [_step_record(memory, step) for step in memory.steps],
        **{
            f"by_{view}": [
                {view: name, "step": step.name, "bytes": memory.bytes_of(step)}
                for name, step in memory.by(view)
            ]
            for view in VIEWS
        },
        "by_resolution": [
            {
                "resolution": list(row.resolution),
                "between": row.between and _tensor_record(memory, row.between),
                "any_map": _tensor_record(memory, row.any_map),
            }
            for row in rows
        ],
        "notes": list(notes),
    }


def _step_record(memory: Memory, step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "layer": step.layer,
        "block": step.block,
        "stage": step.stage,
        "bytes": memory.bytes_of(step),
        "live": [_tensor_record(memory, tensor) for tensor in step.live],
    }


def _tensor_record(memory: Memory, tensor: Tensor) -> dict[str, Any]:
    shape = tensor.shape
    return {
        "name": tensor.name,
        "layer": tensor.layer,
        "shape": [shape.c, shape.h, shape.w],
        "bytes": memory.bytes_of(tensor),
    }


def step_sheet(memory: Memory, view: View) -> Sheet:
    """A line a layer, block or stage: its step with the most memory."""
    columns = (
        Column(view, view.capitalize()),
        Column("step", "Step"),
        Column("live", "Live maps"),
        Column("bytes", "Bytes", "count"),
        Column("peak", "Peak"),
    )
    peak = memory.peak
    return Sheet(
        columns,
        tuple(
            (
                name,
                step.name,
                maps_text(step),
                memory.bytes_of(step),
                "yes" if step is peak else "",
            )
            for name, step in memory.by(view)
        ),
    )


def shown_part(sheet: Sheet) -> Sheet:
    """What a person reads of it: the operator's name matters where a line is more."""
    first = sheet.columns[0].key
    keys = (first,) if first != "stage" else (first, "step")
    shown = sheet.only(*keys, "live", "bytes", "peak")
    marked = ((*row[:-1], "<- peak" if row[-1] == "yes" else "") for row in shown.rows)
    return replace(shown, rows=tuple(marked))


def resolution_csv(memory: Memory, rows: tuple[Widest, ...]) -> Sheet:
    columns = (
        Column("resolution", "Map"),
        Column("layer", "Layer"),
        Column("channels", "Channels", "count"),
        Column("bytes", "Bytes", "count"),
        Column("inside_layer", "Layer"),
        Column("inside_channels", "Channels", "count"),
        Column("inside_bytes", "Bytes", "count"),
    )
    return Sheet(
        columns,
        tuple(
            (
                "x".join(map(str, row.resolution)),
                *_widest_cells(memory, row.between),
                *_widest_cells(memory, row.any_map),
            )
            for row in rows
        ),
    )


def _widest_cells(memory: Memory, tensor: Tensor | None) -> tuple[Value, ...]:
    if tensor is None:
        return (None, None, None)
    return (tensor.layer, tensor.shape.c, memory.bytes_of(tensor))


def resolution_sheet(
    graph: Graph, memory: Memory, widest_rows: tuple[Widest, ...]
) -> Sheet:
    """Channels and kB as Table 3 prints them, and the paper's own figures beside."""
    printed = printed_channels(memory)
    columns = [
        Column("resolution", "Map"),
        Column("between", "Between blocks", "number"),
        Column("between_kb", "kB", "number"),
        Column("any_map", "Anywhere", "number"),
        Column("any_map_kb", "kB", "number"),
    ]
    if printed:
        columns.append(Column("printed", "Table 3", "number"))
    rows: list[tuple[Value, ...]] = []
    notes = [
        "Between blocks: the largest map outside of blocks run as one operator;"
        " kB = 1000 bytes."
    ]
    for row in widest_rows:
        cells: list[Value] = ["x".join(map(str, row.resolution))]
        for tensor in (row.between, row.any_map):
            if tensor is None:
                cells += [None, None]
                continue
            cells += [tensor.shape.c, units.kilobytes(memory.bytes_of(tensor))]
        if printed:
            figure = printed.get(row.resolution)
            note = figure and _differs(graph, memory, row, figure)
            cells.append(figure and figure + ("*" if note else ""))
            if note:
                notes.append(f"* {note}")
        rows.append(tuple(cells))
    return Sheet(tuple(columns), tuple(rows), None, "", tuple(notes))


def printed_channels(memory: Memory) -> dict[tuple[int, int], str]:
    """Channels/kB of the V2 paper's Table 3 by resolution, as printed.

    Empty but for the networks and the 16 bits that it is about.
    """
    config = memory.config
    names = {"mobilenet_v1": "MobileNetV1", "mobilenet_v2": "MobileNetV2"}
    same = (config.alpha, config.resolution, memory.bits) == (1.0, (224, 224), 16)
    if not same or config.name not in names or not _is_plain(config):
        return {}
    found = {}
    for figure in figures("paper-v2"):
        where = figure.where.removeprefix("Table 3 row ")
        side = where.partition("x")[0]
        is_ours = figure.model == names[config.name]
        if is_ours and where.endswith("; latest text") and side.isdecimal():
            found[int(side), int(side)] = figure.printed
    return found


def _is_plain(config: Configuration) -> bool:
    return config.t is None and config.classes == 1000 and config.output_stride is None


def _differs(graph: Graph, memory: Memory, row: Widest, figure: str) -> str | None:
    """Why a printed figure is not ours, or None where it is."""
    channels, _, kilobytes = figure.partition("/")
    size = "x".join(map(str, row.resolution))
    wide, kb = int(channels), int(kilobytes)
    computed = wide * row.resolution[0] * row.resolution[1] * memory.bits // 8
    if row.between is None or row.between.shape.c != wide:
        leaves = any(
            (tensor.shape.h, tensor.shape.w) == row.resolution
            and one.output.shape.c == wide
            for one in fused(graph)
            for tensor in one.inputs
        )
        which = (
            f"what the block leaving {size} puts out, at a smaller size"
            if leaves
            else "no map between blocks"
        )
        return f"{size}: the printed {wide} channels are {which}"
    if abs(computed / 1000 - kb) > max(1, 0.01 * kb):
        return f"{size}: {wide} channels are {units.kilobytes(computed)} kB"
    return None


def foot(memory: Memory, plain: Memory, weights: Deployed) -> list[str]:
    """The peak, what causes it, and the weights beside it."""
    notes = [
        f"Peak {peak_text(memory)}",
        f"Weights and biases at {memory.bits} bits: {short_bytes(weights.bytes)}"
        " (batch norm folded in)",
    ]
    if memory.groups != 1:
        notes.append(_cost_of_groups(memory, plain))
    if memory.is_fused:
        notes.append(
            "Fused: what blocks hold inside is not counted, squeeze-excite factors"
            f" are. As layers: {short_bytes(plain.act_peak_bytes)}."
        )
    return [*notes, LIVE]


def _cost_of_groups(memory: Memory, plain: Memory) -> str:
    again = (
        f"{short(memory.recomputed_macs)} multiply-adds are done twice, for"
        " squeeze-excite"
        if memory.recomputed_macs
        else "nothing is computed twice"
    )
    return (
        f"In groups a block needs input + output + inner/groups; ungrouped the peak is"
        f" {short_bytes(plain.act_peak_bytes)}. {again[0].upper()}{again[1:]};"
        f" {short(memory.extra_elems)} more elements are moved (inputs read again,"
        " outputs added to again)."
    )
