"""A count as people and spreadsheets read it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base.sheet import Column, Share, Sheet, Value
from mnprofile.base.units import short
from mnprofile.costs.counting import (
    ELEMENTWISE,
    Count,
    Figures,
    Group,
    Grouping,
    figures_record,
    layer_record,
)
from mnprofile.evidence.literature.misprints import misprint_of
from mnprofile.evidence.literature.published import printed_shares, published_for
from mnprofile.evidence.literature.sources import Printed
from mnprofile.graph.operators.op import Shape
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.sheets.configuration import headline

FOOT = (
    "multiply-adds of convolutions and fully connected layers (SE too), without bias;"
    " flops = 2 x macs"
)
_LAYER = (
    Column("name", "Layer"),
    Column("block", "Block"),
    Column("stage", "Stage"),
    Column("row", "Line", "number"),
    Column("op", "Operator"),
    Column("type", "Type"),
    Column("kernel", "Kernel", "number"),
    Column("stride", "Stride", "number"),
    Column("dilation", "Dilation", "number"),
    Column("groups", "Groups", "number"),
    Column("in_shape", "Input"),
    Column("out_shape", "Output"),
)
_FIGURES = (
    Column("macs", "Multiply-adds", "count"),
    Column("flops", "Flops", "count"),
    Column("weights", "Weights", "count"),
    Column("biases", "Biases", "count"),
    Column("bn_affine", "BN affine", "count"),
    Column("params", "Params", "count"),
    Column("buffers", "Buffers", "count"),
    Column("activations", "Activations", "count"),
)
_ELEMENTS = (
    Column("batch_norm_elems", "Batch norm", "count"),
    Column("activation_elems", "Activation fn", "count"),
    Column("pool_elems", "Pooling", "count"),
    Column("add_elems", "Additions", "count"),
    Column("scale_elems", "SE products", "count"),
)


def _layer_sheet(counted: Count, *, elementwise: bool = False) -> Sheet:
    """A line a layer, every quantity; the table shows a part of it."""
    columns = (*_LAYER, *_FIGURES, *(_ELEMENTS if elementwise else ()))
    layers = counted.all_layers if elementwise else counted.layers
    totals = figures_record(counted.totals, elementwise=elementwise)
    rows = []
    for layer in layers:
        record = layer_record(layer, elementwise=elementwise)
        record["in_shape"] = _shape_text(layer.in_shape)
        record["out_shape"] = _shape_text(layer.out_shape)
        rows.append(_cells(columns, record))
    return Sheet(columns, tuple(rows), _cells(columns, {"name": "total", **totals}))


def _group_sheet(counted: Count, by: Grouping, *, elementwise: bool = False) -> Sheet:
    """A line a block, stage or type, with its shares of multiply-adds and weights."""
    columns = (
        Column(by, by.capitalize()),
        Column("layers", "Layers", "number"),
        *_FIGURES,
        *(_ELEMENTS if elementwise else ()),
        Column("macs_share", "Share", "share"),
        Column("weights_share", "Share", "share"),
    )
    totals = counted.totals
    whole = Group("total", totals, counted.all_layers)

    def cells(group: Group) -> tuple[Value, ...]:
        macs_share, weights_share = _shares(group.figures, totals)
        record = group_record(group, totals, by, elementwise) | {
            "macs_share": macs_share,
            "weights_share": weights_share,
        }
        return _cells(columns, record)

    groups = counted.by(by, elementwise=elementwise)
    return Sheet(columns, tuple(map(cells, groups)), cells(whole))


def _cells(columns: Sequence[Column], record: Mapping[str, Any]) -> tuple[Value, ...]:
    return tuple(record.get(column.key) for column in columns)


def _table2_sheet(counted: Count, arch: Architecture) -> Sheet | None:
    """Our shares by type beside those of the V1 paper's Table 2, misprints marked."""
    printed = printed_shares(arch, counted.config)
    if not printed:
        return None
    totals = counted.totals
    rows, notes = [], []
    for group in counted.by("type"):
        cells: list[Value] = [group.name]
        ours = _shares(group.figures, totals)
        for quantity, share in zip(("macs_share", "params_share"), ours, strict=True):
            figure = printed[group.name, quantity]
            misprint = misprint_of(figure)
            cells += [
                share,
                figure.printed.replace("%", " %") + ("*" if misprint else ""),
            ]
            if misprint:
                notes.append(f"* misprint: {misprint.reason} ({misprint.established})")
        rows.append(tuple(cells))
    columns = (
        Column("type", "Type"),
        Column("macs_share", "Multiply-adds", "share"),
        Column("macs_share_printed", "Table 2", "number"),
        Column("weights_share", "Weights", "share"),
        Column("weights_share_printed", "Table 2", "number"),
    )
    title = "Beside the MobileNets paper (arXiv 1704.04861), Table 2"
    return Sheet(columns, tuple(rows), None, title, tuple(notes))


def _published_sheets(figures: Sequence[Printed]) -> list[Sheet]:
    """A line a printed row about this configuration; none where none is printed."""
    shown = ("macs", "params", "top1", "top5")
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    notes = []
    for figure in figures:
        if figure.quantity not in shown:
            continue
        row = rows.setdefault((figure.source, figure.table, figure.model), {})
        misprint = misprint_of(figure)
        row[figure.quantity] = figure.printed + ("*" if misprint else "")
        if misprint:
            notes.append(
                f"* {figure.printed} should read {misprint.reads}"
                f" ({figure.source}, {figure.table})"
            )
    columns = (
        Column("source", "Published in"),
        Column("model", "As"),
        Column("macs", "Macs", "number"),
        Column("params", "Params", "number"),
        Column("top1", "Top-1", "number"),
        Column("top5", "Top-5", "number"),
    )
    lines = tuple(
        (f"{source}, {table}", model, *(row.get(quantity) for quantity in shown))
        for (source, table, model), row in rows.items()
    )
    if notes:
        notes.append("  why: mnprofile reproduce SOURCE --status erratum")
    title = "Published for this configuration"
    if not rows:
        return []
    return [Sheet(columns, lines, None, title, tuple(dict.fromkeys(notes)))]


def _element_sheet(counted: Count) -> Sheet:
    """A line a layer that holds elementwise operators, counted or not."""
    rows = tuple(
        (layer.name, *(getattr(layer.figures, key) or None for key in ELEMENTWISE))
        for layer in counted.all_layers
    )
    total = ("total", *(getattr(counted.totals, key) for key in ELEMENTWISE))
    return Sheet(
        (Column("name", "Layer"), *_ELEMENTS),
        rows,
        total,
        "Elements that enter elementwise operators (never part of the multiply-adds)",
    )


def count_sheets(
    counted: Count,
    arch: Architecture,
    by: Grouping,
    notes: Sequence[str],
    *,
    elementwise: bool,
) -> list[Sheet]:
    """What a person reads: the chosen table, the shares by type, what is published,
    the foot."""
    title = headline(counted.config)
    if by == "layer":
        full = _layer_sheet(counted)
        shown = ("name", "type", "out_shape", "macs", "params", "row")
    else:
        full = _group_sheet(counted, by)
        shown = (by, "layers", "macs", "macs_share", "params", "activations")
        if by == "type":
            shown = (by, "layers", "macs", "macs_share", "weights", "weights_share")
    sheets = [replace(full.only(*shown), title=title)]
    if by == "layer":
        shares = _group_sheet(counted, "type").only(
            "type", "layers", "macs", "macs_share", "weights", "weights_share"
        )
        sheets.append(replace(shares, title="By type"))
    table2 = _table2_sheet(counted, arch) if by in ("type", "layer") else None
    if table2 is not None:
        sheets.append(table2)
    if by in ("type", "layer"):
        sheets += _published_sheets(published_for(arch, counted.graph))
    if elementwise:
        sheets.append(_element_sheet(counted))
    totals = counted.totals
    foot = (
        f"{short(totals.macs)} multiply-adds ({short(totals.flops)} flops),"
        f" {short(totals.params)} params, {short(totals.buffers)} buffers,"
        f" {short(totals.activations)} activations",
        FOOT,
    )
    sheets[-1] = replace(sheets[-1], notes=(*sheets[-1].notes, *notes, *foot))
    return sheets


def csv_sheet(counted: Count, by: Grouping, *, elementwise: bool) -> Sheet:
    """Every quantity in one sheet, for machines."""
    if by == "layer":
        return _layer_sheet(counted, elementwise=elementwise)
    return _group_sheet(counted, by, elementwise=elementwise)


def _shape_text(shape: Shape) -> str:
    """Height x width x channels, as the papers print it."""
    return f"{shape.h}x{shape.w}x{shape.c}"


def group_record(
    group: Group, totals: Figures, grouping: str, elementwise: bool
) -> dict[str, Any]:
    shares = _shares(group.figures, totals)
    return {
        grouping: group.name,
        "layers": sum(layer.is_counted for layer in group.layers),
        **figures_record(group.figures, elementwise=elementwise),
        "macs_share": float(shares[0]),
        "weights_share": float(shares[1]),
    }


def _shares(figures: Figures, totals: Figures) -> tuple[Share, Share]:
    return (
        Share(figures.macs, totals.macs),
        Share(figures.weights, totals.weights),
    )
