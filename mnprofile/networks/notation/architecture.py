"""Read a table as an architecture: its style, rows in network order, and settings."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from mnprofile.base.errors import Place, TableError, nearest
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.notation import styles as package
from mnprofile.networks.notation.rows import Architecture, Row, normalised
from mnprofile.networks.notation.settings import read_settings
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle
from mnprofile.networks.notation.table import Table

MAX_ROWS_BUILT = 1_000
DEFAULT_CLASSES = 1000


@cache
def styles() -> tuple[TableStyle, ...]:
    """All known styles: each module of the package ``styles`` defines one."""
    modules = sorted(one.name for one in iter_modules(package.__path__))
    loaded = (import_module(f"{package.__name__}.{name}") for name in modules)
    return tuple(module.STYLE for module in loaded if hasattr(module, "STYLE"))


def read_architecture(table: Table) -> Architecture:
    """Read a table's settings and rows. Raises TableError at the faulty cell or key."""
    style = _style(table)
    settings = read_settings(table, nl_is_a_column="NL" in style.headers)
    rows = tuple(_rows(table, style, settings.activation))
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
            place=table.cell_place(
                rows[0].cells[style.input_header],
                style.printed[style.input_header],
            ),
            accepted="a square size; count with --res HxW builds any other",
        )
    if first.h != settings.resolution:
        raise TableError(
            f"resolution {settings.resolution}, but the first row's input is"
            f" {first.h}x{first.w}",
            place=table.setting_place("resolution"),
            accepted=str(first.h),
        )
    return Architecture(
        name=settings.name,
        aliases=settings.aliases,
        title=table.title or settings.name,
        source=table.source,
        family=settings.family,
        scaling=settings.scaling,
        resolution=settings.resolution,
        classes=_classes(table, rows, settings.classes),
        style=style,
        rows=rows,
        table=table,
    )


def _style(table: Table) -> TableStyle:
    """The style whose headers the table has; each must occur exactly once."""
    found = [normalised(cell.text) for cell in table.grid.headers]
    style = max(styles(), key=lambda one: len(set(found) & set(one.printed)))
    for index, cell in enumerate(table.grid.headers):
        if found[index] not in style.printed:
            close = nearest(cell.text, style.headers)
            raise TableError(
                f'unknown column "{cell.text}" (a table in the style of'
                f" {style.source})",
                place=table.cell_place(cell),
                accepted="; ".join(", ".join(d.headers) for d in styles()),
                suggestion=close,
            )
        if found[index] in found[:index]:
            raise TableError(
                f'the column "{cell.text}" appears twice', place=table.cell_place(cell)
            )
    for header, printed in style.printed.items():
        if header not in found:
            last = table.grid.headers[-1]
            raise TableError(
                f'the column "{printed}" is missing (a table in the style of'
                f" {style.source})",
                place=Place(table.file, last.line, last.column + len(last.text)),
                accepted=", ".join(style.headers),
            )
    return style


def _rows(
    table: Table, style: TableStyle, activation: ActivationKind | None
) -> list[Row]:
    """The rows in network order, with the 5× groups of V1 repeated."""
    order = [normalised(cell.text) for cell in table.grid.headers]
    printed = {header: style.printed[header] for header in order}
    rows: list[Row] = []
    group: list[Row] = []
    group_size = 1

    def close_group() -> None:
        rows.extend(group * group_size)
        group.clear()

    for number, line in enumerate(table.grid.rows, start=1):
        cells = RowCells(table, printed, list(line))
        size_here = style.group(cells)
        if size_here != group_size:
            close_group()
            group_size = size_here
        group.append(style.read_row(cells, Context(number, activation)))
        built = len(rows) + len(group) * group_size
        built += sum(row.repeats - 1 for row in (*rows, *group))
        if built > MAX_ROWS_BUILT:
            raise TableError(
                f"more than {MAX_ROWS_BUILT} blocks with all repeats",
                place=Place(table.file, line[0].line),
                accepted=f"at most {MAX_ROWS_BUILT}",
            )
    close_group()
    return rows


def _check_order(table: Table, style: TableStyle, rows: tuple[Row, ...]) -> None:
    """Nothing follows the classifier, and only 1x1 layers follow the pooling."""
    pooled = classified = False
    for row in rows:
        header = style.operator_header
        place = table.cell_place(row.cells[header], style.printed[header])
        if row.ends:
            if not classified:
                raise TableError("softmax without a classifier above it", place=place)
        elif classified:
            raise TableError("a row after the classifier", place=place)
        elif row.classifies:
            if not pooled:
                raise TableError(
                    "a classifier before the pooling",
                    place=place,
                    accepted="a pooling row above it",
                )
            classified = True
        elif pooled and not row.follows_pooling:
            raise TableError(
                "only 1x1 convolutions and the classifier can follow the pooling",
                place=place,
            )
        elif pooled and getattr(row, "squeeze_excite", False):
            cell = row.cells["se"]
            raise TableError(
                "squeeze-excite after the pooling",
                place=table.cell_place(cell, style.printed["se"]),
                accepted="-",
            )
        pooled = pooled or row.pools


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
