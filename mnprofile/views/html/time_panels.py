"""The panel about time on a device, and a page of its own with the same plots."""

from mnprofile.base.errors import UnmeasuredError
from mnprofile.costs.latency.devices import Device
from mnprofile.costs.latency.prediction import Prediction, family_of, predict
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.panels import Panel, ReportNetwork
from mnprofile.views.html.sweep_page import View, plots_page
from mnprofile.views.plots import log_log
from mnprofile.views.plots.log_log import LogLogPlot, legend, svg
from mnprofile.views.plots.time_plots import latency, roofline, title_of
from mnprofile.views.sheets.time import parts_sheet, prediction_notes

ROOFLINE = (
    "One mark per layer. Solid lines: the calibrated price of a multiply-add as a rate"
    " (10⁹ per second); dashed: that of the cheapest byte as a bandwidth. Layers lie"
    " below both, because the model adds compute and memory time."
)
LATENCY = (
    "Each figure that the calibration rests on, and what is predicted for it by a"
    " calibration without it. On the solid line both are equal; nine figures in ten are"
    " between the dashed lines."
)


def time_panel(network: ReportNetwork, key: str, device: Device) -> Panel:
    """The time of a network on a device: where it goes, and how far off it may be."""
    graph = network.counted.graph
    try:
        found = predict(graph, family_of(network.arch), device)
    except UnmeasuredError as fault:
        reason = element("p", f"Needed: {fault.accepted}", class_="note")
        return Panel(f"{key}-time", "Time", f"{fault.message}.", reason)
    caption, *notes = prediction_notes(found)
    table = html.table(
        parts_sheet(found.layers, "layer"),
        caption=f"Predicted time of {network.label} on {device.name}",
    )
    below = {"roofline": html.details("Numbers", table)}
    body = [
        element(
            "figure",
            svg(plot),
            legend(plot),
            element("figcaption", note),
            below.get(name, ""),
            data_picture=name,
        )
        for name, plot, note in _plots(found)
    ]
    body += [element("p", note, class_="note") for note in notes]
    return Panel(f"{key}-time", "Time", f"{caption}.", join(body))


def time_plots(network: ReportNetwork, device: Device) -> dict[str, LogLogPlot]:
    """The plots of the panel by their names; none where nothing can be predicted."""
    try:
        found = predict(network.counted.graph, family_of(network.arch), device)
    except UnmeasuredError:
        return {}
    return {name: plot for name, plot, _ in _plots(found)}


def _plots(found: Prediction) -> list[tuple[str, LogLogPlot, str]]:
    """The plots of a prediction: name, plot, and how to read it."""
    config = found.graph.config
    own = (config.name, config.alpha, config.resolution[0])
    figures = latency(found.calibration, found.device.name, *own)
    return [("roofline", roofline(found), ROOFLINE), ("latency", figures, LATENCY)]


def time_page(found: Prediction) -> str:
    """The plots of a prediction as one HTML file that needs no network."""
    views = [
        View(f"mnp-{name}", plot.name, note, log_log.figure(plot), height=460)
        for name, plot, note in _plots(found)
    ]
    title = f"Time of {title_of(found.graph)} on {found.device.name}"
    lead, *notes = prediction_notes(found)
    return plots_page(title, views, notes, lead=f"{lead}.")
