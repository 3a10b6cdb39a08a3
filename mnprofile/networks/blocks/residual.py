"""The residual block of ResNet: convolutions, addition, and activation after it."""

from dataclasses import dataclass, field
from typing import ClassVar

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Add
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import (
    OperatorWord,
    Readers,
    Words,
    channels_or_blank,
)
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class ResidualRow(Row):
    """Repeated blocks; ``convolutions`` are the kernel and channels of each.

    Where channels or stride change, the shortcut is a 1x1 convolution (He et al. 2016,
    option B). The stride is that of the first convolution, or, in implementations that
    say so, of the first one larger than 1x1.
    """

    activation: ActivationKind | None
    stride: int = 1

    deepens = True

    @property
    def convolutions(self) -> tuple[tuple[int, int], ...]:
        raise NotImplementedError

    def build(self, to: Builder) -> None:
        for repeat in range(to.repeats(self)):
            self._block(to, self.stride if repeat == 0 else 1)

    def _block(self, to: Builder, printed_stride: int) -> None:
        tape = to.tape
        block, stride, dilation = to.begin(printed_stride)
        before, built_in = tape.last, tape.shape.c
        kernels = [kernel for kernel, _ in self.convolutions]
        wide = next((at for at, kernel in enumerate(kernels) if kernel > 1), 0)
        strided = wide if to.rules.strides_late else 0
        for at, (kernel, printed) in enumerate(self.convolutions):
            op = to.conv(
                to.channels(self, printed),
                kernel,
                stride if at == strided else 1,
                dilation if kernel > 1 else 1,
            )
            last = at == len(kernels) - 1
            to.convolution(
                f"{block}.conv{at + 1}", op, None if last else self.activation
            )
        if printed_stride > 1 or not decide(built_in == tape.shape.c):
            inner, tape.last = tape.last, before
            op = to.conv(tape.shapes[inner].c, 1, stride)
            to.convolution(f"{block}.shortcut", op, None)
            before, tape.last = tape.last, inner
        tape.layer(f"{block}.add", Add(), before)
        to.activation(f"{block}.add", self.activation)


@dataclass(frozen=True)
class PrintedResidualRow(ResidualRow):
    """Blocks of which each convolution is printed."""

    layers: tuple[tuple[int, int], ...] = field(kw_only=True)

    @property
    def convolutions(self) -> tuple[tuple[int, int], ...]:
        return self.layers

    @property
    def out(self) -> int:
        return self.layers[-1][1]


@dataclass(frozen=True)
class ResidualWordRow(ResidualRow):
    """Two k x k convolutions, or with inner channels a bottleneck: 1x1, k x k, 1x1."""

    kernel: int = field(kw_only=True)
    out: int = field(kw_only=True)
    expanded: int | None = None

    words: ClassVar[Words] = {"residual": OperatorWord()}
    readers: ClassVar[Readers] = {"expanded": channels_or_blank}
    is_repeatable = True

    @property
    def convolutions(self) -> tuple[tuple[int, int], ...]:
        if self.expanded is None:
            return (self.kernel, self.out), (self.kernel, self.out)
        return (1, self.expanded), (self.kernel, self.expanded), (1, self.out)
