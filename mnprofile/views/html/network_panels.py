"""The panels about one network: by stage, by layer, by operator type, and its table."""

from collections.abc import Sequence

from markupsafe import Markup

from mnprofile.base.sheet import Column, Share, Sheet, Value
from mnprofile.base.units import grouped, percent
from mnprofile.costs.counting import Count, Figures, Group
from mnprofile.evidence.literature.misprints import misprint_of
from mnprofile.evidence.literature.published import printed_shares
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.panels import QUANTITIES, TYPE_KEYS, Network, Panel, legend
from mnprofile.views.plots.bars import Segment, columns, stacked_bar
from mnprofile.views.plots.palette import type_of


def stages(network: Network, key: str) -> Panel:
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
        *(_bars(groups, quantity, label) for quantity, label in QUANTITIES.items()),
        class_="trio",
    )
    numbers = html.details(
        "Numbers of these bars",
        html.table(
            stage_type_sheet(groups), caption=f"{network.label} by stage and type"
        ),
    )
    return Panel(f"{key}-stages", "By stage", caption, join([body, legend(), numbers]))


def stage_type_sheet(groups: Sequence[Group]) -> Sheet:
    """The parts of the bars: one stage and type a row."""
    rows: list[tuple[Value, ...]] = []
    for group in groups:
        sums: dict[str, Figures] = {}
        for layer in group.layers:
            if layer.is_counted:
                sums[layer.type] = sums.get(layer.type, Figures()) + layer.figures
        for name, figures in sums.items():
            values = (getattr(figures, quantity) for quantity in QUANTITIES)
            rows.append((group.name, name, *values))
    return Sheet(
        (
            Column("stage", "Stage"),
            Column("type", "Type"),
            *(Column(name, label, "count") for name, label in QUANTITIES.items()),
        ),
        tuple(rows),
    )


def stage_sheet(network: Network) -> Sheet:
    """The three quantities by stage."""
    totals = network.counted.totals
    return Sheet(
        (
            Column("stage", "Stage"),
            *(Column(name, label, "count") for name, label in QUANTITIES.items()),
            Column("macs_share", "Share of multiply-adds", "share"),
        ),
        tuple(
            (
                group.name,
                *(getattr(group.figures, name) for name in QUANTITIES),
                Share(group.figures.macs, totals.macs),
            )
            for group in network.counted.by("stage")
        ),
        (
            "total",
            *(getattr(totals, name) for name in QUANTITIES),
            Share(totals.macs, totals.macs),
        ),
        title=network.label,
    )


def _bars(groups: Sequence[Group], quantity: str, label: str) -> Markup:
    """One table: a stage a row, its bar split by type, its number."""
    whole = max((getattr(group.figures, quantity) for group in groups), default=0)
    rows = []
    for group in groups:
        segments = _by_type(group, quantity)
        value = getattr(group.figures, quantity)
        told = "; ".join(segment.title for segment in segments if segment.value)
        bar = stacked_bar(segments, whole, f"{group.name}: {told}")
        rows.append(
            element(
                "tr",
                element("th", group.name, scope="row"),
                element("td", bar, class_="draw"),
                element("td", grouped(value), class_="n"),
            )
        )
    heads = element(
        "tr",
        element("th", "Stage", scope="col"),
        element("th", "By type", scope="col"),
        element("th", label, scope="col", class_="n"),
    )
    return element(
        "table",
        element("caption", label),
        element("thead", heads),
        element("tbody", join(rows)),
        class_="bars",
    )


def _by_type(group: Group, quantity: str) -> list[Segment]:
    """A stage's parts by type colour, always in the same order."""
    sums = dict.fromkeys((*TYPE_KEYS, "rest"), 0)
    for layer in group.layers:
        if layer.is_counted:
            sums[type_of(layer.type)] += getattr(layer.figures, quantity)
    return [
        Segment(key, value, f"{TYPE_KEYS.get(key, 'other')} {grouped(value)}")
        for key, value in sums.items()
    ]


def layers(network: Network, key: str) -> Panel:
    """Three quantities layer by layer, in network order."""
    every = network.counted.layers
    totals = network.counted.totals
    top = max(every, key=lambda layer: layer.figures.macs)
    caption = (
        f"Of {len(every)} layers, {top.name} costs most:"
        f" {percent(top.figures.macs, totals.macs)} of the multiply-adds."
        " Layers run from left to right; the table below lists their numbers."
    )
    drawn = []
    for quantity, label in QUANTITIES.items():
        values = [getattr(layer.figures, quantity) for layer in every]
        segments = [
            Segment(
                type_of(layer.type),
                value,
                f"{layer.stage} {layer.name} ({layer.type}): {grouped(value)}",
            )
            for layer, value in zip(every, values, strict=True)
        ]
        peak = f"{label}, up to {grouped(max(values))} a layer"
        drawn.append(element("p", peak, class_="axis-title"))
        drawn.append(columns(segments, f"{label} of each layer"))
    return Panel(
        f"{key}-layers", "Layer by layer", caption, element("figure", join(drawn))
    )


def types(network: Network, key: str) -> Panel:
    """Shares by operator type; V1 beside the paper's Table 2."""
    counted = network.counted
    totals = counted.totals
    groups = counted.by("type")
    top = groups[0]
    caption = (
        f"{top.name} takes {percent(top.figures.macs, totals.macs)} of the"
        f" multiply-adds and {percent(top.figures.weights, totals.weights)} of the"
        " weights."
    )
    bars = [
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
        [*bars, html.table(type_sheet(network), caption=f"{network.label} by type")]
    )
    return Panel(f"{key}-types", "By operator type", caption, body)


def _shares(groups: Sequence[Group], quantity: str, totals: Figures) -> list[Segment]:
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


def type_sheet(network: Network) -> Sheet:
    """Shares by type, and those of the V1 paper's Table 2 where they are about it."""
    counted = network.counted
    totals = counted.totals
    printed = printed_shares(network.arch, counted.config)
    rows, notes = [], []
    for group in counted.by("type"):
        figures = group.figures
        cells: list[Value] = [
            group.name,
            figures.macs,
            Share(figures.macs, totals.macs),
            figures.weights,
            Share(figures.weights, totals.weights),
        ]
        for quantity in ("macs_share", "params_share") if printed else ():
            figure = printed[group.name, quantity]
            misprint = misprint_of(figure)
            cells.append(figure.printed.replace("%", " %") + ("*" if misprint else ""))
            if misprint:
                notes.append(f"* misprint: {misprint.reason} ({misprint.established})")
        rows.append(tuple(cells))
    heads = [
        Column("type", "Type"),
        Column("macs", "Multiply-adds", "count"),
        Column("macs_share", "Share", "share"),
        Column("weights", "Weights", "count"),
        Column("weights_share", "Share", "share"),
    ]
    if printed:
        heads += [
            Column("macs_printed", "Paper, Table 2: multiply-adds", "number"),
            Column("weights_printed", "Paper, Table 2: params", "number"),
        ]
    return Sheet(tuple(heads), tuple(rows), notes=tuple(notes))


def layer_table(network: Network, key: str) -> Panel:
    """Every counted layer; each names its line in the table file."""
    file = network.arch.table.file.replace("\\", "/").rpartition("/")[2]
    every = network.counted.layers
    caption = (
        f"{len(every)} layers. Line is the line of {file} that a layer comes from."
    )
    drawn = html.table(
        layer_sheet(network.counted),
        caption=f"Layers of {network.label}",
        class_="sortable",
    )
    return Panel(
        f"{key}-table", "Layer table", caption, html.details("Show all layers", drawn)
    )


def layer_sheet(counted: Count) -> Sheet:
    """One counted layer a row."""
    figures = ("macs", "weights", "params", "activations")
    labels = ("Multiply-adds", "Weights", "Params", "Activations")
    rows: list[tuple[Value, ...]] = [
        (
            layer.name,
            layer.stage,
            layer.type,
            f"{layer.in_shape.h}x{layer.in_shape.w}x{layer.in_shape.c}",
            f"{layer.out_shape.h}x{layer.out_shape.w}x{layer.out_shape.c}",
            layer.kernel,
            layer.stride,
            *(getattr(layer.figures, name) for name in figures),
            layer.origin.line,
        )
        for layer in counted.layers
    ]
    totals = counted.totals
    return Sheet(
        (
            Column("name", "Layer"),
            Column("stage", "Stage"),
            Column("type", "Type"),
            Column("in_shape", "Input"),
            Column("out_shape", "Output"),
            Column("kernel", "Kernel", "number"),
            Column("stride", "Stride", "number"),
            *(
                Column(n, label, "count")
                for n, label in zip(figures, labels, strict=True)
            ),
            Column("row", "Line", "number"),
        ),
        tuple(rows),
        (
            "total",
            *[""] * 4,
            None,
            None,
            *(getattr(totals, name) for name in figures),
            None,
        ),
    )
