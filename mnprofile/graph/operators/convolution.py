"""Convolutions, and the ways to pad their input."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.arithmetic import at_least, ceil_div, decide
from mnprofile.graph.operators.op import (
    GraphError,
    Op,
    Shape,
    ShapeError,
    Window,
    pair,
)


@dataclass(frozen=True, slots=True)
class Same:
    """TensorFlow's padding: size n becomes ceil(n / s), and an odd zero comes last."""

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


@dataclass(frozen=True, slots=True)
class Explicit:
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


Padding = Same | Explicit
Sides = int | tuple[int, int]  # height and width, or one number that means both
SAME, CENTRED = Same(), Centred()


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
        h, w = pair(self.kernel)
        return f"{h}x{w}"

    @property
    def area(self) -> int:
        h, w = pair(self.kernel)
        return h * w

    def windows(self, x: Shape) -> tuple[Window, Window]:
        return self._window(x.h, 0), self._window(x.w, 1)

    def out_sizes(self, x: Shape) -> tuple[int, int]:
        """Height and width of the output."""
        return self._out_size(x.h, 0), self._out_size(x.w, 1)

    def _window(self, size: int, axis: int) -> Window:
        stride = pair(self.stride)[axis]
        before = self.padding.before(size, self._reach(axis), stride, axis)
        return Window(
            pair(self.kernel)[axis], stride, pair(self.dilation)[axis], before
        )

    def _out_size(self, size: int, axis: int) -> int:
        stride = pair(self.stride)[axis]
        return self.padding.out_size(size, self._reach(axis), stride, axis)

    def _reach(self, axis: int) -> int:
        return (pair(self.kernel)[axis] - 1) * pair(self.dilation)[axis]


@dataclass(frozen=True, slots=True)
class Conv(Windowed):
    """k x k convolution in groups of channels: (c, h, w) -> (out, h/s, w/s)."""

    kind: ClassVar[str] = "conv"
    is_counted: ClassVar[bool] = True
    mixes_channels: ClassVar[bool] = True
    out: int
    kernel: Sides
    stride: Sides = 1
    dilation: Sides = 1
    bias: bool = False
    groups: int = 1
    padding: Padding = SAME

    @property
    def type(self) -> str:
        return f"Conv {self.sides}"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        for channels in (x.c, self.out) if self.groups != 1 else ():
            if not decide(channels % self.groups == 0):
                raise GraphError(f"{channels} channels in {self.groups} groups")
        return Shape(self.out, *self.out_sizes(x))

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
class Depthwise(Windowed):
    """One k x k filter per channel: (c, h, w) -> (c, h/s, w/s)."""

    kind: ClassVar[str] = "depthwise"
    is_counted: ClassVar[bool] = True
    kernel: Sides
    stride: Sides = 1
    dilation: Sides = 1
    padding: Padding = SAME

    @property
    def type(self) -> str:
        return f"Conv DW {self.sides}"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return Shape(x.c, *self.out_sizes(x))

    def weights(self, x: Shape) -> int:
        return self.area * x.c

    def groups_on(self, x: Shape) -> int:
        return x.c
