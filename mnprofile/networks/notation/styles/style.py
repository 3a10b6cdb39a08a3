"""What a table style is, and how one row of it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from functools import partial
from typing import Any, NamedTuple, TypeVar

from mnprofile.base.errors import TableError
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.blocks.registry import block_of, by_word
from mnprofile.networks.notation.cells import (
    Operator,
    OperatorWord,
    PerClass,
    RefusalError,
    Size,
    blank,
    nonlinearity,
    one_by_one,
    one_or_blank,
    operator,
    operator_word,
    repeats,
    size,
    squeeze_excite,
)
from mnprofile.networks.notation.rows import Row, normalised
from mnprofile.networks.notation.settings import Settings
from mnprofile.networks.notation.table import Cell, Table

# Columns that a table of any style may have: by normalised header, what they say.
LABELS = {
    "name": "name",
    "from": "from",
    "inputfrom": "from",
    "dilation": "dilation",
    "d": "dilation",
}
T = TypeVar("T")
NO_WORD = OperatorWord()


class RowCells:
    """The cells of one row by normalised header; errors give the place of the cell."""

    def __init__(
        self,
        table: Table,
        printed: Mapping[str, str],
        number: int,
        cells: tuple[Cell, ...],
    ) -> None:
        self.table = table
        self.printed = printed
        self.number = number  # of the row, counted from 1
        self.by_header = dict(zip(printed, cells, strict=True))

    def row(self, **values: Any) -> dict[str, Any]:
        """What every row has, and some values besides."""
        return {"number": self.number, "cells": self.by_header, **values}

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

    settings: Settings
    expected: Size  # what the rows above leave
    column: str | None  # which of several columns to read, by its normalised header
    below: RowCells | None  # the next row
    above: Row | None  # what the row above was read as
    labelled: bool  # rows name their inputs
    pooled: bool  # what this one reads

    @property
    def activation(self) -> ActivationKind | None:
        """That of all layers; None where NL is a column."""
        return self.settings.activation

    @property
    def maps(self) -> bool:
        """Whether k channels are a map, one value per class at every position."""
        return self.labelled and not self.pooled


ReadRow = Callable[[RowCells, Context], Row | tuple[Row, ...]]


def _once(cells: RowCells) -> int:  # noqa: ARG001 - one signature for all styles
    return 1


class TableStyle(NamedTuple):
    """One paper's way to print a table, recognised by its ``headers``.

    Sizes are under ``input_header``, blocks under ``operator_header`` (both
    normalised). ``group`` says how often the group of consecutive rows that a row
    belongs to repeats. A table can have ``columns`` besides the headers, one per
    network, of which the setting ``column`` chooses: a pattern of their headers.
    ``extras`` are further columns that a table of one's own may have.
    """

    name: str
    source: str
    headers: tuple[str, ...]
    input_header: str
    operator_header: str
    read_row: ReadRow
    group: Callable[[RowCells], int] = _once
    columns: re.Pattern[str] | None = None
    extras: tuple[ValueColumn, ...] = ()

    @property
    def printed(self) -> dict[str, str]:
        """Printed header by normalised header."""
        return {normalised(header): header for header in self.headers}


class ValueColumn(NamedTuple):
    """A column that gives one field of a block, and how its cells are read."""

    header: str  # as printed
    field: str
    read: Callable[[str], Any]

    @property
    def key(self) -> str:
        """The normalised header."""
        return normalised(self.header)


OPERATORS = "operator"  # the normalised header of the blocks' column
# Columns that a table read by columns may have besides those of its style.
EXTRAS = (
    ValueColumn("SE", "squeeze_excite", str),
    ValueColumn("NL", "activation", nonlinearity),
    ValueColumn("n", "repeats", repeats),
)


def by_columns(
    name: str,
    source: str,
    *columns: ValueColumn,
    before: Sequence[str] = ("Input", "Operator"),
    extras: tuple[ValueColumn, ...] = EXTRAS,
) -> TableStyle:
    """A style with the columns Input and Operator and some for values.

    A block uses the columns that give one of its fields; its other cells must be blank.
    A convolution with k outputs is the classifier.
    """
    headers = (*before, *(column.header for column in columns))
    read_row = partial(_read_columns, columns)
    return TableStyle(
        name, source, headers, "input", OPERATORS, read_row, extras=extras
    )


def _read_columns(
    columns: Sequence[ValueColumn], cells: RowCells, context: Context
) -> Row:
    out = next(column for column in columns if column.field == "out")
    op, block = cells.read(OPERATORS, operator_and_block)
    values = _given(cells, context)
    is_k = block.for_classes and _read(cells, block, out, context) is None
    if is_k and context.maps:
        values["out"] = PerClass(1)
    elif is_k:
        block = block.for_classes or block
        cells.read(OPERATORS, one_by_one)
    taken = {field.name for field in fields(block)} - values.keys()
    if not block.is_repeatable:
        taken.discard("repeats")
    for column in (*columns, *_extras(columns, cells)):
        if column.field in taken:
            if block.for_classes:
                _check_not_blank(cells, column, out)
            values[column.field] = _read(cells, block, column, context)
        elif not (is_k and column is out):
            _check_blank(cells, column)
    given = _from_operator(block, op, context)
    if type(values.get("out")) is PerClass:
        given["activation"] = None  # as a classifier has none
    values |= {key: given[key] for key in taken & given.keys() - values.keys()}
    _check_operator(cells, block, op, values)
    return block(**values)


def _check_blank(cells: RowCells, column: ValueColumn) -> None:
    """Refuse a value that the block does not use; 1 is none for repeats and strides."""
    optional = column.field in ("repeats", "stride")
    cells.read(column.key, one_or_blank if optional else blank)


def _extras(columns: Sequence[ValueColumn], cells: RowCells) -> list[ValueColumn]:
    """The columns that the table has besides those of its style."""
    own = {column.key for column in columns}
    return [one for one in EXTRAS if one.key in cells.by_header and one.key not in own]


def _from_operator(block: type[Row], op: Operator, context: Context) -> dict[str, Any]:
    """What the Operator cell and the settings give."""
    return {
        "kernel": op.kernel if block.pools else op.kernel or 3,
        "batch_norm": op.batch_norm,
        "activation": context.activation if block.activates else None,
        "layer_scale": context.settings.layer_scale,
        **op.more,
    }


def _given(cells: RowCells, context: Context) -> dict[str, Any]:
    """What every row has. Where rows name their inputs, Input may be blank."""
    text = cells.by_header["input"].text if "input" in cells.by_header else "-"
    prints = text != "-" or ("input" in cells.by_header and not context.labelled)
    x = cells.read("input", size) if prints else context.expected
    return cells.row(input=x, prints_input=prints)


def _check_operator(
    cells: RowCells, block: type[Row], op: Operator, values: Mapping[str, Any]
) -> None:
    """Refuse a kernel that the block does not use, and a cell that says too little."""
    known = {field.name: field for field in fields(block)}
    if block.expands and not values.keys() & {"t", "expanded"}:
        raise cells.fault(OPERATORS, f'"{op.name}" in a table without its expansion')
    if op.kernel is not None and not (block.classifies or "kernel" in known):
        raise cells.fault(OPERATORS, f'"{op.name}" has no kernel')
    for modifier, (name, _) in block.words.get(op.name, NO_WORD).modifiers.items():
        if name not in values and known[name].default is MISSING:
            raise cells.fault(
                OPERATORS,
                f'"{op.name}" without its {modifier}',
                f"{op.name}, {', '.join(block.words[op.name].modifiers)}",
            )
    for name, field in known.items():
        if field.default is MISSING and name not in values:
            told = f'"{op.name}" in a table without a column for "{name}"'
            raise cells.fault(OPERATORS, told)


def _check_not_blank(cells: RowCells, column: ValueColumn, out: ValueColumn) -> None:
    """Only the classifier, whose outputs are k, may leave its repeats blank."""
    if column.field == "repeats" and cells.by_header[column.key].text == "-":
        outputs = cells.by_header[out.key].text
        raise cells.fault(
            column.key,
            f'"-" in a row with {outputs} outputs',
            f"1; or k in place of {outputs}, if this is the classifier",
        )


def operator_and_block(text: str) -> tuple[Operator, type[Row]]:
    """An Operator cell, and the block that its word names."""
    word = operator_word(text)
    block = block_of(word)
    if block is None:  # the reader's own error lists all words
        known = by_word()
        words = {word: row.words[word] for word, row in known.items()}
        return operator(text, words), known[word]
    return operator(text, block.words), block


def _read(
    cells: RowCells, block: type[Row], column: ValueColumn, context: Context
) -> Any:
    """A cell, read by the block's own reader for the column if it has one."""
    reader = block.readers.get(column.field, column.read)
    if column.field != "squeeze_excite":
        return cells.read(column.key, reader)
    given = context.settings.squeeze_excite
    return cells.read(column.key, lambda text: squeeze_excite(text, given))
