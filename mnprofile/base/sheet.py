"""Figures as rows and columns, and their rendering as text, Markdown and CSV.

A command makes a ``Sheet`` of plain values; nothing is computed while it is drawn.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from mnprofile.base import escape, units

# A narrower terminal wraps lines itself; digits that are cut off would be worse.
NARROWEST = 80
_WORD = re.compile(r"\S+")
_PART = re.compile(r"[^\s_(=/-]*[_(=/-]|[^\s_(=/-]+")  # of a word, up to a mark

Kind = Literal["text", "count", "delta", "share", "number", "factor"]


class Share(NamedTuple):
    """A part of a whole, drawn as a percentage and exported as a number from 0 to 1."""

    part: int
    whole: int

    def __float__(self) -> float:
        return self.part / self.whole if self.whole else 0.0

    def __str__(self) -> str:
        return units.percent(self.part, self.whole)


class Change(NamedTuple):
    """A change, drawn in percent of ``base`` and exported as a fraction of it."""

    base: int
    head: int

    def __str__(self) -> str:
        return units.change(self.base, self.head)


Value = str | int | float | Share | Change | None


class Column(NamedTuple):
    """A column: ``key`` is its header in CSV, ``label`` where people read it."""

    key: str
    label: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Sheet:
    """A table of values. ``total`` is drawn last, and is not in the CSV."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: tuple[Value, ...] | None = None
    title: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        columns: Sequence[Column],
        records: Iterable[Mapping[str, Any]],
        total: Mapping[str, Any] | None = None,
        *,
        title: str = "",
        notes: Sequence[str] = (),
    ) -> "Sheet":
        """A sheet with one row per record: each column holds the value of its key.

        A cell is empty where the record lacks the key; other keys are ignored.
        """

        def cells(record: Mapping[str, Any]) -> tuple[Value, ...]:
            return tuple(record.get(column.key) for column in columns)

        return cls(
            tuple(columns),
            tuple(map(cells, records)),
            cells(total) if total is not None else None,
            title,
            tuple(notes),
        )

    def filled(self) -> "Sheet":
        """The same sheet without columns that are empty in every row."""
        kept = (
            column
            for index, column in enumerate(self.columns)
            if any(row[index] not in ("", None) for row in self.rows)
        )
        return self.only(*kept)

    def only(self, *chosen: str | Column) -> "Sheet":
        """The same sheet with these columns, in this order: keys, separated by spaces.

        A ``Column`` in place of a key gives its label and kind as well.
        """
        keys = [column.key for column in self.columns]
        columns: list[Column] = []
        for one in chosen:
            if isinstance(one, Column):
                columns.append(one)
            else:
                columns += [self.columns[keys.index(key)] for key in one.split()]
        at = [keys.index(column.key) for column in columns]

        def pick(row: tuple[Value, ...]) -> tuple[Value, ...]:
            return tuple(row[index] for index in at)

        return replace(
            self,
            columns=tuple(columns),
            rows=tuple(pick(row) for row in self.rows),
            total=pick(self.total) if self.total is not None else None,
        )

    def beside(
        self, columns: Sequence[Column], rows: Iterable[Iterable[Value]]
    ) -> "Sheet":
        """The same sheet with further columns on the right, empty in the total."""
        return replace(
            self,
            columns=(*self.columns, *columns),
            rows=tuple((*a, *b) for a, b in zip(self.rows, rows, strict=True)),
            total=self.total and (*self.total, *(None for _ in columns)),
        )

    def noted(self, *notes: str) -> "Sheet":
        """The same sheet with further notes below it."""
        return replace(self, notes=(*self.notes, *notes))


def noted(sheets: Sequence[Sheet], notes: Iterable[str]) -> list[Sheet]:
    """The same sheets with notes below the last one."""
    return [*sheets[:-1], sheets[-1].noted(*notes)]


def to_csv(sheet: Sheet) -> str:
    """Comma-separated rows under the columns' keys; plain numbers, empty for None."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key for column in sheet.columns])
    for row in sheet.rows:
        writer.writerow(
            [escape.csv_cell(v) if isinstance(v, str) else plain(v) for v in row]
        )
    return out.getvalue()


def to_markdown(sheet: Sheet) -> str:
    """A GitHub table with the title above, and the total and notes below it."""
    lines = []
    if sheet.title:
        lines += [f"**{escape.markdown(sheet.title)}**", ""]
    lines.append(_pipes([escape.markdown(column.label) for column in sheet.columns]))
    lines.append(
        _pipes(["---" if column.kind == "text" else "---:" for column in sheet.columns])
    )
    for row in sheet.rows:
        lines.append(_pipes(_markdown_row(sheet, row)))
    if sheet.total is not None:
        cells = _markdown_row(sheet, sheet.total)
        lines.append(_pipes([f"**{cell}**" if cell else "" for cell in cells]))
    for note in sheet.notes:
        lines += ["", escape.markdown(note)]
    return "\n".join(lines) + "\n"


def to_text(sheet: Sheet) -> str:
    """Aligned columns for a pipe or a file: plain digits, and nothing is cut off."""
    grid = [[escape.visible(column.label) for column in sheet.columns]]
    rows = sheet.rows if sheet.total is None else (*sheet.rows, sheet.total)
    grid += [_text_row(sheet, row, separated=False) for row in rows]
    widths = [max(map(_width, cells)) for cells in zip(*grid, strict=True)]
    lines = [escape.visible(sheet.title), ""] if sheet.title else []
    for cells in grid:
        line = []
        for cell, width, column in zip(cells, widths, sheet.columns, strict=True):
            space = " " * (width - _width(cell))
            line.append(cell + space if column.kind == "text" else space + cell)
        lines.append("  ".join(line).rstrip())
    if sheet.notes:
        lines += ["", *map(escape.visible, sheet.notes)]
    return "\n".join(lines) + "\n"


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # 1.5 ms that only wide letters should pay

    return cell_len(text)


def to_terminal(sheet: Sheet, *, width: int, styled: bool) -> str:
    """Aligned columns for a terminal: thousands separated, long text wrapped.

    ``styled`` adds ANSI styles.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        show_edge=False,
        header_style="bold",
    )
    rows = [_text_row(sheet, row, separated=True) for row in sheet.rows]
    width = max(width, NARROWEST)
    widths = _narrowed(sheet, rows, width)
    for column, narrowed in zip(sheet.columns, widths, strict=True):
        table.add_column(
            Text(column.label),
            justify="left" if column.kind == "text" else "right",
            no_wrap=column.kind != "text",
            overflow="fold",
            width=narrowed,
        )
    for row in rows:
        table.add_row(*(Text(_folded(*cell)) for cell in zip(row, widths, strict=True)))
    if sheet.total is not None:
        table.add_section()
        cells = _text_row(sheet, sheet.total, separated=True)
        table.add_row(*(Text(cell, "bold") for cell in cells))
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=styled,
        color_system="standard" if styled else None,
        highlight=False,
        legacy_windows=False,
    )
    if sheet.title:
        console.print(Text(escape.visible(sheet.title), "bold"))
        console.print()
    console.print(table)
    for index, note in enumerate(sheet.notes):
        if index == 0:
            console.print()
        console.print(Text(escape.visible(note), "dim"))
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def _narrowed(
    sheet: Sheet, rows: Sequence[Sequence[str]], width: int
) -> list[int | None]:
    """The widths of columns of text that make a table fit, and break no word.

    Where words are too long for that, they break after a mark, as ``_folded`` has it.
    None leaves a column as it is: all of them if the table fits, or if it cannot.
    """
    columns = list(zip(*([one.label for one in sheet.columns], *rows), strict=True))
    widest = [max(map(_width, cells)) for cells in columns]
    room = width - 2 * (len(columns) - 1) - 1  # between columns, and a margin
    if sum(widest) <= room:
        return [None] * len(columns)
    for unbroken in (_WORD, _PART):
        longest = [
            max(_width(one) for cell in cells for one in unbroken.findall(cell) or [""])
            if column.kind == "text"
            else most
            for column, cells, most in zip(sheet.columns, columns, widest, strict=True)
        ]
        if sum(longest) <= room:
            break
    else:
        return [None] * len(columns)
    pairs = [*zip(longest, widest, strict=True)]
    limit = next(
        limit
        for limit in range(max(widest), -1, -1)
        if sum(max(least, min(most, limit)) for least, most in pairs) <= room
    )
    return [
        max(least, min(most, limit)) if column.kind == "text" else None
        for column, (least, most) in zip(sheet.columns, pairs, strict=True)
    ]


def _folded(text: str, width: int | None) -> str:
    """A text whose words break after a mark, such as ``_``, where they are too long."""
    if width is None:
        return text

    def fold(word: re.Match[str]) -> str:
        lines = [""]
        for part in _PART.findall(word[0]):
            if lines[-1] and _width(lines[-1] + part) > width:
                lines.append("")
            lines[-1] += part
        return "\n".join(lines)

    return _WORD.sub(fold, text)


def cell_text(value: Value, kind: Kind, *, separated: bool) -> str:
    """One value as text for people."""
    if value is None:
        return ""
    if isinstance(value, int) and kind == "count":
        return units.grouped(value) if separated else str(value)
    if isinstance(value, int) and kind == "delta":
        return units.signed(value, separated=separated)
    if isinstance(value, float) and kind in ("factor", "text"):
        return units.factor(value)
    return escape.visible(str(value))


def plain(value: Value) -> str | int | float | None:
    """A value as machines read it: a share from 0 to 1, a change as a ratio of base."""
    if isinstance(value, Change):
        return (value.head - value.base) / value.base if value.base else None
    return float(value) if isinstance(value, Share) else value


def _text_row(sheet: Sheet, row: tuple[Value, ...], *, separated: bool) -> list[str]:
    return [
        cell_text(value, column.kind, separated=separated)
        for value, column in zip(row, sheet.columns, strict=True)
    ]


def _markdown_row(sheet: Sheet, row: tuple[Value, ...]) -> list[str]:
    return [
        escape.markdown(value)
        if isinstance(value, str)
        else cell_text(value, column.kind, separated=False)
        for value, column in zip(row, sheet.columns, strict=True)
    ]


def _pipes(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
