"""What a table style is, and how one row of it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, TypeVar

from mnprofile.base.errors import TableError
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.blocks.registry import by_word
from mnprofile.networks.notation.cells import (
    RefusalError,
    blank,
    one_by_one,
    one_or_blank,
    operator,
    size,
)
from mnprofile.networks.notation.rows import Row, normalised
from mnprofile.networks.notation.table import Cell, Table

T = TypeVar("T")


class RowCells:
    """The cells of one row by normalised header; errors give the place of the cell."""

    def __init__(
        self, table: Table, printed: Mapping[str, str], cells: Sequence[Cell]
    ) -> None:
        self.table = table
        self.printed = printed
        self.by_header = dict(zip(printed, cells, strict=True))

    def fault(
        self,
        header: str,
        message: str,
        accepted: str | None = None,
        suggestion: str | None = None,
    ) -> TableError:
        """The error for one cell, with its place."""
        cell = self.by_header[header]
        place = self.table.cell_place(cell, self.printed[header])
        return TableError(
            message, place=place, accepted=accepted, suggestion=suggestion
        )

    def read(self, header: str, reader: Callable[[str], T]) -> T:
        text = self.by_header[header].text
        if not text:
            raise self.fault(
                header,
                "an empty cell",
                "a cell that the source leaves blank is written -",
            )
        try:
            return reader(text)
        except RefusalError as fault:
            raise self.fault(
                header, fault.message, fault.accepted, fault.suggestion
            ) from None


class Context(NamedTuple):
    """What a row reader may need beyond its own cells."""

    number: int
    activation: ActivationKind | None  # of the settings; None where NL is a column


ReadRow = Callable[[RowCells, Context], Row]


def _once(cells: RowCells) -> int:  # noqa: ARG001 - one signature for all styles
    return 1


@dataclass(frozen=True)
class TableStyle:
    """One paper's way to print a table, recognised by its ``headers``.

    Sizes are under ``input_header``, blocks under ``operator_header`` (both
    normalised). ``group`` says how often the group of consecutive rows that a row
    belongs to repeats.
    """

    name: str
    source: str
    headers: tuple[str, ...]
    input_header: str
    operator_header: str
    read_row: ReadRow
    group: Callable[[RowCells], int] = _once

    @property
    def printed(self) -> dict[str, str]:
        """Printed header by normalised header."""
        return {normalised(header): header for header in self.headers}


class ValueColumn(NamedTuple):
    """A column that gives one field of a block, and how its cells are read."""

    header: str  # normalised
    field: str
    read: Callable[[str], Any]


def by_columns(columns: Sequence[ValueColumn]) -> ReadRow:
    """A reader of rows with the columns Input and Operator and some for values.

    A block uses the columns that give one of its fields; its other cells must be blank.
    A convolution with k outputs is the classifier.
    """
    out = next(column for column in columns if column.field == "out")

    def read_row(cells: RowCells, context: Context) -> Row:
        known = by_word()
        words = {word: row.words[word] for word, row in known.items()}
        op = cells.read("operator", lambda text: operator(text, words))
        block = known[op.name]
        values: dict[str, Any] = {
            "input": cells.read("input", size),
            "number": context.number,
            "cells": cells.by_header,
        }
        if block.for_classes and _read(cells, block, out) is None:
            block = block.for_classes
            cells.read("operator", one_by_one)
        taken = {field.name for field in fields(block)} - values.keys()
        if not block.is_repeatable:
            taken.discard("repeats")
        for column in columns:
            if column.field in taken:
                if block.for_classes:
                    _check_not_blank(cells, column, out)
                values[column.field] = _read(cells, block, column)
            elif not (block.classifies and column is out):
                optional = column.field in ("repeats", "stride")
                cells.read(column.header, one_or_blank if optional else blank)
        from_operator = {
            "kernel": op.kernel if block.pools else op.kernel or 3,
            "batch_norm": op.batch_norm,
            "activation": context.activation,
        }
        for field in taken & from_operator.keys() - values.keys():
            values[field] = from_operator[field]
        return block(**values)

    return read_row


def _check_not_blank(cells: RowCells, column: ValueColumn, out: ValueColumn) -> None:
    """Only the classifier, whose outputs are k, may leave its repeats blank."""
    if column.field == "repeats" and cells.by_header[column.header].text == "-":
        outputs = cells.by_header[out.header].text
        raise cells.fault(
            column.header,
            f'"-" in a row with {outputs} outputs',
            f"1; or k in place of {outputs}, if this is the classifier",
        )


def _read(cells: RowCells, block: type[Row], column: ValueColumn) -> Any:
    """A cell, read by the block's own reader for the column if it has one."""
    return cells.read(column.header, block.readers.get(column.field, column.read))
