"""Operators on one element at a time: activation functions, batch norm, arithmetic."""

from dataclasses import dataclass
from typing import Literal, get_args

from mnprofile.graph.operators.op import Op, Shape

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

    kind = "batch_norm"
    follows_layers = True
    works_in_place = True
    entering = "batch_norm_elems"
    affine: bool = True
    has_statistics: bool = True

    @property
    def label(self) -> str:
        return "bn"

    def bn_affine(self, x: Shape) -> int:
        return 2 * x.c if self.affine else 0

    def buffers(self, x: Shape) -> int:
        return 2 * x.c if self.has_statistics else 0

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        if not self.affine:
            return {"batch_norm_plain": x.elements}
        return {"batch_norm": x.elements, "batch_norm_channels": x.c}


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An activation function."""

    kind = "activation"
    follows_layers = True
    works_in_place = True
    entering = "activation_elems"
    function: ActivationKind

    @property
    def label(self) -> str:
        return self.function

    @property
    def action(self) -> str:
        return self.label.replace("_", " ")

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {self.function: x.elements}


class GatedLinearUnit(Op):
    """Half of the channels times the sigmoid of the other half."""

    __slots__ = ()
    kind = "glu"
    follows_layers = True
    entering = "activation_elems"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c // 2, x.spatial)


class Softmax(Op):
    """Softmax (or its logarithm) along one dimension."""

    __slots__ = ()
    kind = "softmax"
    works_in_place = True
    entering = "other_elems"

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"softmax": x.elements}


class LayerScale(Op):
    """A trained factor for each channel."""

    __slots__ = ()
    kind = "layer_scale"
    does = "product"
    works_in_place = True
    entering = "scale_elems"

    def other_params(self, x: Shape) -> int:
        return x.c

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"scale": x.elements}
