"""The time of a network on a device, layer by layer, and how far off it may be."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from mnprofile.base.errors import UnmeasuredError
from mnprofile.costs.counting import Grouping
from mnprofile.costs.latency.devices import (
    Calibration,
    Device,
    device_of,
    shipped_devices,
)
from mnprofile.costs.latency.work import COMPUTE, MEMORY, OPERATOR, Work, work
from mnprofile.graph.graph import Graph
from mnprofile.networks.configuration import Request
from mnprofile.networks.finding import find_network
from mnprofile.networks.imported import Network
from mnprofile.networks.notation.rows import Architecture

Bound = Literal["compute", "memory", "overhead"]
IMPORTED = "imported"  # the family of networks that are not tables
_NAMES = {
    IMPORTED: "networks that are not tables",
    "v1": "MobileNetV1",
    "v2": "MobileNetV2",
    "v3": "MobileNetV3",
    "mnasnet": "MnasNet",
    "fbnet": "FBNet",
    "mcunet": "MCUNet",
    "once-for-all": "Once-for-All",
}


class PartTime(NamedTuple):
    """The time of a layer, or of several under one name."""

    name: str
    work: Work
    ms: float
    compute_ms: float
    memory_ms: float
    overhead_ms: float

    @property
    def bound(self) -> Bound:
        """What takes most of the time."""
        parts: dict[Bound, float] = {
            "compute": self.compute_ms,
            "memory": self.memory_ms,
            "overhead": self.overhead_ms,
        }
        return max(parts, key=lambda bound: parts[bound])

    @property
    def rate(self) -> float | None:
        """Attained multiply-adds per second, in 10^9."""
        return 1e-6 * self.work.macs / self.ms if self.ms else None


@dataclass(frozen=True)
class Prediction:
    """The predicted time of one network on one device.

    ``outside`` says what of the network lies outside the figures that the device is
    calibrated on; there the held-out errors say nothing, and there is no range.
    """

    graph: Graph
    device: Device
    calibration: Calibration
    layers: tuple[PartTime, ...]
    outside: str | None

    @property
    def ms(self) -> float:
        return sum(layer.ms for layer in self.layers)

    @property
    def range_ms(self) -> tuple[float, float] | None:
        """The milliseconds that nine held-out figures in ten kept to."""
        if self.outside is not None:
            return None
        off = self.calibration.errors.most / 100
        # A figure is within off of a prediction if the prediction is of the figure.
        return self.ms / (1 + off), self.ms / (1 - off) if off < 1 else float("inf")

    def by(self, grouping: Grouping) -> tuple[PartTime, ...]:
        """The time by layer, block, stage or type, in network order."""
        return grouped(self.graph, self.layers, grouping)


def family_of(network: Network) -> str:
    """The family that a calibration must be of to predict a network."""
    return network.family if isinstance(network, Architecture) else IMPORTED


def family_text(family: str) -> str:
    """A family in words."""
    return _NAMES.get(family, family)


def predict(graph: Graph, family: str, device: Device) -> Prediction:
    """The time of a graph of some family on a device.

    Raises UnmeasuredError if the device is not calibrated for the family, or the graph
    has operators whose cost is not known.
    """
    found = calibration_of(device, family)
    if graph.unknown:
        raise UnmeasuredError(
            f"{graph.unknown[0].name}: what this operator costs is not known",
            accepted="mnprofile time --measure",
        )
    parts = (
        _part(name, work(nodes, device.bits), found)
        for name, nodes in graph.layers.items()
    )
    layers = tuple(part for part in parts if part.work.operator)
    return Prediction(graph, device, found, layers, found.outside(graph.config))


def time(
    arch: str | os.PathLike[str],
    device: str,
    *,
    alpha: float | None = None,
    resolution: int | tuple[int, int] | None = None,
    rho: float | None = None,
    t: float | None = None,
    classes: int | None = None,
    impl: str | None = None,
    output_stride: int | None = None,
) -> Prediction:
    """How long a network takes on a device, and where the time goes.

    ``device`` is one of ``mnprofile time --devices``, or the path of a .toml file that
    ``mnprofile time --calibrate`` wrote. The others are those of ``build``. Raises
    UsageError, and UnmeasuredError for a family that the device is not calibrated for.

    >>> time("v2", "Pixel 1", alpha=0.75, resolution=160).layers[0].name
    'stem'
    """
    asked = Request(alpha, resolution, rho, t, classes, impl, output_stride)
    network, graph = find_network(os.fspath(arch), asked)
    return predict(graph, family_of(network), device_of(device))


def calibration_of(device: Device, family: str) -> Calibration:
    """The calibration of a family on a device; UnmeasuredError says what is missing."""
    found = device.calibration(family)
    if found is not None:
        return found
    refused = next((one for one in device.refused if one.family == family), None)
    why = f": {refused.reason}" if refused else ""
    known = ", ".join(device.families) or "no family"
    raise UnmeasuredError(
        f"{device.name} is not calibrated for {family_text(family)}{why}",
        accepted=f"{device.name} is calibrated for {known};"
        f" {calibrated_for(family)}--measure or --calibrate with your own figures",
    )


def calibrated_for(family: str) -> str:
    """The shipped devices that are calibrated for a family, for an error."""
    names = [one.name for one in shipped_devices() if one.calibration(family)]
    return f"{family}: {', '.join(names)}; " if names else ""


def lower_bound(
    graph: Graph, *, macs_per_second: float, bytes_per_second: float, bits: int
) -> tuple[PartTime, ...]:
    """The least time of each layer at a device's peak rate and bandwidth.

    Its multiply-adds and its bytes at best overlap, so a layer takes at least the
    longer of the two.
    """
    found = []
    for name, nodes in graph.layers.items():
        done = work(nodes, bits)
        compute = 1e3 * done.macs / macs_per_second
        memory = 1e3 * done.bytes / bytes_per_second
        if done.operator:
            longer = max(compute, memory)
            found.append(PartTime(name, done, longer, compute, memory, 0.0))
    return tuple(found)


def grouped(
    graph: Graph, layers: Sequence[PartTime], grouping: Grouping
) -> tuple[PartTime, ...]:
    """The times of layers summed by block, stage or type, in network order."""
    if grouping == "layer":
        return tuple(layers)
    names = {
        layer: getattr(nodes[0], grouping) for layer, nodes in graph.layers.items()
    }
    groups: dict[str, list[PartTime]] = {}
    for one in layers:
        groups.setdefault(names[one.name], []).append(one)
    return tuple(
        PartTime(
            name,
            Work(*map(sum, zip(*(one.work for one in parts), strict=True))),
            *(sum(ms) for ms in zip(*(one[2:] for one in parts), strict=True)),
        )
        for name, parts in groups.items()
    )


def _part(name: str, done: Work, calibration: Calibration) -> PartTime:
    return PartTime(
        name,
        done,
        calibration.ms(done),
        *(calibration.ms(done, terms) for terms in (COMPUTE, MEMORY, (OPERATOR,))),
    )
