"""Primitive operators: what each does to a shape, and what it costs.

Every multiply-add is one weight used at one position, so for every operator

    macs = weights(input shape) x positions(output shape)

Weights depend on channels alone and positions on height and width alone. The rules are
plain arithmetic: the same lines serve integers (a count), numpy arrays (a sweep) and
symbols (a formula).
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from mnprofile.base.errors import MnprofileError
from mnprofile.graph.arithmetic import ceil_div, decide

Padding = Literal["same", "keras_v1"]
ActivationKind = Literal["relu", "relu6", "hardswish", "hardsigmoid"]


@dataclass(frozen=True, slots=True)
class Shape:
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

    def __str__(self) -> str:
        """As the papers print it: 112x112x32."""
        return f"{self.h}x{self.w}x{self.c}"


@dataclass(frozen=True, slots=True)
class Op:
    """An operator that keeps its input's shape and costs nothing, unless it says so.

    ``x`` is the input shape. Counts are per sample.
    """

    kind: ClassVar[str] = "op"

    @property
    def type(self) -> str:
        """The operator type as the MobileNetV1 paper's Table 2 names it."""
        return self.kind

    def out_shape(self, x: Shape) -> Shape:
        return x

    def weights(self, x: Shape) -> int:
        """Multiplicative weights: each is used once at every output position."""
        return 0

    def biases(self, x: Shape) -> int:
        return 0

    def bn_affine(self, x: Shape) -> int:
        return 0

    def buffers(self, x: Shape) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Conv(Op):
    """k x k convolution, "same" padding: (c, h, w) -> (out, h/s, w/s)."""

    kind: ClassVar[str] = "conv"
    out: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    bias: bool = False

    @property
    def type(self) -> str:
        return f"Conv {self.kernel}x{self.kernel}"

    def out_shape(self, x: Shape) -> Shape:
        return Shape(self.out, ceil_div(x.h, self.stride), ceil_div(x.w, self.stride))

    def weights(self, x: Shape) -> int:
        return self.kernel * self.kernel * x.c * self.out

    def biases(self, x: Shape) -> int:
        return self.out if self.bias else 0


@dataclass(frozen=True, slots=True)
class Depthwise(Op):
    """One k x k filter a channel: (c, h, w) -> (c, h/s, w/s).

    ``keras_v1`` pads one row and column at the end and runs without further padding
    where the stride is 2, so odd maps lose a row (keras.applications.mobilenet).
    """

    kind: ClassVar[str] = "depthwise"
    kernel: int
    stride: int = 1
    dilation: int = 1
    padding: Padding = "same"

    @property
    def type(self) -> str:
        return f"Conv DW {self.kernel}x{self.kernel}"

    def out_shape(self, x: Shape) -> Shape:
        return Shape(x.c, self._out_size(x.h), self._out_size(x.w))

    def _out_size(self, size: int) -> int:
        if self.padding == "same" or self.stride == 1:
            return ceil_div(size, self.stride)
        out = (size + 1 - self.kernel) // self.stride + 1
        if not decide(out >= 1):
            raise ShapeError(
                "the map is too small for a strided depthwise convolution"
                " as Keras' MobileNetV1 pads it"
            )
        return out

    def weights(self, x: Shape) -> int:
        return self.kernel * self.kernel * x.c


@dataclass(frozen=True, slots=True)
class Linear(Op):
    """Fully connected layer on a pooled map: (c, 1, 1) -> (out, 1, 1)."""

    kind: ClassVar[str] = "linear"
    out: int
    bias: bool = True

    @property
    def type(self) -> str:
        return "Fully Connected"

    def out_shape(self, x: Shape) -> Shape:
        return Shape(self.out, 1, 1)

    def weights(self, x: Shape) -> int:
        return x.c * self.out

    def biases(self, x: Shape) -> int:
        return self.out if self.bias else 0


@dataclass(frozen=True, slots=True)
class BatchNorm(Op):
    """Gamma and beta are parameters, running mean and variance are buffers."""

    kind: ClassVar[str] = "batch_norm"

    def bn_affine(self, x: Shape) -> int:
        return 2 * x.c

    def buffers(self, x: Shape) -> int:
        return 2 * x.c


@dataclass(frozen=True, slots=True)
class Activation(Op):
    """An activation function, element by element."""

    kind: ClassVar[str] = "activation"
    function: ActivationKind


@dataclass(frozen=True, slots=True)
class GlobalPool(Op):
    """Average over the whole map: (c, h, w) -> (c, 1, 1)."""

    kind: ClassVar[str] = "pool"

    def out_shape(self, x: Shape) -> Shape:
        return Shape(x.c, 1, 1)


@dataclass(frozen=True, slots=True)
class Add(Op):
    """Residual addition of two maps of one shape."""

    kind: ClassVar[str] = "add"


@dataclass(frozen=True, slots=True)
class Scale(Op):
    """Squeeze-excite product: a map times one factor a channel."""

    kind: ClassVar[str] = "scale"


class ShapeError(MnprofileError):
    """A feature map that an operator cannot take."""

    kind = "shape"
