"""What an operator is: what it does to shapes, what it costs, and how it behaves.

Every multiply-add is one weight used at one position, so for every operator

    macs = weights(input shape) x positions(output shape)

Weights depend on channels only, positions on height and width only. The rules are plain
arithmetic: the same code works on integers (a count), numpy arrays (a sweep) and
symbols (a formula). No code outside an operator asks which kind it is: what a count,
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
    is_counted: ClassVar[bool] = False  # its weights give multiply-adds
    works_in_place: ClassVar[bool] = False  # writes over its first input
    mixes_channels: ClassVar[bool] = False  # each output channel sees several
    sees_all: ClassVar[bool] = False  # every position sees the whole map
    takes_factors: ClassVar[bool] = False  # its other inputs are factors per channel
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
        """The number of channel groups that are convolved separately."""
        return 1

    def windows(self, x: Shape) -> tuple[Window, Window] | None:
        """What an output position covers along height and width; None: only itself."""
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
    """Height and width of a kernel, stride or dilation; one number means both."""
    return value if isinstance(value, tuple) else (value, value)
