"""The units of ShuffleNet and ShuffleNetV2."""

from dataclasses import dataclass

from mnprofile.graph.operators.convolution import Depthwise
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Add, Concatenate
from mnprofile.graph.operators.reshaping import Channels, ChannelShuffle
from mnprofile.graph.operators.window_pooling import Pool
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class ShuffleUnitRow(Row):
    """ShuffleNet (Zhang et al. 2018, Figure 2): grouped 1x1 convolutions and a shuffle.

    With a stride the shortcut is average pooling, and the two are concatenated. The
    first 1x1 convolution of the network's first unit has one group (section 3.2).
    """

    out: int
    groups: int
    activation: ActivationKind
    stride: int = 1
    is_first: bool = False

    def build(self, to: Builder) -> None:
        for repeat in range(self.repeats):
            is_first = self.is_first and repeat == 0
            self._unit(to, self.stride if repeat == 0 else 1, is_first=is_first)

    def _unit(self, to: Builder, printed_stride: int, *, is_first: bool) -> None:
        tape = to.tape
        block, stride, dilation = to.begin(printed_stride)
        before, taken = tape.last, tape.shape.c
        grows = printed_stride > 1
        inner = self.out // 4
        op = to.conv(inner, 1, groups=1 if is_first else self.groups)
        to.convolution(f"{block}.reduce", op, self.activation)
        to.tape.layer(f"{block}.shuffle", ChannelShuffle(self.groups))
        to.convolution(f"{block}.depthwise", to.depthwise(3, stride, dilation), None)
        out = self.out - taken if grows else self.out
        op = to.conv(out, 1, groups=self.groups)
        to.convolution(f"{block}.expand", op, None)
        if grows:
            made, tape.last = tape.last, before
            pool = Pool("avg", 3, stride, dilation, to.rules.padding)
            tape.layer(f"{block}.pool", pool)
            tape.layer(f"{block}.concatenate", Concatenate(), made)
            to.activation(f"{block}.concatenate", self.activation)
        else:
            tape.layer(f"{block}.add", Add(), before)
            to.activation(f"{block}.add", self.activation)


@dataclass(frozen=True)
class ShuffleUnit2Row(Row):
    """ShuffleNetV2 (Ma et al. 2018, Figure 3): one half of the channels passes by.

    With a stride both branches see all channels; the shortcut gives as many as it takes
    (the authors' code) or one half (torchvision), the other branch the rest.
    """

    out: int
    activation: ActivationKind
    stride: int = 1

    def build(self, to: Builder) -> None:
        for repeat in range(self.repeats):
            self._unit(to, self.stride if repeat == 0 else 1)

    def _unit(self, to: Builder, printed_stride: int) -> None:
        tape = to.tape
        block, stride, dilation = to.begin(printed_stride)
        half = passed = self.out // 2
        depthwise = to.depthwise(3, stride, dilation)
        if printed_stride > 1:
            passed = half if to.rules.even_halves else tape.shape.c
            left = left_branch(to, block, depthwise, passed, self.activation)
        else:
            left = split(to, block)
        to.convolution(f"{block}.reduce", to.conv(half, 1), self.activation)
        to.convolution(f"{block}.depthwise", depthwise, None)
        pointwise = to.conv(self.out - passed, 1)
        to.convolution(f"{block}.pointwise", pointwise, self.activation)
        right, tape.last = tape.last, left
        tape.layer(f"{block}.concatenate", Concatenate(), right)
        tape.layer(f"{block}.shuffle", ChannelShuffle(2))


def left_branch(
    to: Builder, block: str, op: Depthwise, out: int, activation: ActivationKind
) -> str:
    """What stands beside a unit with a stride: its end. The map is again the last."""
    before = to.tape.last
    to.convolution(f"{block}.left.depthwise", op, None)
    to.convolution(f"{block}.left.pointwise", to.conv(out, 1), activation)
    left, to.tape.last = to.tape.last, before
    return left


def split(to: Builder, block: str) -> str:
    """The half of the channels that passes by a unit; the other half is the last."""
    before = to.tape.last
    to.tape.move(layer=f"{block}.split")
    left = to.tape.add(f"{block}.left", Channels(2, 0))
    to.tape.last = before
    to.tape.add(f"{block}.right", Channels(2, 1))
    return left
