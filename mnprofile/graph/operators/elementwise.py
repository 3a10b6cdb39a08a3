"""Operators on one element at a time: activation functions, batch norm, arithmetic."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from mnprofile.graph.operators.linear import broadcast
from mnprofile.graph.operators.op import GraphError, Op, Shape, TensorShape

# As torch.nn.functional names them.
ActivationKind = Literal[
    "relu",
    "relu6",
    "hardswish",
    "hardsigmoid",
    "silu",
    "sigmoid",
    "gelu",
    "tanh",
    "leaky_relu",
    "elu",
    "selu",
    "celu",
    "mish",
    "softplus",
    "softsign",
    "logsigmoid",
    "hardtanh",
    "hardshrink",
    "softshrink",
    "tanhshrink",
    "threshold",
    "rrelu",
]
ACTIVATIONS: tuple[ActivationKind, ...] = get_args(ActivationKind)


@dataclass(frozen=True, slots=True)
class BatchNorm(Op):
    """Gamma and beta are parameters, running mean and variance are buffers.

    ``has_statistics`` is whether they are kept: a converter may leave a factor and an
    offset per channel, which hold them.
    """

    kind: ClassVar[str] = "batch_norm"
    works_in_place: ClassVar[bool] = True
    entering: ClassVar[str | None] = "batch_norm_elems"
    has_statistics: bool = True

    @property
    def label(self) -> str:
        return "bn"

    def bn_affine(self, x: Shape) -> int:
        return 2 * x.c

    def buffers(self, x: Shape) -> int:
        return 2 * x.c if self.has_statistics else 0

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


@dataclass(frozen=True, slots=True)
class PReLU(Op):
    """A leaky ReLU with trained slopes: one for all channels, or one per channel."""

    kind: ClassVar[str] = "activation"
    works_in_place: ClassVar[bool] = True
    entering: ClassVar[str | None] = "activation_elems"
    per_channel: bool = False

    @property
    def label(self) -> str:
        return "prelu"

    def other_params(self, x: Shape) -> int:
        return x.c if self.per_channel else 1

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"prelu": x.elements}


class GatedLinearUnit(Op):
    """Half of the channels times the sigmoid of the other half."""

    __slots__ = ()
    kind: ClassVar[str] = "glu"
    entering: ClassVar[str | None] = "activation_elems"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c // 2, x.spatial)


class Softmax(Op):
    """Softmax (or its logarithm) along one dimension."""

    __slots__ = ()
    kind: ClassVar[str] = "softmax"
    works_in_place: ClassVar[bool] = True
    entering: ClassVar[str | None] = "other_elems"

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"softmax": x.elements}


class LayerScale(Op):
    """A trained factor for each channel."""

    __slots__ = ()
    kind: ClassVar[str] = "layer_scale"
    works_in_place: ClassVar[bool] = True
    entering: ClassVar[str | None] = "scale_elems"

    def other_params(self, x: Shape) -> int:
        return x.c


@dataclass(frozen=True, slots=True)
class Elementwise(Op):
    """Any other function of one element of each input: exp, sub, where ...

    Inputs of different dimensions are repeated as numpy does.
    """

    kind: ClassVar[str] = "elementwise"
    takes: ClassVar[int | None] = None
    entering: ClassVar[str | None] = "other_elems"
    function: str
    in_place: bool = True

    @property
    def works_in_place(self) -> bool:  # type: ignore[override] # of each one
        return self.in_place

    @property
    def type(self) -> str:
        return self.function

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return broadcast_shape(x, *others)


def broadcast_shape(x: Shape, *others: Shape) -> Shape:
    """The shape of elementwise arithmetic on several tensors. Raises GraphError."""
    dims: tuple[int, ...] | None = x.dims
    for other in others:
        if dims is not None and dims != other.dims:
            dims = broadcast(dims, other.dims)
    if dims is None:
        told = ", ".join(map(str, (x, *others)))
        raise GraphError(f"shapes that do not fit together: {told}")
    return (
        x if dims == x.dims else TensorShape(dims, getattr(x, "axis", 0) - len(x.dims))
    )
