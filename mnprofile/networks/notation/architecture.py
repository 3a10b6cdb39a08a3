"""Read a table as an architecture: its style, rows in network order, and settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from mnprofile.base.errors import Place, TableError, nearest
from mnprofile.networks.notation import styles as package
from mnprofile.networks.notation.cells import Size
from mnprofile.networks.notation.rows import (
    ABOVE,
    INPUT,
    Architecture,
    Row,
    normalised,
    place_of,
)
from mnprofile.networks.notation.settings import Settings, read_settings
from mnprofile.networks.notation.styles.style import (
    LABELS,
    Context,
    RowCells,
    TableStyle,
)
from mnprofile.networks.notation.table import Table

if TYPE_CHECKING:
    from mnprofile.networks.notation.labels import Labels

MAX_ROWS_BUILT = 1_000  # blocks
DEFAULT_CLASSES = 1000
_WITHOUT_BLOCKS = ("mobilenet_v2", "mobilenet_v3")  # styles that load none


def styles(first: tuple[str, ...] = ()) -> Iterator[TableStyle]:
    """All known styles: each module of the package ``styles`` defines one.

    They are loaded one after the other, as far as the caller goes: ``first`` some, then
    those of MobileNets, which need few blocks.
    """
    for name in sorted(style_names(), key=lambda name: name not in first):
        module = import_module(f"{package.__name__}.{name}")
        if hasattr(module, "STYLE"):
            yield module.STYLE


@cache
def style_names() -> tuple[str, ...]:
    names = [one.name for one in iter_modules(package.__path__)]
    return tuple(sorted(names, key=lambda name: ("mobilenet" not in name, name)))


def read_architecture(table: Table, variant: str | None = None) -> Architecture:
    """Read a table's settings and rows, or those of one of its variants.

    Raises TableError at the faulty cell or key.
    """
    style = _style(table)
    nl_is_a_column = any(normalised(c.text) == "nl" for c in table.grid.headers)
    settings = read_settings(table, nl_is_a_column=nl_is_a_column, variant=variant)
    image = Size(settings.side, settings.side, 3)
    rows = tuple(read_rows(table, style, settings, image))
    if not rows:
        header = table.grid.headers[0]
        raise TableError("a table without rows", place=table.cell_place(header))
    if not any(row.is_counted for row in rows):
        raise TableError(
            "nothing to count: no row is a convolution or fully connected layer",
            place=Place(table.file, rows[0].line),
        )
    _check_order(table, style, rows)
    first = rows[0].input
    if first.h != first.w:
        raise TableError(
            f"the first input is {first.h}x{first.w}: a table's own input is square",
            place=place_of(table, style, rows[0], style.input_header),
            accepted="a square size; count with --res HxW builds any other",
        )
    if first.h != settings.side:
        raise TableError(
            f"resolution {settings.side}, but the first row's input is"
            f" {first.h}x{first.w}",
            place=table.setting_place("resolution"),
            accepted=str(first.h),
        )
    return Architecture(
        name=settings.name,
        aliases=settings.aliases,
        title=settings.title or table.title or settings.name,
        source=table.source,
        family=settings.family,
        scaling=settings.scaling,
        resolution=settings.resolution,
        classes=_classes(table, rows, settings.classes),
        style=style,
        rows=rows,
        table=table,
        width=settings.width,
        depth=settings.depth,
        compound=settings.compound,
        group=settings.group,
        released_code=settings.released_code,
    )


def _style(table: Table) -> TableStyle:
    """The style whose headers the table has; each must occur exactly once."""
    found = [normalised(cell.text) for cell in table.grid.headers]
    for style in styles(_WITHOUT_BLOCKS):
        names = {_canonical(style, one) for one in found}
        if len(found) < max(2, len(style.printed)) or len(found) > len(names):
            continue
        is_whole = set(style.printed) <= set(found)
        if is_whole and all(_belongs(style, one) for one in found):
            return style
    style = max(styles(), key=lambda one: len(set(found) & set(one.printed)))
    for index, cell in enumerate(table.grid.headers):
        if not _belongs(style, found[index]):
            close = nearest(cell.text, (*style.headers, "Name", "From", "Dilation"))
            raise TableError(
                f'unknown column "{cell.text}" (a table in the style of'
                f" {style.source})",
                place=table.cell_place(cell),
                accepted="; ".join(", ".join(d.headers) for d in styles()),
                suggestion=close,
            )
        *before, name = (_canonical(style, one) for one in found[: index + 1])
        if name in before:
            raise TableError(
                f'the column "{cell.text}" appears twice', place=table.cell_place(cell)
            )
    printed = next(one for header, one in style.printed.items() if header not in found)
    last = table.grid.headers[-1]
    raise TableError(
        f'the column "{printed}" is missing (a table in the style of {style.source})',
        place=Place(table.file, last.line, last.column + len(last.text)),
        accepted=", ".join(style.headers),
    )


def _belongs(style: TableStyle, header: str) -> bool:
    """Whether a table of the style can have a column of this normalised header."""
    is_extra = any(header == extra.key for extra in style.extras)
    return _is_own(style, header) or header in LABELS or is_extra


def _is_own(style: TableStyle, header: str) -> bool:
    """Whether the style's source prints a column of this normalised header."""
    columns = style.columns
    return header in style.printed or bool(columns and columns.fullmatch(header))


def _canonical(style: TableStyle, header: str) -> str:
    """A normalised header, and for those of labels the one name that they go by."""
    return header if _is_own(style, header) else LABELS.get(header, header)


def _column(table: Table, style: TableStyle, settings: Settings) -> str | None:
    """The normalised header of the column that the settings choose, if there is one."""
    if style.columns is None:
        if settings.column is not None:
            raise TableError(
                f"column: a table in the style of {style.source} has no columns to"
                " choose from",
                place=table.setting_place("column"),
            )
        return None
    held = [cell.text for cell in table.grid.headers]
    choices = [text for text in held if style.columns.fullmatch(normalised(text))]
    if not choices:
        last = table.grid.headers[-1]
        raise TableError(
            f"no column of a network (a table in the style of {style.source})",
            place=table.cell_place(last),
        )
    chosen = settings.column if settings.column is not None else choices[0]
    if normalised(chosen) not in map(normalised, choices):
        raise TableError(
            f'column: "{chosen}" is not a column of a network',
            place=table.setting_place("column"),
            accepted=", ".join(choices),
            suggestion=nearest(chosen, choices),
        )
    return normalised(chosen)


def read_rows(
    table: Table,
    style: TableStyle,
    settings: Settings,
    image: Size,
    *,
    is_head: bool = False,
) -> list[Row]:
    """The rows of a network that takes an image, or of a head, in network order.

    Groups, such as the 5× of V1, are repeated. Raises TableError at the faulty cell.
    """
    column = _column(table, style, settings)
    rows: list[Row] = []
    group: list[Row] = []
    group_size = 1

    def close_group() -> None:
        rows.extend(group * group_size)
        group.clear()

    read = _cells(table, style)
    labels = _labels(read, image, is_head=is_head)
    above: Row | None = None
    expected, pooled = image, False
    for cells in read:
        size_here = style.group(cells)
        if size_here != group_size:
            close_group()
            group_size = size_here
        if labels:
            expected, pooled = labels.enter(cells)
            if labels.label.name and group_size > 1:
                raise cells.fault("name", "a name in rows that repeat as a group", "-")
        below = read[cells.number] if cells.number < len(read) else None
        labelled = labels is not None
        context = Context(settings, expected, column, below, above, labelled, pooled)
        made = style.read_row(cells, context)
        line = made if isinstance(made, tuple) else (made,)
        group += labels.leave(cells, line) if labels else line
        built = len(rows) + len(group) * group_size
        _check_number(table, cells.number, built, (*rows, *group))
        if line:
            above = group[-1]
            expected = above.gives
    close_group()
    return rows


def _cells(table: Table, style: TableStyle) -> list[RowCells]:
    headers = [_canonical(style, normalised(c.text)) for c in table.grid.headers]
    printed = dict(zip(headers, (c.text for c in table.grid.headers), strict=True))
    return [
        RowCells(table, printed, number, line)
        for number, line in enumerate(table.grid.rows, start=1)
    ]


def _labels(read: list[RowCells], image: Size, *, is_head: bool) -> Labels | None:
    """What rows say by name, if a column of the table does."""
    if not read or not set(LABELS.values()) & read[0].printed.keys():
        return None
    from mnprofile.networks.notation.labels import Labels  # rarely needed

    return Labels(read, image, is_head=is_head)


def _check_number(table: Table, number: int, built: int, rows: Iterable[Row]) -> None:
    """Raise TableError at the printed row that makes too many blocks."""
    if built + sum(row.repeats - 1 for row in rows) > MAX_ROWS_BUILT:
        raise TableError(
            f"more than {MAX_ROWS_BUILT} blocks with all repeats",
            place=Place(table.file, table.grid.rows[number - 1][0].line),
            accepted=f"at most {MAX_ROWS_BUILT}",
        )


def _check_order(table: Table, style: TableStyle, rows: tuple[Row, ...]) -> None:
    """Nothing follows the classifier, and only 1x1 layers follow the pooling.

    Where rows name their inputs, that holds along every branch.
    """
    after = {INPUT: (False, False)}  # by row: whether it is pooled, and classified
    pooled = classified = False
    for row in rows:
        if row.sources and row.sources[0] != ABOVE:
            pooled, classified = after[row.sources[0]]
        _check_place(table, style, row, pooled=pooled, classified=classified)
        pooled, classified = pooled or row.pools, classified or row.classifies
        after[row.name] = pooled, classified


def _check_place(
    table: Table, style: TableStyle, row: Row, *, pooled: bool, classified: bool
) -> None:
    """Refuse a row that cannot follow what it reads."""
    place = place_of(table, style, row, style.operator_header)
    if row.ends:
        if not classified:
            raise TableError("softmax without a classifier above it", place=place)
    elif classified and (pooled or not row.pools):
        raise TableError("a row after the classifier", place=place)
    elif row.classifies:
        if not (pooled or row.classifies_maps):
            raise TableError(
                "a classifier before the pooling",
                place=place,
                accepted="a pooling row above it; or a column From, with which k"
                " channels are a map",
            )
    elif pooled and not row.follows_pooling:
        raise TableError(
            "only 1x1 convolutions and the classifier can follow the pooling",
            place=place,
        )
    elif pooled and getattr(row, "squeeze_excite", None):
        cell = row.cells["se"]
        raise TableError(
            "squeeze-excite after the pooling",
            place=table.cell_place(cell, style.printed.get("se", "SE")),
            accepted="-",
        )


def _classes(table: Table, rows: tuple[Row, ...], setting: int | None) -> int:
    """The number of classes: V1 prints it; else the setting, or ImageNet's 1000."""
    printed = next((getattr(r, "classes", None) for r in rows if r.classifies), None)
    if printed is not None and setting is not None and printed != setting:
        raise TableError(
            f"classes = {setting}, but the table prints {printed}",
            place=table.setting_place("classes"),
            accepted=str(printed),
        )
    return printed or setting or DEFAULT_CLASSES
