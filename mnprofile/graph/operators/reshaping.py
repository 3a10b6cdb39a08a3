"""Operators that move elements about: parts, shuffles, padding, other sizes."""

from dataclasses import dataclass

from mnprofile.graph.operators.convolution import Sides
from mnprofile.graph.operators.op import Op, Shape, sides


@dataclass(frozen=True, slots=True)
class Flatten(Op):
    """A pooled map as a vector, a map as its elements: (c, h, w) -> (c h w, 1, 1).

    ``side`` is the height and width of the map, where its layers know it.
    """

    kind = "flatten"
    does = ""
    is_view = True
    side: tuple[int, int] | None = None

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        h, w = self.side or (x.h, x.w)
        return Shape(x.c * h * w, 1, 1)


@dataclass(frozen=True, slots=True)
class Channels(Op):
    """One of ``parts`` equal parts of the channels: what a split gives a branch."""

    kind = "split"
    does = ""
    is_view = True
    parts: int
    part: int = 0  # counted from 0

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return x.mapped(x.c // self.parts, x.spatial)


@dataclass(frozen=True, slots=True)
class ChannelShuffle(Op):
    """Channels of ``groups`` groups in turns: ShuffleNet's shuffle, a copy."""

    kind = "shuffle"
    does = ""
    groups: int


@dataclass(frozen=True, slots=True)
class Pad(Op):
    """Zeros around a map, as many at the start and the end of each axis."""

    kind = "pad"
    does = ""
    start: tuple[int, ...]
    end: tuple[int, ...]

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        zeros = zip(x.spatial, self.start, self.end, strict=True)
        return x.mapped(x.c, tuple(side + a + b for side, a, b in zeros))


@dataclass(frozen=True, slots=True)
class Resize(Op):
    """Upsampling or downsampling: to a given size, or by a whole factor."""

    kind = "resize"
    entering = "other_elems"
    factor: Sides = 1
    size: tuple[int, ...] | None = None
    mode: str = "nearest"

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        factors = sides(self.factor, len(x.spatial))
        size = self.size or tuple(
            side * factor for side, factor in zip(x.spatial, factors, strict=True)
        )
        return x.mapped(x.c, size)

    def resamples(self, x: Shape, y: Shape) -> bool:
        return x.spatial != y.spatial

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        plain = f"resize_{self.mode}" if self.mode in _SMOOTH else "resize_other"
        if self.mode.startswith("nearest"):
            plain = "resize" if len(x.spatial) == 2 else "resize_nd"
        return {plain: y.elements}


_SMOOTH = ("linear", "bilinear", "bicubic")
