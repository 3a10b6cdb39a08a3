"""Matrix products of two activations: attention, and what else has no weights."""

from dataclasses import dataclass

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.op import (
    GraphError,
    Op,
    Shape,
    TensorShape,
    broadcast,
    shape_of,
)


class Product(Op):
    """Matrix products of activations: every output sees the whole of its inputs."""

    __slots__ = ()
    is_counted = True
    mixes_channels = True
    sees_all = True

    @property
    def type(self) -> str:
        return "MatMul"


class MatMul(Product):
    """Matrix product of two activations, matrix by matrix.

    (..., m, k) and (..., k, n) -> (..., m, n), with leading dimensions as in
    ``numpy.matmul``. It has no weights: m x k x n multiply-adds per pair of matrices.
    """

    __slots__ = ()
    kind = "matmul"
    does = ""
    product = "matmul"
    takes = 2

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        a, b = x.dims, others[0].dims
        lead = broadcast(a[:-2], b[:-2])
        if min(len(a), len(b)) < 2 or a[-1] != b[-2] or lead is None:
            raise GraphError(f"{x} cannot be multiplied as a matrix by {others[0]}")
        return TensorShape((*lead, a[-2], b[-1]))

    def products(self, x: Shape, *others: Shape) -> int:
        return self.out_shape(x, *others).elements * x.dims[-1]


@dataclass(frozen=True, slots=True)
class Attention(Product):
    """Attention of queries, keys and values as two matrix products, in one operator.

    ``x`` are the queries (heads x d channels), the others the keys (d channels per
    head of theirs) and the values: maps or tokens whose positions attend to each other.
    ``heads`` is that of the queries, ``key_heads`` that of keys and values (1 is
    multi-query attention). The output has the queries' positions. It has no weights:

        macs = positions(q) x positions(k) x heads x (d + channels of a value head)
    """

    kind = "attention"
    does = "softmax"
    product = "matmul"
    takes = 3
    heads: int
    key_heads: int | None = None  # as many as queries

    @property
    def label(self) -> str:
        return "attention"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        keys, values = others
        shared = self.key_heads or self.heads
        fits = decide(x.c * shared == keys.c * self.heads)
        if not (fits and decide(keys.positions == values.positions)):
            raise GraphError(f"queries {x} cannot attend to {keys} and {values}")
        out = values.c // shared * self.heads
        return x.mapped(out, x.spatial)

    def products(self, x: Shape, *others: Shape) -> int:
        out = self.out_shape(x, *others)
        return x.positions * others[0].positions * (x.c + out.c)

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"scale": x.elements}  # the queries, by the root of their channels


class ScaledDotProduct(Product):
    """Attention in one operator, on tensors that are split into heads already.

    Queries (..., l, d), keys (..., s, d) and values (..., s, e) -> (..., l, e); several
    heads of the queries may share one of the keys. It has no weights: l x s x (d + e)
    multiply-adds per head of the queries.
    """

    __slots__ = ()
    kind = "attention"
    does = "softmax"
    product = "attention"
    takes = 3

    @property
    def label(self) -> str:
        return "attention"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        q, k, v = x.dims, others[0].dims, others[1].dims
        if q[-1] != k[-1] or k[-2] != v[-2]:
            raise GraphError(f"queries {x} cannot attend to {others[0]}, {others[1]}")
        return TensorShape((*q[:-1], v[-1]))

    def products(self, x: Shape, *others: Shape) -> int:
        keys, values = others[0].dims, others[1].dims
        return x.elements // x.dims[-1] * keys[-2] * (x.dims[-1] + values[-1])


@dataclass(frozen=True, slots=True)
class Contraction(Product):
    """A product of tensors that is no plain layer, such as an einsum, by its figures.

    ``macs`` multiply-adds give ``dims``. ``elements`` are those of a weight among the
    operands, 0 if all are activations.
    """

    kind = "contraction"
    takes = None
    name: str
    dims: tuple[int, ...]
    axis: int
    macs: int
    elements: int = 0

    @property
    def type(self) -> str:
        return self.name

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return shape_of(self.dims, self.axis)

    def weights(self, x: Shape) -> int:
        return self.elements

    def positions(self, x: Shape, y: Shape) -> int:
        return self.macs // self.elements if self.elements else 0

    def products(self, x: Shape, *others: Shape) -> int:
        return 0 if self.elements else self.macs
