"""Operators on one element at a time: batch norm and activation functions."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from mnprofile.graph.operators.op import Op, Shape

ActivationKind = Literal[
    "relu",
    "relu6",
    "hardswish",
    "hardsigmoid",
    "silu",
    "sigmoid",
    "gelu",
    "leaky_relu",
]


class BatchNorm(Op):
    """Gamma and beta are parameters, running mean and variance are buffers."""

    __slots__ = ()
    kind: ClassVar[str] = "batch_norm"
    works_in_place: ClassVar[bool] = True
    entering: ClassVar[str | None] = "batch_norm_elems"

    @property
    def label(self) -> str:
        return "bn"

    def bn_affine(self, x: Shape) -> int:
        return 2 * x.c

    def buffers(self, x: Shape) -> int:
        return 2 * x.c

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"batch_norm": x.elements, "batch_norm_channels": x.c}


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An activation function."""

    kind: ClassVar[str] = "activation"
    works_in_place: ClassVar[bool] = True
    entering: ClassVar[str | None] = "activation_elems"
    function: ActivationKind

    @property
    def label(self) -> str:
        return self.function

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {self.function: x.elements}
