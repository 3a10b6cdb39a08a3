"""A printed table as text: cells with their places, errata and settings.

Markdown and LaTeX files are both read as a ``Table``; nothing is interpreted here.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from mnprofile.base import toml_files
from mnprofile.base.errors import Place, TableError, nearest

MAX_LINES = 20_000
MAX_ROWS = 1000
MAX_COLUMNS = 64
MAX_CELL = 200
ERRATA_HEADERS = ("Row", "Column", "Printed", "Read as", "Why")

_SETTING = re.compile(r"\s*\[*[\"']?([^\s\"'=.\[\]]+)[\"']?\]*\s*[=.]?\s*")


class Cell(NamedTuple):
    """One table cell: its text, and where it is."""

    text: str
    line: int
    column: int


class CellGrid(NamedTuple):
    """A table: header cells, and rows with exactly one cell per header."""

    headers: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Erratum(NamedTuple):
    """A misprint of the source, and how the table is read instead."""

    row: int  # counted from 1 in the main table
    column: str
    printed: str
    read_as: str
    why: str
    line: int  # of the corrected cell


@dataclass(frozen=True)
class Table:
    """A page as written. ``printed`` has the cells before errata, ``grid`` after."""

    file: str
    title: str
    source: str
    settings: dict[str, object]
    settings_line: int
    printed: CellGrid
    grid: CellGrid
    errata: tuple[Erratum, ...]
    _settings_at: dict[str, tuple[int, int, int]] = field(compare=False, repr=False)

    def setting_place(self, key: str, *, value: bool = True) -> Place:
        """The place of a key's value or of the key; of the block if it is missing."""
        if key not in self._settings_at:
            return Place(self.file, self.settings_line)
        line, of_key, of_value = self._settings_at[key]
        return Place(self.file, line, of_value if value else of_key)

    def cell_place(self, cell: Cell, header: str | None = None) -> Place:
        return Place(self.file, cell.line, cell.column, header)


def check_text(text: str, file: str) -> None:
    """Refuse a file without text, and one of too many lines."""
    if not text.strip():
        raise TableError("the file is empty", place=Place(file))
    if text.count("\n") >= MAX_LINES:
        raise TableError(
            "too many lines",
            place=Place(file, MAX_LINES + 1),
            accepted=f"at most {MAX_LINES}",
        )


def check_width(
    file: str,
    cells: tuple[Cell, ...],
    headers: tuple[Cell, ...],
    end: tuple[int, int],
) -> None:
    """Refuse a row that ends at a line and column unless it has a cell per header."""
    found = f"{len(cells)} cells under {len(headers)} headers"
    if len(cells) > len(headers):
        surplus = cells[len(headers)]
        raise TableError(
            f"a surplus cell: {found}",
            place=Place(file, surplus.line, surplus.column),
            accepted="one cell per header",
        )
    if len(cells) < len(headers):
        raise TableError(
            f"a missing cell: {found}",
            place=Place(file, *end, headers[len(cells)].text),
            accepted="a cell that the source leaves blank is written -",
        )


def parse_settings(
    file: str, line: int, body: list[str]
) -> tuple[dict[str, object], dict[str, tuple[int, int, int]]]:
    """The settings, and for each key its line and the columns of key and value."""
    settings = toml_files.parse(
        "\n".join(body),
        file,
        TableError,
        fault="the settings are not valid TOML",
        above=line,
    )
    at: dict[str, tuple[int, int, int]] = {}
    for number, text in enumerate(body, start=line + 1):
        found = _SETTING.match(text)
        if found is not None:
            at.setdefault(found[1], (number, found.start(1) + 1, found.end() + 1))
    return settings, at


def apply_errata(
    file: str, printed: CellGrid, errata: CellGrid | None
) -> tuple[CellGrid, tuple[Erratum, ...]]:
    """The grid with each erratum's cell replaced, and the errata.

    The text that an erratum calls printed must be the text in the main table.
    """
    if errata is None:
        return printed, ()
    found = tuple(cell.text for cell in errata.headers)
    if found != ERRATA_HEADERS:
        raise TableError(
            f"an errata table with the columns {', '.join(found)}",
            place=Place(file, errata.headers[0].line, errata.headers[0].column),
            accepted=", ".join(ERRATA_HEADERS),
        )
    names = [cell.text for cell in printed.headers]
    rows = [list(row) for row in printed.rows]
    read: dict[tuple[int, int], Erratum] = {}
    for number, header, was, reads, why in errata.rows:
        if not (number.text.isascii() and number.text.isdigit()) or not (
            1 <= int(number.text) <= len(rows)
        ):
            raise TableError(
                f'the table above has no row "{number.text}"',
                place=Place(file, number.line, number.column, "Row"),
                accepted=f"1 to {len(rows)}",
            )
        if header.text not in names:
            raise TableError(
                f'the table above has no column "{header.text}"',
                place=Place(file, header.line, header.column, "Column"),
                accepted=", ".join(names),
                suggestion=nearest(header.text, names),
            )
        row, column = int(number.text) - 1, names.index(header.text)
        cell = printed.rows[row][column]
        if cell.text != was.text:
            raise TableError(
                f'the erratum says "{was.text}" is printed in row {row + 1},'
                f' but the table has "{cell.text}"',
                place=Place(file, was.line, was.column, "Printed"),
                accepted=cell.text,
            )
        if (row, column) in read:
            raise TableError(
                f"row {row + 1} of column {header.text} is corrected twice",
                place=Place(file, number.line, number.column, "Row"),
            )
        if not why.text:
            raise TableError(
                "an erratum without a reason",
                place=Place(file, why.line, why.column, "Why"),
            )
        rows[row][column] = cell._replace(text=reads.text)
        read[row, column] = Erratum(
            row + 1, header.text, was.text, reads.text, why.text, cell.line
        )
    grid = CellGrid(printed.headers, tuple(tuple(row) for row in rows))
    return grid, tuple(read[key] for key in sorted(read))
