"""Embeddings: a table of vectors that is looked up."""

from dataclasses import dataclass

from mnprofile.graph.operators.op import Op, Shape, TensorShape


@dataclass(frozen=True, slots=True)
class Embedding(Op):
    """One vector per index: (...) -> (..., width). It has no multiply-adds."""

    kind = "embedding"
    rows: int
    width: int

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return TensorShape((*x.dims, self.width))

    def other_params(self, x: Shape) -> int:
        return self.rows * self.width

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"embedding": self.other_params(x)}
