"""A depthwise convolution in its own row, as MobileNetV1 prints it."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import OperatorWord, Words
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class DepthwiseRow(Row):
    """A depthwise convolution; the pointwise one below it belongs to its block.

    With a name it is a block by itself.
    """

    kernel: int
    stride: int = 1
    activation: ActivationKind | None = None
    batch_norm: bool = True
    dilation: int = 1
    plain: bool = False  # neither batch norm nor bias

    words: ClassVar[Words] = {
        "dwconv": OperatorWord(takes_nbn=True, modifiers={"plain": ("plain", True)})
    }

    def build(self, to: Builder) -> None:
        block, stride, dilation = to.begin(self.stride, self.dilation)
        to.open_block = not self.name
        op = to.depthwise(self.kernel, stride, dilation)
        if stride > 1 and to.rules.strided_depthwise:
            op = replace(op, padding=to.rules.strided_depthwise)
        if not (self.batch_norm or self.plain):
            op = replace(op, bias=True)
        layer = block if self.name else f"{block}.depthwise"
        batch_norm = self.batch_norm and not self.plain
        to.convolution(layer, op, self.activation, batch_norm=batch_norm)
