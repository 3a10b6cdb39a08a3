"""A count: by layer, block, stage and type, and with what is published."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base.sheet import Column, Share, Sheet, Value, noted, plain
from mnprofile.base.units import resolution_text, short
from mnprofile.costs.counting import (
    ELEMENTWISE,
    QUANTITIES,
    Count,
    Counts,
    Grouping,
    Layer,
    LayerGroup,
    figures_record,
    layer_record,
    total,
)
from mnprofile.evidence.literature.errata import OTHER_VERSION, erratum_of
from mnprofile.evidence.literature.published import printed_shares, published_for
from mnprofile.evidence.literature.sources import Printed
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import NO_SHAPE
from mnprofile.graph.operators.op import Shape
from mnprofile.networks.imported import Network
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import DRAWN, columns, drawn
from mnprofile.views.sheets.configuration import (
    errata_record,
    headed,
    model_record,
    source_notes,
)

FOOT = (
    "multiply-adds of convolutions and fully connected layers (SE too), without bias;"
    " flops = 2 x macs"
)
_SHARES = tuple(
    Column(key, "Share", "share") for key in ("macs_share", "weights_share")
)
_BY_TYPE = ("type", "layers", "macs", "macs_share", "weights", "weights_share")
# Column of a share of ours -> quantity of the V1 paper's Table 2.
_TABLE2 = {"macs_share": "macs_share", "weights_share": "params_share"}


def count_document(
    counted: Count,
    arch: Network,
    by: Grouping,
    *,
    elementwise: bool = False,
    totals_first: bool = False,
) -> Document:
    """A count of one network, for people by layer, block, stage or type.

    ``totals_first`` puts the totals and the shares of the types before the layers.
    """
    shown = {
        "layer": ("name", "type", "out_shape", "macs", "params", "row"),
        "type": _BY_TYPE,
    }.get(by, (by, "layers", "macs", "macs_share", "params", "activations"))
    sheets = [sheet_by(counted, by).only(*shown)]
    totals = _totals_text(counted)
    foot = [totals, FOOT]
    if by in ("type", "layer"):
        types = type_sheet(counted, arch)
        if by == "layer":
            sheets.append(replace(types.only(*_BY_TYPE), title="By type", notes=()))
            if totals_first:
                layers, shares = sheets
                sheets = [shares.noted(totals), replace(layers, title="By layer")]
                foot = [FOOT]
        sheets += _table2_sheets(types)
        sheets += _published_sheets(published_for(arch, counted.graph))
    if elementwise:
        sheets.append(_element_sheet(counted))
    notes = (*counted.graph.notes, *source_notes(arch), *foot)
    return Document(
        "count",
        noted(headed(sheets, counted.config), notes),
        sheet_by(counted, by, elementwise=elementwise),
        lambda: count_record(counted, arch, elementwise=elementwise),
    )


# --- by layer and by group -----------------------------------------------------------


def sheet_by(counted: Count, by: Grouping, *, elementwise: bool = False) -> Sheet:
    """One row per layer, block, stage or type."""
    if by == "layer":
        return layer_sheet(counted, elementwise=elementwise)
    return group_sheet(counted, by, elementwise=elementwise)


def layer_sheet(counted: Count, *, elementwise: bool = False) -> Sheet:
    """One row per layer, with every quantity."""
    return Sheet.of(
        columns(
            "name block stage row op type kernel stride dilation groups",
            "in_shape out_shape",
            *_quantities(elementwise),
        ),
        (
            layer_record(layer, elementwise=elementwise)
            | {"in_shape": _size(layer.in_shape), "out_shape": _size(layer.out_shape)}
            for layer in (counted.all_layers if elementwise else counted.layers)
        ),
        {"name": "total", **figures_record(counted.totals, elementwise=elementwise)},
    )


def _size(shape: Shape) -> str | None:
    """A size as text; parameters that no operator uses have none."""
    return None if shape == NO_SHAPE else str(shape)


def group_sheet(counted: Count, by: Grouping, *, elementwise: bool = False) -> Sheet:
    """One row per block, stage or type, with its shares of macs and weights."""
    totals = counted.totals
    whole = LayerGroup("total", totals, counted.all_layers)
    return Sheet.of(
        columns(by, "layers", *_quantities(elementwise), *_SHARES),
        (
            _group_cells(group, totals, by, elementwise)
            for group in counted.by(by, elementwise=elementwise)
        ),
        _group_cells(whole, totals, by, elementwise),
    )


def _quantities(elementwise: bool) -> tuple[Column, ...]:
    return columns(*QUANTITIES, *(ELEMENTWISE if elementwise else ()))


def _group_cells(
    group: LayerGroup, totals: Counts, by: Grouping, elementwise: bool
) -> dict[str, Any]:
    figures = group.figures
    return {
        by: group.name,
        "layers": sum(layer.is_counted for layer in group.layers),
        **figures_record(figures, elementwise=elementwise),
        "macs_share": Share(figures.macs, totals.macs),
        "weights_share": Share(figures.weights, totals.weights),
    }


def stage_type_sheet(counted: Count) -> Sheet:
    """One row per stage and operator type: the parts of the report's bars."""
    rows: list[tuple[Value, ...]] = []
    for group in counted.by("stage"):
        layers = [layer for layer in group.layers if layer.is_counted]
        for name in dict.fromkeys(layer.type for layer in layers):
            figures = total(layer for layer in layers if layer.type == name)
            values = (getattr(figures, quantity) for quantity in DRAWN)
            rows.append((group.name, name, *values))
    return Sheet(columns("stage type", *drawn(*DRAWN)), tuple(rows))


def key_figure_sheet(networks: Sequence[tuple[str, Count]]) -> Sheet:
    """One row per network, under its title, with every total."""
    return Sheet.of(
        columns(
            "network alpha",
            Column("resolution", "Size", "number"),
            "macs flops params weights buffers activations",
        ),
        (
            {
                "network": title,
                **_size_cells(counted.config),
                **figures_record(counted.totals),
            }
            for title, counted in networks
        ),
    )


def _size_cells(config: Configuration) -> dict[str, Any]:
    if config.reader:
        return {"alpha": None, "resolution": ", ".join(config.inputs)}
    return {
        "alpha": config.alpha,
        "resolution": resolution_text(config.resolution),
    }


# --- beside what is published --------------------------------------------------------


def type_sheet(counted: Count, arch: Network) -> Sheet:
    """One row per type, with the shares that the V1 paper's Table 2 prints.

    Only the network that the table is about has these two columns; errata are marked
    and explained in the notes.
    """
    sheet = group_sheet(counted, "type")
    printed = printed_shares(arch, counted.config)
    if not printed:
        return sheet
    figures = [
        [printed[group.name, quantity] for quantity in _TABLE2.values()]
        for group in counted.by("type")
    ]
    beside = [Column(f"{key}_printed", "Table 2", "number") for key in _TABLE2]
    notes = (
        f"* {erratum.kind}: {erratum.reason} ({erratum.established})"
        for row in figures
        for erratum in map(erratum_of, row)
        if erratum
    )
    rows = ([_marked(one).replace("%", " %") for one in row] for row in figures)
    return sheet.beside(beside, rows).noted(*notes)


def _marked(figure: Printed) -> str:
    """A printed figure, with a star if it has an erratum."""
    return figure.printed + ("*" if erratum_of(figure) else "")


def _table2_sheets(types: Sheet) -> list[Sheet]:
    """Our shares and those of the V1 paper, if these are known."""
    if not any(column.key.endswith("_printed") for column in types.columns):
        return []
    shown = types.only(
        "type",
        Column("macs_share", "Multiply-adds", "share"),
        "macs_share_printed",
        Column("weights_share", "Weights", "share"),
        "weights_share_printed",
    )
    title = "Compared with the MobileNets paper (arXiv 1704.04861), Table 2"
    return [replace(shown, total=None, title=title)]


def _published_sheets(figures: Sequence[Printed]) -> list[Sheet]:
    """One row per printed row about this configuration; empty if none is printed."""
    shown = ("macs", "params", "top1", "top5")
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    notes = []
    for figure in figures:
        if figure.quantity not in shown:
            continue
        row = rows.setdefault((figure.source, figure.table, figure.model), {})
        row[figure.quantity] = _marked(figure)
        if erratum := erratum_of(figure):
            should = f"should read {erratum.reads}"
            if erratum.kind == OTHER_VERSION:
                should = "is right for another version of the network"
            notes.append(
                f"* {figure.printed} {should} ({figure.source}, {figure.table})"
            )
    if not rows:
        return []
    if notes:
        notes.append("  why: mnprofile reproduce SOURCE --status erratum")
    sheet = Sheet.of(
        columns(
            Column("source", "Published in"),
            Column("model", "As"),
            Column("macs", "Multiply-adds", "number"),
            Column("params", "Params", "number"),
            Column("top1", "Top-1", "number"),
            Column("top5", "Top-5", "number"),
        ),
        (
            {"source": f"{source}, {table}", "model": model, **row}
            for (source, table, model), row in rows.items()
        ),
        title="Published for this configuration",
        notes=tuple(dict.fromkeys(notes)),
    )
    return [sheet]


def _element_sheet(counted: Count) -> Sheet:
    """One row per layer that holds elementwise operators, counted or not."""
    rows = tuple(
        (layer.name, *(getattr(layer.figures, key) or None for key in ELEMENTWISE))
        for layer in counted.all_layers
    )
    return Sheet(
        columns("name", *ELEMENTWISE),
        rows,
        ("total", *(getattr(counted.totals, key) for key in ELEMENTWISE)),
        "Elements that enter elementwise operators (never part of the multiply-adds)",
    )


def _totals_text(counted: Count) -> str:
    totals = counted.totals
    bound = "at least " if counted.graph.unknown else ""
    return (
        f"{bound}{short(totals.macs)} multiply-adds ({short(totals.flops)} flops),"
        f" {short(totals.params)} params, {short(totals.buffers)} buffers,"
        f" {short(totals.activations)} activations"
    )


# --- JSON ----------------------------------------------------------------------------


def _source(layer: Layer, counted: Count) -> dict[str, Any]:
    """Of a layer of code: the file and class that its row (the line) is in."""
    if counted.config.reader != "torch":
        return {}
    return {"source": layer.origin.source or None, "class": layer.origin.text or None}


def count_record(counted: Count, arch: Network, *, elementwise: bool) -> dict[str, Any]:
    """The JSON record of a count."""
    layers = counted.all_layers if elementwise else counted.layers
    return {
        "model": model_record(counted.config),
        "totals": figures_record(counted.totals, elementwise=elementwise),
        "layers": [
            layer_record(layer, elementwise=elementwise) | _source(layer, counted)
            for layer in layers
        ],
        "by_type": _group_records(counted, "type", elementwise),
        "by_stage": _group_records(counted, "stage", elementwise),
        "by_block": _group_records(counted, "block", elementwise),
        "published": [
            _published_record(figure) for figure in published_for(arch, counted.graph)
        ],
        "notes": list(counted.graph.notes),
        "errata": errata_record(arch),
        "released_code": list(arch.from_code),
    }


def _group_records(
    counted: Count, by: Grouping, elementwise: bool
) -> list[dict[str, Any]]:
    totals = counted.totals
    return [
        {
            key: plain(value)
            for key, value in _group_cells(group, totals, by, elementwise).items()
        }
        for group in counted.by(by, elementwise=elementwise)
    ]


def _published_record(figure: Printed) -> dict[str, Any]:
    erratum = erratum_of(figure)
    return {
        **record_of(figure, "source", "table", "where", "model"),
        "variant": figure.variant or None,
        **record_of(figure, "quantity", "printed", "unit"),
        "device": figure.device or None,
        "reads": erratum.reads if erratum else None,
        "reason": erratum.reason if erratum else None,
    }
