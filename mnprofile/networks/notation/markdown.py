"""Split a Markdown page into raw parts: title, source, settings, cells and errata.

Nothing is interpreted here; every part keeps its line and column, counted from 1. The
page is read line by line, not with a Markdown library: each error must name the exact
cell, and a hostile page of 1 MiB must be refused within a second.
"""

import math
import re

from mnprofile.base.errors import Place, TableError
from mnprofile.networks.notation.table import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    CellGrid,
    Table,
    apply_errata,
    check_text,
    check_width,
    parse_settings,
)

# No pattern may repeat two things that can match the same text: matching a hostile
# line would take quadratic time.
_FENCE = re.compile(r" {0,3}(`{3,}(?!`)|~{3,}(?!~))([^`]*)$")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:\s(.*))?$")
_RULE = re.compile(r":?-+:?")
_PIPE = re.compile(r"(?<!\\)\|")


def read_table(text: str, file: str) -> Table:
    """Read a page. Raises TableError with file, line and column of what is wrong."""
    check_text(text, file)
    lines = text.removeprefix("\ufeff").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
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
        raise page.fault(
            page.stray,
            "a table row outside of the table",
            "rows directly below the table's header, with no line in between",
        )
    if len(page.grids) > 1:
        second = page.grids[1].headers[0]
        raise page.fault(
            second.line,
            "a second table: a page holds one architecture table"
            f" (the first begins on line {page.grids[0].headers[0].line})",
            "one table, and one more under the heading Errata",
            second.column,
        )
    line, body = page.settings
    settings, settings_at = parse_settings(file, line, body)
    grid, errata = apply_errata(file, page.grids[0], page.errata)
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
        self.narrowest = math.inf  # pipes in a row of the narrowest table so far
        self.first_pipe: int | None = None  # the first line with | outside a table
        self.stray: int | None = None  # the first line that looks like a stray row

    def fault(
        self, line: int, message: str, accepted: str | None = None, column: int = 1
    ) -> TableError:
        """The error for what stands on a line."""
        place = Place(self.file, line, column)
        return TableError(message, place=place, accepted=accepted)

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
        return pipes >= self.narrowest or line.lstrip().startswith("|")

    def _fence(self, at: int, marks: str, language: str) -> int:
        end = at + 1
        while end < len(self.lines):
            closing = self.lines[end].strip()
            if closing.startswith(marks) and not closing.strip(marks[0]):
                break
            end += 1
        else:
            accepted = f"a line {marks[:10]} after it"
            raise self.fault(at + 1, "this fenced block is never closed", accepted)
        if language.lower() == "toml":
            if self.settings is not None:
                told = "a second ```toml block: a page has one block of settings"
                raise self.fault(at + 1, told)
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
            raise self.fault(
                at + 2,
                f"the delimiter row has {len(self._cells(at + 1))} cells, "
                f"the header above it has {len(headers)}",
                "one |---| per column",
            )
        rows, end = [], at + 2
        while end < len(self.lines) and self._continues_table(end):
            cells = self._cells(end)
            end_of_row = (end + 1, len(self.lines[end]) + 1)
            check_width(self.file, cells, headers, end_of_row)
            rows.append(cells)
            if len(rows) > MAX_ROWS:
                raise self.fault(end + 1, "too many rows", f"at most {MAX_ROWS}")
            end += 1
        grid = CellGrid(headers, tuple(rows))
        if errata and self.errata is not None:
            raise self.fault(at + 1, "a second errata table")
        if errata:
            self.errata = grid
        else:
            self.grids.append(grid)
            if len(headers) > 1:
                self.narrowest = min(self.narrowest, len(headers) - 1)
        return end

    def _continues_table(self, at: int) -> bool:
        line = self.lines[at]
        ends = _HEADING.match(line) or _FENCE.match(line)
        return bool(line.strip()) and not ends and not line.lstrip().startswith("<!--")

    def _cells(self, at: int) -> tuple[Cell, ...]:
        line = self.lines[at].rstrip()
        begin = len(line) - len(line.lstrip())
        if line[begin : begin + 1] == "|":
            begin += 1
        if line.count("|") > MAX_COLUMNS:
            raise self.fault(at + 1, "too many cells", f"at most {MAX_COLUMNS} columns")
        cuts = [match.start() for match in _PIPE.finditer(line, begin)]
        if not cuts or cuts[-1] != len(line) - 1:
            cuts.append(len(line))
        cells = []
        for cut in cuts:
            raw = line[begin:cut]
            text = raw.strip()
            if len(text) > MAX_CELL:
                told, accepted = f"a cell of {len(text)}", f"at most {MAX_CELL}"
                raise self.fault(
                    at + 1, f"{told} characters", f"{accepted} characters", begin + 1
                )
            column = begin + (len(raw) - len(raw.lstrip()) if text else 0) + 1
            cells.append(Cell(text.replace("\\|", "|"), at + 1, column))
            begin = cut + 1
        return tuple(cells)


def _no_table(page: _Page) -> TableError:
    if page.first_pipe is not None:
        told = "no table: this line has | but no delimiter row |---| follows it"
        return page.fault(page.first_pipe, told)
    return TableError(
        "no table: the page has no architecture table",
        place=Place(page.file),
        accepted="a Markdown table with the columns of a MobileNet paper",
    )
