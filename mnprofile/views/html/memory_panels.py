"""The panel about activation memory: the live maps along the network, and the peak."""

from mnprofile.base.units import grouped, short_bytes
from mnprofile.costs.deployment import deploy
from mnprofile.costs.memory.activations import (
    LIVE,
    Memory,
    maps_text,
    peak_text,
)
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element
from mnprofile.views.html.panels import Panel, ReportNetwork
from mnprofile.views.plots.live_memory import PlotStep, step_plot
from mnprofile.views.sheets.memory import step_sheet


def live_memory(network: ReportNetwork, key: str) -> Panel:
    """Live activation memory layer by layer, as steps, and the peak."""
    memory = network.memory
    every = memory.by("layer")
    peak = memory.peak
    weights = deploy(network.counted, memory.bits)
    caption = (
        f"{peak_line(memory)}.{_tied(memory)}"
        f" Weights and biases {_where(memory)} take {short_bytes(weights.bytes)}"
        " in addition."
    )
    drawn = step_plot(
        [
            PlotStep(
                memory.bytes_of(step),
                step.stage,
                f"{step.stage} {name}: {grouped(memory.bytes_of(step))} bytes,"
                f" {maps_text(step)}",
            )
            for name, step in every
        ],
        peak=[step for _, step in every].index(peak),
        told=f"{short_bytes(memory.act_peak_bytes)}, {peak.layer}",
        label=f"Live activation memory at each layer of {network.label};"
        f" peak {peak_text(memory)}",
    )
    sheet = step_sheet(memory, "layer", mark="peak")
    numbers = html.table(
        sheet.only("layer stage live bytes peak"),
        caption=f"Live activation memory of {network.label}, {memory.bits_text}",
        row_classes=["most" if step is peak else "" for _, step in every],
    )
    note = f"Layers run from left to right. {LIVE} 1 MB = 1,000,000 bytes."
    return Panel(
        f"{key}-memory",
        "Activation memory",
        caption,
        element(
            "figure",
            drawn,
            element("figcaption", note),
            html.details("Numbers of this plot", numbers),
        ),
    )


def _tied(memory: Memory) -> str:
    """Which other layers reach the peak, as only the first is marked."""
    others = [
        name
        for name, step in memory.by("layer")
        if memory.bytes_of(step) == memory.act_peak_bytes and step is not memory.peak
    ]
    if not others:
        return ""
    told = ", ".join(others) if len(others) <= 3 else f"{len(others)} later layers"
    return f" The same peak is reached at {told}."


def peak_line(memory: Memory) -> str:
    """The peak and the maps it consists of, in a sentence without a full stop."""
    return f"Live activations {_how(memory)} peak at {peak_text(memory)}"


def _how(memory: Memory) -> str:
    return (
        f"at {memory.bits} bits per element" if memory.bits else "in the file's types"
    )


def _where(memory: Memory) -> str:
    return f"at {memory.bits} bits" if memory.bits else "in the file"
