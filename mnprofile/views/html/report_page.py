"""A report of some networks: the page, its Markdown, and its picture."""

from collections.abc import Sequence

from mnprofile.base import escape, sheet
from mnprofile.base.json_files import CONVENTION
from mnprofile.base.units import short
from mnprofile.costs.latency.devices import Device
from mnprofile.networks.catalog import is_shipped
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.html import panels
from mnprofile.views.html.explorer import explorer, explorer_data, usual_device
from mnprofile.views.html.formula_panels import formulas
from mnprofile.views.html.graph_panel import MAX_LAYERS, graph_data, picture_panel
from mnprofile.views.html.memory_panels import live_memory, peak_line
from mnprofile.views.html.network_panels import (
    layer_table,
    layers,
    shares_sheet,
    stage_sheet,
    stages,
    too_many_layers,
    types,
)
from mnprofile.views.html.pages import Page, Section, render
from mnprofile.views.html.panels import Panel, ReportNetwork
from mnprofile.views.html.time_panels import time_panel, time_plots
from mnprofile.views.plots import accuracy_plotly, log_log
from mnprofile.views.plots.accuracy import AccuracyPlot, printed
from mnprofile.views.plots.network_plotly import by_layer, by_stage
from mnprofile.views.plots.network_plotly import live_memory as memory_figure
from mnprofile.views.plots.picture import SLIDE, PictureStyle, to_svg
from mnprofile.views.plots.plotly_layout import PlotlyFigure
from mnprofile.views.sheets.columns import DRAWN
from mnprofile.views.sheets.count import key_figure_sheet

SCRIPTS = (
    "tables.mjs",
    "sections.mjs",
    "figures.mjs",
    "hints.mjs",
    "explorer.mjs",
    "graph.mjs",
)
PICTURE = "accuracy.svg"
PAGE = "index.html"
MARKDOWN = "report.md"


def accuracy_plot(networks: Sequence[ReportNetwork]) -> AccuracyPlot:
    """Every printed accuracy of some networks over their multiply-adds."""
    return printed([(one.arch, one.counted.config.impl) for one in networks])


def report_page(
    networks: Sequence[ReportNetwork],
    verdicts: Sequence[Panel] = (),
    device: Device | None = None,
    plot: AccuracyPlot | None = None,
) -> str:
    """The whole report as HTML, with the time on a ``device``.

    ``plot`` is their ``accuracy_plot``, where it is there already. ``verdicts`` are
    panels of checks that were run: a cross-check against profilers, a reproduction of
    printed figures. They come before the sources.
    """
    plot = plot or accuracy_plot(networks)
    clock = device or usual_device(networks)
    sections = [
        Section("figures-section", "Key figures", (panels.key_figures(networks),)),
    ]
    sections.append(Section("explorer", "Explorer", (explorer(networks, plot, clock),)))
    for index, network in enumerate(networks):
        key = f"net{index}"
        drawn = _panels(network, key, device)
        totals = network.counted.totals
        told = f"{short(totals.macs)} multiply-adds, {short(totals.params)} parameters"
        fold = "closed" if index else "open" if len(networks) > 1 else ""
        sections.append(Section(key, network.label, drawn, fold, told))
    if verdicts:
        sections.append(Section("verdicts", "Checks", tuple(verdicts)))
    sections.append(
        Section("sources-section", "Sources and errata", (panels.sources(networks),))
    )
    return render(
        Page(
            title=_title(networks),
            lead=f"Multiply-adds, parameters and activations, {_how(networks)}.",
            sections=tuple(sections),
            scripts=SCRIPTS,
            vendor=("dagre.min.js",),
            data=(
                explorer_data(networks, plot, clock),
                graph_data([(f"net{at}", one) for at, one in enumerate(networks)]),
            ),
        )
    )


def _panels(
    network: ReportNetwork, key: str, device: Device | None
) -> tuple[Panel, ...]:
    """The panels of one network; one of very many layers has none by layer."""
    if len(network.counted.all_layers) > MAX_LAYERS:
        few = len(network.counted.by("stage")) <= MAX_LAYERS // 10
        whole = (stages, types) if few else (types,)
        return tuple(panel(network, key) for panel in (*whole, too_many_layers))
    drawn = [
        panel(network, key)
        for panel in (picture_panel, stages, layers, types, live_memory)
    ]
    if isinstance(network.arch, Architecture):
        drawn.append(formulas(network, key))
    if device is not None:
        drawn.append(time_panel(network, key, device))
    return (*drawn, layer_table(network, key))


def report_markdown(networks: Sequence[ReportNetwork]) -> str:
    """Key figures, stages, types and peak memory, for a README or a pull request."""
    figures = key_figure_sheet([(one.title, one.counted) for one in networks])
    parts = [
        f"![Top-1 accuracy over multiply-adds]({PICTURE})\n",
        sheet.to_markdown(figures),
    ]
    for network in networks:
        parts.append(sheet.to_markdown(stage_sheet(network)))
        parts.append(sheet.to_markdown(shares_sheet(network)))
        parts.append(escape.markdown(f"{peak_line(network.memory)}.") + "\n")
    parts.append(escape.markdown(CONVENTION) + "\n")
    return "\n".join(parts)


def picture(plot: AccuracyPlot, style: PictureStyle = SLIDE) -> str:
    """The accuracy plot as a file of its own: literal colours, axis and legend."""
    return to_svg(accuracy_plotly.figure(plot), style)


def report_files(
    networks: Sequence[ReportNetwork],
    verdicts: Sequence[Panel] = (),
    device: Device | None = None,
) -> dict[str, str]:
    """The files of a report by their names: the page, its Markdown and its picture."""
    plot = accuracy_plot(networks)
    return {
        PAGE: report_page(networks, verdicts, device, plot),
        MARKDOWN: report_markdown(networks),
        PICTURE: picture(plot),
    }


def pictures(
    networks: Sequence[ReportNetwork], device: Device | None = None
) -> dict[str, PlotlyFigure]:
    """Every plot of a report by the name of its file, without a suffix."""
    found = {}
    plot = accuracy_plot(networks)
    if plot.points:
        found["accuracy"] = accuracy_plotly.figure(plot)
    for index, network in enumerate(networks):
        name = "".join(
            letter if letter.isascii() and letter.isalnum() else "-"
            for letter in network.arch.name[:40]
        )
        end = f"{index + 1}-{name}"
        counted = network.counted
        for quantity in DRAWN:
            found[f"stages-{quantity}-{end}"] = by_stage(counted, quantity)
            found[f"layers-{quantity}-{end}"] = by_layer(counted, quantity)
        found[f"memory-{end}"] = memory_figure(network.memory)
        for kind, drawn in time_plots(network, device).items() if device else ():
            found[f"{kind}-{end}"] = log_log.figure(drawn)
    return found


def _how(networks: Sequence[ReportNetwork]) -> str:
    if all(is_shipped(one.arch) for one in networks):
        return "counted from the papers' own tables"
    return "counted layer by layer"


def _title(networks: Sequence[ReportNetwork]) -> str:
    return ", ".join(network.title for network in networks)
