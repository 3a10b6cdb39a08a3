"""The units of ShuffleNet and ShuffleNetV2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Add, Concatenate
from mnprofile.graph.operators.pooling import Pool
from mnprofile.graph.operators.reshaping import Channels, ChannelShuffle
from mnprofile.networks.notation.rows import Row

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder


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
        block = to.next_block()
        stride, dilation = to.strided(printed_stride)
        tape.move(block=block, stage=to.stage)
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
            tape.move(layer=f"{block}.pool")
            pool = Pool("avg", 3, stride, dilation, to.rules.padding)
            tape.add(f"{block}.pool", pool)
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
        block = to.next_block()
        stride, dilation = to.strided(printed_stride)
        tape.move(block=block, stage=to.stage)
        before, half = tape.last, self.out // 2
        passed = half
        if printed_stride > 1:
            passed = half if to.rules.even_halves else tape.shape.c
            op = to.depthwise(3, stride, dilation)
            to.convolution(f"{block}.left.depthwise", op, None)
            pointwise = to.conv(passed, 1)
            to.convolution(f"{block}.left.pointwise", pointwise, self.activation)
            left, tape.last = tape.last, before
        else:
            tape.move(layer=f"{block}.split")
            left = tape.add(f"{block}.left", Channels(2, 0))
            tape.last = before
            tape.add(f"{block}.right", Channels(2, 1))
        to.convolution(f"{block}.reduce", to.conv(half, 1), self.activation)
        to.convolution(f"{block}.depthwise", to.depthwise(3, stride, dilation), None)
        pointwise = to.conv(self.out - passed, 1)
        to.convolution(f"{block}.pointwise", pointwise, self.activation)
        right, tape.last = tape.last, left
        tape.layer(f"{block}.concatenate", Concatenate(), right)
        to.tape.layer(f"{block}.shuffle", ChannelShuffle(2))
