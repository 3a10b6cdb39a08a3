"""Build a layer graph from typed rows: everything that blocks need for it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from math import ceil
from typing import NamedTuple

from mnprofile.base.errors import TableError, UsageError
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Origin, Tape
from mnprofile.graph.operators.convolution import Conv, Depthwise
from mnprofile.graph.operators.elementwise import Activation, ActivationKind, BatchNorm
from mnprofile.graph.operators.op import GraphError, Shape, ShapeError
from mnprofile.networks.configuration import configure
from mnprofile.networks.notation.cells import Size
from mnprofile.networks.notation.rows import ABOVE, INPUT, Architecture, Row
from mnprofile.networks.widths import Width, implementation

MAX_OPERATORS = 4_500  # of a table; a report of so many takes nearly a second


def build_rows(arch: Architecture, config: Configuration) -> Graph:
    """Build one configuration of an architecture.

    Raises UsageError for a resolution that is too small for Keras' V1 padding.
    """
    try:
        return assemble(arch, config)
    except ShapeError as fault:
        height, width = config.resolution
        raise UsageError(f"resolution: {height}x{width}: {fault.message}") from None
    except GraphError as fault:  # a table's own maps fit: check_sizes has built them
        raise UsageError(f"alpha: {config.alpha:g}: {fault.message}") from None


def assemble(arch: Architecture, config: Configuration) -> Graph:
    """Build a configuration whose values are already checked.

    In a sweep, alpha and t (columns) and the resolution (rows) are arrays. Raises
    ShapeError for a resolution that the network cannot run at.
    """
    height, width = config.resolution
    builder = Builder(arch, config, Tape(Shape(arch.rows[0].channels, height, width)))
    for index, row in enumerate(arch.rows):
        builder.add_row(index, row)
    if arch.head is not None:
        arch.head.build(builder)
    if len(builder.unread) > 1:
        builder.tape.outputs = list(builder.unread)
    return replace(builder.tape.graph(config, builder.notes()), table=arch)


def check_sizes(arch: Architecture) -> None:
    """Compare every printed size with the size that the rows produce.

    Raises TableError at the first cell that does not follow.
    """
    side = arch.rows[0].input.h
    plain = replace(arch, width=1.0, depth=1.0, resolution=side)
    tape = Tape(Shape(arch.rows[0].channels, side, side))
    builder = Builder(plain, configure(plain), tape)
    for index, row in enumerate(arch.rows):
        builder.enter(index, row)
        printed = row.input
        if row.prints_input:
            c = arch.classes if printed.c is None else printed.c
            _compare(arch, row, "input", tape.shape, printed._replace(c=c))
        if told := row.fault_on(tape.shape):
            x = tape.shape
            place = arch.place(row, arch.style.operator_header)
            raise TableError(told, place=place, accepted=f"{x.h}x{x.w}")
        try:
            builder.build(row)
        except (ShapeError, GraphError) as fault:
            place = arch.place(row, arch.style.operator_header)
            raise TableError(fault.message, place=place) from None
        if row.output is not None:
            _compare(arch, row, "output", tape.shape, row.output)


def _compare(arch: Architecture, row: Row, what: str, x: Shape, printed: Size) -> None:
    """Raise TableError where a printed size is not that of the map."""
    h, w, c = printed
    if (h, w) == (x.h, x.w) and c in (x.c, None):
        return
    header = arch.style.input_header
    made = f"the rows {'above' if what == 'input' else 'down to here'} produce"
    raise TableError(
        f"the printed {what} is {_printed(row, header, printed)}, {made} {x}",
        place=arch.place(row, header),
        accepted=f"{x}, or, where the source itself misprints it, a row under the"
        " heading Errata",
    )


def _printed(row: Row, header: str, size: Size) -> str:
    cell = row.cells.get(header)
    sides = f"{size.h}x{size.w}"
    return cell.text if cell else sides if size.c is None else f"{sides}x{size.c}"


class End(NamedTuple):
    """What a row leaves: its last node, and where the network then is."""

    node: str
    stride: int
    dilation: int
    pooled: bool
    shape: Shape


class Builder:
    """Records one row after another on the tape; blocks build themselves with it.

    ``stride`` is that of the network so far, as printed. ``open_block`` says that the
    last V1 depthwise layer still needs its pointwise one. ``identities`` are the blocks
    that t = 0 turned into the identity, ``kept_table_t`` those where it could not.
    """

    def __init__(self, arch: Architecture, config: Configuration, tape: Tape) -> None:
        self.arch, self.config, self.tape = arch, config, tape
        self.rules = implementation(arch.family, arch.scaling, config.impl)
        self.file = arch.table.file  # of the table whose rows are built
        self.row: Row | None = None  # that is built
        self.prefix = ""  # of names, in a head, whose channels alpha leaves alone
        self.others: tuple[End, ...] = ()  # what the row reads besides the last map
        self.unread: dict[str, None] = {}  # nodes that no row has read
        self.made = 0  # blocks of this row
        self.index = 0  # of the row that is built
        self.stride = self.dilation = 1
        self.pooled = self.open_block = False
        self.numbers: Counter[str] = Counter()  # by "block", "conv" ...
        self.identities: list[str] = []
        self.kept_table_t: list[str] = []
        start = self.end(tape.last)
        self.ends = {ABOVE: start, INPUT: start}  # by the names of rows

    def add_row(self, index: int, row: Row) -> None:
        """Record a row, which reads the rows that it names, or the one above."""
        self.enter(index, row)
        self.build(row)

    def enter(self, index: int, row: Row) -> None:
        """Go to where a row begins."""
        self.index, self.row, self.made = index, row, 0
        number = None if self.prefix else row.number
        self.tape.move(origin=Origin(self.file, row.line, number, row.text))
        sources = [self.ends[name] for name in row.sources or (ABOVE,)]
        for one in sources:
            self.unread.pop(one.node, None)
        if row.sources:
            first, *others = sources
            self.others = tuple(others)
            self.tape.last, self.stride, self.dilation = first[:3]
            self.pooled, self.open_block = first.pooled, False

    def build(self, row: Row) -> None:
        """Record the row that was entered."""
        row.build(self)
        if len(self.tape.nodes) > MAX_OPERATORS:
            raise GraphError(f"more than {MAX_OPERATORS} operators with all repeats")
        end = self.end(self.tape.last)
        self.unread[end.node] = None
        self.ends[ABOVE] = self.ends[row.name or ABOVE] = end

    def end(self, node: str) -> End:
        """A node as the end of what is recorded so far."""
        shape = self.tape.shapes[node]
        return End(node, self.stride, self.dilation, self.pooled, shape)

    def begin_head(self, name: str, file: str, taps: Mapping[str, str]) -> None:
        """What follows are rows of a head, which reads nodes of the backbone."""
        self.prefix, self.file = f"{name}.", file
        self.pooled = self.open_block = False
        self.stride = self.dilation = 1
        self.unread.clear()
        self.ends = {key: self.end(node) for key, node in taps.items()}

    def notes(self) -> tuple[str, ...]:
        notes = []
        if not self.arch.has_classifier:
            notes.append("this table has no classifier: no row has k outputs")
        if self.identities:
            notes.append(
                f"t = 0: {len(self.identities)} blocks with a shortcut are the"
                f" identity: {', '.join(self.identities)}"
            )
        if self.kept_table_t:
            notes.append(
                "t = 0: blocks without a shortcut keep the table's expansion:"
                f" {', '.join(self.kept_table_t)}"
            )
        return tuple(notes)

    # --- where a block is ------------------------------------------------------------

    @property
    def below(self) -> Row | None:
        """The next row of the table."""
        rows = self.arch.rows
        return rows[self.index + 1] if self.index + 1 < len(rows) else None

    @property
    def block(self) -> str:
        """The name of the latest block that has a number."""
        return f"block{self.numbers['block']}"

    @property
    def stage(self) -> str:
        return "head" if self.prefix else f"s{self.stride}"

    def named(self, otherwise: str) -> str:
        """The row's name, with a number from its second block on."""
        if self.row is None or not self.row.name:
            return self.prefix + otherwise
        self.made += 1
        name = self.prefix + self.row.name
        return name if self.made == 1 else f"{name}.{self.made}"

    def next(self, kind: str) -> str:
        """The name of the next block, conv, pool, join or fc."""
        self.numbers[kind] += 1
        return self.named(f"{kind}{self.numbers[kind]}")

    def begin(self, stride: int = 1, dilation: int = 1) -> tuple[str, int, int]:
        """Go to the next block; its name, and the stride and dilation it runs with."""
        block = self.next("block")
        stride, dilation = self.strided(stride, dilation)
        self.tape.move(block=block, stage=self.stage)
        return block, stride, dilation

    def begin_alone(self, kind: str) -> str:
        """Go to the next conv, pool or join, which is a block by itself; its name."""
        name = self.next(kind)
        self.open_block = False
        self.tape.move(layer=name, block=name, stage=self.stage)
        return name

    def strided(self, printed: int, dilation: int = 1) -> tuple[int, int]:
        """The stride and dilation that a layer runs with.

        Beyond the output stride, strides become dilation: of the layers after this one,
        and of this one where the implementation says so. A printed ``dilation``
        multiplies that.
        """
        self.stride *= printed
        limit = None if self.prefix else self.config.output_stride
        if limit is None or printed == 1 or self.stride <= limit:
            return printed, self.dilation * dilation
        before = self.dilation
        self.dilation *= printed
        own = self.dilation if self.rules.dilates_own else before
        return 1, own * dilation

    def repeats(self, row: Row) -> int:
        """How often a row is built: its printed repeats times the depth, rounded."""
        depth = self.config.depth * self.arch.depth
        if not row.deepens or row.number in self.rules.fixed_depth:
            return row.repeats
        # Rounded first: 1.1 * 10 is 11.000000000000002.
        deep = round(depth * row.repeats, 9)
        return ceil(deep) if self.rules.depth == "up" else max(1, round(deep))

    @property
    def width_multiplier(self) -> float:
        """The table's own width multiplier times alpha."""
        if self.prefix:
            return 1.0
        alpha = self.config.alpha
        return alpha if self.arch.width == 1 else alpha * self.arch.width

    # --- what blocks are made of -----------------------------------------------------

    def width(self, row: Row, printed: int, *, repeats: bool = False) -> Width:
        """Printed output channels of a row, and what they depend on.

        A later repeat has the same number of input and output channels.
        """
        taken = row.input.c or self.tape.shape.c  # a head does not print it
        factor = 1.0 if repeats else printed / taken
        return Width(printed, factor, self.tape.shape.c, self.width_multiplier)

    def channels(self, row: Row, printed: int) -> int:
        """The channels inside or after a block, for those that its row prints."""
        return self.rules.output.channels(self.width(row, printed))

    def conv(
        self,
        out: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        *,
        bias: bool = False,
        groups: int = 1,
    ) -> Conv:
        """A convolution, padded and with biases as the implementation has it."""
        padding, bias = self.rules.padding, bias or self.rules.biased
        return Conv(out, kernel, stride, dilation, bias, groups, padding=padding)

    def depthwise(self, kernel: int, stride: int, dilation: int) -> Depthwise:
        """A depthwise convolution, padded as the implementation pads."""
        return Depthwise(kernel, stride, dilation, self.rules.padding)

    def convolution(
        self,
        layer: str,
        op: Conv | Depthwise,
        activation: ActivationKind | None,
        *,
        batch_norm: bool = True,
    ) -> None:
        """A convolution with the batch norm and the activation function after it."""
        self.tape.move(layer=layer)
        self.tape.add(f"{layer}.conv", op)
        if batch_norm:
            self.tape.add(f"{layer}.bn", BatchNorm())
        self.activation(layer, activation)

    def activation(self, layer: str, function: ActivationKind | None) -> None:
        if function is not None:
            self.tape.add(f"{layer}.act", Activation(function))
