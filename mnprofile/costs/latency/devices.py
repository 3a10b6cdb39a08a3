"""Devices: what each unit of work costs there, per family of networks, and how we know.

A device is a TOML file that ``mnprofile time --calibrate`` writes, never a hand. The
shipped ones are in ``devices/``; anyone's own is named by its path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mnprofile.base import toml_files
from mnprofile.base.errors import MnprofileError, Place, UsageError, nearest
from mnprofile.base.files import Input
from mnprofile.base.records import Record
from mnprofile.base.units import check_bits
from mnprofile.costs.latency.work import TERMS, Work
from mnprofile.graph.configuration import Configuration

FOLDER = Path(__file__).parent / "devices"
HELD = 0.9  # the share of held-out figures that lie within the range of a prediction


class DeviceError(MnprofileError):
    """A file that cannot be read as a device."""

    kind = "device"


FILES = Input("TOML file", DeviceError, 1 << 20)


class Measured(NamedTuple):
    """One latency that a calibration rests on, and what it predicts without it.

    ``held_out_ms`` comes from a calibration, its model chosen anew, on the other
    figures. None in a measurement that no calibration has used yet.
    """

    network: str
    alpha: float
    height: int
    width: int
    ms: float
    held_out_ms: float | None = None

    @property
    def error(self) -> float:
        """The held-out error, relative to the figure."""
        assert self.held_out_ms is not None
        return abs(self.held_out_ms - self.ms) / self.ms


class Errors(NamedTuple):
    """Held-out errors in percent of the figures."""

    median: float
    most: float  # nine figures in ten are within it
    worst: float


@dataclass(frozen=True)
class Calibration:
    """The prices of one family on one device.

    ``prices`` are nanoseconds per unit of each term of ``Work``; those that the model
    does not tell apart are equal, those that it leaves out 0. ``left_out`` says what
    the outer split leaves out at a time, ``macs_alone`` how far multiply-adds alone are
    off in the same split.
    """

    family: str
    source: str
    model: str
    left_out: str
    prices: Mapping[str, float]
    errors: Errors
    macs_alone: Errors
    figures: tuple[Measured, ...]

    def ms(self, work: Work, terms: Sequence[str] = TERMS) -> float:
        """Milliseconds of some work, or of some terms of it."""
        amounts = work._asdict()
        ns: float = sum(self.prices[term] * amounts[term] for term in terms)
        return ns / 1e6

    @property
    def alphas(self) -> tuple[float, float]:
        """The smallest and largest width among the figures."""
        alphas = [one.alpha for one in self.figures]
        return min(alphas), max(alphas)

    @property
    def sides(self) -> tuple[int, int]:
        """The smallest and largest side among the figures."""
        sides = [side for one in self.figures for side in (one.height, one.width)]
        return min(sides), max(sides)

    def outside(self, config: Configuration) -> str | None:
        """What of a configuration lies outside the figures; None if nothing does."""
        (narrow, wide), (small, large) = self.alphas, self.sides
        if not narrow <= config.alpha <= wide:
            return f"alpha {config.alpha:g}; the figures have {narrow:g} to {wide:g}"
        if not all(small <= side <= large for side in config.resolution):
            return f"the resolution; the figures have {small} to {large}"
        if config.t is not None:
            return "t; the figures have the table's own"
        if config.output_stride is not None:
            return "the output stride; the figures have none"
        return None


class Refused(NamedTuple):
    """A family whose figures on a device do not suffice, and why."""

    family: str
    figures: int
    reason: str


@dataclass(frozen=True)
class Device:
    """A device with the calibrations of some families. ``bits`` are per element.

    ``printed`` are the names that sources have for it, ``file`` is its file.
    """

    name: str
    printed: tuple[str, ...]
    runtime: str
    bits: int
    calibrations: tuple[Calibration, ...]
    refused: tuple[Refused, ...] = ()
    file: str = ""

    @property
    def families(self) -> tuple[str, ...]:
        return tuple(one.family for one in self.calibrations)

    def calibration(self, family: str) -> Calibration | None:
        """The calibration of a family, or None."""
        return next((one for one in self.calibrations if one.family == family), None)

    def is_called(self, name: str) -> bool:
        """Whether a name is the device's own or one that a source has for it."""
        return name.lower() in map(str.lower, (self.name, *self.printed))


@cache
def shipped_devices() -> tuple[Device, ...]:
    """The devices that are shipped, by name."""
    found = map(read_device, sorted(FOLDER.glob("*.toml")))
    return tuple(sorted(found, key=lambda device: device.name))


def device_of(name: str) -> Device:
    """A shipped device by any of its names, or the one of a path that ends in .toml.

    Raises UsageError for an unknown name, DeviceError and FileError for a file.
    """
    if name.endswith(".toml"):
        return read_device(Path(name))
    for device in shipped_devices():
        if device.is_called(name):
            return device
    calibrated = [device.name for device in shipped_devices() if device.calibrations]
    every = [alias for one in shipped_devices() for alias in (one.name, *one.printed)]
    raise UsageError(
        f'unknown device "{name}"',
        accepted=", ".join(calibrated) + ", or a .toml file of --calibrate",
        suggestion=nearest(name, every),
    )


# --- files ---------------------------------------------------------------------------


def read_device(path: Path) -> Device:
    """Read a device file. Raises DeviceError and FileError."""
    file = str(path)
    content = toml_files.parse(FILES.text(path), file, DeviceError)
    record = Record(content, DeviceError, lambda _: Place(file))
    record.only("name", "printed", "runtime", "bits", "calibration", "refused")
    bits = record.count("bits")
    if bits not in (8, 16, 32):
        record.refuse("bits", f"{bits} is not accepted", "8, 16, 32")
    return Device(
        name=record.text("name"),
        printed=tuple(map(str, record.value("printed"))),
        runtime=record.text("runtime"),
        bits=check_bits(bits),
        calibrations=tuple(
            map(_calibration, record.records("calibration", optional=True))
        ),
        refused=tuple(
            Refused(one.text("family"), one.count("figures"), one.text("reason"))
            for one in record.records("refused", optional=True)
        ),
        file=file,
    )


def _calibration(record: Record) -> Calibration:
    prices = record.record("ns")
    prices.only(*TERMS)
    figures = record.value("figures")
    if not isinstance(figures, list) or not figures:
        record.refuse("figures", "not a list of figures")
    return Calibration(
        family=record.text("family"),
        source=record.text("source"),
        model=record.text("model"),
        left_out=record.text("left_out"),
        prices={term: _amount(prices, term) for term in TERMS},
        errors=_errors(record.record("held_out_percent")),
        macs_alone=_errors(record.record("macs_alone_percent")),
        figures=tuple(_measured(record, one) for one in figures),
    )


def _amount(record: Record, key: str) -> float:
    value = record.value(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        record.refuse(key, "not a number")
    if not 0 <= value < float("inf"):
        record.refuse(key, f"{value} is out of range", "0 or more")
    return float(value)


def _errors(record: Record) -> Errors:
    return Errors(*(_amount(record, name) for name in Errors._fields))


_FIGURE = (str, float, int, int, float, float)


def _measured(record: Record, cells: Any) -> Measured:
    if not isinstance(cells, list) or tuple(map(type, cells)) != _FIGURE:
        record.refuse(
            "figures",
            f"{cells!r} is not a figure",
            "[network, alpha, height, width, ms, held-out ms]",
        )
    figure = Measured(*cells)
    no_image = figure.height == figure.width == 0  # a network of words, for example
    above = (figure.alpha, *cells[4:], *(() if no_image else cells[2:4]))
    if not all(0 < value < float("inf") for value in above):
        record.refuse("figures", f"{cells!r}: a number is not above 0")
    return figure


def device_text(device: Device) -> str:
    """The file of a device."""
    lines = ["# Written by `mnprofile time --calibrate`; do not edit.", ""]
    lines += _pairs(device, "name", "printed", "runtime", "bits")
    for one in device.calibrations:
        lines += ["", "[[calibration]]"]
        lines += _pairs(one, "family", "source", "model", "left_out")
        lines.append(f"ns = {_inline(one.prices)}")
        lines.append(f"held_out_percent = {_inline(one.errors._asdict())}")
        lines.append(f"macs_alone_percent = {_inline(one.macs_alone._asdict())}")
        lines.append("figures = [  # network, alpha, height, width, ms, held-out ms")
        lines += [f"  {_quoted(figure)}," for figure in one.figures]
        lines.append("]")
    for refused in device.refused:
        lines += ["", "[[refused]]", *_pairs(refused, *Refused._fields)]
    return "\n".join(lines) + "\n"


def _pairs(source: object, *keys: str) -> list[str]:
    return [f"{key} = {_quoted(getattr(source, key))}" for key in keys]


def _quoted(value: object) -> str:
    """Strings, numbers and lists as JSON writes them, which TOML reads."""
    import json

    # TOML has no raw DEL, which JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _inline(numbers: Mapping[str, float]) -> str:
    pairs = (f"{key} = {value!r}" for key, value in numbers.items())
    return "{ " + ", ".join(pairs) + " }"


def file_name(device: Device) -> str:
    """ "Pixel 1, 8-bit" -> "pixel_1_8_bit.toml"."""
    words = "".join(c if c.isalnum() else " " for c in device.name.lower()).split()
    return "_".join(words) + ".toml"
