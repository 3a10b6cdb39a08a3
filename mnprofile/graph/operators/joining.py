"""Operators that join several maps: addition, product, concatenation."""

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.op import (
    GraphError,
    Op,
    Shape,
    TensorShape,
    broadcast_shape,
)


class Arithmetic(Op):
    """An operator on maps of one shape, element by element."""

    __slots__ = ()
    takes = 2
    works_in_place = True
    refusal = "{other} does not fit {x}"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        if any(isinstance(one, TensorShape) for one in (x, *others)):
            return broadcast_shape(x, *others)
        for other in others:
            if not (decide(other.c == x.c) and _same_size(other, x)):
                raise GraphError(self.refusal.format(x=x, other=other))
        return x


class Add(Arithmetic):
    """Addition of maps of one shape, as a residual connection does."""

    __slots__ = ()
    kind = "add"
    does = "addition"
    entering = "add_elems"
    refusal = "{other} cannot be added to {x}"

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"add": x.elements}


class Multiply(Arithmetic):
    """Product of maps of one shape."""

    __slots__ = ()
    kind = "multiply"
    does = "product"
    entering = "scale_elems"
    refusal = "{x} cannot be multiplied by {other}"

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"scale": x.elements}


class Scale(Multiply):
    """Squeeze-excite product: a map times one factor per channel, (c, 1, 1)."""

    __slots__ = ()
    kind = "scale"
    takes_factors = True

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        for other in others:
            if not (decide(other.c == x.c) and decide(other.positions == 1)):
                raise GraphError(f"{other} does not hold one factor per channel of {x}")
        return x


class Subtract(Add):
    """Difference of two maps of one shape."""

    __slots__ = ()
    kind = "subtract"
    does = "subtraction"

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {}


class Concatenate(Op):
    """Maps of one size, their channels one after the other."""

    __slots__ = ()
    kind = "concatenate"
    does = "concatenation"
    takes = None

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        for other in others:
            if not _same_size(other, x):
                raise GraphError(f"{other} cannot be concatenated with {x}")
        return x.mapped(sum((other.c for other in others), start=x.c), x.spatial)


def _same_size(a: Shape, b: Shape) -> bool:
    return decide(a.h == b.h) and decide(a.w == b.w)
