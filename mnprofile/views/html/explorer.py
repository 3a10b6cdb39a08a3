"""The explorer: the controls, and what its script is told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log10
from typing import Any

from mnprofile.base.units import plain
from mnprofile.costs.latency.devices import Device, shipped_devices
from mnprofile.costs.latency.prediction import family_of
from mnprofile.views.document import record_of
from mnprofile.views.html.explorer_networks import BITS, network_data
from mnprofile.views.html.markup import data_block
from mnprofile.views.html.panels import Panel, ReportNetwork, accuracy, legend
from mnprofile.views.html.shell import drawing, fragment
from mnprofile.views.plots.accuracy import AccuracyPlot
from mnprofile.views.plots.accuracy_svg import FRAME
from mnprofile.views.plots.palette import FAMILIES, OTHER, TYPES
from mnprofile.views.sheets.columns import DRAWN

DATA_ID = "mnp-data"
_MARKERS = {one.key: one.marker.path for one in (*FAMILIES.values(), OTHER)}


@dataclass(frozen=True)
class ShownQuantity:
    """A total in the explorer's bar, which can have a limit.

    ``unit`` is how its limit is read: "count" (100M), "bytes" (256KiB) or "ms". A
    network has it as a sum over its layers, as ``peaks`` or as ``times``. ``steps`` are
    the values of the limit's slider; the field takes any.
    """

    key: str
    label: str
    unit: str
    steps: tuple[int, ...]


def _steps(first: int, last: int, digits: Sequence[int]) -> tuple[int, ...]:
    """Round numbers: each digit times the powers of ten from first to last."""
    return tuple(n * 10**p for p in range(first, last + 1) for n in digits)


_COUNTED = (
    ShownQuantity(
        "macs", "Multiply-adds", "count", _steps(6, 9, (1, 2, 3, 4, 5, 6, 8))
    ),
    ShownQuantity("params", "Parameters", "count", _steps(5, 7, range(1, 10))),
    ShownQuantity("activations", "Activations", "count", _steps(5, 7, (1, 2, 3, 5, 7))),
    ShownQuantity(
        "act_peak_bytes",
        f"Peak memory, {BITS} bits (bytes)",
        "bytes",
        tuple(
            n << 10 for n in (32, 64, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096)
        ),
    ),
)
_MS = (*range(1, 10), *range(10, 50, 5), *range(50, 100, 10), *range(100, 501, 50))
FIGURES = {
    "flops": "Flops (2 × multiply-adds)",
    "weights": "Weights",
    "biases": "Biases",
    "bn_affine": "Batch-norm γ, β",
    "other_params": "Other parameters",
    "buffers": "Buffers",
}


def quantities(device: Device | None) -> tuple[ShownQuantity, ...]:
    """What the bar shows: latency where there is a device."""
    if device is None:
        return _COUNTED
    label = f"Latency, {device.name} (ms)"
    return (*_COUNTED, ShownQuantity("latency_ms", label, "ms", _MS))


def usual_device(networks: Sequence[ReportNetwork]) -> Device | None:
    """The shipped device that is calibrated for most of these networks, or None.

    Of several, the one whose calibrations rest on most figures.
    """

    def known(device: Device) -> tuple[int, int]:
        found = [device.calibration(family_of(one.arch)) for one in networks]
        several = {one.family: len(one.figures) for one in found if one}
        return sum(one is not None for one in found), sum(several.values())

    best = max(shipped_devices(), key=known)
    return best if known(best)[0] else None


def explorer(
    networks: Sequence[ReportNetwork], plot: AccuracyPlot, device: Device | None
) -> Panel:
    """Controls and figures, around the plot with the moving point."""
    moving = drawing(
        "moving.svg", top=FRAME.top, bottom=FRAME.bottom, marker=_MARKERS["v1"]
    )
    panel = accuracy(networks, plot, extra=moving)
    body = fragment(
        "explorer.html",
        plot=panel.body,
        has_points=bool(plot.points),
        legend=legend(*(one.counted for one in networks)),
        quantities=quantities(device),
        figures=FIGURES.items(),
    )
    return replace(panel, body=body)


def explorer_data(
    networks: Sequence[ReportNetwork], plot: AccuracyPlot, device: Device | None
) -> Any:
    """The JSON block that the explorer's script reads."""
    limited = quantities(device)
    numbers = {network.arch.name: index for index, network in enumerate(networks)}
    return data_block(
        DATA_ID,
        {
            "nets": [network_data(network, device) for network in networks],
            "points": [
                {
                    "net": numbers[point.network],
                    "res": int(point.resolution),
                    "printed": plain(point.top1),
                    **record_of(point, "alpha", "top1", "macs", "params"),
                }
                for point in plot.points
            ],
            "axes": {
                "macs": [log10(plot.x.low), log10(plot.x.high)],
                "top1": [plot.y.low, plot.y.high],
                "x": FRAME[:2],
                "y": FRAME[2:],
            },
            "quantities": [record_of(one, "key", "label", "unit") for one in limited],
            "limits": {one.key: one.steps for one in limited},
            "stacked": [{"key": key, "label": label} for key, label in DRAWN.items()],
            "types": [(key, name) for key, (name, _) in TYPES.items()],
            "standard": [96, 128, 160, 192, 224, 256, 288, 320],
            "markers": _MARKERS,
        },
    )
