"""CSV files that a user writes: rows of cells by their headers, with their lines."""

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
    text = kind.text(path).removeprefix("\ufeff")
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        check_header(header)
        for cells in reader:
            if any(cells) and len(cells) != len(header):
                raise kind.error(
                    f"the row has {len(cells)} cells",
                    place=Place(str(path), reader.line_num),
                    accepted=f"{len(header)}, as the header has",
                )
            if any(cells):
                stripped = map(str.strip, cells)
                yield reader.line_num, dict(zip(header, stripped, strict=True))
    except csv.Error as fault:
        place = Place(str(path), reader.line_num)
        raise kind.error(f"not CSV: {fault}", place=place) from None
