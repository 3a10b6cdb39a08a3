"""Reading and checking the files of printed figures.

A source is two files of one name in ``figures/``: a CSV with one printed figure per
row, and a TOML file that says how the source counts (``conventions.py``), which of its
figures do not come out (``errata.py``) and why some are set aside (``asides.py``). To
add a source, add both.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from mnprofile.base import toml_files
from mnprofile.base.errors import FiguresError, Place, UsageError, nearest
from mnprofile.base.files import Input
from mnprofile.base.records import Record

FOLDER = Path(__file__).parent / "figures"
MAX_FIGURES = 400  # of one source, each of which is counted
CSV = Input("CSV file", FiguresError, 16 << 20)
TOML = Input("TOML file", FiguresError, 1 << 20)

MEMORY = "channels_and_memory"
COSTS = ("macs", "params", "macs_share", "params_share", MEMORY)
# Measured on a board, with the code and the buffers of a library: judged, not computed.
ON_DEVICE = ("sram", "flash")
MEASURED = ("top1", "top5", "latency")  # printed results, never computed here
OTHER, HEAD = "other", "head"  # networks outside the tables, or with a head on top


class Printed(NamedTuple):
    """A printed figure. ``printed`` holds its digits exactly as printed.

    ``network`` is the alias of the table it is about, "other" or "head"; ``part`` the
    part of the network, if not the whole: a type, a block, a stage, a map size, or two
    configurations of a range. ``resolution`` is None if none or two are printed.
    """

    source: str  # the name of its CSV file, or the path where that was given
    table: str
    where: str
    model: str
    family: str
    network: str
    alpha: float | None
    resolution: int | None
    part: str
    dataset: str
    variant: str
    quantity: str
    printed: str
    unit: str
    device: str
    note: str
    line: int = 0

    @property
    def is_cost(self) -> bool:
        return self.quantity in COSTS + ON_DEVICE

    @property
    def is_aside(self) -> bool:
        """Whether its network, or what it measures, is not counted here."""
        return self.network in (OTHER, HEAD) or self.quantity in ON_DEVICE


COLUMNS = Printed._fields[1:-1]  # but "source" and "line"


@cache
def sources() -> tuple[str, ...]:
    """The names of the shipped sources."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.csv")))


def locate(source: str) -> Path:
    """The CSV file of a source: a shipped name, or a path that ends in .csv.

    Raises UsageError for an unknown name.
    """
    if source in sources():
        return FOLDER / f"{source}.csv"
    if source.endswith(".csv"):
        return Path(source)
    close = nearest(source, sources())
    raise UsageError(
        f'unknown source "{source}"',
        accepted=", ".join(sources()) + ", or a path to a CSV file of figures",
        suggestion=close,
    )


@cache
def figures(source: str) -> tuple[Printed, ...]:
    """Every figure of one source, in the order of its file; read once per process.

    Raises:
        UsageError: no source of that name.
        FiguresError: the header or a row does not match ``COLUMNS``.
        FileError: the file cannot be read.
    """
    path = locate(source)
    return tuple(_printed(source, path, line, cells) for line, cells in _rows(source))


def figures_about(
    source: str, networks: Sequence[str], alpha: float, resolution: int
) -> Iterator[Printed]:
    """The figures of one configuration in a shipped source.

    There each row is one line, and only lines that may be about it are parsed.
    """
    path, side = locate(source), str(resolution)
    for line, text in enumerate(_shipped_lines(source), start=1):
        if f",{side}," not in text or not any(f",{one}," in text for one in networks):
            continue
        (cells,) = csv.reader([text], strict=True)
        row = dict(zip(COLUMNS, cells, strict=True))
        if row["resolution"] == side and row["network"] in networks:
            figure = _printed(source, path, line, cells)
            if figure.alpha == alpha:
                yield figure


@cache
def declaration(source: str) -> Mapping[str, Any]:
    """The TOML file of a source: title, architectures, convention and erratum.

    Raises FiguresError and FileError, as ``figures`` does.
    """
    path = declaration_file(source)
    text = TOML.text(path).removeprefix("\ufeff")
    declared = toml_files.parse(text, str(path), FiguresError, fault="not TOML")
    optional = set(_OF_SOURCES) - {"title"}
    _checked(path, "the file", declared, _OF_SOURCES, optional=optional)
    return declared


def declared(
    source: str, kind: str, types: Mapping[str, type], *, optional: set[str]
) -> Iterator[Record]:
    """The entries of one kind in the TOML file of a source, one after the other.

    Raises FiguresError for an entry that is not a table of these keys and types.
    """
    path = declaration_file(source)
    for number, entry in enumerate(declaration(source).get(kind, ()), start=1):
        yield _checked(path, f"{kind} {number}", entry, types, optional=optional)


def declaration_file(source: str) -> Path:
    return locate(source).with_suffix(".toml")


def title(source: str) -> str:
    """The title of a source."""
    return str(declaration(source)["title"])


def impl(source: str) -> str:
    """The implementation whose width-multiplier rules the networks follow."""
    return str(declaration(source).get("impl", "paper"))


_NUMBER, _SIDE = r"[0-9]{0,6}\.?[0-9]{1,6}", "[0-9]{1,9}"
_ENTRIES = ("convention", "erratum", "aside")  # arrays of tables; others of strings
_OF_SOURCES = {  # the keys of the TOML file of a source, and their types
    "title": str,
    "impl": str,
    "architectures": list,
    **dict.fromkeys(_ENTRIES, list),
}
_TOML_NAMES = {str: "string", list: "array", dict: "table", int: "integer"}


def _checked(
    path: Path,
    what: str,
    entry: Mapping[str, Any],
    types: Mapping[str, type],
    *,
    optional: set[str],
) -> Record:
    """A table of these keys and types; ``what`` names it in errors."""
    record = Record(entry, FiguresError, lambda _: Place(str(path)), what)
    if not isinstance(entry, dict):
        record.refuse("", "not a table of keys and values")
    for key, value in entry.items():
        if key not in types:
            close = nearest(key, list(types))
            record.refuse("", f'unknown key "{key}"', ", ".join(types), close)
        if not isinstance(value, types[key]) or isinstance(value, bool):
            accepted = f"a TOML {_TOML_NAMES[types[key]]}"
            record.refuse("", f"{key} is {value!r}", accepted)
    _check_arrays(record)
    for key in types:
        if key not in entry and key not in optional:
            record.refuse("", f"{key} is missing")
    return record


def _check_arrays(record: Record) -> None:
    """All arrays but those of entries are of strings."""
    for key, value in record.content.items():
        if isinstance(value, list) and key not in _ENTRIES:
            for one in value:
                if not isinstance(one, str):
                    record.refuse("", f"{key} has {one!r}", "TOML strings")


@cache
def _shipped_lines(source: str) -> tuple[str, ...]:
    return tuple(CSV.text(locate(source)).removeprefix("\ufeff").splitlines())


@cache
def _rows(source: str) -> tuple[tuple[int, list[str]], ...]:
    """The cells and line of every row. Checks the header and the number of cells."""
    from mnprofile.base.csv_files import check_length, read_cells  # not for a count

    path = locate(source)
    (_, header), *rows = tuple(read_cells(path, CSV)) or ((1, []),)
    if tuple(header) != COLUMNS:
        raise FiguresError(
            f"the header is {','.join(header)}",
            place=Place(str(path), 1),
            accepted=",".join(COLUMNS),
        )
    if len(rows) > MAX_FIGURES:
        raise FiguresError(
            f"{len(rows)} figures",
            place=Place(str(path), rows[MAX_FIGURES][0]),
            accepted=f"at most {MAX_FIGURES} in one source",
        )
    for line, cells in rows:
        check_length(path, CSV, line, cells, len(COLUMNS))
    return tuple(rows)


def _printed(source: str, path: Path, line: int, cells: list[str]) -> Printed:
    def refuse(message: str, header: str, accepted: str | None = None) -> NoReturn:
        place = Place(str(path), line, header=header)
        raise FiguresError(message, place=place, accepted=accepted)

    row: dict[str, Any] = dict(zip(COLUMNS, cells, strict=True))
    for name in ("table", "network", "quantity", "printed"):
        if not row[name]:
            refuse("empty", name)
    if row["network"] == "-":  # would be standard input
        refuse('"-" is not a network', "network", f"an alias, {OTHER} or {HEAD}")
    if row["quantity"] not in COSTS + ON_DEVICE + MEASURED:
        refuse(
            f'unknown quantity "{row["quantity"]}"',
            "quantity",
            ", ".join(COSTS + ON_DEVICE + MEASURED),
        )
    if row["alpha"] and not re.fullmatch(_NUMBER, row["alpha"]):
        refuse(f'"{row["alpha"]}" is not a width multiplier', "alpha", "0.75, or empty")
    row["alpha"] = float(row["alpha"]) if row["alpha"] else None
    sides = row["resolution"].split("x")
    if row["resolution"] and not all(re.fullmatch(_SIDE, side) for side in sides):
        refuse(f'"{row["resolution"]}" is not a size', "resolution", "224, or empty")
    row["resolution"] = int(sides[0]) if sides[0] and len(sides) == 1 else None
    return Printed(source=source, line=line, **row)
