"""Latencies that a user measured, as a CSV file: arch, alpha, resolution, ms.

A network from code has its arguments in one cell, as words of a command line:
``width=0.5 depth=2``.
"""

import csv
import io
import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from mnprofile.base import escape
from mnprofile.base.csv_files import read_rows
from mnprofile.base.errors import (
    MnprofileError,
    Place,
    UsageError,
    nearest,
)
from mnprofile.base.files import Input
from mnprofile.base.units import parse_resolution
from mnprofile.costs.latency.devices import Calibration, Device, Measured, Refused
from mnprofile.costs.latency.fitting import (
    CalibrationError,
    Observation,
    calibrate,
    merged,
)
from mnprofile.costs.latency.prediction import family_of
from mnprofile.costs.latency.work import Work, work
from mnprofile.graph.configuration import Configuration
from mnprofile.networks.configuration import PAPER, Request
from mnprofile.networks.finding import find_network, foreign_reader
from mnprofile.networks.readers.inputs import (
    ReadRequest,
    parse_argument,
    parse_inputs,
)

FILES = Input("CSV file", CalibrationError, 16 << 20)
NEEDED = ("arch", "ms")
_SETTINGS = (  # of a table
    *("alpha", "resolution", "t", "classes", "impl"),
    *("depth", "output_stride"),
)
_READING = ("arguments", "inputs")  # of another network
OPTIONAL = (*_SETTINGS, *_READING)
MAX_MS = 1e9
MAX_NETWORKS = 500  # of one file, each of which is built
WRITTEN = (  # the columns of a file that --measure writes
    *("arch", *_SETTINGS, *_READING, "ms", "low_ms", "high_ms"),
    *("runs", "threads", "batch", "dtype", "processor", "engine"),
)


class MeasuredRow(NamedTuple):
    """One row: the network that it is about, and how long that took."""

    arch: str
    request: Request
    ms: float
    line: int
    asked: ReadRequest = ReadRequest()


def read_measurements(path: Path) -> list[MeasuredRow]:
    """The rows of a file; columns other than those above are ignored.

    Raises CalibrationError, with the line and column, and FileError.
    """
    file = str(path)
    rows = read_rows(path, FILES, lambda header: _check_header(header, file))
    return [_row(row, file, line) for line, row in rows]


def _check_header(header: list[str], file: str) -> None:
    for name in NEEDED:
        if name not in header:
            raise CalibrationError(
                f'there is no column "{name}"',
                place=Place(file, 1),
                accepted=f"{', '.join(NEEDED)}, and any of {', '.join(OPTIONAL)}",
                suggestion=nearest(name, header) if header else None,
            )


def _row(row: dict[str, str], file: str, line: int) -> MeasuredRow:
    def number(name: str, text: str, accepted: str) -> float:
        try:
            value = float(text)
            if not 0 <= value < MAX_MS:
                raise ValueError
        except ValueError:
            raise CalibrationError(
                f'"{text}" is not {accepted}', place=Place(file, line, header=name)
            ) from None
        return value

    ms = number("ms", row["ms"], "a number of milliseconds above 0")
    if not ms:
        place = Place(file, line, header="ms")
        raise CalibrationError(f'"{row["ms"]}" is not above 0', place=place)
    if not row["arch"]:
        raise CalibrationError("empty", place=Place(file, line, header="arch"))

    def setting(name: str, accepted: str) -> float | None:
        return number(name, row[name], accepted) if row.get(name) else None

    def whole(name: str, accepted: str) -> int | None:
        value = setting(name, accepted)
        return None if value is None else int(value)

    try:
        size = row.get("resolution")
        request = Request(
            alpha=setting("alpha", "a width multiplier"),
            resolution=parse_resolution(size, "resolution") if size else None,
            t=setting("t", "an expansion factor"),
            classes=whole("classes", "a number of classes"),
            impl=row.get("impl") or None,
            depth=setting("depth", "a depth multiplier"),
            output_stride=whole("output_stride", "an output stride"),
        )
        asked = ReadRequest(
            inputs=parse_inputs(_words(row.get("inputs", ""))),
            arguments=tuple(map(parse_argument, _words(row.get("arguments", "")))),
        )
    except UsageError as fault:
        raise at_line(fault, file, line) from None
    return MeasuredRow(row["arch"], request, ms, line, asked)


def _words(text: str) -> tuple[str, ...]:
    """The words of a cell. Raises UsageError for a quote that does not end."""
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise UsageError(
            f'"{text}" has a quote that does not end', accepted="words, as in a shell"
        ) from None


def argument_cell(arguments: Iterable[tuple[str, object]]) -> str:
    """Arguments as one cell that ``read_measurements`` reads."""
    return shlex.join(f"{key}={value!r}" for key, value in arguments)


def at_line(fault: MnprofileError, file: str, line: int) -> CalibrationError:
    """An error about a network, with the line of the file that names it."""
    return CalibrationError(
        fault.message,
        place=Place(file, line),
        accepted=fault.accepted,
        suggestion=fault.suggestion,
    )


def device_from(path: Path, name: str, bits: int) -> Device:
    """A device calibrated on a file of measurements, for each family in it.

    Raises CalibrationError where no family has figures that suffice, MissingExtraError,
    and what reading the file and its networks raises.
    """
    measured: dict[str, list[Measured]] = {}
    works: dict[tuple[str, float, int, int], Work] = {}
    for row in _few(read_measurements(path), path):
        try:
            network, graph = find_network(row.arch, row.request, row.asked)
        except MnprofileError as fault:
            raise at_line(fault, str(path), row.line) from None
        config = graph.config
        called = _called(network.name, config, row)
        figure = Measured(called, config.alpha, *config.resolution, row.ms)
        works[figure[:4]] = work(graph, bits)
        measured.setdefault(family_of(network), []).append(figure)
    calibrations: list[Calibration] = []
    refused: list[Refused] = []
    last = CalibrationError("there is no measurement", accepted="one per row")
    for family, figures in measured.items():
        try:
            observed = [Observation(one, works[one[:4]]) for one in merged(figures)]
            calibrations.append(calibrate(family, path.name, observed))
        except CalibrationError as found:
            last = found
            reason = f"{found.message}; needed: {found.accepted}"
            refused.append(Refused(family, len(figures), reason))
    if not calibrations:
        families = ", ".join(measured)
        message = f"{families}: {last.message}" if families else last.message
        place = Place(str(path))
        raise CalibrationError(message, place=place, accepted=last.accepted)
    return Device(name, (), "", bits, tuple(calibrations), tuple(refused))


def _few(rows: list[MeasuredRow], path: Path) -> list[MeasuredRow]:
    """The rows, if they are about few networks. Raises CalibrationError."""
    seen: set[str] = set()
    for row in rows:
        seen.add(repr((row.arch, row.request, row.asked)))
        if len(seen) > MAX_NETWORKS:
            raise CalibrationError(
                f"more than {MAX_NETWORKS} different networks",
                place=Place(str(path), row.line),
                accepted=f"at most {MAX_NETWORKS}; a network may have several rows",
            )
    return rows


def _called(name: str, config: Configuration, row: MeasuredRow) -> str:
    """A network's name, with the settings besides width and size that tell it apart."""
    if foreign_reader(row.arch):
        words = [argument_cell(row.asked.arguments), *map(str, row.asked.inputs)]
        given = " ".join(filter(None, words))
        return f"{name}({given})" if given else name
    told = {
        "t": config.t,
        "classes": None if config.classes == 1000 else config.classes,
        "impl": None if config.impl == PAPER else config.impl,
        "depth": None if config.depth == 1 else config.depth,
        "output stride": config.output_stride,
    }
    some = [f"{key} {value}" for key, value in told.items() if value is not None]
    return ", ".join([name, *some])


def with_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> str:
    """The text of a file of measurements with more rows; it may not exist yet.

    A row that the file has already is not written again. Raises CalibrationError where
    the file has other columns, and FileError.
    """
    text = ",".join(WRITTEN) + "\n"
    if os.path.lexists(path):
        text = FILES.decoded(FILES.read(path, is_input=False), str(path))
        if text.partition("\n")[0].strip() != ",".join(WRITTEN):
            raise CalibrationError(
                "this file has other columns",
                place=Place(str(path), 1),
                accepted="a new file, or one of --measure",
            )
        text += "" if text.endswith("\n") else "\n"
    known = set(text.splitlines())
    lines = (line for line in map(_line, rows) if line.rstrip("\n") not in known)
    return text + "".join(lines)


def _line(row: Mapping[str, object]) -> str:
    out = io.StringIO()
    cells = ("" if row.get(name) is None else str(row[name]) for name in WRITTEN)
    csv.writer(out, lineterminator="\n").writerow(map(escape.csv_cell, cells))
    return out.getvalue()
