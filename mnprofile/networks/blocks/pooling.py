"""Average pooling over the whole map."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.op import Shape
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import OperatorWord, Size, Words, pool_kernel
from mnprofile.networks.notation.rows import Row

_WORD = OperatorWord(read_kernel=pool_kernel)


@dataclass(frozen=True)
class PoolRow(Row):
    """Average pooling over the whole map; ``kernel`` is the printed size."""

    kernel: int | None

    words: ClassVar[Words] = {"avgpool": _WORD, "pool": _WORD}
    is_counted = False
    pools = True

    @property
    def gives(self) -> Size:
        return Size(1, 1, self.input.c)

    def build(self, to: Builder) -> None:
        to.pooled, to.open_block = True, False
        name = to.named("pool")
        to.tape.move(layer=name, block=name, stage="head")
        to.tape.add(name, GlobalPool())

    def fault_on(self, x: Shape) -> str | None:
        if self.kernel in (None, x.h):
            return None
        return (
            f"pooling {self.kernel}x{self.kernel} on a map of {x.h}x{x.w}:"
            " pooling covers the whole map (avgpool2d is a window that slides)"
        )


@dataclass(frozen=True)
class BranchPoolRow(Row):
    """Average pooling over the whole map in a branch: convolutions can follow it."""

    activation: ActivationKind | None = None

    words: ClassVar[Words] = {"globalpool": OperatorWord()}
    is_counted = False
    activates = False

    @property
    def gives(self) -> Size:
        return Size(1, 1, self.input.c)

    def build(self, to: Builder) -> None:
        name = to.begin_alone("pool")
        to.tape.add(name, GlobalPool())
        to.activation(name, self.activation)
