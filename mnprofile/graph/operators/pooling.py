"""Pooling, and changes of a map's size."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from mnprofile.graph.operators.convolution import SAME, Padding, Sides, Windowed
from mnprofile.graph.operators.op import Op, Shape, TensorShape, Window, shape_of, sides

PoolKind = Literal["max", "avg", "lp"]


class GlobalPool(Op):
    """Average over the whole map: (c, h, w) -> (c, 1, 1)."""

    __slots__ = ()
    kind: ClassVar[str] = "pool"
    sees_all: ClassVar[bool] = True
    entering: ClassVar[str | None] = "pool_elems"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c, (1,) * len(x.spatial))

    def windows(self, x: Shape) -> tuple[Window, ...]:
        return tuple(Window(size, size) for size in x.spatial)

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"pool_in": x.elements, "pool_out": y.elements}


@dataclass(frozen=True, slots=True)
class Pool(Windowed):
    """Maximum or average of a k x k window: (c, h, w) -> (c, h/s, w/s)."""

    kind: ClassVar[str] = "pool"
    entering: ClassVar[str | None] = "pool_elems"
    function: PoolKind
    kernel: Sides
    stride: Sides = 1
    dilation: Sides = 1
    padding: Padding = SAME

    @property
    def type(self) -> str:
        return f"{self.function}pool {self.sides}"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c, self.out_sizes(x))

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {f"{self.function}pool_in": x.elements}


@dataclass(frozen=True, slots=True)
class AdaptivePool(Op):
    """Pooling to a given size; the windows follow from it."""

    kind: ClassVar[str] = "pool"
    sees_all: ClassVar[bool] = True  # nearly: windows may overlap
    entering: ClassVar[str | None] = "pool_elems"
    function: PoolKind
    size: Sides

    @property
    def type(self) -> str:
        return f"adaptive {self.function}pool"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c, sides(self.size, len(x.spatial)))

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        if self.function == "max":
            return {"maxpool_in": x.elements}
        return {"pool_in": x.elements, "pool_out": y.elements}


@dataclass(frozen=True, slots=True)
class Resize(Op):
    """Upsampling or downsampling: to a given size, or by a whole factor."""

    kind: ClassVar[str] = "resize"
    entering: ClassVar[str | None] = "other_elems"
    factor: Sides = 1
    size: tuple[int, ...] | None = None

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        factors = sides(self.factor, len(x.spatial))
        size = self.size or tuple(
            side * factor for side, factor in zip(x.spatial, factors, strict=True)
        )
        return x.mapped(x.c, size)

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"resize": y.elements}


@dataclass(frozen=True, slots=True)
class Reduce(Op):
    """Mean, sum, maximum ... over some dimensions (counted from the end: -1, -2)."""

    kind: ClassVar[str] = "reduce"
    sees_all: ClassVar[bool] = True
    entering: ClassVar[str | None] = "pool_elems"
    function: str
    over: tuple[int, ...]
    keeps: bool = False  # a reduced dimension stays, as 1

    @property
    def type(self) -> str:
        return self.function

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        over = {at % len(x.dims) for at in self.over}
        if self.keeps:
            dims = tuple(1 if at in over else one for at, one in enumerate(x.dims))
            return shape_of(dims, getattr(x, "axis", 0))
        return TensorShape(
            tuple(one for at, one in enumerate(x.dims) if at not in over)
        )
