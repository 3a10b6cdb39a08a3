"""What a call of a model file takes and gives: tensors of a run, and constants."""

from math import prod
from typing import NamedTuple

from mnprofile.graph.operators.convolution import Sides
from mnprofile.networks.readers.files.program import Values

Dims = tuple[int, ...]


def plain_sides(sides: Dims) -> Sides:
    """Height and width, or one number that means both."""
    return sides[0] if len(sides) == 2 and sides[0] == sides[1] else sides


class Value(NamedTuple):
    """A tensor of a run: the node that makes it, and its dimensions in the file.

    ``channels`` is the dimension of the channels, counted from the end.
    """

    node: str
    dims: Dims
    channels: int = -1


class Stored(NamedTuple):
    """A constant: its shape, and the tensors of the file that it is made of.

    ``values`` are its elements where they are few; ``scales`` are the tensors with the
    quantisation scales of it.
    """

    dims: Dims
    roots: tuple[str, ...] = ()
    values: Values | None = None
    scales: tuple[str, ...] = ()

    @property
    def elements(self) -> int:
        return prod(self.dims)
