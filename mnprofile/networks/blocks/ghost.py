"""The ghost bottleneck of GhostNet."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Add, Concatenate
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.blocks.squeeze_excite import squeeze_excite
from mnprofile.networks.notation.cells import OperatorWord, SqueezeExcite, Words
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class GhostRow(Row):
    """Two ghost modules, a depthwise convolution between them where there is a stride.

    Half of a module's channels come from a 1x1 convolution, half from a 3x3 depthwise
    one of those (Han et al. 2020, Figures 2 and 3). Where channels or stride change,
    the shortcut is a depthwise and a 1x1 convolution.
    """

    kernel: int
    out: int
    expanded: int
    activation: ActivationKind
    stride: int = 1
    squeeze_excite: SqueezeExcite | None = None

    words: ClassVar[Words] = {"G-bneck": OperatorWord()}

    def build(self, to: Builder) -> None:
        tape = to.tape
        block, stride, dilation = to.begin(self.stride)
        before, built_in = tape.last, tape.shape.c
        out, inner = (to.channels(self, one) for one in (self.out, self.expanded))
        ghost(to, f"{block}.expand", inner, self.activation)
        if self.stride > 1:
            op = to.depthwise(self.kernel, stride, dilation)
            to.convolution(f"{block}.depthwise", op, None)
        if self.squeeze_excite:
            squeeze_excite(to, f"{block}.se", self.squeeze_excite, "relu", built_in)
        ghost(to, f"{block}.project", out, None)
        if self.stride > 1 or not decide(built_in == out):
            made, tape.last = tape.last, before
            op = to.depthwise(self.kernel, stride, dilation)
            to.convolution(f"{block}.shortcut.depthwise", op, None)
            to.convolution(f"{block}.shortcut.pointwise", to.conv(out, 1), None)
            before, tape.last = tape.last, made
        tape.layer(f"{block}.add", Add(), before)


def ghost(to: Builder, name: str, out: int, activation: ActivationKind | None) -> None:
    """A ghost module: a 1x1 convolution, and a cheap depthwise one of its output."""
    half = -(-out // 2)
    to.convolution(f"{name}.primary", to.conv(half, 1), activation)
    primary = to.tape.last
    to.convolution(f"{name}.cheap", to.depthwise(3, 1, 1), activation)
    cheap, to.tape.last = to.tape.last, primary
    to.tape.layer(f"{name}.concatenate", Concatenate(), cheap)
