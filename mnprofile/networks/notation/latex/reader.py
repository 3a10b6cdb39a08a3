"""Read one tabular of a LaTeX file as a ``Table``."""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from mnprofile.base.errors import Place, TableError
from mnprofile.base.extras import require
from mnprofile.base.records import Record
from mnprofile.networks.notation.cells import RefusalError, size_or_classes
from mnprofile.networks.notation.latex.source import Source, Tabular, read_source
from mnprofile.networks.notation.table import (
    ERRATA_HEADERS,
    Cell,
    CellGrid,
    Table,
    apply_errata,
    parse_settings,
)

MAX_TITLE = 100
_ERRATA = "errata"
_KEYS = tuple(header.lower().replace(" ", "-") for header in ERRATA_HEADERS)


def read_latex(
    text: str, file: str, key: str | None = None, given: Mapping[str, object] = {}
) -> Table:
    r"""Read the tabular with a number or label; without one, the only tabular.

    Settings stand in comments, above the tabular or in it: ``% mnprofile: scaling =
    "v2"``. Those ``given`` replace them. A name is made from the file's if there is
    none, and the resolution is that of the first size in the first row.

    Raises:
        TableError: with the line and column of what cannot be read.
        MissingExtraError: pylatexenc is not installed.
    """
    source = read_source(text, file)
    tabular = source.choose(key)
    require("pylatexenc", "latex")
    from mnprofile.networks.notation.latex.tabular import read_tabular

    printed = read_tabular(source, tabular)
    settings, settings_at = parse_settings(file, tabular.above, tabular.settings)
    errata = _errata(source, tabular, settings)
    grid, applied = apply_errata(file, printed, errata)
    settings = {**_made(source, tabular, grid), **settings, **given}
    if "scaling" not in settings:
        raise TableError(
            'the setting "scaling" is missing',
            place=Place(file, tabular.line),
            accepted='a comment, % mnprofile: scaling = "v2", or --set scaling=v2',
        )
    title = re.split(r"(?<=[.:])\s", tabular.caption, maxsplit=1)[0][:MAX_TITLE]
    return Table(
        file=file,
        title=title.rstrip(".: "),
        source=" ".join(["tabular", str(tabular.number), *tabular.labels[:1]]),
        settings=settings,
        settings_line=tabular.line,
        printed=printed,
        grid=grid,
        errata=applied,
        _settings_at=settings_at,
    )


def _made(source: Source, tabular: Tabular, grid: CellGrid) -> dict[str, Any]:
    """The settings that the file says without a comment."""
    name = PurePath(source.file).stem.strip("<>")[:50] or "table"
    if len(source.tabulars) > 1:
        name = f"{name}-{tabular.number}"
    made: dict[str, Any] = {"name": name}
    for cell in grid.rows[0] if grid.rows else ():
        try:
            made["resolution"] = size_or_classes(cell.text).h
        except RefusalError:
            continue
        break
    return made


def _errata(
    source: Source, tabular: Tabular, settings: dict[str, Any]
) -> CellGrid | None:
    """The errata among the settings, as the table that they are in Markdown."""
    listed = settings.pop(_ERRATA, None)
    if listed is None:
        return None
    lines = [
        number
        for number, line in enumerate(tabular.settings, start=tabular.above + 1)
        if line.strip().startswith((f"[[{_ERRATA}]]", _ERRATA))
    ]
    if not isinstance(listed, list):
        listed = [listed]
    rows = []
    for at, one in enumerate(listed):
        line = lines[min(at, len(lines) - 1)] if lines else tabular.line
        texts = _erratum(one, Place(source.file, line))
        rows.append(tuple(Cell(text, line, 1) for text in texts))
    headers = tuple(Cell(header, tabular.line, 1) for header in ERRATA_HEADERS)
    return CellGrid(headers, tuple(rows))


def _erratum(one: Any, place: Place) -> list[str]:
    """The cells of one erratum, in the order of the headers."""
    record = Record(one, TableError, lambda _: place, _ERRATA)
    if not isinstance(one, dict):
        record.refuse("", "not an erratum", "[[errata]] and below it the keys")
    record.only(*_KEYS)
    return [
        str(record.count(key)) if key == "row" else record.text(key) for key in _KEYS
    ]
