"""A call of an operator while a PyTorch network runs, and what was found in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from mnprofile.graph.operators.convolution import (
    Explicit,
    Padding,
    Sides,
    Zeros,
    plain_sides,
)
from mnprofile.graph.operators.op import Op, Shape, shape_of

Axis = Callable[[Tensor], int]


class Call(NamedTuple):
    """One call of an operator while the network runs.

    ``name`` has neither namespace nor a final underscore. ``is_constant`` tells of a
    tensor that no input of the network has a part in; ``axis`` which of a tensor's
    dimensions its channels are.
    """

    name: str
    qualified: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Tensor
    is_constant: Callable[[Tensor], bool]
    axis: Axis
    module: str  # the class of the module that calls it

    def get(self, at: int, name: str, default: Any = None) -> Any:
        """An argument by its position or name."""
        if at < len(self.args):
            return self.args[at]
        return self.kwargs.get(name, default)

    def shape(self, tensor: Tensor) -> Shape:
        return shape(tensor, self.axis(tensor))

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """Every tensor in its arguments."""
        return tuple(tensors_in(self.args, self.kwargs))


@dataclass(frozen=True, slots=True)
class Found:
    """An operator, its activations in order, and the tensors it holds."""

    op: Op
    inputs: tuple[Tensor, ...]
    x: Shape | None = None  # None: as the first input is
    y: Shape | None = None
    others: tuple[Shape, ...] | None = None  # None: as the other inputs are
    weights: tuple[Tensor | None, ...] = ()
    biases: tuple[Tensor | None, ...] = ()
    bn_affine: tuple[Tensor | None, ...] = ()
    other_params: tuple[Tensor | None, ...] = ()

    @property
    def held(self) -> tuple[tuple[Tensor | None, ...], ...]:
        """The tensors that it holds, as ``Parameters`` tells them apart."""
        return self.weights, self.biases, self.bn_affine, self.other_params


def shape(tensor: Tensor, axis: int) -> Shape:
    """The shape of a tensor without a batch of one."""
    dims = tuple(tensor.shape)
    axis %= max(len(dims), 1)
    if len(dims) > 1 and dims[0] == 1:
        return shape_of(dims[1:], max(axis - 1, 0))
    return shape_of(dims, axis)


def whole(tensor: Tensor) -> Shape:
    """The shape of a matrix, a batch of one included: m x k times k x n."""
    return shape_of(tuple(tensor.shape))


def like(x: Shape, tensor: Tensor) -> Shape:
    """The shape of an output whose channels lie as those of the input do."""
    y = shape(tensor, -1)
    axis = getattr(x, "axis", 0)
    return shape_of(y.dims, axis) if len(y.dims) == len(x.dims) else y


def tensors_in(*values: Any) -> Iterator[Tensor]:
    """Every tensor in some values, whatever holds it."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from tensors_in(*value)
        elif isinstance(value, dict):
            yield from tensors_in(*value.values())
        elif hasattr(value, "__dict__") and not isinstance(value, type):
            for one in vars(value).values():
                if isinstance(one, Tensor | list | tuple | dict):
                    yield from tensors_in(one)


NO_ZEROS = Zeros((0,), (0,))


def _each(value: Any, rank: int) -> tuple[int, ...]:
    """One number per axis, where one may stand for all."""
    sides = (value,) if isinstance(value, int) else tuple(value)
    return sides * rank if len(sides) == 1 else sides


def sides(value: Any, rank: int) -> Sides:
    """One number for a square of two dimensions, else one per axis."""
    return plain_sides(_each(value, rank))


def padding_of(value: Any, rank: int) -> Padding:
    sides = _each(value, rank)
    if rank == 2:
        return Explicit(sides[0], sides[1], sides[0], sides[1])
    return Zeros(sides, sides)


def zeros_of(value: Any, rank: int, *, ceil: bool = False) -> Zeros:
    sides = _each(value, rank)
    return Zeros(sides, sides, ceil)


# --- tensors of a run ---------------------------------------------------------------


def key_of(tensor: Tensor) -> int:
    """What tells storages apart."""
    key: int = tensor.untyped_storage()._cdata
    return key


def layout(tensor: Tensor) -> tuple[int, bool]:
    """Channels of a new tensor, and if they come first: an image, or tokens."""
    if tensor.dim() >= 4:
        return tensor.shape[1], True
    return (tensor.shape[-1] if tensor.dim() else 1), False


def channels_of(found: Found, call: Call) -> tuple[int, bool]:
    """How the channels of an operator's output lie."""
    y = found.y
    if y is not None:
        return y.c, getattr(y, "axis", 0) == 0 and len(y.dims) > 1
    if found.x is not None:
        return found.x.c, True
    axis = call.axis(found.inputs[0] if found.inputs else call.out)
    dims = call.out.shape
    return dims[axis] if -len(dims) <= axis < len(dims) else 1, axis >= 0


def is_empty(name: str) -> bool:
    """Whether an operator uses only the shape of its input: zeros_like, new_empty."""
    return name.startswith("new_") or name.endswith("_like")


SHORT = {
    **dict.fromkeys(("bmm", "mm", "baddbmm"), "matmul"),
    "addmm": "linear",
    "convolution": "conv",
    "cat": "concatenate",
}
# In place, these change how a tensor is seen, not its elements.
METADATA = frozenset(
    ("as_strided", "squeeze", "unsqueeze", "t", "transpose", "swapaxes", "detach")
)
# These have multiply-adds even where nothing depends on an input.
COUNTED = frozenset(
    ("convolution", "addmm", "mm", "bmm", "baddbmm", "linear", "_grouped_mm")
)
