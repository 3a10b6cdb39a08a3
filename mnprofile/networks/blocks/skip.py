"""A layer that a search left out."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import OperatorWord, Words
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class SkipRow(Row):
    """The identity, or a 1x1 convolution where channels or stride change."""

    out: int
    activation: ActivationKind | None
    stride: int = 1

    words: ClassVar[Words] = {"skip": OperatorWord()}
    is_counted = False

    def build(self, to: Builder) -> None:
        stride, _ = to.strided(self.stride)
        out = to.channels(self, self.out)
        if self.stride == 1 and decide(out == to.tape.shape.c):
            return
        block = to.next("block")
        to.tape.move(block=block, stage=to.stage)
        to.convolution(f"{block}.conv", to.conv(out, 1, stride), self.activation)
