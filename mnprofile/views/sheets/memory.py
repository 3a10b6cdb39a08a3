"""Activation memory: the live maps at each step, the peak, and the widest maps."""

from dataclasses import replace
from typing import Any, Literal

from mnprofile.base.sheet import Column, Sheet, Value
from mnprofile.base.units import kilobytes, short, short_bytes, size_text
from mnprofile.costs.counting import count
from mnprofile.costs.deployment import Deployed, deploy, deployed_record
from mnprofile.costs.memory.activations import (
    LIVE,
    VIEWS,
    Memory,
    View,
    Widest,
    activation_memory,
    maps_text,
    peak_text,
    widest,
)
from mnprofile.costs.memory.grouped import fused
from mnprofile.costs.memory.liveness import Step, Tensor
from mnprofile.evidence.literature.sources import figures
from mnprofile.graph.graph import Graph
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import headline, model_record

By = Literal["layer", "block", "stage", "resolution"]


def memory_document(graph: Graph, memory: Memory, by: By) -> Document:
    """Activation memory of a network, for people by layer, block, stage or size."""
    plain = activation_memory(graph, bits=memory.bits)
    weights = deploy(count(graph), memory.bits)
    maps = widest(graph)
    if by == "resolution":
        shown = resolution_sheet(graph, memory, maps)
        csv = _resolution_csv(memory, maps)
    else:
        # The operator's name matters if a row is more than a layer or block.
        step = ("step",) if by == "stage" else ()
        shown = step_sheet(memory, by, mark="<- peak")
        shown = shown.only(by, *step, "live bytes peak")
        csv = step_sheet(memory, by).only(by, "step live bytes peak")
    groups = f"{memory.groups} groups" if memory.groups != 1 else ""
    how = "fused" if memory.is_fused else groups
    title = (headline(graph.config), memory.bits_text, how)
    shown = shown.noted(*graph.notes, *_foot(memory, plain, weights))
    return Document(
        "memory",
        [replace(shown, title=", ".join(filter(None, title)))],
        csv,
        lambda: memory_record(memory, plain, weights, maps, graph.notes),
    )


def step_sheet(memory: Memory, view: View, *, mark: str = "yes") -> Sheet:
    """One row per layer, block or stage: its step with the most memory.

    ``mark`` is the mark of the step with the most live memory.
    """
    peak = memory.peak
    return Sheet.of(
        columns(
            view if view == "stage" else f"{view} stage",
            "step",
            Column("live", "Live maps"),
            "bytes peak",
        ),
        (
            {
                "stage": step.stage,
                view: name,
                "step": step.name,
                "live": maps_text(step),
                "bytes": memory.bytes_of(step),
                "peak": mark if step is peak else "",
            }
            for name, step in memory.by(view)
        ),
    )


# --- the widest maps -----------------------------------------------------------------


def resolution_sheet(graph: Graph, memory: Memory, maps: tuple[Widest, ...]) -> Sheet:
    """Channels and kB in the form of Table 3, next to the paper's own figures."""
    printed = printed_channels(memory)
    rows: list[dict[str, Any]] = []
    notes = [
        "Between blocks: the largest map if each block runs as one operator;"
        " kB = 1000 bytes."
    ]
    for one in maps:
        row: dict[str, Any] = {"resolution": size_text(one.resolution)}
        for key, tensor in (("between", one.between), ("any_map", one.any_map)):
            if tensor is not None:
                row[key] = tensor.shape.c
                row[f"{key}_kb"] = kilobytes(memory.bytes_of(tensor))
        if figure := printed.get(one.resolution):
            note = _differs(graph, memory, one, figure)
            row["printed"] = figure + ("*" if note else "")
            notes += [f"* {note}"] if note else []
        rows.append(row)
    heads = columns(
        Column("resolution", "Map"),
        Column("between", "Between blocks", "number"),
        Column("between_kb", "kB", "number"),
        Column("any_map", "Anywhere", "number"),
        Column("any_map_kb", "kB", "number"),
        *((Column("printed", "Table 3", "number"),) if printed else ()),
    )
    return Sheet.of(heads, rows, notes=notes)


def _resolution_csv(memory: Memory, maps: tuple[Widest, ...]) -> Sheet:
    """The layer, channels and bytes of each of these maps."""
    return Sheet(
        columns(
            Column("resolution", "Map"),
            "layer channels bytes",
            Column("inside_layer", "Layer"),
            Column("inside_channels", "Channels", "count"),
            Column("inside_bytes", "Bytes", "count"),
        ),
        tuple(
            (
                size_text(one.resolution),
                *_widest_cells(memory, one.between),
                *_widest_cells(memory, one.any_map),
            )
            for one in maps
        ),
    )


def _widest_cells(memory: Memory, tensor: Tensor | None) -> tuple[Value, ...]:
    if tensor is None:
        return (None, None, None)
    return (tensor.layer, tensor.shape.c, memory.bytes_of(tensor))


def printed_channels(memory: Memory) -> dict[tuple[int, int], str]:
    """Channels/kB of the V2 paper's Table 3 by resolution, as printed.

    Empty except for the networks and the 16 bits that it is about.
    """
    config = memory.config
    names = {"mobilenet_v1": "MobileNetV1", "mobilenet_v2": "MobileNetV2"}
    asked = (config.alpha, config.resolution, memory.bits)
    changed = (config.t, config.classes, config.output_stride)
    is_theirs = asked == (1.0, (224, 224), 16) and changed == (None, 1000, None)
    if not is_theirs or config.name not in names:
        return {}
    found = {}
    for figure in figures("paper-v2"):
        where = figure.where.removeprefix("Table 3 row ")
        side = where.partition("x")[0]
        is_ours = figure.model == names[config.name]
        if is_ours and where.endswith("; latest text") and side.isdecimal():
            found[int(side), int(side)] = figure.printed
    return found


def _differs(graph: Graph, memory: Memory, row: Widest, figure: str) -> str | None:
    """Why a printed figure is not ours, or None if it is."""
    channels, _, thousands = figure.partition("/")
    size = size_text(row.resolution)
    wide, kb = int(channels), int(thousands)
    computed = wide * row.resolution[0] * row.resolution[1] * (memory.bits or 8) // 8
    if row.between is None or row.between.shape.c != wide:
        leaves = any(
            (tensor.shape.h, tensor.shape.w) == row.resolution
            and one.output.shape.c == wide
            for one in fused(graph)
            for tensor in one.inputs
        )
        which = (
            f"the output of the block leaving {size}, at a smaller size"
            if leaves
            else "not those of a map between blocks"
        )
        return f"{size}: the printed {wide} channels are {which}"
    if abs(computed / 1000 - kb) > max(1, 0.01 * kb):
        return f"{size}: {wide} channels are {kilobytes(computed)} kB"
    return None


# --- in words, and as JSON -----------------------------------------------------------


def _foot(memory: Memory, plain: Memory, weights: Deployed) -> list[str]:
    """The peak, what causes it, and the size of the weights."""
    notes = [
        f"Peak {peak_text(memory)}",
        _weights_text(memory, weights),
    ]
    if memory.groups != 1:
        notes.append(_cost_of_groups(memory, plain))
    if memory.is_fused:
        notes.append(
            "Fused: maps inside blocks are not counted, squeeze-excite factors are. By"
            f" layers: {short_bytes(plain.act_peak_bytes)}."
        )
    return [*notes, LIVE]


def _weights_text(memory: Memory, weights: Deployed) -> str:
    size = short_bytes(weights.bytes)
    if memory.bits is None:
        return f"Weights and biases in the file: {size}"
    return f"Weights and biases at {memory.bits} bits: {size} (batch norm folded in)"


def _cost_of_groups(memory: Memory, plain: Memory) -> str:
    again = (
        f"{short(memory.recomputed_macs)} multiply-adds are done twice, for"
        " squeeze-excite"
        if memory.recomputed_macs
        else "nothing is computed twice"
    )
    return (
        "In groups, a block needs input + output + inner/groups; ungrouped, the peak is"
        f" {short_bytes(plain.act_peak_bytes)}. {again[0].upper()}{again[1:]};"
        f" {short(memory.extra_elems)} more elements are moved (inputs read again,"
        " outputs added to again)."
    )


def memory_record(
    memory: Memory,
    plain: Memory,
    weights: Deployed,
    maps: tuple[Widest, ...],
    notes: tuple[str, ...],
) -> dict[str, Any]:
    """The JSON record of live memory."""
    return {
        "model": model_record(memory.config),
        "bits": memory.bits,
        "groups": memory.groups,
        "fused": memory.is_fused,
        "act_peak_bytes": memory.act_peak_bytes,
        "act_peak_bytes_ungrouped": plain.act_peak_bytes,
        **record_of(memory, "recomputed_macs", "extra_elems"),
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
                "resolution": list(one.resolution),
                "between": one.between and _tensor_record(memory, one.between),
                "any_map": _tensor_record(memory, one.any_map),
            }
            for one in maps
        ],
        "notes": list(notes),
    }


def _step_record(memory: Memory, step: Step) -> dict[str, Any]:
    return {
        **record_of(step, "name", "layer", "block", "stage"),
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
