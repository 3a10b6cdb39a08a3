"""mnprofile time ARCH: milliseconds on a device, calibrated, with their error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnprofile.base import files, units
from mnprofile.base.errors import OK, UnmeasuredError, UsageError
from mnprofile.cli.help import Command
from mnprofile.cli.options import (
    ArchType,
    by_option,
    configuration_options,
    network_of,
    output_options,
    read_request,
    together,
    with_head,
)
from mnprofile.cli.output import emit, warn
from mnprofile.cli.tasks import KEEP_OPTIONS, TaskRun, keep_options, take_many
from mnprofile.costs.counting import GROUPINGS, Grouping

if TYPE_CHECKING:
    from mnprofile.costs.latency.prediction import Prediction
    from mnprofile.graph.graph import Graph
    from mnprofile.networks.imported import Network
    from mnprofile.networks.readers.inputs import ReadRequest
    from mnprofile.views.document import Document

PUBLISHED = "published"  # what --calibrate takes instead of a file

_calibration_options = together(
    click.option("--devices", is_flag=True, help="List the devices and their errors."),
    click.option(
        "--calibrate",
        metavar="FILE.csv",
        help="Calibrate a device on measurements: columns arch, ms, and any of alpha,"
        " resolution, t, classes, impl, arguments, inputs. A network from code is"
        " IMPORTED AND RUN.",
    ),
    click.option(
        "--save",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="With --calibrate: write the device to a .toml file. With --measure: add"
        " the measurement to a .csv file that --calibrate reads.",
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

_measuring_options = together(
    click.option("--measure", is_flag=True, help="Run ARCH here and time it."),
    click.option(
        "--threads", type=click.IntRange(1, 1024), help="Threads. [default: all]"
    ),
    click.option("--batch", type=click.IntRange(1, 65536), help="[default: 1]"),
    click.option(
        "--dtype",
        type=click.Choice(["float32", "float16", "bfloat16"]),
        help="[default: float32]",
    ),
    click.option(
        "--on",
        "processor",
        type=click.Choice(["cpu", "cuda"]),
        help="Where to run it. [default: cpu]",
    ),
    click.option("--warmup", type=click.IntRange(1, 10_000), help="[default: 3]"),
    click.option("--repeats", type=click.IntRange(1, 100_000), help="[default: 20]"),
    keep_options,
)
_MEASURING = ("threads", "batch", "dtype", "processor", "warmup", "repeats")

EXAMPLES = """
mnprofile time v2 --device "Pixel 1" --by stage
mnprofile time --devices
mnprofile time --calibrate mine.csv --device "My board" --save board.toml
mnprofile time v2@0.5/160 --measure --threads 1 --save mine.csv
mnprofile time v2 --measure --alpha 0.5,1 --res 96:224:64 --save mine.csv
mnprofile time v2 --peak 16G --bandwidth 12GB
"""


@click.command("time", cls=Command, examples=EXAMPLES)
@click.argument("arch", metavar="[ARCH]", type=ArchType(), required=False)
@configuration_options
@click.option(
    "--device",
    metavar="NAME",
    help='A device of --devices, such as "Pixel 1", or a .toml file of --calibrate.'
    " [default: each that knows the family]",
)
@by_option(GROUPINGS)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the roofline and the published latencies as an .html page, or the"
    " roofline as .svg, .png or .pdf; needs --device.",
)
@_measuring_options
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
) -> int:
    """Predict how long ARCH takes on a device, and where the time goes.

    Devices are calibrated on published latencies, one family of networks at a time.
    Errors are those of figures that were left out; the range of a prediction is what
    nine in ten of them kept to. A family or device without enough figures is refused.

    \b
    compute ms    multiply-adds x the device's price of one
    memory ms     bytes of maps and weights x the price of one
    overhead ms   operators x the price of one

    --measure runs a table as its torch twin, or a PyTorch network, whole and layer by
    layer; an .onnx or .tflite file with onnxruntime or LiteRT, as a whole. Lists and
    ranges of --alpha, --res and other settings, or of --arg, measure a grid as a whole,
    one network at a time, each in a process of its own.
    """
    one_file = given["calibrate"] != PUBLISHED  # else --save is a folder
    files.check_targets([output, given["plot"], given["save"] if one_file else None])
    document, code = _document(arch, device, by, given)
    emit(document, format_, output)
    return code


take_many(command)


def _document(
    arch: str | None, device: str | None, by: Grouping, given: dict[str, Any]
) -> tuple[Document, int]:
    """What is asked for, and the exit code: a grid may have rows that failed."""
    from mnprofile.cli import time_grid

    keep = TaskRun(**{name: given.pop(name) for name in KEEP_OPTIONS})
    if not given["measure"] and not keep.is_default:
        raise UsageError("--results and the like belong to --measure")
    for name, option in (("table", "table"), ("settings", "set")):
        if given["measure"] and given["save"] and given[name]:
            raise UsageError(
                f"--save: a row of measurements cannot say --{option}",
                accepted="a file of its own, or FILE#2 for one of several tables",
            )
    if not given["measure"] or arch is None or not time_grid.is_grid(arch, given, keep):
        time_grid.refuse(given)
        return _one(arch, device, by, given), OK
    for name in ("devices", "calibrate", "plot", "peak", "bandwidth", "bits"):
        if given[name]:
            raise UsageError(f"--measure and --{name} cannot be used together")
    how = {name: given[name] for name in _MEASURING if given[name] is not None}
    save: Path | None = given["save"]
    _check_modes(arch, False, None, save, True)
    return time_grid.measure_grid(arch, given, how, keep, device, save)


def _one(
    arch: str | None, device: str | None, by: Grouping, given: dict[str, Any]
) -> Document:
    """What is asked for: devices, a calibration, a run, a bound or a prediction."""
    calibrate, save, bits = (given.pop(name) for name in ("calibrate", "save", "bits"))
    devices, peaks = given.pop("devices"), (given.pop("peak"), given.pop("bandwidth"))
    plot = given.pop("plot")
    measuring, asked_bits = given.pop("measure"), units.check_bits(int(bits or 32))
    how = {name: given.pop(name) for name in _MEASURING}
    how = {name: value for name, value in how.items() if value is not None}
    if how and not measuring:
        name = "on" if "processor" in how else next(iter(how))
        raise UsageError(f"--{name} belongs to --measure")
    _check_modes(arch, devices, calibrate, save, measuring)
    if plot is not None and (device is None or arch is None or measuring):
        raise UsageError("--plot draws a prediction", accepted="ARCH and --device")
    if devices:
        return _devices(device)
    if calibrate == PUBLISHED:
        return _calibrate_published(save)
    if calibrate is not None:
        return _calibrate(calibrate, device, save, asked_bits)
    assert arch is not None
    network, graph = network_of(arch, **given)
    if measuring:
        names = ("table", "settings", "inputs", "arguments", "train")
        read = read_request(**{name: given[name] for name in names})
        named = with_head(arch, given["head"])
        return _measure(network, graph, named, read, device, how, save)
    if peaks != (None, None):
        return _bound(graph, *peaks, asked_bits, by)
    if bits is not None:
        raise UsageError(
            "--bits: a device has its own", accepted="with --peak or --calibrate"
        )
    return _predict(network, graph, device, by, plot)


def _check_modes(
    arch: str | None,
    devices: bool,
    calibrate: str | None,
    save: Path | None,
    measuring: bool,
) -> None:
    """Raise UsageError for options that do not go together."""
    modes = {
        "--devices": devices,
        "--calibrate": calibrate is not None,
        "--measure": measuring,
    }
    asked = [mode for mode, is_asked in modes.items() if is_asked]
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} and {asked[1]} cannot be used together")
    alone = "--devices" if devices else "--calibrate" if calibrate is not None else None
    if alone and arch is not None:
        raise UsageError(f"{alone} takes no ARCH", accepted=f"mnprofile time {alone}")
    if alone is None and arch is None:
        raise UsageError(
            "ARCH is missing", accepted="ARCH, --devices or --calibrate FILE.csv"
        )
    if save is None or calibrate == PUBLISHED:
        return
    suffix = ".csv" if measuring else ".toml"
    if calibrate is None and not measuring:
        raise UsageError("--save belongs to --calibrate or --measure")
    if save.suffix != suffix:
        raise UsageError(f"--save: {save.name} is not a {suffix} file")


def _predict(
    network: Network,
    graph: Graph,
    device: str | None,
    by: Grouping,
    plot: Path | None,
) -> Document:
    from mnprofile.costs.latency.devices import device_of, shipped_devices
    from mnprofile.costs.latency.prediction import family_of, family_text, predict
    from mnprofile.evidence.literature.latencies import published_latencies
    from mnprofile.views.sheets.time import everywhere_document, time_document

    published = published_latencies(network, graph)
    family = family_of(network)
    if device is not None:
        prediction = predict(graph, family, device_of(device))
        if plot is not None:
            _draw(prediction, plot)
        return time_document(prediction, by, published)
    known = [one for one in shipped_devices() if one.calibration(family)]
    if not known:
        raise UnmeasuredError(
            f"no device is calibrated for {family_text(family)}",
            accepted="mnprofile time --devices, or --calibrate with your own figures",
        )
    predictions = [predict(graph, family, one) for one in known]
    return everywhere_document(predictions, published)


def _draw(prediction: Prediction, path: Path) -> None:
    """Write a page with both plots, or the roofline as a picture."""
    from mnprofile.views.plots.picture import SLIDE, picture, suffix_of

    suffix = suffix_of(path, ("html",))
    if suffix == "html":
        from mnprofile.views.html.time_panels import time_page

        files.write_text(path, time_page(prediction))
    else:
        from mnprofile.views.plots import log_log
        from mnprofile.views.plots.time_plots import roofline

        drawn = picture(log_log.figure(roofline(prediction)), suffix, SLIDE)
        with files.replacing(path) as out:
            out.write(drawn)
    warn(f"Plots: {path}")


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
    graph: Graph, peak: str | None, bandwidth: str | None, bits: int, by: Grouping
) -> Document:
    from mnprofile.costs.latency.prediction import grouped, lower_bound
    from mnprofile.views.sheets.time import bound_document, peaks_text

    if peak is None or bandwidth is None:
        raise UsageError("a lower bound needs both --peak and --bandwidth")
    rate = units.parse_quantity(peak, "--peak")
    speed = units.parse_memory(bandwidth, "--bandwidth")
    for option, value in (("--peak", rate), ("--bandwidth", speed)):
        if not value:
            raise UsageError(f"{option}: 0 is not a rate", accepted="a rate above 0")
    parts = lower_bound(graph, macs_per_second=rate, bytes_per_second=speed, bits=bits)
    parts = grouped(graph, parts, by)
    return bound_document(parts, by, graph.config, peaks_text(rate, speed))


def _measure(
    network: Network,
    graph: Graph,
    arch: str,
    read: ReadRequest,
    device: str | None,
    how: dict[str, Any],
    save: Path | None,
) -> Document:
    from mnprofile.cli.progress import step_bar
    from mnprofile.costs.latency.devices import device_of
    from mnprofile.costs.latency.measurements import with_rows
    from mnprofile.costs.latency.prediction import family_of, predict
    from mnprofile.evidence.profilers.measurement_rows import measured_row
    from mnprofile.evidence.profilers.timing import HowToRun, measure
    from mnprofile.views.sheets.measured_time import measured_document

    prediction = None
    if device is not None:
        prediction = predict(graph, family_of(network), device_of(device))
    asked = HowToRun(**how)
    with step_bar() as progress:
        measured = measure(
            network, graph, asked, spelling=arch, asked=read, progress=progress
        )
    if save is not None:
        row = measured_row(arch, graph, read, measured)
        files.write_text(save, with_rows(save, [row]))
        warn(f"Measurements: {save}")
    return measured_document(graph, measured, prediction)
