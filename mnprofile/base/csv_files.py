"""CSV files: rows of cells with their lines, also by their headers."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from mnprofile.base.errors import Place
from mnprofile.base.files import Input


def read_rows(
    path: Path, kind: Input, check_header: Callable[[list[str]], None]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a file, without empty ones; cells and headers are stripped.

    ``check_header`` is given the headers before the first row. Raises the error of
    ``kind`` for a file that is not CSV and for a row of another length, and FileError.
    """
    rows = read_cells(path, kind)
    header = [name.strip() for name in next(rows, (1, []))[1]]
    check_header(header)
    for line, cells in rows:
        if any(cells):
            check_length(path, kind, line, cells, len(header))
            yield line, dict(zip(header, map(str.strip, cells), strict=True))


def read_cells(path: Path, kind: Input) -> Iterator[tuple[int, list[str]]]:
    """The line and the cells of every row as written, the headers first."""
    text = kind.text(path).removeprefix("\ufeff")
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as fault:
        place = Place(str(path), reader.line_num)
        raise kind.error(f"not CSV: {fault}", place=place) from None


def check_length(
    path: Path, kind: Input, line: int, cells: list[str], width: int
) -> None:
    """Refuse a row that has not as many cells as the header."""
    if len(cells) != width:
        raise kind.error(
            f"the row has {len(cells)} cells",
            place=Place(str(path), line),
            accepted=f"{width}, as the header has",
        )
