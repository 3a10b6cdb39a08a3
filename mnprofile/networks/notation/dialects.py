"""Cells to typed rows: the three table dialects of the MobileNet papers.

A dialect is one entry in ``DIALECTS``: its headers, and the function that reads a row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from mnprofile.base.errors import Place, TableError, nearest
from mnprofile.graph.operators import ActivationKind
from mnprofile.networks.notation import cells as read
from mnprofile.networks.notation.markdown import Cell, Table
from mnprofile.networks.notation.rows import (
    Architecture,
    BottleneckRow,
    ClassifierRow,
    ConvRow,
    DepthwiseRow,
    PoolRow,
    Row,
    SoftmaxRow,
    normalised,
)
from mnprofile.networks.notation.settings import read_settings

MAX_ROWS_BUILT = 1_000
DEFAULT_CLASSES = 1000

T = TypeVar("T")


class _Cells:
    """The cells of one row by normalised header, read with a place for each refusal."""

    def __init__(self, table: Table, printed: Mapping[str, str], cells: list[Cell]):
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
        """What is wrong with one cell, with its place."""
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
        except read.RefusalError as fault:
            raise self.fault(
                header, fault.message, fault.accepted, fault.suggestion
            ) from None


@dataclass(frozen=True)
class _Context:
    """What a row reader may need beyond its own cells."""

    number: int
    activation: ActivationKind | None  # of the settings; None where NL is a column


def _read_v1(cells: _Cells, context: _Context) -> Row:
    kind, step, _ = cells.read("type/stride", read.v1_type)
    shape = cells.read(
        "inputsize", read.size_or_classes if kind == "softmax" else read.size
    )
    numbers = cells.read("filtershape", read.v1_filter(kind))
    base = (shape, context.number, cells.by_header)

    if kind in ("conv", "depthwise", "fc"):
        takes = numbers[0 if kind == "fc" else 1]
        if takes != shape.c:
            raise cells.fault(
                "filtershape",
                f"a filter for {takes} channels on an input of {shape.c}",
                f"{shape.c} input channels",
            )
    if kind in ("pool", "fc", "softmax") and step != 1:
        raise cells.fault("type/stride", "this type has stride 1", "/ s1")
    if kind == "conv":
        return ConvRow(*base, numbers[0], numbers[2], step, context.activation)
    if kind == "depthwise":
        assert context.activation is not None
        return DepthwiseRow(*base, numbers[0], step, context.activation)
    if kind == "pool":
        if numbers[0] != numbers[1]:
            raise cells.fault("filtershape", "pooling is square", "Pool 7x7")
        return PoolRow(*base, numbers[0])
    if kind == "fc":
        return ClassifierRow(*base, numbers[1] if len(numbers) > 1 else None)
    return SoftmaxRow(*base)


def _read_v2(cells: _Cells, context: _Context) -> Row:
    op = cells.read("operator", read.operator)
    base = (cells.read("input", read.size), context.number, cells.by_header)
    if op.name == "bottleneck":
        assert context.activation is not None
        return BottleneckRow(
            *base,
            kernel=op.kernel or 3,
            t=cells.read("t", read.expansion),
            expanded=None,
            out=cells.read("c", read.channels),
            repeats=cells.read("n", read.repeats),
            stride=cells.read("s", read.stride),
            activation=context.activation,
        )
    cells.read("t", read.blank)
    if op.name == "pool":
        cells.read("c", read.blank)
        cells.read("n", read.one_or_blank)
        cells.read("s", read.one_or_blank)
        return PoolRow(*base, op.kernel)
    out = cells.read("c", read.channels_or_classes)
    if out is None:
        cells.read("operator", read.one_by_one)
        cells.read("n", read.one_or_blank)
        cells.read("s", read.one_or_blank)
        return ClassifierRow(*base, None)
    return ConvRow(
        *base,
        kernel=op.kernel or 3,
        out=out,
        repeats=cells.read("n", read.repeats),
        stride=cells.read("s", read.stride),
        activation=context.activation,
        batch_norm=op.batch_norm,
    )


def _read_v3(cells: _Cells, context: _Context) -> Row:
    op = cells.read("operator", read.operator)
    base = (cells.read("input", read.size), context.number, cells.by_header)
    if op.name == "bottleneck":
        return BottleneckRow(
            *base,
            kernel=op.kernel or 3,
            t=None,
            expanded=cells.read("expsize", read.channels),
            out=cells.read("#out", read.channels),
            squeeze_excite=cells.read("se", read.tick),
            activation=cells.read("nl", read.a_nonlinearity),
            stride=cells.read("s", read.stride),
        )
    cells.read("expsize", read.blank)
    if op.name == "pool":
        for header in ("#out", "se", "nl"):
            cells.read(header, read.blank)
        cells.read("s", read.one_or_blank)
        return PoolRow(*base, op.kernel)
    out = cells.read("#out", read.channels_or_classes)
    if out is None:
        cells.read("operator", read.one_by_one)
        cells.read("se", read.blank)
        cells.read("nl", read.blank)
        cells.read("s", read.one_or_blank)
        return ClassifierRow(*base, None)
    return ConvRow(
        *base,
        kernel=op.kernel or 3,
        out=out,
        squeeze_excite=cells.read("se", read.tick),
        activation=cells.read("nl", read.nonlinearity),
        stride=cells.read("s", read.stride),
        batch_norm=op.batch_norm,
    )


def _no_group(cells: _Cells) -> int:  # noqa: ARG001 - one signature for all dialects
    return 1


def _v1_group(cells: _Cells) -> int:
    """How often the group repeats that a V1 row belongs to."""
    return cells.read("type/stride", read.v1_type)[2]


@dataclass(frozen=True)
class Dialect:
    """One paper's way to print a table."""

    source: str
    headers: tuple[str, ...]
    read_row: Callable[[_Cells, _Context], Row]
    input_header: str
    operator_header: str
    group: Callable[[_Cells], int] = _no_group

    @property
    def printed(self) -> dict[str, str]:
        """Printed header by normalised header."""
        return {normalised(header): header for header in self.headers}


DIALECTS = {
    "v1": Dialect(
        "MobileNetV1, Table 1",
        ("Type / Stride", "Filter Shape", "Input Size"),
        _read_v1,
        "inputsize",
        "type/stride",
        _v1_group,
    ),
    "v2": Dialect(
        "MobileNetV2, Table 2",
        ("Input", "Operator", "t", "c", "n", "s"),
        _read_v2,
        "input",
        "operator",
    ),
    "v3": Dialect(
        "MobileNetV3, Tables 1 and 2",
        ("Input", "Operator", "exp size", "#out", "SE", "NL", "s"),
        _read_v3,
        "input",
        "operator",
    ),
}


# --- whole tables --------------------------------------------------------------------


def read_architecture(table: Table) -> Architecture:
    """Type a table's settings and rows. Raises TableError at the faulty cell or key."""
    dialect_name = _dialect(table)
    dialect = DIALECTS[dialect_name]
    settings = read_settings(table, nl_is_a_column="NL" in dialect.headers)
    rows = tuple(_rows(table, dialect, settings.activation))
    if not rows:
        header = table.grid.headers[0]
        raise TableError("a table without rows", place=table.cell_place(header))
    if all(isinstance(row, PoolRow | SoftmaxRow) for row in rows):
        raise TableError(
            "nothing to count: no row is a convolution or fully connected layer",
            place=Place(table.file, rows[0].line),
        )
    _check_order(table, dialect, rows)
    first = rows[0].input
    if first.h != first.w:
        raise TableError(
            f"the first input is {first.h}x{first.w}: a table's own input is square",
            place=table.cell_place(
                rows[0].cells[dialect.input_header],
                dialect.printed[dialect.input_header],
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
        family=settings.scaling,
        resolution=settings.resolution,
        classes=_classes(table, rows, settings.classes),
        dialect=dialect_name,
        rows=rows,
        table=table,
    )


def _dialect(table: Table) -> str:
    """The dialect whose headers the table has; each header exactly once."""
    found = [normalised(cell.text) for cell in table.grid.headers]
    best = max(DIALECTS, key=lambda name: len(set(found) & set(DIALECTS[name].printed)))
    dialect = DIALECTS[best]
    for index, cell in enumerate(table.grid.headers):
        if found[index] not in dialect.printed:
            close = nearest(cell.text, dialect.headers)
            raise TableError(
                f'"{cell.text}" is no column of a table in the manner of'
                f" {dialect.source}",
                place=table.cell_place(cell),
                accepted="; ".join(", ".join(d.headers) for d in DIALECTS.values()),
                suggestion=close,
            )
        if found[index] in found[:index]:
            raise TableError(
                f'the column "{cell.text}" stands twice', place=table.cell_place(cell)
            )
    for header, printed in dialect.printed.items():
        if header not in found:
            last = table.grid.headers[-1]
            raise TableError(
                f'the column "{printed}" is missing (a table in the manner of'
                f" {dialect.source})",
                place=Place(table.file, last.line, last.column + len(last.text)),
                accepted=", ".join(dialect.headers),
            )
    return best


def _rows(
    table: Table, dialect: Dialect, activation: ActivationKind | None
) -> list[Row]:
    """The rows in network order, the 5× groups of V1 repeated."""
    order = [normalised(cell.text) for cell in table.grid.headers]
    printed = {header: dialect.printed[header] for header in order}
    rows: list[Row] = []
    group: list[Row] = []
    group_size = 1

    def close_group() -> None:
        rows.extend(group * group_size)
        group.clear()

    for number, line in enumerate(table.grid.rows, start=1):
        cells = _Cells(table, printed, list(line))
        size_here = dialect.group(cells)
        if size_here != group_size:
            close_group()
            group_size = size_here
        group.append(dialect.read_row(cells, _Context(number, activation)))
        built = len(rows) + len(group) * group_size
        built += sum(getattr(row, "repeats", 1) - 1 for row in (*rows, *group))
        if built > MAX_ROWS_BUILT:
            raise TableError(
                f"more than {MAX_ROWS_BUILT} blocks with all repeats",
                place=Place(table.file, line[0].line),
                accepted=f"at most {MAX_ROWS_BUILT}",
            )
    close_group()
    return rows


def _check_order(table: Table, dialect: Dialect, rows: tuple[Row, ...]) -> None:
    """Nothing follows the classifier, and only 1x1 layers follow the pooling."""
    pooled = classified = False
    for row in rows:
        header = dialect.operator_header
        place = table.cell_place(row.cells[header], dialect.printed[header])
        if isinstance(row, SoftmaxRow):
            if not classified:
                raise TableError("softmax without a classifier above it", place=place)
        elif classified:
            raise TableError("a row after the classifier", place=place)
        elif isinstance(row, ClassifierRow):
            if not pooled:
                raise TableError(
                    "a classifier before the pooling",
                    place=place,
                    accepted="a pooling row above it",
                )
            classified = True
        elif pooled and not (
            isinstance(row, ConvRow) and row.kernel == 1 and row.stride == 1
        ):
            raise TableError(
                "only 1x1 convolutions and the classifier can follow the pooling",
                place=place,
            )
        elif pooled and isinstance(row, ConvRow) and row.squeeze_excite:
            cell = row.cells["se"]
            raise TableError(
                "squeeze-excite after the pooling",
                place=table.cell_place(cell, dialect.printed["se"]),
                accepted="-",
            )
        pooled = pooled or isinstance(row, PoolRow)


def _classes(table: Table, rows: tuple[Row, ...], setting: int | None) -> int:
    """The number of classes: printed by V1, else the setting, else ImageNet's 1000."""
    printed = next((r.classes for r in rows if isinstance(r, ClassifierRow)), None)
    if printed is not None and setting is not None and printed != setting:
        raise TableError(
            f"classes = {setting}, but the table prints {printed}",
            place=table.setting_place("classes"),
            accepted=str(printed),
        )
    return printed or setting or DEFAULT_CLASSES
