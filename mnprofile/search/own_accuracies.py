"""Accuracies that a user knows of networks that are not tables, as a CSV file.

A row has a top-1 in percent, and cells of the columns that tell the networks of a sweep
apart (model, resolution, arguments). An empty cell fits every value.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from mnprofile.base.csv_files import read_rows
from mnprofile.base.errors import MnprofileError, Place, nearest
from mnprofile.base.files import Input
from mnprofile.search.frontier import frontier

TOP1 = "top1"
_NOTHING = object()
Row = Mapping[str, Any]


class AccuracyError(MnprofileError):
    """A file that cannot be read as accuracies."""

    kind = "accuracy"


FILES = Input("CSV file", AccuracyError, 16 << 20)


class Known(NamedTuple):
    """One row: what a network must have, its top-1 in percent, and the place."""

    cells: Mapping[str, str]
    top1: float
    place: Place

    def fits(self, row: Row) -> bool:
        return all(_same(row.get(name), cell) for name, cell in self.cells.items())


def read_accuracies(path: Path, names: Sequence[str]) -> tuple[Known, ...]:
    """The rows of a file; ``names`` are the columns that tell networks apart.

    Raises AccuracyError, with the line and column, and FileError.
    """
    file = str(path)
    rows = read_rows(path, FILES, lambda header: _check_header(header, names, file))
    found = tuple(_known(row, Place(file, line)) for line, row in rows)
    if not found:
        raise AccuracyError("there is no accuracy", place=Place(file))
    return found


def with_accuracies(
    rows: Sequence[Row], known: Sequence[Known]
) -> list[dict[str, Any]]:
    """Rows with a top-1 where the file has one; None elsewhere.

    Raises AccuracyError for two rows of the file that fit one network and differ.
    """
    found = []
    for row in rows:
        fitting = [one for one in known if one.fits(row)]
        for one in fitting[1:]:
            if one.top1 != fitting[0].top1:
                raise AccuracyError(
                    f"top1 {one.top1:g}, but line {fitting[0].place.line} has"
                    f" {fitting[0].top1:g} for the same network",
                    place=one.place,
                    accepted="one accuracy for each network",
                )
        found.append({**row, TOP1: fitting[0].top1 if fitting else None})
    return found


def accuracy_note(rows: Sequence[Row], known: Sequence[Known]) -> str:
    """How far a file and a sweep agree on what networks there are."""
    have = sum(row[TOP1] is not None for row in rows)
    unused = sum(not any(map(one.fits, rows)) for one in known)
    text = f"Top-1 as in {known[0].place.file}: {have} of {len(rows)} configurations"
    return text + (f"; {unused} of its rows fit none" if unused else "")


def frontier_of(rows: Sequence[Row]) -> list[Row]:
    """Rows that no other one beats in multiply-adds and top-1, and those that failed.

    In their own order; of two that are equal in both, the first.
    """
    able = [at for at, row in enumerate(rows) if row[TOP1] and row["error"] is None]
    kept = frontier(able, lambda at: (rows[at]["macs"], rows[at][TOP1]))
    return [
        row for at, row in enumerate(rows) if at in kept or row["error"] is not None
    ]


def _check_header(header: list[str], names: Sequence[str], file: str) -> None:
    accepted = (*names, TOP1)
    for name in header:
        if name not in accepted or header.count(name) > 1:
            twice = header.count(name) > 1
            raise AccuracyError(
                f'column "{name}"'
                + (" is there twice" if twice else " is none of this sweep"),
                place=Place(file, 1),
                accepted=", ".join(accepted),
                suggestion=None if twice else nearest(name, accepted),
            )
    if TOP1 not in header or len(header) < 2:
        missing = TOP1 if TOP1 not in header else names[0]
        raise AccuracyError(
            f'there is no column "{missing}"',
            place=Place(file, 1),
            accepted=f"{TOP1}, and at least one of {', '.join(names)}",
        )


def _known(row: dict[str, str], place: Place) -> Known:
    top1 = _percent(row.pop(TOP1), place._replace(header=TOP1))
    return Known({name: cell for name, cell in row.items() if cell}, top1, place)


def _percent(text: str, place: Place) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 1 <= value <= 100:  # 0.72 is a share, which would be taken for 0.72 %
        raise AccuracyError(
            f'"{text}" is not a percentage',
            place=place,
            accepted="1 to 100, such as 72.3",
        )
    return value


def _same(value: object, cell: str) -> bool:
    """Whether a cell is a value: the same text, or the same Python literal."""
    return str(value) == cell or bool(_literal(cell) == value)


@cache
def _literal(cell: str) -> object:
    """What a cell is in Python; a value that equals no other where it is nothing."""
    try:
        return ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _NOTHING
