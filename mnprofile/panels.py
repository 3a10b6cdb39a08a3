"""The panels of a report: plain data in, one titled piece of a page out.

Each has a caption made from its data and a table with exactly the numbers it draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mnprofile import html
from mnprofile.accuracies import Point, frontier, source_of
from mnprofile.catalog import is_shipped
from mnprofile.counting import Count, Figures, Group
from mnprofile.markup import element, join
from mnprofile.published import misprint_of, printed_shares
from mnprofile.rows import Architecture
from mnprofile.sheet import Column, Share, Sheet, Value
from mnprofile.svg import Segment, columns, scatter, stacked_bar, type_of
from mnprofile.units import grouped, percent, plain, resolution_text, short

QUANTITIES = {
    "macs": "Multiply-adds",
    "params": "Parameters",
    "activations": "Activations",
}
TYPE_KEYS = {
    "pw": "Conv 1x1",
    "dw": "Conv DW",
    "kxk": "Conv k x k",
    "fc": "Fully Connected",
    "se": "SE",
}


@dataclass(frozen=True)
class Network:
    """One network of a report: its table, and its count at one configuration."""

    arch: Architecture
    counted: Count

    @property
    def spelling(self) -> str:
        """What the command line calls it: its alias, name, or file without a folder."""
        if is_shipped(self.arch):
            return (*self.arch.aliases, self.arch.name)[0]
        return self.arch.table.file.replace("\\", "/").rpartition("/")[2]

    @property
    def title(self) -> str:
        return self.arch.title or self.arch.name

    @property
    def label(self) -> str:
        """Title and configuration: "MobileNetV2 0.75/160"."""
        config = self.counted.config
        size = resolution_text(config.resolution)
        t = f", t {plain(config.t)}" if config.t is not None else ""
        return f"{self.title} {plain(config.alpha)}/{size}{t}"


@dataclass(frozen=True)
class Panel:
    """A titled piece of a page. ``body`` is what it draws."""

    key: str  # its id in the page
    title: str
    caption: str
    body: Markup


def key_figures(networks: Sequence[Network]) -> Panel:
    """Every total, one network a row."""
    drawn = html.table(key_figure_sheet(networks), caption="Totals")
    return Panel("figures", "Key figures", _compared(networks), drawn)


def key_figure_sheet(networks: Sequence[Network]) -> Sheet:
    """Totals by network."""
    names = ("macs", "flops", "params", "weights", "buffers", "activations")
    rows: list[tuple[Value, ...]] = []
    for network in networks:
        config, totals = network.counted.config, network.counted.totals
        rows.append(
            (
                network.title,
                config.alpha,
                resolution_text(config.resolution),
                *(getattr(totals, name) for name in names),
            )
        )
    labels = ("Multiply-adds", "Flops", "Params", "Weights", "Buffers", "Activations")
    return Sheet(
        (
            Column("network", "Network"),
            Column("alpha", "Alpha", "number"),
            Column("resolution", "Size", "number"),
            *(
                Column(n, label, "count")
                for n, label in zip(names, labels, strict=True)
            ),
        ),
        tuple(rows),
    )


def _compared(networks: Sequence[Network]) -> str:
    """The cheapest network, and what the others cost beside it."""
    ordered = sorted(networks, key=lambda one: one.counted.totals.macs)
    least, most = ordered[0], ordered[-1]
    low, high = least.counted.totals, most.counted.totals
    if len(networks) == 1 or not low.macs:
        return (
            f"{least.label} costs {short(low.macs)} multiply-adds"
            f" ({short(low.flops)} flops) and has {short(low.params)} parameters."
        )
    return (
        f"{least.label} is the cheapest with {short(low.macs)} multiply-adds;"
        f" {most.label} costs {high.macs / low.macs:.1f} times as much"
        f" ({short(high.macs)})."
    )


def accuracy(
    networks: Sequence[Network], points: Sequence[Point], *, extra: Markup | None = None
) -> Panel:
    """Printed accuracies over counted multiply-adds."""
    names = {network.arch.name: network.title for network in networks}
    best = frontier(tuple(points))
    drawn = scatter(points, names, extra=extra)
    sources = {network.title: source_of(network.arch) for network in networks}
    return Panel(
        "accuracy",
        "Accuracy and multiply-adds",
        _accuracy_caption(points, best, names),
        element(
            "figure",
            drawn,
            element("figcaption", _accuracy_key(networks, points)),
            html.details(
                "Numbers of this plot",
                html.table(accuracy_sheet(points, names), caption="Printed accuracies"),
                element(
                    "p",
                    "Top-1 on ImageNet as printed by: "
                    + "; ".join(
                        f"{title}: {source or 'no accuracy is known'}"
                        for title, source in sources.items()
                    )
                    + ". Multiply-adds and parameters are counted here.",
                    class_="note",
                ),
            ),
        ),
    )


def accuracy_sheet(points: Sequence[Point], names: dict[str, str]) -> Sheet:
    """The plotted numbers, with where each accuracy is printed."""
    best = frontier(tuple(points))
    return Sheet(
        (
            Column("network", "Network"),
            Column("alpha", "Alpha", "number"),
            Column("resolution", "Size", "number"),
            Column("top1", "Top-1 %", "number"),
            Column("macs", "Multiply-adds", "count"),
            Column("params", "Params", "count"),
            Column("frontier", "Frontier"),
            Column("where", "Printed in"),
        ),
        tuple(
            (
                names[point.network],
                point.alpha,
                point.resolution,
                float(point.top1),
                point.macs,
                point.params,
                "yes" if point in best else "",
                point.where,
            )
            for point in points
        ),
    )


def _accuracy_caption(
    points: Sequence[Point], best: Sequence[Point], names: dict[str, str]
) -> str:
    if not points:
        return "No accuracy is known for these networks, so there is nothing to plot."
    told = f"{len(best)} of {len(points)} printed networks are on the frontier."
    under = [point for point in best if point.macs <= 100_000_000]
    top = under[-1] if under else best[-1]
    limit = " under 100 M multiply-adds" if under else ""
    return (
        f"{told} The most accurate{limit} is {names[top.network]}"
        f" {plain(top.alpha)}/{top.resolution}: {top.top1} % top-1 for"
        f" {short(top.macs)} multiply-adds."
    )


def _accuracy_key(networks: Sequence[Network], points: Sequence[Point]) -> str:
    drawn = {point.network for point in points}
    without = [one.title for one in networks if one.arch.name not in drawn]
    text = (
        "Higher and further left is better. The area of a mark is its parameters. A"
        " line joins the best of one network;"
        " the stepped line is the frontier of all; paler marks are off it."
    )
    if without:
        text += f" No printed accuracy is known for {', '.join(without)}."
    return text


# --- one network ---------------------------------------------------------------------


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


def legend() -> Markup:
    """Which colour is which operator type."""
    items = []
    for key, label in TYPE_KEYS.items():
        swatch = element(
            "svg",
            element("rect", class_=f"t-{key}", width="12", height="12"),
            width="12",
            height="12",
            aria_hidden="true",
        )
        items.append(element("li", swatch, " ", label))
    return element("ul", join(items), class_="legend")


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


# --- the end of a report -------------------------------------------------------------


def sources(networks: Sequence[Network]) -> Panel:
    """Where every table and accuracy comes from, and what was corrected in them."""
    items = []
    errata: list[tuple[Value, ...]] = []
    for network in networks:
        arch = network.arch
        told = source_of(arch)
        text = f"{network.title}: {arch.source or 'no source is given'}"
        items.append(
            element("li", text, element("br"), f"Accuracies: {told}" if told else "")
        )
        errata += [
            (network.title, e.row, e.column, e.printed, e.read_as, e.why)
            for e in arch.errata
        ]
        items += [
            element("li", f"{network.label}: {n}") for n in network.counted.graph.notes
        ]
    sheet = Sheet(
        (
            Column("network", "Network"),
            Column("row", "Row", "number"),
            Column("column", "Column"),
            Column("printed", "Printed"),
            Column("read_as", "Read as"),
            Column("why", "Why"),
        ),
        tuple(errata),
    )
    caption = (
        f"{len(errata)} cell{'' if len(errata) == 1 else 's'} of the printed tables"
        f" {'is' if len(errata) == 1 else 'are'} corrected."
    )
    body = [element("ul", join(items))]
    if errata:
        body.append(html.table(sheet, caption="Errata"))
    return Panel("sources", "Sources and errata", caption, join(body))
