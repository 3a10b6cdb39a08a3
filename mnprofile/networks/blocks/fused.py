"""The fused inverted residual of MobileNet-EdgeTPU, EfficientNetV2 and MobileNetV4."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.arithmetic import single
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.blocks.inverted_residual import BottleneckRow
from mnprofile.networks.notation.cells import MAX_CHANNELS, OperatorWord, Words, up_to


@dataclass(frozen=True)
class FusedRow(BottleneckRow):
    """A k x k expansion in place of the 1 x 1 one and the depthwise convolution.

    With a factor of 1 the k x k convolution is all there is. ``group_size`` is the
    number of expanded channels per group; None: one group.
    """

    group_size: int | None = None

    words: ClassVar[Words] = {
        "fused": OperatorWord(
            modifiers={
                "noskip": ("shortcut", False),
                "gsN": ("group_size", up_to(MAX_CHANNELS)),
            }
        )
    }

    @property
    def is_plain(self) -> bool:
        """Whether it is one convolution: there is nothing to project."""
        return self.t == 1

    def layers(
        self, to: Builder, block: str, inner: int, stride: int, dilation: int
    ) -> None:
        if self.is_plain:
            inner = to.channels(self, self.out)
        groups = self._groups(single(inner), single(to.tape.shape.c))
        op = to.conv(inner, self.kernel, stride, dilation, groups=groups)
        to.convolution(f"{block}.fused", op, self.activation)

    def _groups(self, inner: int, taken: int) -> int:
        """The printed number of groups, or the next smaller one that t leaves whole."""
        most = max(1, inner // self.group_size) if self.group_size else 1
        return next(g for g in range(most, 0, -1) if inner % g == taken % g == 0)

    def project(self, to: Builder, block: str, out: int, inner: int) -> None:
        if not self.is_plain:
            super().project(to, block, out, inner)
