"""The units that searches over ShuffleNetV2 choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Concatenate, Scale
from mnprofile.graph.operators.op import GraphError
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.graph.operators.reshaping import Channels, ChannelShuffle
from mnprofile.networks.notation.cells import OperatorWord, SqueezeExcite
from mnprofile.networks.notation.rows import Row

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder


@dataclass(frozen=True)
class ChoiceUnitRow(Row):
    """A unit of ShuffleNetV2 with its own kernel and inner channels (Guo et al. 2020).

    Where a stride is 1, the channels are shuffled and halved first, and one half passes
    by; else a branch of as many channels as come in stands in its place. The squeeze-
    excite of ShuffleNetV2+ has batch norm and no biases.
    """

    kernel: int
    out: int
    expanded: int
    activation: ActivationKind
    stride: int = 1
    squeeze_excite: SqueezeExcite | None = None

    words: ClassVar[Mapping[str, OperatorWord]] = {"shuffle": OperatorWord()}

    def build(self, to: Builder) -> None:
        tape = to.tape
        block = to.next_block()
        stride, dilation = to.strided(self.stride)
        tape.move(block=block, stage=to.stage)
        before = tape.last
        if self.stride > 1:
            taken = tape.shape.c
            depthwise = to.depthwise(self.kernel, stride, dilation)
            to.convolution(f"{block}.left.depthwise", depthwise, None)
            op = to.conv(taken, 1)
            to.convolution(f"{block}.left.pointwise", op, self.activation)
            left, tape.last = tape.last, before
        else:
            if decide(tape.shape.c % 2 == 1):
                raise GraphError(
                    f"a unit halves its channels, which are {tape.shape.c}"
                )
            tape.layer(f"{block}.shuffle", ChannelShuffle(2))
            before = tape.last
            tape.move(layer=f"{block}.split")
            left = tape.add(f"{block}.left", Channels(2, 0))
            taken = tape.shape.c
            tape.last = before
            tape.add(f"{block}.right", Channels(2, 1))
        inner = to.rules.output.channels(to.width(self, self.expanded))
        out = to.rules.output.channels(to.width(self, self.out))
        if decide(out <= taken):
            raise GraphError(
                f"of {out} channels {taken} pass by: none are left to make"
            )
        self._branch(to, block, inner, stride, dilation)
        op = to.conv(out - taken, 1)
        to.convolution(f"{block}.pointwise", op, self.activation)
        if self.squeeze_excite:
            self._squeeze(to, f"{block}.se", self.squeeze_excite)
        right, tape.last = tape.last, left
        tape.layer(f"{block}.concatenate", Concatenate(), right)

    def _branch(
        self, to: Builder, block: str, inner: int, stride: int, dilation: int
    ) -> None:
        """All but the last convolution of the branch."""
        op = to.conv(inner, 1)
        to.convolution(f"{block}.reduce", op, self.activation)
        depthwise = to.depthwise(self.kernel, stride, dilation)
        to.convolution(f"{block}.depthwise", depthwise, None)

    def _squeeze(self, to: Builder, name: str, kind: SqueezeExcite) -> None:
        tape = to.tape
        features, full = tape.last, tape.shape.c
        tape.layer(f"{name}.pool", GlobalPool())
        tape.move(type="SE")
        reduced = to.conv(to.rules.squeezed.rounded(full * kind.ratio), 1)
        to.convolution(f"{name}.reduce", reduced, "relu")
        op = to.conv(full, 1)
        to.convolution(f"{name}.expand", op, kind.gate, batch_norm=False)
        tape.move(type=None, layer=f"{name}.scale")
        factors, tape.last = tape.last, features
        tape.add(f"{name}.scale", Scale(), factors)


@dataclass(frozen=True)
class XceptionUnitRow(ChoiceUnitRow):
    """The unit with three separable convolutions in place of one."""

    words: ClassVar[Mapping[str, OperatorWord]] = {"xception": OperatorWord()}

    def _branch(
        self, to: Builder, block: str, inner: int, stride: int, dilation: int
    ) -> None:
        for at in (1, 2):
            depthwise = to.depthwise(self.kernel, stride if at == 1 else 1, dilation)
            to.convolution(f"{block}.depthwise{at}", depthwise, None)
            pointwise = to.conv(inner, 1)
            to.convolution(f"{block}.pointwise{at}", pointwise, self.activation)
        to.convolution(
            f"{block}.depthwise3", to.depthwise(self.kernel, 1, dilation), None
        )
