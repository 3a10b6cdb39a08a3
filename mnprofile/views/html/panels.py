"""The panels of a report: plain data in, one titled piece of a page out.

Each has a caption made from its data and a table with exactly the numbers it draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath, PureWindowsPath

from markupsafe import Markup

from mnprofile.base.units import factor, plain, short
from mnprofile.costs.counting import Count
from mnprofile.costs.memory.activations import Memory, activation_memory
from mnprofile.evidence.literature.accuracy_series import source_of
from mnprofile.networks.catalog import is_shipped
from mnprofile.networks.configuration import spec_text
from mnprofile.networks.imported import Imported, Network
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element, join, legend_list, square
from mnprofile.views.plots.accuracy import AccuracyPlot
from mnprofile.views.plots.accuracy_svg import legend as series_legend
from mnprofile.views.plots.accuracy_svg import scatter
from mnprofile.views.plots.palette import TYPES, type_of
from mnprofile.views.sheets.accuracy import accuracy_sheet
from mnprofile.views.sheets.configuration import errata_sheet
from mnprofile.views.sheets.count import key_figure_sheet


@dataclass(frozen=True)
class ReportNetwork:
    """One network of a report: its table, and its count at one configuration.

    ``written`` is what named it on the command line, without a width and a resolution.
    ``options`` are the words that it was read with, such as ``--input 1x3x96x96``.
    """

    arch: Network
    counted: Count
    written: str = ""
    options: tuple[str, ...] = ()

    @cached_property
    def memory(self) -> Memory:
        """Its live activations, which several parts of a report show."""
        return activation_memory(self.counted.graph)

    @property
    def spelling(self) -> str:
        """Its name on the command line: alias, name, or as it was written.

        An absolute path is cut to the name of its file: a page says nothing about the
        folders of whoever wrote it.
        """
        if is_shipped(self.arch):
            return (*self.arch.aliases, self.arch.name)[0]
        if isinstance(self.arch, Architecture) and self.arch.head is not None:
            known = self.written or self.arch.name
        elif isinstance(self.arch, Imported):
            known = self.arch.spelling
        else:
            known = self.written or self.arch.table.file
        return PureWindowsPath(known).name if _is_absolute(known) else known

    @property
    def title(self) -> str:
        return self.arch.title or self.arch.name

    @property
    def label(self) -> str:
        """Title and configuration: "MobileNetV2 0.75/160"."""
        return f"{self.title} {spec_text(self.counted.config, factor)}"


def _is_absolute(path: str) -> bool:
    return PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute()


@dataclass(frozen=True)
class Panel:
    """A titled piece of a page. ``body`` is what it draws."""

    key: str  # its id in the page
    title: str
    caption: str
    body: Markup


def legend(*counts: Count) -> Markup:
    """Which colour is which operator type, of those that these networks have."""
    used = {type_of(layer.type) for one in counts for layer in one.layers}
    return legend_list(
        (square(key), label) for key, (label, _) in TYPES.items() if key in used
    )


def key_figures(networks: Sequence[ReportNetwork]) -> Panel:
    """Every total, one row per network, under its title and configuration."""
    sheet = key_figure_sheet([(one.label, one.counted) for one in networks])
    kept = (one.key for one in sheet.columns if one.key not in ("alpha", "resolution"))
    drawn = html.table(sheet.only(*kept), caption="Totals")
    return Panel("figures", "Key figures", _compared(networks), drawn)


def _compared(networks: Sequence[ReportNetwork]) -> str:
    """The cheapest network, and the cost of the others relative to it."""
    ordered = sorted(networks, key=lambda one: one.counted.totals.macs)
    least, most = ordered[0], ordered[-1]
    low, high = least.counted.totals, most.counted.totals
    if len(networks) == 1 or not low.macs:
        return (
            f"{least.label} costs {short(low.macs)} multiply-adds"
            f" ({short(low.flops)} flops) and has {short(low.params)} parameters."
        )
    times = high.macs / low.macs
    more = (
        f"{times:.1f} times as much"
        if times > 1.5
        else f"{100 * (times - 1):.1f} % more"
    )
    return (
        f"{least.label} is the cheapest with {short(low.macs)} multiply-adds;"
        f" {most.label} costs {more} ({short(high.macs)})."
    )


def accuracy(
    networks: Sequence[ReportNetwork],
    plot: AccuracyPlot,
    *,
    extra: Markup | None = None,
) -> Panel:
    """Printed accuracies over counted multiply-adds."""
    drawn = scatter(plot, extra=extra)
    sources = {network.title: source_of(network.arch) for network in networks}
    return Panel(
        "accuracy",
        "Accuracy and multiply-adds",
        _accuracy_caption(plot),
        element(
            "figure",
            drawn,
            series_legend(plot),
            element("figcaption", _accuracy_key(networks, plot)),
            html.details(
                "Numbers of this plot",
                html.table(accuracy_sheet(plot), caption="Printed accuracies"),
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
            data_picture="accuracy",
        ),
    )


def _accuracy_caption(plot: AccuracyPlot) -> str:
    points, best = plot.points, plot.frontier
    if not points:
        return "No accuracy is known for these networks, so there is nothing to plot."
    told = f"{len(best)} of {len(points)} printed networks are on the frontier."
    under = [point for point in best if point.macs <= 100_000_000]
    top = under[-1] if under else best[-1]
    limit = " under 100 M multiply-adds" if under else ""
    return (
        f"{told} The most accurate{limit} is {plot.names[top.network]}"
        f" {plain(top.alpha)}/{top.resolution}: {plain(top.top1)} % top-1 for"
        f" {short(top.macs)} multiply-adds."
    )


def _accuracy_key(networks: Sequence[ReportNetwork], plot: AccuracyPlot) -> str:
    drawn = {point.network for point in plot.points}
    without = [one.title for one in networks if one.arch.name not in drawn]
    text = (
        "Higher and further left is better. The area of a mark shows its parameters. A"
        " line joins the best marks of one network, and its other marks are paler; the"
        " stepped line is the frontier of all networks."
    )
    if without:
        text += f" No printed accuracy is known for {', '.join(without)}."
    return text


# --- the end of a report -------------------------------------------------------------


def sources(networks: Sequence[ReportNetwork]) -> Panel:
    """Where every table and accuracy comes from, and what was corrected in them."""
    items = []
    for network in networks:
        arch = network.arch
        told = source_of(arch)
        text = f"{network.title}: {arch.source or 'no source is given'}"
        items.append(
            element("li", text, element("div", f"Accuracies: {told}") if told else "")
        )
        items += [
            element("li", f"{network.label}: {n}") for n in network.counted.graph.notes
        ]
    sheet = errata_sheet((network.title, network.arch) for network in networks)
    count = len(sheet.rows)
    caption = (
        f"{count or 'No'} cell{'s' if count > 1 else ''} of the tables"
        f" {'are' if count > 1 else 'is'} corrected."
    )
    body = [element("ul", join(items))]
    if count:
        body.append(html.table(sheet, caption="Errata"))
    return Panel("sources", "Sources and errata", caption, join(body))
