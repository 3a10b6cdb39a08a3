"""The plots about time: the roofline of a network, and how well a device is known."""

from functools import cache

from mnprofile.base.units import factor, plain, short
from mnprofile.costs.latency.devices import Calibration, Measured
from mnprofile.costs.latency.prediction import PartTime, Prediction, family_text
from mnprofile.costs.latency.work import DENSE, DEPTHWISE, MEMORY
from mnprofile.graph.graph import Graph
from mnprofile.networks import catalog
from mnprofile.networks.configuration import spec_text
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.plots.log_log import Dot, Line, LogLogPlot
from mnprofile.views.plots.palette import TYPES, type_of

_ROUNDER = 1.2  # the roofs end this far beyond the dots


def roofline(prediction: Prediction) -> LogLogPlot:
    """Attained multiply-adds per second over arithmetic intensity, a dot per layer.

    The roofs are the prices of a multiply-add and of the cheapest byte, as rates: a
    layer lies below both, because the model adds its compute and memory time.
    """
    types = {node.layer: node.type for node in reversed(prediction.graph.nodes)}
    dots = tuple(
        Dot(
            part.work.intensity,
            part.rate,
            type_of(types[part.name]),
            _layer_told(part, types[part.name]),
        )
        for part in prediction.layers
        if part.work.intensity and part.rate
    )
    used = {dot.key for dot in dots}
    legend = tuple((key, name) for key, (name, _) in TYPES.items() if key in used)
    device = prediction.device.name
    return LogLogPlot(
        f"Roofline of {title_of(prediction.graph)} on {device}",
        dots,
        _roofs(prediction.calibration, dots),
        "Arithmetic intensity (multiply-adds per byte)",
        "Predicted rate (GMAC/s)",
        legend,
    )


def title_of(graph: Graph) -> str:
    """What people call a network, and its configuration: MobileNetV2 0.75/160."""
    table = graph.table
    title = table.title if isinstance(table, Architecture) else ""
    return f"{title or graph.config.name} {spec_text(graph.config, factor)}"


def _layer_told(part: PartTime, type_: str) -> str:
    return (
        f"{part.name} ({type_}): {short(part.work.macs)} multiply-adds,"
        f" {part.work.intensity or 0:.3g} per byte, {part.ms:.3g} ms,"
        f" {part.rate or 0:.3g} GMAC/s, bound by {part.bound}"
    )


def _roofs(found: Calibration, dots: tuple[Dot, ...]) -> tuple[Line, ...]:
    """The rates of dense and depthwise multiply-adds, and the bandwidth."""
    if not dots:
        return ()
    left = min(dot.x for dot in dots)
    right = _ROUNDER * max(dot.x for dot in dots)
    dense, depthwise = found.prices[DENSE], found.prices[DEPTHWISE]
    byte = min(filter(None, (found.prices[term] for term in MEMORY)), default=0.0)
    lines = []
    if dense:
        name = f"{1 / dense:.3g} GMAC/s"
        lines.append(Line(((left, 1 / dense), (right, 1 / dense)), name))
    if depthwise and depthwise != dense:
        name = f"depthwise {1 / depthwise:.3g} GMAC/s"
        lines.append(Line(((left, 1 / depthwise), (right, 1 / depthwise)), name))
    if byte:
        most = min(right, byte / dense if dense else right)
        name = f"at most {1 / byte:.3g} GB/s"
        lines.append(Line(((left, left / byte), (most, most / byte)), name, True))
    return tuple(lines)


def latency(
    found: Calibration, device: str, network: str = "", alpha: float = 0, side: int = 0
) -> LogLogPlot:
    """Predicted without it over published, a dot per figure of a calibration.

    The figures of ``network`` are filled, the one at ``alpha`` and ``side`` stands out.
    """
    dots = tuple(
        Dot(
            one.ms,
            one.held_out_ms or one.ms,
            "kxk"
            if (one.network, one.alpha, one.height) == (network, alpha, side)
            else "pw",
            _figure_told(one),
            not network or one.network == network,
        )
        for one in found.figures
    )
    low, high = min(dot.x for dot in dots), max(dot.x for dot in dots)
    off = found.errors.most / 100
    band = [
        Line(((low, low * factor), (high, high * factor)), "", True)
        for factor in (1 - off, 1 + off)
        if factor > 0
    ]
    equal = Line(((low, low), (high, high)))
    family = family_text(found.family)
    legend = [("pw", f"{family}, published")]
    if any(dot.key == "kxk" for dot in dots):
        legend.append(("kxk", "this configuration"))
    return LogLogPlot(
        f"Predicted and published latency of {family} on {device}",
        dots,
        (equal, *band),
        "Published (ms)",
        "Predicted without it (ms)",
        tuple(legend),
    )


@cache
def _title(network: str) -> str:
    """What a shipped table is called; the name of any other network."""
    known = catalog.entry_of(network)
    return catalog.load(known.name).title if known else network


def _figure_told(one: Measured) -> str:
    side = one.height if one.height == one.width else f"{one.height}x{one.width}"
    return (
        f"{_title(one.network)} {plain(one.alpha)}/{side}: {one.ms:g} ms,"
        f" predicted without it {one.held_out_ms:g} ms"
        f" ({100 * ((one.held_out_ms or 0) / one.ms - 1):+.1f} %)"
    )
