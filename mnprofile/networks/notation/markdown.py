"""Split a Markdown page into raw parts: title, source, settings, cells and errata.

Nothing is interpreted here; every part keeps its line and column, counted from 1. The
page is read line by line, not with a Markdown library: each error must name the exact
cell, and a hostile page of 1 MiB must be refused within a second.
"""

import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from mnprofile.base import toml_files
from mnprofile.base.errors import Place, TableError, nearest

MAX_ROWS = 1000
MAX_COLUMNS = 64
MAX_CELL = 200
MAX_LINES = 20_000
ERRATA_HEADERS = ("Row", "Column", "Printed", "Read as", "Why")

# No pattern may repeat two things that can match the same text: matching a hostile
# line would take quadratic time.
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)$")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:\s(.*))?$")
_RULE = re.compile(r":?-+:?")
_PIPE = re.compile(r"(?<!\\)\|")
_SETTING = re.compile(r"\s*\[*[\"']?([^\s\"'=.\[\]]+)[\"']?\]*\s*[=.]?\s*")


@dataclass(frozen=True)
class Cell:
    """One table cell: its text, and where it is."""

    text: str
    line: int = field(compare=False)
    column: int = field(compare=False)


class CellGrid(NamedTuple):
    """A table: header cells, and rows with exactly one cell per header."""

    headers: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Erratum:
    """A misprint of the source, and how the table is read instead."""

    row: int  # counted from 1 in the main table
    column: str
    printed: str
    read_as: str
    why: str
    line: int = field(compare=False)  # of the corrected cell


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


def read_table(text: str, file: str) -> Table:
    """Read a page. Raises TableError with file, line and column of what is wrong."""
    lines = text.removeprefix("\ufeff").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    if not text.strip():
        raise TableError("the file is empty", place=Place(file))
    if len(lines) > MAX_LINES:
        raise TableError(
            "too many lines",
            place=Place(file, MAX_LINES + 1),
            accepted=f"at most {MAX_LINES}",
        )
    page = _Page(file, lines)
    page.scan()
    if page.settings is None:
        raise TableError(
            "no settings: the page has no ```toml block",
            place=Place(file),
            accepted="a fenced ```toml block with name, scaling, resolution",
        )
    if not page.grids:
        raise _no_table(page)
    if page.stray is not None:
        raise TableError(
            "a table row outside of the table",
            place=Place(file, page.stray, 1),
            accepted="rows directly below the table's header, with no line in between",
        )
    if len(page.grids) > 1:
        second = page.grids[1].headers[0]
        raise TableError(
            "a second table: a page holds one architecture table"
            f" (the first begins on line {page.grids[0].headers[0].line})",
            place=Place(file, second.line, second.column),
            accepted="one table, and one more under the heading Errata",
        )
    line, body = page.settings
    settings, settings_at = _parse_settings(file, line, body)
    grid, errata = _apply_errata(file, page.grids[0], page.errata)
    return Table(
        file=file,
        title=page.title,
        source=" ".join(page.source),
        settings=settings,
        settings_line=line,
        printed=page.grids[0],
        grid=grid,
        errata=errata,
        _settings_at=settings_at,
    )


class _Page:
    """One pass over the lines of a page."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.title = ""
        self.source: list[str] = []
        self.settings: tuple[int, list[str]] | None = None
        self.grids: list[CellGrid] = []
        self.errata: CellGrid | None = None
        self.first_pipe: int | None = None  # the first line with | outside a table
        self.stray: int | None = None  # the first line that looks like a stray row

    def scan(self) -> None:
        section, at, source_open = "", 0, False
        while at < len(self.lines):
            line = self.lines[at]
            if fence := _FENCE.match(line):
                source_open = False
                at = self._fence(at, fence[1], fence[2].strip())
            elif line.lstrip().startswith("<!--"):
                at = self._comment(at)
            elif heading := _HEADING.match(line):
                source_open = False
                text = (heading[2] or "").strip()
                if len(heading[1]) == 1 and not self.title:
                    self.title, source_open = text, True
                else:
                    section = text.lower()
                at += 1
            elif self._begins_table(at):
                source_open = False
                at = self._table(at, errata=section == "errata")
            else:
                source_open = self._prose(at, source_open=source_open)
                at += 1

    def _prose(self, at: int, *, source_open: bool) -> bool:
        """Read a line of text; return whether the source's paragraph continues."""
        line = self.lines[at]
        if self.first_pipe is None and "|" in line:
            self.first_pipe = at + 1
        if self.stray is None and self._is_row_like(line):
            self.stray = at + 1
        if source_open and line.strip():
            self.source.append(line.strip())
        return source_open and (bool(line.strip()) or not self.source)

    def _is_row_like(self, line: str) -> bool:
        """Whether a line outside a table must have been meant as one of its rows."""
        pipes = line.count("|")
        as_wide = any(0 < len(grid.headers) - 1 <= pipes for grid in self.grids)
        return as_wide or line.lstrip().startswith("|")

    def _fence(self, at: int, marks: str, language: str) -> int:
        end = at + 1
        while end < len(self.lines):
            closing = self.lines[end].strip()
            if closing.startswith(marks) and not closing.strip(marks[0]):
                break
            end += 1
        else:
            raise TableError(
                "this fenced block is never closed",
                place=Place(self.file, at + 1, 1),
                accepted=f"a line {marks[:10]} after it",
            )
        if language.lower() == "toml":
            if self.settings is not None:
                raise TableError(
                    "a second ```toml block: a page has one block of settings",
                    place=Place(self.file, at + 1, 1),
                )
            self.settings = (at + 1, self.lines[at + 1 : end])
        return end + 1

    def _comment(self, at: int) -> int:
        end = at
        while end < len(self.lines) and "-->" not in self.lines[end]:
            end += 1
        return end + 1

    def _begins_table(self, at: int) -> bool:
        if "|" not in self.lines[at] or at + 1 >= len(self.lines):
            return False
        below = self.lines[at + 1].strip().removeprefix("|").removesuffix("|")
        return below.count("|") > MAX_COLUMNS or all(
            _RULE.fullmatch(part.strip()) for part in below.split("|")
        )

    def _table(self, at: int, *, errata: bool) -> int:
        headers = self._cells(at)
        if len(self._cells(at + 1)) != len(headers):
            raise TableError(
                f"the delimiter row has {len(self._cells(at + 1))} cells, "
                f"the header above it has {len(headers)}",
                place=Place(self.file, at + 2, 1),
                accepted="one |---| per column",
            )
        rows, end = [], at + 2
        while end < len(self.lines) and self._continues_table(end):
            cells = self._cells(end)
            self._check_width(cells, headers, end)
            rows.append(cells)
            if len(rows) > MAX_ROWS:
                raise TableError(
                    "too many rows",
                    place=Place(self.file, end + 1, 1),
                    accepted=f"at most {MAX_ROWS}",
                )
            end += 1
        grid = CellGrid(headers, tuple(rows))
        if errata and self.errata is not None:
            raise TableError("a second errata table", place=Place(self.file, at + 1, 1))
        if errata:
            self.errata = grid
        else:
            self.grids.append(grid)
        return end

    def _continues_table(self, at: int) -> bool:
        line = self.lines[at]
        ends = _HEADING.match(line) or _FENCE.match(line)
        return bool(line.strip()) and not ends and not line.lstrip().startswith("<!--")

    def _check_width(
        self, cells: tuple[Cell, ...], headers: tuple[Cell, ...], at: int
    ) -> None:
        if len(cells) > len(headers):
            surplus = cells[len(headers)]
            raise TableError(
                f"a surplus cell: {len(cells)} cells under {len(headers)} headers",
                place=Place(self.file, at + 1, surplus.column),
                accepted="one cell per header",
            )
        if len(cells) < len(headers):
            missing = headers[len(cells)].text
            raise TableError(
                f"a missing cell: {len(cells)} cells under {len(headers)} headers",
                place=Place(self.file, at + 1, len(self.lines[at]) + 1, missing),
                accepted="a cell that the source leaves blank is written -",
            )

    def _cells(self, at: int) -> tuple[Cell, ...]:
        line = self.lines[at].rstrip()
        begin = len(line) - len(line.lstrip())
        if line[begin : begin + 1] == "|":
            begin += 1
        if line.count("|") > MAX_COLUMNS:
            raise TableError(
                "too many cells",
                place=Place(self.file, at + 1, 1),
                accepted=f"at most {MAX_COLUMNS} columns",
            )
        cuts = [match.start() for match in _PIPE.finditer(line, begin)]
        if not cuts or cuts[-1] != len(line) - 1:
            cuts.append(len(line))
        cells = []
        for cut in cuts:
            raw = line[begin:cut]
            text = raw.strip()
            if len(text) > MAX_CELL:
                raise TableError(
                    f"a cell of {len(text)} characters",
                    place=Place(self.file, at + 1, begin + 1),
                    accepted=f"at most {MAX_CELL} characters",
                )
            column = begin + (len(raw) - len(raw.lstrip()) if text else 0) + 1
            cells.append(Cell(text.replace("\\|", "|"), at + 1, column))
            begin = cut + 1
        return tuple(cells)


def _no_table(page: _Page) -> TableError:
    if page.first_pipe is not None:
        return TableError(
            "no table: this line has | but no delimiter row |---| follows it",
            place=Place(page.file, page.first_pipe, 1),
        )
    return TableError(
        "no table: the page has no architecture table",
        place=Place(page.file),
        accepted="a Markdown table with the columns of a MobileNet paper",
    )


def _parse_settings(
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


def _apply_errata(
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
        rows[row][column] = replace(cell, text=reads.text)
        read[row, column] = Erratum(
            row + 1, header.text, was.text, reads.text, why.text, cell.line
        )
    grid = CellGrid(printed.headers, tuple(tuple(row) for row in rows))
    return grid, tuple(read[key] for key in sorted(read))
