"""The units that searches over ShuffleNetV2 choose from."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Concatenate
from mnprofile.graph.operators.op import GraphError
from mnprofile.graph.operators.reshaping import ChannelShuffle
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.blocks.shuffle_unit import left_branch, split
from mnprofile.networks.blocks.squeeze_excite import squeeze_excite
from mnprofile.networks.notation.cells import OperatorWord, SqueezeExcite, Words
from mnprofile.networks.notation.rows import Row


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

    words: ClassVar[Words] = {"shuffle": OperatorWord()}

    def build(self, to: Builder) -> None:
        tape = to.tape
        block, stride, dilation = to.begin(self.stride)
        if self.stride > 1:
            depthwise = to.depthwise(self.kernel, stride, dilation)
            left = left_branch(to, block, depthwise, tape.shape.c, self.activation)
        else:
            if decide(tape.shape.c % 2 == 1):
                raise GraphError(
                    f"a unit halves its channels, which are {tape.shape.c}"
                )
            tape.layer(f"{block}.shuffle", ChannelShuffle(2))
            left = split(to, block)
        taken = tape.shapes[left].c
        out, inner = (to.channels(self, one) for one in (self.out, self.expanded))
        if decide(out <= taken):
            raise GraphError(
                f"of {out} channels {taken} pass by: none are left to make"
            )
        self._branch(to, block, inner, stride, dilation)
        op = to.conv(out - taken, 1)
        to.convolution(f"{block}.pointwise", op, self.activation)
        if self.squeeze_excite:
            plain = self.squeeze_excite._replace(activation=None)
            squeeze_excite(to, f"{block}.se", plain, "relu", batch_norm=True)
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


@dataclass(frozen=True)
class XceptionUnitRow(ChoiceUnitRow):
    """The unit with three separable convolutions in place of one."""

    words: ClassVar[Words] = {"xception": OperatorWord()}

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
