"""A depthwise convolution in its own row, as MobileNetV1 prints it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.notation.rows import Row

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder


@dataclass(frozen=True)
class DepthwiseRow(Row):
    """A depthwise convolution; the pointwise one below it belongs to its block."""

    kernel: int
    stride: int
    activation: ActivationKind

    def build(self, to: Builder) -> None:
        block = to.next_block()
        to.open_block = True
        stride, dilation = to.strided(self.stride)
        to.tape.move(block=block, stage=to.stage)
        op = to.depthwise(self.kernel, stride, dilation)
        if stride > 1 and to.rules.strided_depthwise:
            op = replace(op, padding=to.rules.strided_depthwise)
        to.convolution(f"{block}.depthwise", op, self.activation)
