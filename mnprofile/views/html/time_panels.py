"""The panel about time on a device, and a page of its own with the same plots."""

from markupsafe import Markup

from mnprofile.base.errors import UnmeasuredError
from mnprofile.costs.latency.devices import Device
from mnprofile.costs.latency.prediction import Prediction, family_of, predict
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.panels import Panel, ReportNetwork
from mnprofile.views.html.sweep_page import View, plots_page
from mnprofile.views.plots import log_log_plotly
from mnprofile.views.plots.log_log import LogLogPlot
from mnprofile.views.plots.log_log_svg import legend, svg
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
    numbers = html.details("Numbers", table)
    body = join(
        [
            _figure("roofline", roofline(found), ROOFLINE, numbers),
            _figure("latency", _latency(found), LATENCY, Markup()),
            *(element("p", note, class_="note") for note in notes),
        ]
    )
    return Panel(f"{key}-time", "Time", f"{caption}.", body)


def time_plots(network: ReportNetwork, device: Device) -> dict[str, LogLogPlot]:
    """The plots of the panel by their names; none where nothing can be predicted."""
    try:
        found = predict(network.counted.graph, family_of(network.arch), device)
    except UnmeasuredError:
        return {}
    return {"roofline": roofline(found), "latency": _latency(found)}


def _latency(found: Prediction) -> LogLogPlot:
    config = found.graph.config
    return latency(
        found.calibration,
        found.device.name,
        config.name,
        config.alpha,
        config.resolution[0],
    )


def _figure(name: str, plot: LogLogPlot, note: str, numbers: Markup) -> Markup:
    caption = element("figcaption", note)
    parts = (svg(plot), legend(plot), caption, numbers)
    return element("figure", *parts, data_picture=name)


def time_page(found: Prediction) -> str:
    """The plots of a prediction as one HTML file that needs no network."""
    views = [
        View(
            f"mnp-{key}",
            plot.name,
            caption,
            log_log_plotly.figure(plot),
            height=460,
        )
        for key, plot, caption in (
            ("roofline", roofline(found), ROOFLINE),
            ("latency", _latency(found), LATENCY),
        )
    ]
    title = f"Time of {title_of(found.graph)} on {found.device.name}"
    lead, *notes = prediction_notes(found)
    return plots_page(title, views, notes, lead=f"{lead}.")
