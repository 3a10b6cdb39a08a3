"""A layer that a search left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.notation.cells import OperatorWord
from mnprofile.networks.notation.rows import Row

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder


@dataclass(frozen=True)
class SkipRow(Row):
    """The identity, or a 1x1 convolution where channels or stride change."""

    out: int
    activation: ActivationKind | None
    stride: int = 1

    words: ClassVar[Mapping[str, OperatorWord]] = {"skip": OperatorWord()}
    is_counted: ClassVar[bool] = False

    def build(self, to: Builder) -> None:
        stride, _ = to.strided(self.stride)
        out = to.rules.output.channels(to.width(self, self.out))
        if self.stride == 1 and decide(out == to.tape.shape.c):
            return
        block = to.next_block()
        to.tape.move(block=block, stage=to.stage)
        to.convolution(f"{block}.conv", to.conv(out, 1, stride), self.activation)
