"""The block of FBNet: an inverted residual whose 1x1 convolutions can be grouped."""

from dataclasses import dataclass

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.reshaping import ChannelShuffle
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.blocks.inverted_residual import BottleneckRow


@dataclass(frozen=True)
class GroupedBottleneckRow(BottleneckRow):
    """An inverted residual with ``groups`` in its 1x1 convolutions.

    A channel shuffle mixes the groups of the first (Wu et al. 2019, Figure 3).
    """

    groups: int = 1

    def layers(
        self, to: Builder, block: str, inner: int, stride: int, dilation: int
    ) -> None:
        if self.groups == 1:
            super().layers(to, block, inner, stride, dilation)
            return
        if to.rules.expands_always or not decide(inner == to.tape.shape.c):
            op = to.conv(inner, 1, groups=self.groups)
            to.convolution(f"{block}.expand", op, self.activation)
        to.tape.layer(f"{block}.shuffle", ChannelShuffle(self.groups))
        depthwise = to.depthwise(self.kernel, stride, dilation)
        to.convolution(f"{block}.depthwise", depthwise, self.activation)

    def project(self, to: Builder, block: str, out: int, inner: int) -> None:
        op = to.conv(out, 1, groups=self.groups)
        to.convolution(f"{block}.project", op, None)
