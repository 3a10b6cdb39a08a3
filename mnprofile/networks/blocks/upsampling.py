"""Upsampling by nearest neighbours."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.op import GraphError
from mnprofile.graph.operators.reshaping import Resize
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import (
    MAX_STRIDE,
    OperatorWord,
    Size,
    Words,
    up_to,
)
from mnprofile.networks.notation.rows import Row

MAX_SIDE = 1 << 16  # of a map that is made larger


@dataclass(frozen=True)
class UpsampleRow(Row):
    """A map at the size of a second one, or ``by`` times as large."""

    activation: ActivationKind | None = None
    by: int | None = None

    words: ClassVar[Words] = {
        "upsample": OperatorWord(modifiers={"byN": ("by", up_to(MAX_STRIDE))})
    }
    is_counted = False
    activates = False

    @property
    def reads(self) -> tuple[int, int]:
        return (1, 1) if self.by else (2, 2)

    @property
    def gives(self) -> Size:
        if self.by is None:
            h, w, _ = self.others[0]
            return Size(h, w, self.input.c)
        return Size(self.by * self.input.h, self.by * self.input.w, self.input.c)

    def build(self, to: Builder) -> None:
        tape = to.tape
        x = tape.shape
        if self.by is None:
            like = to.others[0]
            size = (like.shape.h, like.shape.w)
            to.stride = like.stride
        else:
            size = (self.by * x.h, self.by * x.w)
            if any(decide(side > MAX_SIDE) for side in size):
                raise GraphError(f"a map of more than {MAX_SIDE:,} rows or columns")
            to.stride = max(1, to.stride // self.by)
        name = to.begin_alone("join")
        tape.add(name, Resize(size=size))
        to.activation(name, self.activation)
