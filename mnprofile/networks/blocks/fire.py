"""The fire module of SqueezeNet."""

from dataclasses import dataclass

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Concatenate
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import Size
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class FireRow(Row):
    """A 1x1 squeeze layer, and 1x1 and 3x3 expand layers that are concatenated."""

    squeeze: int
    expand1: int
    expand3: int
    activation: ActivationKind

    @property
    def gives(self) -> Size:
        return self.input._replace(c=self.expand1 + self.expand3)

    def build(self, to: Builder) -> None:
        tape = to.tape
        block, *_ = to.begin()

        def layer(name: str, out: int, kernel: int) -> str:
            op = to.conv(out, kernel, bias=True)
            to.convolution(f"{block}.{name}", op, self.activation, batch_norm=False)
            return tape.last

        squeezed = layer("squeeze", self.squeeze, 1)
        small = layer("expand1", self.expand1, 1)
        tape.last = squeezed
        wide = layer("expand3", self.expand3, 3)
        tape.last = small
        tape.layer(f"{block}.concatenate", Concatenate(), wide)
