"""Printed cells to typed rows: the three table dialects of the MobileNet papers.

A dialect is one entry in ``DIALECTS``: its headers, and the function that reads a row.
Cell readers raise ``RefusalError``, a plain fact; ``_Cells`` adds where it stands.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from mnprofile.errors import MnprofileError, Place, TableError, nearest
from mnprofile.ops import ActivationKind
from mnprofile.table import Cell, Erratum, Table

MAX_CHANNELS = 65_536
MAX_SIZE = 8_192
MAX_EXPANSION = 64
MAX_REPEATS = 200
MAX_ROWS_BUILT = 1_000
MAX_CLASSES = 1_000_000
MAX_KERNEL = 31
MAX_STRIDE = 8
MAX_NAME = 100
DEFAULT_CLASSES = 1000

Family = Literal["v1", "v2", "v3"]
FAMILIES: tuple[Family, ...] = ("v1", "v2", "v3")
ACTIVATIONS: dict[str, ActivationKind] = {
    "relu": "relu",
    "relu6": "relu6",
    "hardswish": "hardswish",
}
NONLINEARITIES: dict[str, ActivationKind] = {"RE": "relu", "HS": "hardswish"}


class RefusalError(MnprofileError):
    """What a cell reader objects to; it does not know where the cell stands."""


@dataclass(frozen=True)
class Size:
    """A printed feature map size. ``c`` is None where the table prints k (classes)."""

    h: int
    w: int
    c: int | None


@dataclass(frozen=True)
class Row:
    """What every row has: the printed input size, and the cells it was read from."""

    input: Size
    number: int = field(compare=False)  # counted from 1 in the printed table
    cells: Mapping[str, Cell] = field(compare=False, repr=False)

    @property
    def channels(self) -> int:
        """Printed input channels; every row but the softmax has a number there."""
        assert self.input.c is not None
        return self.input.c

    @property
    def line(self) -> int:
        return next(iter(self.cells.values())).line

    @property
    def text(self) -> str:
        return " | ".join(cell.text for cell in self.cells.values())


@dataclass(frozen=True)
class ConvRow(Row):
    """A convolution over all channels."""

    kernel: int
    out: int
    stride: int
    activation: ActivationKind | None
    batch_norm: bool = True
    squeeze_excite: bool = False
    repeats: int = 1


@dataclass(frozen=True)
class DepthwiseRow(Row):
    """A depthwise convolution standing in a row of its own (MobileNetV1)."""

    kernel: int
    stride: int
    activation: ActivationKind


@dataclass(frozen=True)
class BottleneckRow(Row):
    """An inverted residual block: expansion, depthwise, (squeeze-excite,) projection.

    V2 prints the factor t, V3 the expanded channels; the other one is None.
    """

    kernel: int
    t: float | None
    expanded: int | None
    out: int
    stride: int
    activation: ActivationKind
    squeeze_excite: bool = False
    repeats: int = 1

    @property
    def factor(self) -> float:
        """Expanded channels over input channels, as printed."""
        if self.t is not None:
            return self.t
        assert self.expanded is not None
        return self.expanded / self.channels


@dataclass(frozen=True)
class PoolRow(Row):
    """Average pooling over the whole map; ``kernel`` is the printed size."""

    kernel: int | None


@dataclass(frozen=True)
class ClassifierRow(Row):
    """The last fully connected layer. ``classes`` is None where the table prints k."""

    classes: int | None


@dataclass(frozen=True)
class SoftmaxRow(Row):
    """The last row of MobileNetV1: no multiply-adds, and networks end at the logits."""


@dataclass(frozen=True)
class Architecture:
    """A table as typed rows, ready to be built at any width and resolution."""

    name: str
    aliases: tuple[str, ...]
    title: str
    source: str
    family: Family
    resolution: int
    classes: int
    dialect: str
    rows: tuple[Row, ...]
    table: Table = field(compare=False, repr=False)

    @property
    def errata(self) -> tuple[Erratum, ...]:
        return self.table.errata

    @property
    def has_classifier(self) -> bool:
        return any(isinstance(row, ClassifierRow) for row in self.rows)

    @property
    def has_expansion(self) -> bool:
        return any(isinstance(row, BottleneckRow) for row in self.rows)

    def place(self, row: Row, header: str | None = None) -> Place:
        """Where a row stands, or one of its cells by normalised header."""
        if header is None:
            return Place(self.table.file, row.line)
        cell = row.cells[header]
        return self.table.cell_place(cell, DIALECTS[self.dialect].printed[header])


# --- cells ---------------------------------------------------------------------------

_TIMES = re.compile(r"\s*[x×]\s*")
_SQUARE = re.compile(r"([0-9]+)\s*(?:²|\^2)x([0-9]+|k)")
_PLAIN = re.compile(r"([0-9]+)x([0-9]+)x([0-9]+|k)")


def integer(text: str, what: str, low: int, high: int) -> int:
    """A whole number between ``low`` and ``high``."""
    accepted = f"a whole number from {low} to {high}"
    if not re.fullmatch("[0-9]{1,18}", text):
        raise RefusalError(f'"{text}" is no {what}', accepted=accepted)
    if not low <= int(text) <= high:
        raise RefusalError(f"{what} {text} is out of range", accepted=accepted)
    return int(text)


def size(text: str) -> Size:
    """``224²×3``, ``224^2x3``, ``224x224x3`` and ``224 × 224 × 3`` are one size."""
    read = size_or_classes(text)
    if read.c is None:
        raise RefusalError(f'"{text}": k is no channel count here', accepted="a number")
    return read


def size_or_classes(text: str) -> Size:
    """A size whose last part may be k, the number of classes."""
    tight = _TIMES.sub("x", text)
    if square := _SQUARE.fullmatch(tight):
        h, w, c = square[1], square[1], square[2]
    elif sides := _PLAIN.fullmatch(tight):
        h, w, c = sides[1], sides[2], sides[3]
    else:
        raise RefusalError(
            f'"{text}" is no size', accepted="such as 224²×3, 224^2x3 or 224x224x3"
        )
    return Size(
        integer(h, "height", 1, MAX_SIZE),
        integer(w, "width", 1, MAX_SIZE),
        None if c == "k" else integer(c, "channel count", 1, MAX_CHANNELS),
    )


def kernel(text: str) -> int:
    """``3x3`` -> 3. Square and odd: "same" padding needs a middle."""
    accepted = f"1x1, 3x3, 5x5 ... {MAX_KERNEL}x{MAX_KERNEL} (odd and square)"
    match = re.fullmatch("([0-9]{1,4})x([0-9]{1,4})", _TIMES.sub("x", text))
    if match is None:
        raise RefusalError(f'"{text}" is no kernel size', accepted=accepted)
    side = int(match[1])
    if side != int(match[2]) or side % 2 == 0 or side > MAX_KERNEL:
        raise RefusalError(f"kernel {text} is out of range", accepted=accepted)
    return side


def expansion(text: str) -> float:
    """The factor t of a bottleneck: a number above 0."""
    accepted = f"a number above 0, at most {MAX_EXPANSION}"
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise RefusalError(f'"{text}" is no expansion factor', accepted=accepted)
    if not 0 < float(text) <= MAX_EXPANSION:
        raise RefusalError(
            f"expansion factor {text} is out of range", accepted=accepted
        )
    return float(text)


def channels(text: str) -> int:
    return integer(text, "channel count", 1, MAX_CHANNELS)


def channels_or_classes(text: str) -> int | None:
    """A channel count, or None for k."""
    if text == "k":
        return None
    try:
        return channels(text)
    except RefusalError as fault:
        fault.accepted = f"{fault.accepted}, or k (the number of classes)"
        raise


def stride(text: str) -> int:
    return integer(text, "stride", 1, MAX_STRIDE)


def repeats(text: str) -> int:
    return integer(text, "number of repeats", 1, MAX_REPEATS)


def tick(text: str) -> bool:
    """The SE column: a tick or a dash."""
    if text in ("✓", "✔", "yes", "-"):
        return text != "-"
    raise RefusalError(f'"{text}" is no SE mark', accepted="✓, yes or -")


def nonlinearity(text: str) -> ActivationKind | None:
    """The NL column: RE, HS or a dash."""
    if text == "-":
        return None
    return _known(text, NONLINEARITIES, "nonlinearity", extra=("-",))


def blank(text: str) -> None:
    """A cell that the paper leaves blank here."""
    if text != "-":
        raise RefusalError(
            f'"{text}" where this operator has no such value', accepted="-"
        )


T = TypeVar("T")
C = TypeVar("C", bound=str)


def _known(
    text: str, known: Mapping[str, T], what: str, extra: tuple[str, ...] = ()
) -> T:
    if text not in known:
        names = [*known, *extra]
        close = nearest(text, names)
        raise RefusalError(
            f'"{text}" is no {what}',
            accepted=", ".join(names),
            suggestion=f'"{close}"' if close else None,
        )
    return known[text]


OperatorName = Literal["conv2d", "bottleneck", "pool"]
OPERATORS: dict[str, OperatorName] = {
    "conv2d": "conv2d",
    "bottleneck": "bottleneck",
    "bneck": "bottleneck",
    "avgpool": "pool",
    "pool": "pool",
}


@dataclass(frozen=True)
class Operator:
    """An Operator cell: ``bneck, 5x5`` or ``conv2d 1x1, NBN`` (no batch norm)."""

    name: OperatorName
    kernel: int | None
    batch_norm: bool


def operator(text: str) -> Operator:
    words = re.split(r"[,\s]+", _TIMES.sub("x", text.strip())) if text else [""]
    name = _known(words[0], OPERATORS, "operator")
    rest = words[1:]
    pool_kernel = re.fullmatch("([0-9]{1,4})x([0-9]{1,4})", rest[0]) if rest else None
    side = None
    if name == "pool" and pool_kernel:
        side = int(pool_kernel[1])
        if pool_kernel[1] != pool_kernel[2]:
            raise RefusalError(f"pooling {rest[0]} is not square", accepted="7x7")
        rest = rest[1:]
    elif rest and rest[0][:1].isdigit():
        side = kernel(rest[0])
        rest = rest[1:]
    batch_norm = True
    if rest and rest[0] == "NBN" and name == "conv2d":
        batch_norm = False
        rest = rest[1:]
    if rest:
        raise RefusalError(
            f'"{rest[0]}" is not understood after "{words[0]}"',
            accepted="a kernel size such as 3x3"
            + (", then NBN for no batch norm" if name == "conv2d" else ""),
        )
    return Operator(name, side, batch_norm)


# --- rows ----------------------------------------------------------------------------


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
        except RefusalError as fault:
            raise self.fault(
                header, fault.message, fault.accepted, fault.suggestion
            ) from None


@dataclass(frozen=True)
class _Context:
    """What a row reader may need beyond its own cells."""

    number: int
    activation: ActivationKind | None  # of the settings; None where NL is a column


def _v1_type(text: str) -> tuple[str, int, int]:
    """``5× Conv dw / s1`` -> (conv dw, stride 1, group of 5)."""
    match = re.fullmatch(
        r"(?:\(?([0-9]{1,6})\s*[x×]\)?\s*)?(.*?)\s*/\s*s([0-9]+)", text
    )
    if match is None:
        raise RefusalError(
            f'"{text}" is no type and stride',
            accepted="such as Conv / s2, Conv dw / s1, 5× Conv dw / s1, FC / s1",
        )
    group = repeats(match[1]) if match[1] else 1
    name = " ".join(match[2].lower().split())
    known = {
        "conv": "conv",
        "conv dw": "depthwise",
        "avg pool": "pool",
        "fc": "fc",
        "softmax": "softmax",
    }
    try:
        return _known(name, known, "type"), stride(match[3]), group
    except RefusalError as fault:
        if fault.accepted and name not in known:
            fault.accepted = "Conv, Conv dw, Avg Pool, FC, Softmax"
        raise


def _v1_filter(kind: str) -> Callable[[str], tuple[int, ...]]:
    """The reader of a Filter Shape cell for one type: its numbers, k left out."""
    forms = {
        "conv": (r"([0-9]+)x([0-9]+)x([0-9]+)x([0-9]+)", "3x3x32x64"),
        "depthwise": (r"([0-9]+)x([0-9]+)x([0-9]+) dw", "3x3x64 dw"),
        "pool": (r"pool ([0-9]+)x([0-9]+)", "Pool 7x7"),
        "fc": (r"([0-9]+)x([0-9]+|k)", "1024x1000 or 1024xk"),
        "softmax": (r"classifier", "Classifier"),
    }
    pattern, example = forms[kind]

    def read(text: str) -> tuple[int, ...]:
        tight = _TIMES.sub("x", text)
        match = re.fullmatch(pattern, tight, re.IGNORECASE if kind != "conv" else 0)
        if match is None:
            raise RefusalError(
                f'"{text}" is no filter shape of this type',
                accepted=f"such as {example}",
            )
        numbers = match.groups()
        if kind in ("conv", "depthwise"):
            side = kernel(f"{numbers[0]}x{numbers[1]}")
            return (side, *(channels(number) for number in numbers[2:]))
        if kind == "fc":
            if numbers[1] == "k":
                return (channels(numbers[0]),)
            classes = integer(numbers[1], "number of classes", 1, MAX_CLASSES)
            return (channels(numbers[0]), classes)
        return tuple(integer(number, "pool size", 1, MAX_SIZE) for number in numbers)

    return read


def _read_v1(cells: _Cells, context: _Context) -> Row:
    kind, step, _ = cells.read("type/stride", _v1_type)
    shape = cells.read("inputsize", size_or_classes if kind == "softmax" else size)
    numbers = cells.read("filtershape", _v1_filter(kind))
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
    op = cells.read("operator", operator)
    base = (cells.read("input", size), context.number, cells.by_header)
    if op.name == "bottleneck":
        assert context.activation is not None
        return BottleneckRow(
            *base,
            kernel=op.kernel or 3,
            t=cells.read("t", expansion),
            expanded=None,
            out=cells.read("c", channels),
            repeats=cells.read("n", repeats),
            stride=cells.read("s", stride),
            activation=context.activation,
        )
    cells.read("t", blank)
    if op.name == "pool":
        cells.read("c", blank)
        cells.read("n", _one_or_blank)
        cells.read("s", _one_or_blank)
        return PoolRow(*base, op.kernel)
    out = cells.read("c", channels_or_classes)
    if out is None:
        cells.read("operator", _one_by_one)
        cells.read("n", _one_or_blank)
        cells.read("s", _one_or_blank)
        return ClassifierRow(*base, None)
    return ConvRow(
        *base,
        kernel=op.kernel or 3,
        out=out,
        repeats=cells.read("n", repeats),
        stride=cells.read("s", stride),
        activation=context.activation,
        batch_norm=op.batch_norm,
    )


def _read_v3(cells: _Cells, context: _Context) -> Row:
    op = cells.read("operator", operator)
    base = (cells.read("input", size), context.number, cells.by_header)
    if op.name == "bottleneck":
        return BottleneckRow(
            *base,
            kernel=op.kernel or 3,
            t=None,
            expanded=cells.read("expsize", channels),
            out=cells.read("#out", channels),
            squeeze_excite=cells.read("se", tick),
            activation=cells.read("nl", _a_nonlinearity),
            stride=cells.read("s", stride),
        )
    cells.read("expsize", blank)
    if op.name == "pool":
        for header in ("#out", "se", "nl"):
            cells.read(header, blank)
        cells.read("s", _one_or_blank)
        return PoolRow(*base, op.kernel)
    out = cells.read("#out", channels_or_classes)
    if out is None:
        cells.read("operator", _one_by_one)
        cells.read("se", blank)
        cells.read("nl", blank)
        cells.read("s", _one_or_blank)
        return ClassifierRow(*base, None)
    return ConvRow(
        *base,
        kernel=op.kernel or 3,
        out=out,
        squeeze_excite=cells.read("se", tick),
        activation=cells.read("nl", nonlinearity),
        stride=cells.read("s", stride),
        batch_norm=op.batch_norm,
    )


def _a_nonlinearity(text: str) -> ActivationKind:
    return _known(text, NONLINEARITIES, "nonlinearity")


def _one_by_one(text: str) -> None:
    if operator(text).kernel != 1:
        raise RefusalError(f'"{text}" as the classifier', accepted="conv2d 1x1")


def _one_or_blank(text: str) -> None:
    if text not in ("1", "-"):
        raise RefusalError(f'"{text}" where this operator has none', accepted="1 or -")


@dataclass(frozen=True)
class Dialect:
    """One paper's way to print a table."""

    source: str
    headers: tuple[str, ...]
    read_row: Callable[[_Cells, _Context], Row]
    input_header: str
    operator_header: str

    @property
    def printed(self) -> dict[str, str]:
        """Printed header by normalised header."""
        return {normalised(header): header for header in self.headers}


def normalised(header: str) -> str:
    """A header without the spaces and capitals in which copies differ."""
    return "".join(header.split()).lower()


DIALECTS = {
    "v1": Dialect(
        "MobileNetV1, Table 1",
        ("Type / Stride", "Filter Shape", "Input Size"),
        _read_v1,
        "inputsize",
        "type/stride",
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
    settings = _settings(table, nl_is_a_column="NL" in dialect.headers)
    rows = tuple(_rows(table, dialect, settings.activation))
    if not rows:
        header = table.grid.headers[0]
        raise TableError("a table without rows", place=table.cell_place(header))
    _check_order(table, dialect, rows)
    if (rows[0].input.h, rows[0].input.w) != (settings.resolution,) * 2:
        raise TableError(
            f"resolution {settings.resolution}, but the first row's input is"
            f" {rows[0].input.h}x{rows[0].input.w}",
            place=table.setting_place("resolution"),
            accepted=str(rows[0].input.h),
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
                suggestion=f'"{close}"' if close else None,
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
                place=Place(table.file, last.line),
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
        size_here = 1
        if dialect is DIALECTS["v1"]:
            size_here = cells.read("type/stride", _v1_type)[2]
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


# --- settings ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Settings:
    name: str
    scaling: Family
    resolution: int
    aliases: tuple[str, ...] = ()
    activation: ActivationKind | None = None
    classes: int | None = None


_KEYS = ("name", "aliases", "scaling", "resolution", "activation", "classes")


def _settings(table: Table, *, nl_is_a_column: bool) -> _Settings:
    read = _SettingReader(table)
    for key in table.settings:
        if key not in _KEYS:
            raise TableError(
                f'"{key}" is no setting',
                place=table.setting_place(key),
                accepted=", ".join(_KEYS),
                suggestion=nearest(key, _KEYS),
            )
    activation = None
    if not nl_is_a_column:
        activation = ACTIVATIONS[read.choice("activation", tuple(ACTIVATIONS))]
    elif "activation" in table.settings:
        raise read.fault(
            "activation", "this table has its own NL column", "no such key"
        )
    scaling = read.choice("scaling", FAMILIES)
    return _Settings(
        name=read.name("name"),
        scaling=scaling,
        resolution=read.count("resolution", MAX_SIZE),
        aliases=read.names("aliases"),
        activation=activation,
        classes=read.count("classes", MAX_CLASSES)
        if "classes" in table.settings
        else None,
    )


class _SettingReader:
    """Reads one key of the settings, naming its line where it is refused."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def fault(
        self, key: str, message: str, accepted: str, suggestion: str | None = None
    ) -> TableError:
        return TableError(
            f"{key}: {message}",
            place=self.table.setting_place(key),
            accepted=accepted,
            suggestion=f'"{suggestion}"' if suggestion else None,
        )

    def _get(self, key: str) -> object:
        if key not in self.table.settings:
            raise TableError(
                f'the setting "{key}" is missing', place=self.table.setting_place(key)
            )
        return self.table.settings[key]

    def name(self, key: str) -> str:
        value = self._get(key)
        if isinstance(value, str) and 0 < len(value.strip()) <= MAX_NAME:
            return value.strip()
        raise self.fault(key, "not a name", f"a text of 1 to {MAX_NAME} characters")

    def names(self, key: str) -> tuple[str, ...]:
        values = self.table.settings.get(key, [])
        if isinstance(values, list) and all(
            isinstance(value, str) and 0 < len(value) <= MAX_NAME for value in values
        ):
            return tuple(values)
        raise self.fault(key, "not a list of names", '["short"]')

    def choice(self, key: str, known: tuple[C, ...]) -> C:
        value = self._get(key)
        for one in known:
            if one == value:
                return one
        accepted = ", ".join(known)
        close = nearest(str(value), known)
        raise self.fault(key, f'"{value}" is not accepted', accepted, close)

    def count(self, key: str, high: int) -> int:
        value = self._get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fault(key, "not a whole number", f"1 to {high}")
        if not 1 <= value <= high:
            raise self.fault(key, "out of range", f"1 to {high}")
        return value
