"""Convolutions, and the ways to pad their input."""

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from mnprofile.graph.arithmetic import at_least, ceil_div, decide
from mnprofile.graph.operators.op import (
    GraphError,
    Op,
    Shape,
    ShapeError,
    Window,
    sides,
)


class Same:
    """TensorFlow's padding: size n becomes ceil(n / s), and an odd zero comes last."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def out_size(self, size: int, reach: int, stride: int, axis: int) -> int:
        """The number of output positions along an axis.

        ``reach`` is the distance from the first to the last position of the kernel.
        """
        return ceil_div(size, stride)

    def before(self, size: int, reach: int, stride: int, axis: int) -> int:
        """The number of zeros before the map."""
        out = ceil_div(size, stride)
        return at_least((out - 1) * stride + reach + 1 - size, 0) // 2


class Centred(Same):
    """PyTorch networks' padding: the same sizes, (k - 1) / 2 zeros on both sides."""

    __slots__ = ()

    def before(self, size: int, reach: int, stride: int, axis: int) -> int:
        return reach // 2


class Explicit(NamedTuple):
    """A given number of zeros on each side, as in PyTorch, ONNX and Keras' V1."""

    top: int = 0
    left: int = 0
    bottom: int = 0
    right: int = 0

    def out_size(self, size: int, reach: int, stride: int, axis: int) -> int:
        zeros = (self.top + self.bottom, self.left + self.right)[axis]
        out = (size + zeros - reach - 1) // stride + 1
        if not decide(out >= 1):
            raise ShapeError("the map is too small for the kernel and its padding")
        return out

    def before(self, size: int, reach: int, stride: int, axis: int) -> int:
        return (self.top, self.left)[axis]


class Zeros(NamedTuple):
    """A number of zeros at the start and the end of every axis, whatever their number.

    With ``ceil`` a last window may reach beyond the zeros, as pooling can in PyTorch
    and ONNX; it must begin before them.
    """

    start: tuple[int, ...]
    end: tuple[int, ...]
    ceil: bool = False

    def out_size(self, size: int, reach: int, stride: int, axis: int) -> int:
        start, end = self.start[axis], self.end[axis]
        room = size + start + end - reach - 1
        if not decide(room >= 0):
            raise ShapeError("the map is too small for the kernel and its padding")
        if not self.ceil:
            return room // stride + 1
        out = ceil_div(room, stride) + 1
        return out - ((out - 1) * stride >= size + start)

    def before(self, size: int, reach: int, stride: int, axis: int) -> int:
        return self.start[axis]


Padding = Same | Explicit | Zeros
# Height and width, or one number that means both; as many as a map of another rank has.
Sides = int | tuple[int, ...]
SAME, CENTRED = Same(), Centred()


def plain_sides(sides: tuple[int, ...]) -> Sides:
    """Height and width, or one number that means both."""
    return sides[0] if len(sides) == 2 and sides[0] == sides[1] else sides


def sides_text(kernel: Sides) -> str:
    """A kernel as papers write it: 3x3, and 3 on a map of one dimension."""
    return (
        f"{kernel}x{kernel}" if isinstance(kernel, int) else "x".join(map(str, kernel))
    )


class Windowed(Op):
    """An operator whose kernel slides over the map; its subclasses have the fields."""

    __slots__ = ()
    kernel: Sides
    stride: Sides
    dilation: Sides
    padding: Padding

    @property
    def sides(self) -> str:
        """The kernel as papers write it: 3x3."""
        return sides_text(self.kernel)

    @property
    def area(self) -> int:
        kernel = self.kernel
        return prod(kernel) if isinstance(kernel, tuple) else kernel * kernel

    def windows(self, x: Shape) -> tuple[Window, ...]:
        return tuple(self._window(size, at) for at, size in enumerate(x.spatial))

    def out_sizes(self, x: Shape) -> tuple[int, ...]:
        """The size of the output: height and width, or each axis of another rank."""
        return tuple(self._out_size(size, at) for at, size in enumerate(x.spatial))

    def _window(self, size: int, axis: int) -> Window:
        kernel, stride, dilation = self._along(axis)
        before = self.padding.before(size, (kernel - 1) * dilation, stride, axis)
        return Window(kernel, stride, dilation, before)

    def _out_size(self, size: int, axis: int) -> int:
        kernel, stride, dilation = self._along(axis)
        return self.padding.out_size(size, (kernel - 1) * dilation, stride, axis)

    def _along(self, axis: int) -> tuple[int, int, int]:
        """Kernel, stride and dilation along one axis."""
        kernel, stride, dilation = (
            sides(value, axis + 1)[axis]
            for value in (self.kernel, self.stride, self.dilation)
        )
        return kernel, stride, dilation


class Grouped(Windowed):
    """Filters over groups of channels; its subclasses have the fields."""

    __slots__ = ()
    is_counted = True
    mixes_channels = True
    out: int
    bias: bool
    groups: int

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        check_groups(self.groups, x.c, self.out)
        return x.mapped(self.out, self.out_sizes(x))

    def weights(self, x: Shape) -> int:
        taken = x.c if self.groups == 1 else x.c // self.groups
        return self.area * taken * self.out

    def biases(self, x: Shape) -> int:
        return self.out if self.bias else 0

    def groups_on(self, x: Shape) -> int:
        return self.groups

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"conv_bias": y.elements} if self.bias else {}


@dataclass(frozen=True, slots=True)
class Conv(Grouped):
    """k x k convolution in groups of channels: (c, h, w) -> (out, h/s, w/s).

    The map may have any number of axes; its kernel then is a tuple of as many sides.
    """

    kind = "conv"
    out: int
    kernel: Sides
    stride: Sides = 1
    dilation: Sides = 1
    bias: bool = False
    groups: int = 1
    padding: Padding = SAME

    @property
    def type(self) -> str:
        grouped = f" g{self.groups}" if self.groups != 1 else ""
        return f"Conv {self.sides}{grouped}"


@dataclass(frozen=True, slots=True)
class Depthwise(Windowed):
    """One k x k filter per channel: (c, h, w) -> (c, h/s, w/s)."""

    kind = "depthwise"
    is_counted = True
    kernel: Sides
    stride: Sides = 1
    dilation: Sides = 1
    padding: Padding = SAME
    bias: bool = False

    @property
    def type(self) -> str:
        return f"Conv DW {self.sides}"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c, self.out_sizes(x))

    def weights(self, x: Shape) -> int:
        return self.area * x.c

    def biases(self, x: Shape) -> int:
        return x.c if self.bias else 0

    def groups_on(self, x: Shape) -> int:
        return x.c

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        return {"conv_bias": y.elements} if self.bias else {}


def check_groups(groups: int, *channels: int) -> None:
    """Raise GraphError for channels that cannot be divided into so many groups."""
    for count in channels if groups != 1 else ():
        if not decide(count % groups == 0):
            raise GraphError(f"{count} channels in {groups} groups")
