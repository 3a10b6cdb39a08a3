"""Pooling."""

from typing import ClassVar

from mnprofile.graph.operators.op import Op, Shape, Window


class GlobalPool(Op):
    """Average over the whole map: (c, h, w) -> (c, 1, 1)."""

    __slots__ = ()
    kind: ClassVar[str] = "pool"
    sees_all: ClassVar[bool] = True
    entering: ClassVar[str | None] = "pool_elems"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return Shape(x.c, 1, 1)

    def windows(self, x: Shape) -> tuple[Window, Window]:
        return Window(x.h, x.h), Window(x.w, x.w)

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"pool_in": x.elements, "pool_out": y.elements}
