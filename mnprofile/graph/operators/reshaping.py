"""Operators that move elements about: views, copies, parts, constants.

A view is another way to look at its input's memory: it takes none of its own and keeps
its input alive.
"""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.operators.op import GraphError, Op, Shape, shape_of


@dataclass(frozen=True, slots=True)
class View(Op):
    """The same memory seen otherwise: reshape, transpose, slice, expand, split."""

    kind: ClassVar[str] = "view"
    is_view: ClassVar[bool] = True
    dims: tuple[int, ...]
    axis: int = -1  # the channels
    name: str = "view"

    @property
    def type(self) -> str:
        return self.name

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return shape_of(self.dims, self.axis)


@dataclass(frozen=True, slots=True)
class Copy(Op):
    """Elements in other places or another number: copy, gather, pad, repeat, roll."""

    kind: ClassVar[str] = "copy"
    takes: ClassVar[int | None] = None
    dims: tuple[int, ...]
    axis: int = -1
    name: str = "copy"

    @property
    def type(self) -> str:
        return self.name

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return shape_of(self.dims, self.axis)


@dataclass(frozen=True, slots=True)
class Flatten(Op):
    """A pooled map as a vector, a map as its elements: (c, h, w) -> (c h w, 1, 1).

    ``side`` is the height and width of the map, where its layers know it.
    """

    kind: ClassVar[str] = "flatten"
    is_view: ClassVar[bool] = True
    side: tuple[int, int] | None = None

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        h, w = self.side or (x.h, x.w)
        return Shape(x.c * h * w, 1, 1)


@dataclass(frozen=True, slots=True)
class Channels(Op):
    """One of ``parts`` equal parts of the channels: what a split gives a branch."""

    kind: ClassVar[str] = "split"
    is_view: ClassVar[bool] = True
    parts: int
    part: int = 0  # counted from 0

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c // self.parts, x.spatial)


@dataclass(frozen=True, slots=True)
class ChannelShuffle(Op):
    """Channels of ``groups`` groups in turns: ShuffleNet's shuffle, a copy."""

    kind: ClassVar[str] = "shuffle"
    groups: int


@dataclass(frozen=True, slots=True)
class Pad(Op):
    """Zeros around a map, as many at the start and the end of each axis."""

    kind: ClassVar[str] = "pad"
    start: tuple[int, ...]
    end: tuple[int, ...]

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        zeros = zip(x.spatial, self.start, self.end, strict=True)
        return x.mapped(x.c, tuple(side + a + b for side, a, b in zeros))


@dataclass(frozen=True, slots=True)
class Output(Op):
    """A further output of the operator that it is fed by: an LSTM's last state."""

    kind: ClassVar[str] = "output"
    is_view: ClassVar[bool] = True
    dims: tuple[int, ...]
    axis: int = -1

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return shape_of(self.dims, self.axis)


@dataclass(frozen=True, slots=True)
class Constant(Op):
    """A tensor that is the same in every run: a position table, a class token.

    It has no inputs. Its elements are parameters if they are ``trained``. It is stored
    with the weights and takes no memory of activations.
    """

    kind: ClassVar[str] = "constant"
    takes: ClassVar[int | None] = 0
    is_constant: ClassVar[bool] = True
    dims: tuple[int, ...]
    axis: int = -1
    trained: bool = True

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return shape_of(self.dims, self.axis)

    def other_params(self, x: Shape) -> int:
        return self.out_shape(x).elements if self.trained else 0


@dataclass(frozen=True, slots=True)
class Unused(Op):
    """Parameters of a network that no operator of the run uses."""

    kind: ClassVar[str] = "unused"
    takes: ClassVar[int | None] = 0
    is_constant: ClassVar[bool] = True
    params: int

    @property
    def type(self) -> str:
        return "not used in this run"

    def other_params(self, x: Shape) -> int:
        return self.params


@dataclass(frozen=True, slots=True)
class Unknown(Op):
    """An operator without a rule: whatever it costs is missing from every total.

    ``name`` is the operator as its framework calls it, ``detail`` what is known of it.
    """

    kind: ClassVar[str] = "unknown"
    is_unknown: ClassVar[bool] = True
    takes: ClassVar[int | None] = None
    name: str
    dims: tuple[int, ...]
    axis: int = -1
    detail: str = ""

    @property
    def type(self) -> str:
        return self.name

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        if any(side < 0 for side in self.dims):
            raise GraphError(f"{self.name}: a negative dimension in {self.dims}")
        return shape_of(self.dims, self.axis)
