"""Typed rows to a layer graph: what each printed operator consists of."""

from dataclasses import dataclass, field

from mnprofile.base.errors import TableError, UsageError
from mnprofile.graph.arithmetic import decide
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Origin, Tape
from mnprofile.graph.operators import (
    Activation,
    ActivationKind,
    Add,
    BatchNorm,
    Conv,
    Depthwise,
    GlobalPool,
    Linear,
    Padding,
    Scale,
    Shape,
    ShapeError,
)
from mnprofile.networks.configuration import configure
from mnprofile.networks.notation.dialects import DIALECTS
from mnprofile.networks.notation.rows import (
    Architecture,
    BottleneckRow,
    ClassifierRow,
    ConvRow,
    DepthwiseRow,
    PoolRow,
    Row,
    SoftmaxRow,
)
from mnprofile.networks.widths import Rules, Width, channels, rules_for


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

    A sweep's has arrays for alpha, t (columns) and the resolution (rows). Raises
    ShapeError for a resolution that the network cannot run at.
    """
    height, width = config.resolution
    image = Shape(arch.rows[0].channels, height, width)
    builder = _Builder(arch, config, Tape(image))
    for index, row in enumerate(arch.rows):
        builder.add_row(index, row)
    return Graph(config, image, tuple(builder.tape.nodes), builder.notes())


def check_sizes(arch: Architecture) -> None:
    """Hold every printed input size against the size that the rows above produce.

    Raises TableError at the first cell that does not follow.
    """
    graph = build_rows(arch, configure(arch))
    nodes = iter(graph.nodes)
    node = next(nodes, None)
    shape = graph.input_shape
    header = DIALECTS[arch.dialect].input_header
    for row in arch.rows:
        printed = row.input
        classes = arch.classes if printed.c is None else printed.c
        if (classes, printed.h, printed.w) != (shape.c, shape.h, shape.w):
            raise TableError(
                f"the printed input is {row.cells[header].text},"
                f" the rows above produce {shape.h}x{shape.w}x{shape.c}",
                place=arch.place(row, header),
                accepted=f"{shape.h}x{shape.w}x{shape.c}, or, where the source itself"
                " misprints it, a row under the heading Errata",
            )
        if isinstance(row, PoolRow) and row.kernel not in (None, shape.h):
            raise _at(
                arch,
                row,
                f"pooling {row.kernel}x{row.kernel} on a map of {shape.h}x{shape.w}:"
                " pooling covers the whole map",
            )
        repeats = getattr(row, "repeats", 1)
        if isinstance(row, SoftmaxRow):
            continue
        for _ in range(repeats):
            assert node is not None
            block = (node.block, node.origin)
            while node is not None and (node.block, node.origin) == block:
                shape = node.out_shape
                node = next(nodes, None)


def _at(arch: Architecture, row: Row, message: str) -> TableError:
    header = DIALECTS[arch.dialect].operator_header
    return TableError(message, place=arch.place(row, header))


@dataclass
class _Builder:
    """Puts one row after the other onto the tape."""

    arch: Architecture
    config: Configuration
    tape: Tape
    rules: Rules = field(init=False)
    stride: int = 1  # of the network so far, as printed
    dilation: int = 1
    blocks: int = 0
    convs: int = 0
    heads: int = 0
    pooled: bool = False
    open_block: bool = False  # a V1 depthwise layer waits for its pointwise one
    identities: list[str] = field(default_factory=list)
    kept_table_t: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rules = rules_for(self.arch.family, self.config.impl)

    def add_row(self, index: int, row: Row) -> None:
        origin = Origin(self.arch.table.file, row.line, row.number, row.text)
        self.tape.move(origin=origin)
        match row:
            case ConvRow():
                self._conv_row(index, row)
            case DepthwiseRow():
                self._depthwise_row(row)
            case BottleneckRow():
                self._bottleneck_row(row)
            case PoolRow():
                self.pooled, self.open_block = True, False
                self.tape.move(layer="pool", block="pool", stage="head")
                self.tape.add("pool", GlobalPool())
            case ClassifierRow() if self.config.classes:
                self.tape.move(layer="classifier", block="classifier", type=None)
                self.tape.add("classifier.linear", Linear(self.config.classes))

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

    # --- rows ------------------------------------------------------------------------

    def _conv_row(self, index: int, row: ConvRow) -> None:
        if self.pooled:
            self._head_row(row)
            return
        below = self.arch.rows[index + 1] if index + 1 < len(self.arch.rows) else None
        pointwise = row.kernel == 1 and row.stride == 1
        joins = pointwise and self.open_block  # a depthwise layer waits for it
        if index == 0:
            rule, block = self.rules.stem, "stem"
        elif joins:
            rule, block = self.rules.output, self._block_name(joins=True)
        elif pointwise and (below is None or isinstance(below, PoolRow)):
            rule, block = self.rules.last, "last_conv"
        elif self.arch.dialect == "v1":
            rule, block = self.rules.output, self._block_name(joins=False)
        else:
            self.convs += 1
            rule, block = self.rules.output, f"conv{self.convs}"
        layer = block
        if block.startswith("block"):
            layer = block + (".pointwise" if joins else ".conv")
        self.open_block = False
        for repeat in range(row.repeats):
            if repeat:
                self.convs += 1
                layer = block = f"conv{self.convs}"
                rule = self.rules.output if index == 0 else rule
            out = channels(rule, self._width(row, row.out))
            stride, dilation = self._stride(row.stride if repeat == 0 else 1)
            self.tape.move(block=block, stage=self._stage())
            self._convolution(
                layer,
                Conv(
                    out,
                    row.kernel,
                    stride,
                    dilation if row.kernel > 1 else 1,
                    bias=not row.batch_norm,
                ),
                row.activation,
                batch_norm=row.batch_norm,
            )
            if row.squeeze_excite:
                self._squeeze_excite(f"{block}.se", row.activation or "relu")

    def _head_row(self, row: ConvRow) -> None:
        """A 1x1 convolution on the pooled map is a fully connected layer."""
        for _ in range(row.repeats):
            self.heads += 1
            layer = f"fc{self.heads}"
            out = channels(self.rules.head, self._width(row, row.out))
            self.tape.move(block=layer, stage="head", layer=layer)
            if row.batch_norm:
                self.tape.move(type="Fully Connected")
                self._convolution(layer, Conv(out, 1), row.activation)
                self.tape.move(type=None)
            else:
                self.tape.add(f"{layer}.linear", Linear(out))
                self._activation(layer, row.activation)

    def _depthwise_row(self, row: DepthwiseRow) -> None:
        block = self._block_name(joins=False)
        self.open_block = True
        stride, dilation = self._stride(row.stride)
        self.tape.move(block=block, stage=self._stage())
        keras_v1 = self.config.impl == "keras" and self.arch.family == "v1"
        padding: Padding = "keras_v1" if keras_v1 else "same"
        self._convolution(
            f"{block}.depthwise",
            Depthwise(row.kernel, stride, dilation, padding),
            row.activation,
        )

    def _bottleneck_row(self, row: BottleneckRow) -> None:
        if self.arch.family == "v1":
            raise TableError(
                "scaling v1 has no rule for the expansion of a bottleneck",
                place=self.arch.table.setting_place("scaling"),
                accepted="v2, v3",
            )
        self.open_block = False
        for repeat in range(row.repeats):
            self._bottleneck(row, first=repeat == 0)

    def _bottleneck(self, row: BottleneckRow, *, first: bool) -> None:
        tape = self.tape
        block = self._block_name(joins=False)
        stride, dilation = self._stride(row.stride if first else 1)
        tape.move(block=block, stage=self._stage())
        before, built_in = tape.last, tape.shape.c
        out = channels(self.rules.output, self._width(row, row.out))
        printed_stride = row.stride if first else 1
        shortcut = printed_stride == 1 and decide(built_in == out)
        replaces_t = self.config.t is not None and row.factor > 1
        if replaces_t and decide(self.config.t == 0):
            if shortcut:
                self.identities.append(block)
                return
            self.kept_table_t.append(block)
            replaces_t = False
        inner = self._expanded(row, built_in, first=first, replaces_t=replaces_t)
        if not decide(inner == built_in):
            self._convolution(f"{block}.expand", Conv(inner, 1), row.activation)
        self._convolution(
            f"{block}.depthwise",
            Depthwise(row.kernel, stride, dilation),
            row.activation,
        )
        if row.squeeze_excite:
            self._squeeze_excite(f"{block}.se", "relu")
        self._convolution(f"{block}.project", Conv(out, 1), None)
        if shortcut:
            tape.move(layer=f"{block}.add")
            tape.add(f"{block}.add", Add(), before)

    def _expanded(
        self, row: BottleneckRow, built_in: int, *, first: bool, replaces_t: bool
    ) -> int:
        """Channels inside a block; a factor of 1 leaves them as they come in.

        Later repeats have the row's output as input.
        """
        if replaces_t:
            assert self.config.t is not None
            if decide(self.config.t == 1):
                return built_in
            return self.rules.round_expanded(self.config.t * built_in)
        if row.factor == 1:
            return built_in
        printed_in = row.channels if first else row.out
        printed = row.expanded or row.factor * printed_in
        width = Width(printed, row.factor, built_in, self.config.alpha)
        if row.expanded is not None:
            return channels(self.rules.expanded, width)
        return self.rules.expanded(width)

    # --- parts -----------------------------------------------------------------------

    def _convolution(
        self,
        layer: str,
        op: Conv | Depthwise,
        activation: ActivationKind | None,
        *,
        batch_norm: bool = True,
    ) -> None:
        self.tape.move(layer=layer)
        self.tape.add(f"{layer}.conv", op)
        if batch_norm:
            self.tape.add(f"{layer}.bn", BatchNorm())
        self._activation(layer, activation)

    def _activation(self, layer: str, function: ActivationKind | None) -> None:
        if function is not None:
            self.tape.add(f"{layer}.act", Activation(function))

    def _squeeze_excite(self, name: str, activation: ActivationKind) -> None:
        """Pool, reduce, expand, scale the map by the result (V3 paper, 5.3)."""
        tape = self.tape
        features, full = tape.last, tape.shape.c
        tape.move(layer=f"{name}.pool")
        tape.add(f"{name}.pool", GlobalPool())
        tape.move(type="SE")
        reduced = self.rules.squeezed(full)
        for part, out, function in (
            ("reduce", reduced, activation),
            ("expand", full, "hardsigmoid"),
        ):
            self._convolution(
                f"{name}.{part}", Conv(out, 1, bias=True), function, batch_norm=False
            )
        tape.move(type=None, layer=f"{name}.scale")
        factors, tape.last = tape.last, features
        tape.add(f"{name}.scale", Scale(), factors)

    # --- bookkeeping -----------------------------------------------------------------

    def _width(self, row: ConvRow | BottleneckRow, printed: int) -> Width:
        factor = printed / row.channels
        return Width(printed, factor, self.tape.shape.c, self.config.alpha)

    def _block_name(self, *, joins: bool) -> str:
        if not joins:
            self.blocks += 1
        return f"block{self.blocks}"

    def _stride(self, printed: int) -> tuple[int, int]:
        """The stride and dilation a layer runs with.

        Past the output stride, strides turn into dilation, this layer's own included.
        """
        self.stride *= printed
        limit = self.config.output_stride
        if limit is not None and printed > 1 and self.stride > limit:
            self.dilation *= printed
            return 1, self.dilation
        return printed, self.dilation

    def _stage(self) -> str:
        return f"s{self.stride}"
