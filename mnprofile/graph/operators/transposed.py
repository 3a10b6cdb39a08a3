"""Transposed convolutions."""

from dataclasses import dataclass

from mnprofile.graph.operators.convolution import Grouped, Sides, Zeros
from mnprofile.graph.operators.op import Shape, Window, sides

NO_ZEROS = Zeros((0, 0, 0), (0, 0, 0))


@dataclass(frozen=True, slots=True)
class ConvTranspose(Grouped):
    """Transposed convolution: every input position is multiplied with each weight.

    (c, h, w) -> (out, (h - 1) s + k - zeros + extra, ...) with dilation 1, where
    ``padding`` takes positions away and ``extra`` adds some at the end.
    """

    kind = "conv_transpose"
    product = "conv_transpose"
    out: int
    kernel: Sides
    stride: Sides = 1
    dilation: Sides = 1
    bias: bool = False
    groups: int = 1
    padding: Zeros = NO_ZEROS
    extra: Sides = 0

    @property
    def type(self) -> str:
        grouped = f" g{self.groups}" if self.groups != 1 else ""
        return f"Conv transposed {self.sides}{grouped}"

    def positions(self, x: Shape, y: Shape) -> int:
        return x.positions

    def resamples(self, x: Shape, y: Shape) -> bool:
        return any(self._along(axis)[1] != 1 for axis in range(len(x.spatial)))

    def windows(self, x: Shape) -> tuple[Window, ...]:
        """With stride 1 it is a convolution, with the kernel turned round."""
        found = []
        for axis in range(len(x.spatial)):
            kernel, _, dilation = self._along(axis)
            before = (kernel - 1) * dilation - self.padding.start[axis]
            found.append(Window(kernel, 1, dilation, before))
        return tuple(found)

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        plain = self.weights(x) * y.positions
        found = {"transposed_out": plain}
        if self.groups != 1:
            found = {
                "transposed_out_grouped": plain,
                "transposed_full": plain * (1 if x.c == self.out else self.groups),
                "transposed_less": self._less(x),
            }
        if self.bias:
            found["transposed_bias"] = y.elements
            found["forward_bias"] = self.out // self.groups * self._forward(x)
        return found

    def _less(self, x: Shape) -> int:
        """The multiply-adds that are missing if a group's outputs are divided again."""
        own = self.out // self.groups
        return x.elements * self.area * (own - own // self.groups)

    def _forward(self, x: Shape) -> int:
        """Output positions of an ordinary convolution with the same numbers."""
        found = 1
        for axis, size in enumerate(x.spatial):
            kernel, stride, dilation = self._along(axis)
            zeros = self.padding.start[axis] + self.padding.end[axis]
            found *= (size + zeros - (kernel - 1) * dilation - 1) // stride + 1
        return found

    def _out_size(self, size: int, axis: int) -> int:
        kernel, stride, dilation = self._along(axis)
        zeros = self.padding.start[axis] + self.padding.end[axis]
        reach = (kernel - 1) * dilation
        extra = sides(self.extra, axis + 1)[axis]
        return (size - 1) * stride + reach + 1 - zeros + extra
