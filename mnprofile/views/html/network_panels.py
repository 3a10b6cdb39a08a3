"""The panels about one network: by stage, by layer, by operator type, and its table."""

from collections.abc import Sequence
from dataclasses import replace

from markupsafe import Markup

from mnprofile.base.sheet import Column, Sheet
from mnprofile.base.units import grouped, percent
from mnprofile.costs.counting import Counts, Layer, LayerGroup
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.html import tables as html
from mnprofile.views.html.graph_panel import MAX_LAYERS, row_ids
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.panels import Panel, ReportNetwork, legend
from mnprofile.views.plots.bars import Segment, bars, figures_text, stacked_bar
from mnprofile.views.plots.network_plotly import sums_by_type
from mnprofile.views.plots.palette import TYPES, type_of
from mnprofile.views.sheets.columns import DRAWN, drawn
from mnprofile.views.sheets.count import (
    group_sheet,
    layer_sheet,
    stage_type_sheet,
    type_sheet,
)


def stages(network: ReportNetwork, key: str) -> Panel:
    """Three quantities by stage, stacked by operator type."""
    groups = network.counted.by("stage")
    totals = network.counted.totals
    most = max(groups, key=lambda group: group.figures.macs)
    heavy = max(groups, key=lambda group: group.figures.params)
    caption = (
        f"Stage {most.name} takes {percent(most.figures.macs, totals.macs)} of the"
        f" multiply-adds; {heavy.name} holds"
        f" {percent(heavy.figures.params, totals.params)} of the parameters."
    )
    body = element(
        "div",
        *(_bars(groups, quantity, label) for quantity, label in DRAWN.items()),
        class_="trio",
    )
    numbers = html.details(
        "Numbers of these bars",
        html.table(
            stage_type_sheet(network.counted),
            caption=f"{network.label} by stage and type",
        ),
    )
    return Panel(
        f"{key}-stages",
        "By stage",
        caption,
        join([body, legend(network.counted), numbers]),
    )


def stage_sheet(network: ReportNetwork) -> Sheet:
    """The three quantities by stage."""
    shown = group_sheet(network.counted, "stage").only(
        "stage",
        *drawn(*DRAWN),
        Column("macs_share", "Share of multiply-adds", "share"),
    )
    return replace(shown, title=network.label)


def _bars(groups: Sequence[LayerGroup], quantity: str, label: str) -> Markup:
    """One table: one row per stage, its bar split by type, its number."""
    whole = max((getattr(group.figures, quantity) for group in groups), default=0)
    rows = []
    for group in groups:
        segments = _by_type(group, quantity)
        told = "; ".join(segment.title for segment in segments if segment.value)
        bar = stacked_bar(segments, whole, f"{group.name}: {told}")
        number = grouped(getattr(group.figures, quantity))
        rows.append(html.bar_row(group.name, bar, number))
    return html.bar_table(label, ("Stage", "By type", label), rows)


def _by_type(group: LayerGroup, quantity: str) -> list[Segment]:
    """A stage's parts by type colour, always in the same order."""
    return [
        Segment(key, value, f"{TYPES[key][0]} {grouped(value)}")
        for key, value in sums_by_type(group.layers, quantity).items()
    ]


def layers(network: ReportNetwork, key: str) -> Panel:
    """Three quantities layer by layer, in network order."""
    every = network.counted.layers
    totals = network.counted.totals
    top = max(every, key=lambda layer: layer.figures.macs)
    caption = (
        f"Of {len(every)} layers, {top.name} costs most:"
        f" {percent(top.figures.macs, totals.macs)} of the multiply-adds."
        " Layers run from left to right; the table below lists their numbers."
    )
    plots = []
    rows = row_ids(network, key)
    for quantity, label in DRAWN.items():
        values = [getattr(layer.figures, quantity) for layer in every]
        groups = [
            [Segment(type_of(layer.type), value, _full(layer), rows[layer.name])]
            for layer, value in zip(every, values, strict=True)
        ]
        peak = f"{label}, up to {grouped(max(values))} per layer"
        plots.append(element("p", peak, class_="axis-title"))
        plots.append(bars(groups, f"{label} of each layer"))
    plots.append(legend(network.counted))
    name = f"{network.arch.name}-layers"
    body = element("figure", *plots, data_picture=name)
    return Panel(f"{key}-layers", "Layer by layer", caption, body)


def _full(layer: Layer) -> str:
    """A layer with its figures, for the card at its bars."""
    return (
        f"{layer.stage} {layer.name} ({layer.type}, {layer.in_shape} to"
        f" {layer.out_shape}): {figures_text(layer.figures)}"
    )


def types(network: ReportNetwork, key: str) -> Panel:
    """Shares by operator type; for V1 with those of the paper's Table 2."""
    counted = network.counted
    totals = counted.totals
    groups = counted.by("type")
    top = groups[0]
    caption = (
        f"{top.name} takes {percent(top.figures.macs, totals.macs)} of the"
        f" multiply-adds and {percent(top.figures.weights, totals.weights)} of the"
        " weights."
    )
    shares = [
        element(
            "p",
            element("span", label),
            stacked_bar(
                _shares(groups, quantity, totals),
                getattr(totals, quantity),
                f"Shares of the {label.lower()} by type",
            ),
            class_="wide-bar",
        )
        for quantity, label in (("macs", "Multiply-adds"), ("weights", "Weights"))
    ]
    body = join(
        [*shares, html.table(shares_sheet(network), caption=f"{network.label} by type")]
    )
    return Panel(f"{key}-types", "By operator type", caption, body)


def _shares(
    groups: Sequence[LayerGroup], quantity: str, totals: Counts
) -> list[Segment]:
    return [
        Segment(
            type_of(group.name),
            getattr(group.figures, quantity),
            group.name
            + ": "
            + percent(getattr(group.figures, quantity), getattr(totals, quantity)),
        )
        for group in groups
    ]


def shares_sheet(network: ReportNetwork) -> Sheet:
    """Shares by type; those of the V1 paper's Table 2 for the network it is about."""
    full = type_sheet(network.counted, network.arch)
    printed = (
        Column("macs_share_printed", "Paper, Table 2: multiply-adds", "number"),
        Column("weights_share_printed", "Paper, Table 2: parameters", "number"),
    )
    known = {column.key for column in full.columns}
    shown = full.only(
        "type macs macs_share weights weights_share",
        *(column for column in printed if column.key in known),
    )
    return replace(shown, total=None)


def too_many_layers(network: ReportNetwork, key: str) -> Panel:
    """What stands in place of the panels that have a row or a bar for every layer."""
    count = len(network.counted.all_layers)
    caption = f"{count} layers are too many for a page, which shows up to {MAX_LAYERS}."
    command = element("code", f"mnprofile count {network.spelling}")
    note = element("p", command, " prints each of them.", class_="note")
    return Panel(f"{key}-layers", "Layer by layer", caption, note)


def layer_table(network: ReportNetwork, key: str) -> Panel:
    """Every counted layer, each with its line in the table file."""
    every = network.counted.layers
    caption = (
        f"{len(every)} layers. Line is the line in {_file(network)} that a layer comes"
        " from."
    )
    shown = ("name", "stage", "type", "in_shape", "out_shape", "kernel", "stride")
    costs = ("macs", "weights", "params", "activations", "row")
    table = html.table(
        layer_sheet(network.counted).only(*shown, *costs),
        caption=f"Layers of {network.label}",
        class_="sortable",
        row_ids=list(row_ids(network, key).values()),
    )
    return Panel(
        f"{key}-table", "Layer table", caption, html.details("Show all layers", table)
    )


def _file(network: ReportNetwork) -> str:
    """The files that the lines of the layers are in, without their folders."""
    if not isinstance(network.arch, Architecture):
        return "the source of its class"
    named = _base(network.arch.table.file)
    head = network.arch.head
    return f"{named}, of the head in {_base(head.table.file)}," if head else named


def _base(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2]
