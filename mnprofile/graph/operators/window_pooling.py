"""Pooling of windows, and to a given size."""

from dataclasses import dataclass
from typing import Literal

from mnprofile.graph.operators.convolution import SAME, Padding, Sides, Windowed
from mnprofile.graph.operators.op import Op, Shape, sides

PoolKind = Literal["max", "avg", "lp"]


def _action(function: PoolKind) -> str:
    return "max pooling" if function == "max" else "pooling"


@dataclass(frozen=True, slots=True)
class Pool(Windowed):
    """Maximum or average of a k x k window: (c, h, w) -> (c, h/s, w/s)."""

    kind = "pool"
    entering = "pool_elems"
    function: PoolKind
    kernel: Sides
    stride: Sides = 1
    dilation: Sides = 1
    padding: Padding = SAME

    @property
    def type(self) -> str:
        return f"{self.function}pool {self.sides}"

    @property
    def action(self) -> str:
        return _action(self.function)

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c, self.out_sizes(x))

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        found = {f"{self.function}pool_in": x.elements}
        return found | {"avgpool_out": y.elements} if self.function == "avg" else found


@dataclass(frozen=True, slots=True)
class AdaptivePool(Op):
    """Pooling to a given size; the windows follow from it."""

    kind = "pool"
    sees_all = True  # nearly: windows may overlap
    entering = "pool_elems"
    function: PoolKind
    size: Sides

    @property
    def type(self) -> str:
        return f"adaptive {self.function}pool"

    @property
    def action(self) -> str:
        return _action(self.function)

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c, sides(self.size, len(x.spatial)))

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        if self.function == "max":
            return {"maxpool_in": x.elements}
        return {"adaptive_in": x.elements, "adaptive_out": y.elements}
