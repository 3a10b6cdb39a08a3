"""What an operator is: what it does to shapes, what it costs, and how it behaves.

Every multiply-add is one weight used at one position, so for every operator

    macs = weights(input shape) x positions(output shape)

Weights depend on channels alone and positions on height and width alone. The rules are
plain arithmetic: the same lines serve integers (a count), numpy arrays (a sweep) and
symbols (a formula). Nothing outside an operator asks which kind it is: what a count,
memory, receptive fields or a ledger need to know is declared here.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

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

    def __str__(self) -> str:
        """As the papers print it: 112x112x32."""
        return f"{self.h}x{self.w}x{self.c}"


class Window(NamedTuple):
    """What one output position covers of a map along one axis.

    ``before`` is how many zeros stand in front of the map.
    """

    kernel: int
    stride: int = 1
    dilation: int = 1
    before: int = 0


@dataclass(frozen=True, slots=True)
class Op:
    """An operator that keeps its input's shape and costs nothing, unless it says so.

    ``x`` is the shape of the first input, ``y`` of the output. Counts are per sample.
    """

    kind: ClassVar[str] = "op"
    is_counted: ClassVar[bool] = False  # its weights give multiply-adds
    works_in_place: ClassVar[bool] = False  # writes over its first input
    mixes_channels: ClassVar[bool] = False  # each output channel sees several
    sees_all: ClassVar[bool] = False  # every position sees the whole map
    takes_factors: ClassVar[bool] = False  # its other inputs are factors per channel
    entering: ClassVar[str | None] = None  # the count that its input's elements go into

    @property
    def type(self) -> str:
        """The operator type as the MobileNetV1 paper's Table 2 names it."""
        return self.kind

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        """The output's shape. Raises GraphError where the inputs do not fit."""
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

    def groups_on(self, x: Shape) -> int:
        """The groups of channels that are convolved apart."""
        return 1

    def windows(self, x: Shape) -> tuple[Window, Window] | None:
        """What an output position covers of height and width; None for that alone."""
        return None

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        """What other profilers may count besides multiply-adds, by ledger quantity."""
        return {}


class ShapeError(MnprofileError):
    """A feature map that an operator cannot take."""

    kind = "shape"


class GraphError(MnprofileError):
    """Operators that do not fit together."""

    kind = "graph"


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Height and width of a kernel, stride or dilation; a number stands for both."""
    return value if isinstance(value, tuple) else (value, value)
