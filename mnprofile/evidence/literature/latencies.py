"""Published latencies: which device they are of, and devices calibrated on them."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from mnprofile.base.errors import MnprofileError
from mnprofile.costs.latency.devices import Calibration, Device, Measured, Refused
from mnprofile.costs.latency.fitting import (
    CalibrationError,
    Observation,
    calibrate,
    merged,
)
from mnprofile.costs.latency.work import work
from mnprofile.evidence.literature.accuracy_series import point_of
from mnprofile.evidence.literature.published import IMAGENET, published_for
from mnprofile.evidence.literature.sources import Printed, figures, impl, sources, title
from mnprofile.graph.graph import Graph
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import entry_of, load
from mnprofile.networks.configuration import Request, configure
from mnprofile.networks.imported import Network

NAMES = Path(__file__).with_name("devices.toml")
_EIGHT_BITS = ("8-bit", "int8", "quantized")  # in a variant or a device
_MS = {"ms": 1.0, "s": 1000.0}

Series = tuple[str, str]  # source, table


@cache
def _names() -> dict[str, Any]:
    return tomllib.loads(NAMES.read_text("utf-8"))


def bits_of(figure: Printed) -> int:
    """Bits per element of the network that a latency is of."""
    said = f"{figure.variant} {figure.device}".lower()
    return 8 if any(word in said for word in _EIGHT_BITS) else 32


def device_name(figure: Printed) -> str:
    """The name of a figure's device, which is one for each number of bits."""
    name = next(
        (one["name"] for one in _names()["device"] if figure.device in one["printed"]),
        figure.device,
    )
    says_so = any(word in name.lower() for word in _EIGHT_BITS)
    return name if bits_of(figure) == 32 or says_so else f"{name}, 8-bit"


def milliseconds(figure: Printed) -> float | None:
    """The milliseconds of a printed latency, or None if it is not a number."""
    text = figure.printed.strip()
    unit = figure.unit or "ms"
    for suffix in ("ms", "s"):
        if text.endswith(suffix):
            text, unit = text.removesuffix(suffix), suffix
            break
    try:
        value = float(text) * _MS[unit.strip()]
    except (ValueError, KeyError):
        return None
    return value if 0 < value < float("inf") else None


def printed_latencies() -> Iterator[Printed]:
    """The latencies of whole networks that a shipped table defines."""
    for source in sources():
        for figure in figures(source):
            if (
                figure.quantity == "latency"
                and figure.device
                and figure.dataset in (IMAGENET, "")
                and not figure.part
                and entry_of(figure.network) is not None
                and milliseconds(figure) is not None
            ):
                yield figure


def published_latencies(network: Network, graph: Graph) -> tuple[Printed, ...]:
    """What sources print for exactly this network, on any device."""
    return tuple(
        figure
        for figure in published_for(network, graph)
        if figure.quantity == "latency" and milliseconds(figure) is not None
    )


def calibrated_devices(
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> tuple[Device, ...]:
    """Every device that sources name, calibrated for each family with enough figures.

    A calibration rests on one series, the table of one source with the most figures:
    other sources measured in other ways. Raises MissingExtraError.
    """
    by_device: dict[str, list[Printed]] = {}
    for figure in printed_latencies():
        by_device.setdefault(device_name(figure), []).append(figure)
    found = []
    for done, (name, about) in enumerate(sorted(by_device.items())):
        progress(name, done, len(by_device))
        found.append(_calibrated(name, about))
    return _with_refused(found)


def _with_refused(devices: Iterable[Device]) -> tuple[Device, ...]:
    """Devices, by name, with the families whose networks no source prints."""
    found = {one.name: one for one in devices}
    for entry in _names()["without"]:
        for name, count in entry["figures"].items():
            known = found.get(name) or Device(name, (), "", entry["bits"], ())
            refused = Refused(entry["family"], count, entry["reason"])
            by_family = sorted((*known.refused, refused), key=lambda one: one.family)
            found[name] = replace(known, refused=tuple(by_family))
    return tuple(sorted(found.values(), key=lambda one: one.name))


def _calibrated(name: str, about: Sequence[Printed]) -> Device:
    by_family: dict[str, dict[Series, list[Printed]]] = {}
    for figure in about:
        series = by_family.setdefault(load(figure.network).family, {})
        series.setdefault((figure.source, figure.table), []).append(figure)
    plain = name.removesuffix(", 8-bit")
    runtime = next(
        (one["runtime"] for one in _names()["device"] if one["name"] == plain), ""
    )
    device = Device(
        name=name,
        printed=tuple(sorted({one.device for one in about if name == plain})),
        runtime=runtime,
        bits=bits_of(about[0]),
        calibrations=(),
    )
    calibrations: list[Calibration] = []
    refused: list[Refused] = []
    for family, all_series in sorted(by_family.items()):
        most = max(all_series, key=lambda key: len(_points(all_series[key])))
        count = len(_points(all_series[most]))
        try:
            observed = [*_observed(all_series[most], device.bits)]
            calibrations.append(calibrate(family, _label(most), observed))
        except CalibrationError as fault:
            reason = f"{fault.message}; needed: {fault.accepted}"
            refused.append(Refused(family, count, reason))
    return replace(device, calibrations=tuple(calibrations), refused=tuple(refused))


def _observed(series: Iterable[Printed], bits: int) -> Iterator[Observation]:
    """The figures of a series with the work of their networks, built as theirs are."""
    measured, impls = [], {}
    for figure in series:
        table = load(figure.network)
        alpha, side = point_of(figure)
        ms = milliseconds(figure)
        assert ms is not None
        measured.append(Measured(table.name, alpha, side, side, ms))
        impls[table.name] = impl(figure.source)
    for one in merged(measured):
        table = load(one.network)
        asked = Request(one.alpha, one.height, impl=impls[one.network])
        try:
            config = configure(table, asked)
        except MnprofileError:  # an implementation without this family
            config = configure(table, asked._replace(impl="paper"))
        yield Observation(one, work(build_rows(table, config), bits))


def _points(series: Iterable[Printed]) -> set[tuple[str, float, int]]:
    return {(figure.network, *point_of(figure)) for figure in series}


def _label(series: Series) -> str:
    source, table = series
    return f"{title(source)}, {table}" if table else title(source)
