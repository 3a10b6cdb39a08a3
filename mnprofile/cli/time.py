"""mnprofile time ARCH: milliseconds on a device, calibrated, with their error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnprofile.base import files, units
from mnprofile.base.errors import UnmeasuredError, UsageError
from mnprofile.cli.options import (
    ArchType,
    configuration_options,
    network_of,
    output_options,
    together,
)
from mnprofile.cli.output import emit, warn
from mnprofile.costs.counting import GROUPINGS, Grouping

if TYPE_CHECKING:
    from mnprofile.graph.graph import Graph
    from mnprofile.networks.imported import Network
    from mnprofile.views.document import Document

PUBLISHED = "published"  # what --calibrate takes instead of a file

_calibration_options = together(
    click.option("--devices", is_flag=True, help="List the devices and their errors."),
    click.option(
        "--calibrate",
        metavar="FILE.csv",
        help="Calibrate a device on measurements: columns arch, ms, and any of alpha,"
        " resolution, t, classes, impl.",
    ),
    click.option(
        "--save",
        type=click.Path(path_type=Path),
        metavar="FILE.toml",
        help="With --calibrate: where to write the device.",
    ),
)
_bound_options = together(
    click.option(
        "--peak",
        metavar="N",
        help="Peak multiply-adds per second, such as 8G, for a lower bound.",
    ),
    click.option(
        "--bandwidth",
        metavar="BYTES",
        help="Peak bytes per second, such as 12GB, for a lower bound.",
    ),
    click.option(
        "--bits",
        type=click.Choice([str(bits) for bits in units.BITS]),
        help="Bits per element on the device. [default: 32]",
    ),
)


@click.command("time")
@click.argument("arch", metavar="[ARCH]", type=ArchType(), required=False)
@configuration_options
@click.option(
    "--device",
    metavar="NAME",
    help='A device of --devices, such as "Pixel 1", or a .toml file of --calibrate.'
    " [default: each that knows the family]",
)
@click.option(
    "--by",
    type=click.Choice(GROUPINGS),
    default="layer",
    show_default=True,
    help="How to group the rows of the table.",
)
@_calibration_options
@_bound_options
@output_options()
def command(
    arch: str | None,
    device: str | None,
    by: Grouping,
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> None:
    """Predict how long ARCH takes on a device, and where the time goes.

    Devices are calibrated on published latencies, for one family of networks at a time.
    Errors are those of figures that were left out, of the model and of its choice; the
    range of a prediction is what nine in ten of them kept to. A family or a device
    without enough figures is refused.

    \b
    compute ms    multiply-adds x the device's price of one
    memory ms     bytes of maps and weights x the price of one
    overhead ms   operators x the price of one

    \b
    Examples:
      mnprofile time v2 --device "Pixel 1" --by stage
      mnprofile time v3-small@0.75/192
      mnprofile time --devices
      mnprofile time --calibrate mine.csv --device "My board" --save board.toml
      mnprofile time v2 --device board.toml
      mnprofile time v2 --peak 16G --bandwidth 12GB
    """
    calibrate, save, bits = (given.pop(name) for name in ("calibrate", "save", "bits"))
    devices, peaks = given.pop("devices"), (given.pop("peak"), given.pop("bandwidth"))
    _check_modes(arch, devices, calibrate, save)
    asked_bits = units.check_bits(int(bits or 32))
    if devices:
        document = _devices(device)
    elif calibrate == PUBLISHED:
        document = _calibrate_published(save)
    elif calibrate is not None:
        document = _calibrate(calibrate, device, save, asked_bits)
    else:
        assert arch is not None
        network, graph = network_of(arch, **given)
        if peaks != (None, None):
            document = _bound(graph, *peaks, asked_bits)
        elif bits is not None:
            raise UsageError(
                "--bits: a device has its own", accepted="with --peak or --calibrate"
            )
        else:
            document = _predict(network, graph, device, by)
    emit(document, format_, output)


def _check_modes(
    arch: str | None, devices: bool, calibrate: str | None, save: Path | None
) -> None:
    """Raise UsageError for options that do not go together."""
    if devices and calibrate is not None:
        raise UsageError("--devices and --calibrate cannot be used together")
    alone = "--devices" if devices else "--calibrate" if calibrate is not None else None
    if alone and arch is not None:
        raise UsageError(f"{alone} takes no ARCH", accepted=f"mnprofile time {alone}")
    if alone is None and arch is None:
        raise UsageError(
            "ARCH is missing", accepted="ARCH, --devices or --calibrate FILE.csv"
        )
    if save is not None and calibrate is None:
        raise UsageError("--save writes a calibration", accepted="with --calibrate")


def _predict(
    network: Network, graph: Graph, device: str | None, by: Grouping
) -> Document:
    from mnprofile.costs.latency.devices import device_of, shipped_devices
    from mnprofile.costs.latency.prediction import family_of, predict
    from mnprofile.evidence.literature.latencies import published_latencies
    from mnprofile.views.sheets.time import everywhere_document, time_document

    published = published_latencies(network, graph)
    family = family_of(network)
    if device is not None:
        prediction = predict(graph, family, device_of(device))
        return time_document(prediction, by, published)
    known = [one for one in shipped_devices() if one.calibration(family)]
    if not known:
        raise UnmeasuredError(
            f"no device is calibrated for {family}",
            accepted="mnprofile time --devices, or --calibrate with your own figures",
        )
    predictions = [predict(graph, family, one) for one in known]
    return everywhere_document(predictions, published)


def _devices(device: str | None) -> Document:
    from mnprofile.costs.latency.devices import device_of, shipped_devices
    from mnprofile.views.sheets.time import devices_document

    return devices_document((device_of(device),) if device else shipped_devices())


def _calibrate(
    calibrate: str, device: str | None, save: Path | None, bits: int
) -> Document:
    from mnprofile.costs.latency.devices import device_text
    from mnprofile.costs.latency.measurements import device_from
    from mnprofile.views.sheets.time import devices_document

    if device is None:
        raise UsageError("--calibrate needs a name for the device", accepted="--device")
    if save is not None and save.suffix != ".toml":
        raise UsageError(f"--save: {save.name} is not a .toml file")
    made = device_from(Path(calibrate), device, bits)
    if save is not None:
        files.write_text(save, device_text(made))
        warn(f"Device: {save}")
    return devices_document((made,))


def _calibrate_published(folder: Path | None) -> Document:
    """All devices that sources name; --save is the folder of their files."""
    from mnprofile.cli.progress import step_bar
    from mnprofile.costs.latency.devices import device_text, file_name
    from mnprofile.evidence.literature.latencies import calibrated_devices
    from mnprofile.views.sheets.time import devices_document

    with step_bar() as progress:
        made = calibrated_devices(progress)
    for device in made if folder is not None else ():
        assert folder is not None
        files.write_text(folder / file_name(device), device_text(device))
    return devices_document(made)


def _bound(
    graph: Graph, peak: str | None, bandwidth: str | None, bits: int
) -> Document:
    from mnprofile.costs.latency.prediction import lower_bound
    from mnprofile.views.sheets.time import bound_document, peaks_text

    if peak is None or bandwidth is None:
        raise UsageError("a lower bound needs both --peak and --bandwidth")
    rate = units.parse_quantity(peak, "--peak")
    speed = units.parse_memory(bandwidth, "--bandwidth")
    for option, value in (("--peak", rate), ("--bandwidth", speed)):
        if not value:
            raise UsageError(f"{option}: 0 is not a rate", accepted="a rate above 0")
    parts = lower_bound(graph, macs_per_second=rate, bytes_per_second=speed, bits=bits)
    return bound_document(parts, graph.config, peaks_text(rate, speed))
