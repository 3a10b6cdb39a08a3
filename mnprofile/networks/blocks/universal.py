"""The universal inverted bottleneck of MobileNetV4."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.operators.elementwise import LayerScale
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.blocks.inverted_residual import BottleneckRow
from mnprofile.networks.notation.cells import OperatorWord, Words, odd_kernel


@dataclass(frozen=True)
class UniversalRow(BottleneckRow):
    """An inverted residual with a depthwise convolution before the expansion, after it,
    both or neither. The stride is that of the last one.

    ``before`` is the kernel of the first, ``kernel`` of the second; 0: there is none.
    The first has no activation (Qin et al. 2024, section 4).
    """

    before: int = 0
    layer_scale: bool = False

    words: ClassVar[Words] = {
        "universal": OperatorWord(
            modifiers={
                "noskip": ("shortcut", False),
                "beforeN": ("before", odd_kernel),
                "nodw": ("kernel", 0),
            }
        )
    }

    def layers(
        self, to: Builder, block: str, inner: int, stride: int, dilation: int
    ) -> None:
        if self.before:
            here = 1 if self.kernel else stride
            op = to.depthwise(self.before, here, dilation)
            to.convolution(f"{block}.first", op, None)
        to.convolution(f"{block}.expand", to.conv(inner, 1), self.activation)
        if self.kernel:
            op = to.depthwise(self.kernel, stride, dilation)
            to.convolution(f"{block}.depthwise", op, self.activation)

    def project(self, to: Builder, block: str, out: int, inner: int) -> None:
        super().project(to, block, out, inner)
        if self.layer_scale:
            to.tape.layer(f"{block}.scale", LayerScale())
