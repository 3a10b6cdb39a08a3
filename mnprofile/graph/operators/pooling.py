"""Pooling of the whole map."""

from mnprofile.graph.operators.op import Op, Shape, Window


class GlobalPool(Op):
    """Average over the whole map: (c, h, w) -> (c, 1, 1)."""

    __slots__ = ()
    kind = "pool"
    does = "pooling"
    sees_all = True
    entering = "pool_elems"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c, (1,) * len(x.spatial))

    def windows(self, x: Shape) -> tuple[Window, ...]:
        return tuple(Window(size, size) for size in x.spatial)

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"pool_in": x.elements, "pool_out": y.elements}
