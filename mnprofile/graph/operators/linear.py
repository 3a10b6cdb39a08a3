"""Fully connected layers."""

from dataclasses import dataclass

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.op import GraphError, Op, Shape, TensorShape


@dataclass(frozen=True, slots=True)
class Linear(Op):
    """Fully connected layer: (c, 1, 1) -> (out, 1, 1) on a pooled map.

    On a ``TensorShape`` it works on the last dimension, (..., c) -> (..., out), once
    at every position.
    """

    kind = "linear"
    is_counted = True
    mixes_channels = True
    out: int
    bias: bool = True

    @property
    def type(self) -> str:
        return "Fully Connected"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        if isinstance(x, TensorShape):
            return TensorShape((*x.dims[:-1], self.out))
        if not decide(x.positions == 1):
            raise GraphError(f"a fully connected layer on {x}, which is not pooled")
        return Shape(self.out, 1, 1)

    def weights(self, x: Shape) -> int:
        return (x.dims[-1] if isinstance(x, TensorShape) else x.c) * self.out

    def biases(self, x: Shape) -> int:
        return self.out if self.bias else 0

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        later = (self.weights(x) + self.biases(x)) * (y.positions - 1)
        bias = {"linear_bias": y.elements} if self.bias else {}
        return bias | {"later_rows": later}
