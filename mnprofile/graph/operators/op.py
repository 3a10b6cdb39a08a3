"""What an operator is: what it does to shapes, what it costs, and how it behaves.

Every multiply-add is one weight used at one position, so for every operator

    macs = weights(input shape) x positions(input, output) + products(input shapes)

where only matrix products of two activations, which have no weights, have ``products``.
Weights depend on channels only, positions on height and width only. The rules are plain
arithmetic: the same code works on integers (a count), numpy arrays (a sweep) and
symbols (a formula). No code outside an operator asks which kind it is: what a count,
memory, receptive fields or a ledger need to know is declared here.
"""

from dataclasses import dataclass
from math import prod
from typing import ClassVar, NamedTuple, Self

from mnprofile.base.errors import MnprofileError


class Shape(NamedTuple):
    """Channels, height and width of one feature map (batch size left out)."""

    c: int
    h: int
    w: int

    @property
    def positions(self) -> int:
        return self.h * self.w

    @property
    def elements(self) -> int:
        return self.c * (self.h * self.w)

    @property
    def dims(self) -> tuple[int, ...]:
        """Every dimension in order, the batch left out: channels first."""
        return (self.c, self.h, self.w)

    @property
    def spatial(self) -> tuple[int, ...]:
        """The dimensions that a kernel slides over."""
        return (self.h, self.w)

    def mapped(self, c: int, spatial: tuple[int, ...]) -> "Shape":
        """The shape of a map made from this one: other channels, another size."""
        h, w = spatial
        return Shape(c, h, w)

    def __str__(self) -> str:
        """As the papers print it: 112x112x32."""
        return f"{self.h}x{self.w}x{self.c}"


class TensorShape(Shape):
    """The shape of a tensor of any rank: tokens, a vector, a 3-D map, a matrix.

    ``dims`` are its dimensions without the batch, ``axis`` tells which of them are the
    channels: the last for tokens (197, 768), the first for a 1-D map. ``c`` x ``h`` x
    ``w`` is still the number of elements, with the other dimensions in h and w. Use
    ``shape_of``, which makes a plain ``Shape`` where that says the same.
    """

    dims: tuple[int, ...] = ()
    axis: int = -1

    def __new__(cls, dims: tuple[int, ...], axis: int = -1) -> Self:
        axis %= max(len(dims), 1)
        c = dims[axis] if dims else 1
        others = dims[:axis] + dims[axis + 1 :]
        h, w = (
            (prod(others[:-1]), others[-1]) if len(others) > 1 else (*others, 1, 1)[:2]
        )
        made = super().__new__(cls, c, h, w)
        made.dims, made.axis = dims, axis
        return made

    @property
    def spatial(self) -> tuple[int, ...]:
        return self.dims[self.axis + 1 :]

    def mapped(self, c: int, spatial: tuple[int, ...]) -> Shape:
        return TensorShape((*self.dims[: self.axis], c, *spatial), self.axis)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorShape):
            return False
        return (self.dims, self.axis) == (other.dims, other.axis)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((self.dims, self.axis))

    def __str__(self) -> str:
        """In their own order: 197x768."""
        return "x".join(map(str, self.dims)) or "1"


def shape_of(dims: tuple[int, ...], axis: int = -1) -> Shape:
    """The shape of a tensor with these dimensions (without the batch).

    ``axis`` are the channels. A map (c, h, w) with its channels first is a plain
    ``Shape``.
    """
    if len(dims) == 3 and axis == 0:
        return Shape(*dims)
    return TensorShape(tuple(dims), axis)


class Window(NamedTuple):
    """The part of a map that one output position covers, along one axis.

    ``before`` is the number of zeros before the map.
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0


@dataclass(frozen=True, slots=True)
class Op:
    """Base class: by default an operator keeps its input's shape and costs nothing.

    ``x`` is the shape of the first input, ``y`` of the output. Counts are per sample.
    """

    kind: ClassVar[str] = "op"
    is_counted: ClassVar[bool] = False  # it has multiply-adds
    is_unknown: ClassVar[bool] = False  # no rule: what it costs is not known
    works_in_place: ClassVar[bool] = False  # writes over its first input
    is_view: ClassVar[bool] = False  # its output is in its first input's memory
    is_further: ClassVar[bool] = False  # another output of the operator that feeds it
    is_constant: ClassVar[bool] = False  # its output is a parameter, no activation
    mixes_channels: ClassVar[bool] = False  # each output channel sees several
    sees_all: ClassVar[bool] = False  # every position sees the whole map
    product: ClassVar[str | None] = None  # what a ledger calls its multiply-adds
    takes_factors: ClassVar[bool] = False  # its other inputs are factors per channel
    follows_layers: ClassVar[bool] = False  # right after a layer it is part of it
    does: ClassVar[str | None] = None  # to values, in words: see ``action``
    entering: ClassVar[str | None] = None  # the quantity its input elements count as
    takes: ClassVar[int | None] = 1  # the number of its inputs; None: any

    @property
    def type(self) -> str:
        """The operator type, named as in Table 2 of the MobileNetV1 paper."""
        return self.kind

    @property
    def label(self) -> str:
        """Its name in a drawing, after the first operator of its layer."""
        return self.type

    @property
    def action(self) -> str:
        """What it does to values, in words; empty if it only moves them."""
        return self.kind.replace("_", " ") if self.does is None else self.does

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        """The output's shape. Raises GraphError where the inputs do not fit."""
        return x

    def weights(self, x: Shape) -> int:
        """Multiplicative weights: each is used once at every output position."""
        return 0

    def positions(self, x: Shape, y: Shape) -> int:
        """The number of positions at which each weight is used."""
        return y.positions

    def products(self, x: Shape, *others: Shape) -> int:
        """Multiply-adds of matrix products of two activations: they have no weights."""
        return 0

    def biases(self, x: Shape) -> int:
        return 0

    def bn_affine(self, x: Shape) -> int:
        return 0

    def other_params(self, x: Shape) -> int:
        """Everything else that is trained: other norms, embeddings, constants."""
        return 0

    def buffers(self, x: Shape) -> int:
        return 0

    def groups_on(self, x: Shape) -> int:
        """The number of channel groups that are convolved separately."""
        return 1

    def windows(self, x: Shape) -> tuple[Window, ...] | None:
        """What an output position covers along each axis; None: only itself."""
        return None

    def resamples(self, x: Shape, y: Shape) -> bool:
        """Whether output positions lie between the input's: they see no one window."""
        return False

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        """What other profilers may count besides multiply-adds, by ledger quantity."""
        return {}


class ShapeError(MnprofileError):
    """A feature map that an operator cannot take."""

    kind = "shape"


class GraphError(MnprofileError):
    """Operators that do not fit together."""

    kind = "graph"


def pair(value: int | tuple[int, ...]) -> tuple[int, ...]:
    """Height and width of a kernel, stride or dilation; one number means both."""
    return value if isinstance(value, tuple) else (value, value)


def sides(value: int | tuple[int, ...], rank: int) -> tuple[int, ...]:
    """One number per axis of a kernel, stride or dilation; one number means all."""
    return value if isinstance(value, tuple) else (value,) * rank


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The dimensions that two tensors have together, or None if they do not fit."""
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    found = []
    for one, other in pairs:
        if one != other and 1 not in (one, other):
            return None
        found.append(other if one == 1 else one)
    return tuple(found)


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
