"""Build a layer graph from typed rows: everything that blocks need for it."""

from dataclasses import dataclass, field, replace

from mnprofile.base.errors import TableError, UsageError
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Origin, Tape
from mnprofile.graph.operators.convolution import Conv, Depthwise
from mnprofile.graph.operators.elementwise import (
    Activation,
    ActivationKind,
    BatchNorm,
)
from mnprofile.graph.operators.op import Shape, ShapeError
from mnprofile.networks.configuration import configure
from mnprofile.networks.notation.rows import Architecture, Row
from mnprofile.networks.widths import Implementation, Width, implementation


def build_rows(arch: Architecture, config: Configuration) -> Graph:
    """Build one configuration of an architecture.

    Raises UsageError for a resolution that is too small for Keras' V1 padding.
    """
    try:
        return assemble(arch, config)
    except ShapeError as fault:
        height, width = config.resolution
        raise UsageError(f"resolution: {height}x{width}: {fault.message}") from None


def assemble(arch: Architecture, config: Configuration) -> Graph:
    """Build a configuration whose values are already checked.

    In a sweep, alpha and t (columns) and the resolution (rows) are arrays. Raises
    ShapeError for a resolution that the network cannot run at.
    """
    height, width = config.resolution
    builder = Builder(arch, config, Tape(Shape(arch.rows[0].channels, height, width)))
    for index, row in enumerate(arch.rows):
        builder.add_row(index, row)
    return replace(builder.tape.graph(config, builder.notes()), table=arch)


def check_sizes(arch: Architecture) -> None:
    """Compare every printed input size with the size that the rows above produce.

    Raises TableError at the first cell that does not follow.
    """
    graph = build_rows(arch, configure(arch))
    nodes = iter(graph.nodes)
    node = next(nodes, None)
    shape = graph.input_shape
    for row in arch.rows:
        printed = row.input
        classes = arch.classes if printed.c is None else printed.c
        if (classes, printed.h, printed.w) != (shape.c, shape.h, shape.w):
            raise TableError(
                f"the printed input is {row.cells[arch.style.input_header].text},"
                f" the rows above produce {shape}",
                place=arch.place(row, arch.style.input_header),
                accepted=f"{shape}, or, where the source itself misprints it, a row"
                " under the heading Errata",
            )
        if fault := row.fault_on(shape):
            place = arch.place(row, arch.style.operator_header)
            raise TableError(fault, place=place)
        for _ in range(0 if row.ends else row.repeats):
            assert node is not None
            block = (node.block, node.origin)
            while node is not None and (node.block, node.origin) == block:
                shape = node.out_shape
                node = next(nodes, None)


@dataclass
class Builder:
    """Records one row after another on the tape; blocks build themselves with it.

    ``stride`` is that of the network so far, as printed. ``open_block`` says that the
    last V1 depthwise layer still needs its pointwise one. ``identities`` are the blocks
    that t = 0 turned into the identity, ``kept_table_t`` those where it could not.
    """

    arch: Architecture
    config: Configuration
    tape: Tape
    rules: Implementation = field(init=False)
    index: int = 0  # of the row that is built
    stride: int = 1
    dilation: int = 1
    blocks: int = 0
    convs: int = 0
    heads: int = 0
    pooled: bool = False
    open_block: bool = False
    identities: list[str] = field(default_factory=list)
    kept_table_t: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        arch = self.arch
        self.rules = implementation(arch.family, arch.scaling, self.config.impl)

    def add_row(self, index: int, row: Row) -> None:
        self.index = index
        origin = Origin(self.arch.table.file, row.line, row.number, row.text)
        self.tape.move(origin=origin)
        row.build(self)

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
        """The name of the latest block."""
        return f"block{self.blocks}"

    @property
    def stage(self) -> str:
        return f"s{self.stride}"

    def next_block(self) -> str:
        self.blocks += 1
        return self.block

    def next_conv(self) -> str:
        self.convs += 1
        return f"conv{self.convs}"

    def next_head(self) -> str:
        self.heads += 1
        return f"fc{self.heads}"

    def strided(self, printed: int) -> tuple[int, int]:
        """The stride and dilation that a layer runs with.

        Beyond the output stride, strides become dilation: of the layers after this one,
        and of this one where the implementation says so.
        """
        self.stride *= printed
        limit = self.config.output_stride
        if limit is None or printed == 1 or self.stride <= limit:
            return printed, self.dilation
        before = self.dilation
        self.dilation *= printed
        return 1, self.dilation if self.rules.dilates_own else before

    # --- what blocks are made of -----------------------------------------------------

    def width(self, row: Row, printed: int, *, repeats: bool = False) -> Width:
        """Printed output channels of a row, and what they depend on.

        A later repeat has the same number of input and output channels.
        """
        factor = 1.0 if repeats else printed / row.channels
        return Width(printed, factor, self.tape.shape.c, self.config.alpha)

    def conv(
        self,
        out: int,
        kernel: int,
        stride: int = 1,
        dilation: int = 1,
        *,
        bias: bool = False,
    ) -> Conv:
        """A convolution, padded as the implementation pads."""
        return Conv(out, kernel, stride, dilation, bias, padding=self.rules.padding)

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
