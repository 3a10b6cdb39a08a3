"""Parse one tabular into header cells and rows, with pylatexenc."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pylatexenc import latexwalker

from mnprofile.base.errors import TableError
from mnprofile.networks.notation.latex.commands import NEW_ROW
from mnprofile.networks.notation.latex.printing import Printer
from mnprofile.networks.notation.latex.source import Source, Tabular
from mnprofile.networks.notation.table import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    Cell,
    CellGrid,
    check_width,
)

MAX_LENGTH = 1 << 15  # characters of a tabular
MAX_DEPTH = 40  # of braces and environments

_DEPTH = re.compile(
    r"\\(?P<edge>begin|end)\b|\\.|%[^\n]*|(?P<opens>\{)|(?P<closes>\})", re.DOTALL
)


class _Raw(NamedTuple):
    """What stands between two separators."""

    nodes: list[Any]
    end: int  # the offset of the separator after it


@dataclass
class _Printed:
    """A cell as it is printed, and how far it reaches."""

    text: str
    offset: int  # of the text, or of the end if it is empty
    end: int
    carried: str = ""  # the text of a \multirow in it
    rows: int = 1  # that this text spans, upwards if negative
    columns: int = 1
    ruled: bool = False  # a line across the table is above it
    is_symbol: bool = False  # a formula and nothing else


def read_tabular(source: Source, tabular: Tabular) -> CellGrid:
    """The cells of a tabular. Raises TableError at what cannot be read."""
    _check_limits(source, tabular)
    try:
        return _Reader(source, tabular).grid()
    except RecursionError:
        raise _too_deep(source, tabular.start) from None


def _check_limits(source: Source, tabular: Tabular) -> None:
    if tabular.end - tabular.start > MAX_LENGTH:
        raise source.fault(
            tabular.start,
            f"a tabular of {tabular.end - tabular.start} characters",
            f"at most {MAX_LENGTH}",
        )
    depth = 0
    for found in _DEPTH.finditer(source.text, tabular.start, tabular.end):
        depth += bool(found["opens"]) or found["edge"] == "begin"
        depth -= bool(found["closes"]) or found["edge"] == "end"
        if depth > MAX_DEPTH:
            raise _too_deep(source, found.start())


def _too_deep(source: Source, offset: int) -> TableError:
    return source.fault(offset, "nested too deeply", f"at most {MAX_DEPTH} levels")


class _Reader:
    """Reads one tabular."""

    def __init__(self, source: Source, tabular: Tabular) -> None:
        self.source = source
        self.tabular = tabular
        self.printer = Printer(source, tabular.start)

    def grid(self) -> CellGrid:
        text = self.source.text[self.tabular.start : self.tabular.end]
        (environment,) = self.printer.parse(text, self.tabular.start)
        rows = [
            [self._printed(raw) for raw in row]
            for row in self._rows(environment.nodelist)
        ]
        self._spread(rows)
        rows = [row for row in rows if any(cell.text for cell in row)]
        wide = [self._widened(row) for row in rows]
        if not wide:
            raise self.source.fault(self.tabular.start, "an empty tabular")
        width = max(map(len, wide))
        first = next((at for at, row in enumerate(wide) if not _spans(row, width)), 0)
        depth = max(1, *(cell.rows for cell in wide[first]))
        if any(cell.columns > 1 for cell in wide[first]):
            below = wide[first + 1 : first + 2]
            depth = max(depth, 2 if below and not below[0][0].ruled else 1)
        symbols = depth == 1 and _are_symbols(wide[first + 1 : first + 2])
        headers = self._headers(wide[first : first + depth])
        depth += symbols
        return CellGrid(headers, tuple(self._data(wide[first + depth :], headers)))

    def _rows(self, nodes: Sequence[Any]) -> list[list[_Raw]]:
        """The nodes of each cell of each row."""
        rows: list[list[_Raw]] = [[]]
        cell: list[Any] = []
        for node in nodes:
            is_row = _is(node, *NEW_ROW)
            if is_row or getattr(node, "specials_chars", None) == "&":
                rows[-1].append(_Raw(cell, self.tabular.start + node.pos))
                cell = []
                if len(rows[-1]) > MAX_COLUMNS or len(rows) > MAX_ROWS:
                    raise self.source.fault(
                        self.tabular.start + node.pos,
                        "too many cells",
                        f"at most {MAX_COLUMNS} columns and {MAX_ROWS} rows",
                    )
            else:
                cell.append(node)
            if is_row:
                rows.append([])
        rows[-1].append(_Raw(cell, self.tabular.end))
        return rows

    def _printed(self, raw: _Raw) -> _Printed:
        """A cell; its \\multicolumn and \\multirow are opened."""
        cell = _Printed("", raw.end, raw.end)
        cell.ruled = any(_is(node, "hline", "midrule") for node in raw.nodes)
        nodes = raw.nodes
        cell.is_symbol = _is_formula(nodes)
        for name, low, high in (
            ("multicolumn", 1, MAX_COLUMNS),
            ("multirow", -MAX_ROWS, MAX_ROWS),
        ):
            at = next((i for i, n in enumerate(nodes) if _is(n, name)), None)
            if at is None:
                continue
            arguments = self.printer.arguments(nodes[at])
            number = self._number(nodes[at], name, arguments, low, high)
            content = [arguments[-1]]
            if name == "multicolumn":
                cell.columns = number
                nodes = [*nodes[:at], *_content(content), *nodes[at + 1 :]]
            else:
                cell.rows = number
                cell.carried, cell.offset = self.printer.text(content, cell.offset)
                nodes = [*nodes[:at], *nodes[at + 1 :]]
        cell.text, offset = self.printer.text(nodes, cell.offset)
        cell.offset = min(cell.offset, offset)
        self._check_length(cell, cell.text)
        self._check_length(cell, cell.carried)
        return cell

    def _check_length(self, cell: _Printed, text: str) -> None:
        if len(text) > MAX_CELL:
            raise self.source.fault(
                cell.offset,
                f"a cell of {len(text)} characters",
                f"at most {MAX_CELL} characters",
            )

    def _number(
        self, node: Any, name: str, arguments: Sequence[Any], low: int, high: int
    ) -> int:
        """How many columns or rows a command spans: its first required argument."""
        given = arguments[0] if name == "multicolumn" else arguments[1]
        text, offset = self.printer.text([given], self.tabular.start + node.pos)
        number = int(text) if re.fullmatch("-?[0-9]{1,4}", text) else 0
        if not low <= number <= high or number == 0:
            raise self.source.fault(
                offset, f'\\{name} over "{text}"', f"a number from 1 to {high}"
            )
        return number

    def _spread(self, rows: list[list[_Printed]]) -> None:
        """Print the text of each \\multirow in all rows that it spans."""
        columns = [_by_column(row) for row in rows]
        for at, cells in enumerate(columns):
            for column, cell in cells.items():
                if not cell.carried:
                    continue
                last = at + cell.rows + (-1 if cell.rows > 0 else 1)
                reached = columns[max(min(at, last), 0) : max(at, last) + 1]
                for one in (row[column] for row in reached if column in row):
                    one.text = f"{cell.carried} {one.text}".strip()
                    self._check_length(one, one.text)

    def _widened(self, row: list[_Printed]) -> list[_Printed]:
        """The row with one cell per column."""
        wide = [cell for cell in row for _ in range(cell.columns)]
        if len(wide) > MAX_COLUMNS:
            raise self.source.fault(
                row[-1].offset, "too many cells", f"at most {MAX_COLUMNS} columns"
            )
        return wide

    def _headers(self, rows: list[list[_Printed]]) -> tuple[Cell, ...]:
        """One header per column: what its header rows print, downwards."""
        for row in rows[1:]:
            if len(row) != len(rows[0]):
                raise self.source.fault(
                    row[0].offset,
                    f"a second header row of {len(row)} cells below {len(rows[0])}",
                    "one cell per column",
                )
        headers = []
        for column in zip(*rows, strict=True):
            texts = dict.fromkeys(cell.text for cell in column if cell.text)
            place = self.source.position(column[0].offset)
            headers.append(Cell(" ".join(texts), *place))
        return tuple(headers)

    def _data(
        self, rows: list[list[_Printed]], headers: tuple[Cell, ...]
    ) -> Iterator[tuple[Cell, ...]]:
        """The rows below the headers; a cell that prints nothing is a dash."""
        for row in rows:
            cells = tuple(
                Cell(cell.text or "-", *self.source.position(cell.offset))
                for cell in row
            )
            if _texts(cells) == _texts(headers):
                continue  # repeated, as on the pages of a longtable
            if _spans(row, len(headers)):
                raise self.source.fault(
                    row[0].offset,
                    f'one cell across all columns: "{row[0].text}"',
                    "the rows of one network; a heading among them can be a comment",
                )
            end = self.source.position(row[-1].end)
            check_width(self.source.file, cells, headers, end)
            yield cells


def _texts(cells: tuple[Cell, ...]) -> list[str]:
    return [cell.text for cell in cells]


def _is(node: Any, *names: str) -> bool:
    return getattr(node, "macroname", None) in names


def _is_formula(nodes: list[Any]) -> bool:
    """Whether nodes are one formula, besides rules and space."""
    kinds = [type(node) for node in nodes if not getattr(node, "chars", "x").isspace()]
    kinds = [kind for kind in kinds if kind is not latexwalker.LatexMacroNode]
    return kinds == [latexwalker.LatexMathNode]


def _are_symbols(rows: list[list[_Printed]]) -> bool:
    """Whether the row below the headers only gives the letters that a text uses."""
    return bool(rows) and all(
        not cell.text or (cell.is_symbol and not re.search("[0-9]", cell.text))
        for cell in rows[0]
    )


def _by_column(row: list[_Printed]) -> dict[int, _Printed]:
    """The cells of a row by the column in which they begin."""
    found, column = {}, 0
    for cell in row:
        found[column] = cell
        column += cell.columns
    return found


def _content(nodes: list[Any]) -> list[Any]:
    """The nodes, those of a group instead of it."""
    return [
        inner
        for node in nodes
        for inner in (
            node.nodelist if node.isNodeType(latexwalker.LatexGroupNode) else [node]
        )
    ]


def _spans(row: list[_Printed], width: int) -> bool:
    """Whether a row is one cell across all columns."""
    return width > 1 and row[0].columns >= width
