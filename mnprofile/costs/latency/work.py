"""What an operator does that takes time, in amounts that a device has a price for.

Every amount is a sum of factors (of the channels) times positions (of the sizes), as
multiply-adds are, so a sweep of latencies is a matrix product too.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mnprofile.graph.graph import Node

DENSE, DEPTHWISE = "dense_mac", "depthwise_mac"
MAPS, WEIGHTS, OPERATOR = "map_byte", "weight_byte", "operator"
TERMS = (DENSE, DEPTHWISE, MAPS, WEIGHTS, OPERATOR)
COMPUTE, MEMORY = (DENSE, DEPTHWISE), (MAPS, WEIGHTS)


class Amount(NamedTuple):
    """Some of one term: ``factor`` at each of ``positions``.

    Plain integers, or in a sweep columns [k, 1] and rows [1, r].
    """

    term: str
    factor: int
    positions: int


class Work(NamedTuple):
    """The amounts of some operators, one per term."""

    dense_mac: int = 0
    depthwise_mac: int = 0
    map_byte: int = 0
    weight_byte: int = 0
    operator: int = 0

    @property
    def macs(self) -> int:
        return self.dense_mac + self.depthwise_mac

    @property
    def bytes(self) -> int:
        """Bytes read and written: maps, and each weight once."""
        return self.map_byte + self.weight_byte

    @property
    def intensity(self) -> float | None:
        """Arithmetic intensity: multiply-adds per byte."""
        return self.macs / self.bytes if self.bytes else None


def amounts(node: Node, bits: int) -> Iterator[Amount]:
    """The amounts of one operator whose maps and weights have some bits per element.

    Batch norm and activation functions run in the layer that they follow, and views,
    further outputs and constants do not run: none of them has any.
    """
    op, x, y = node.op, node.in_shape, node.out_shape
    if op.is_view or op.is_further or op.is_constant or _is_fused(node):
        return
    size = bits // 8
    weights = op.weights(x)
    if op.is_counted:
        term = DENSE if op.mixes_channels else DEPTHWISE
        yield Amount(term, weights, op.positions(x, y))
        yield Amount(term, op.products(x, *node.other_shapes), 1)
    for shape in (x, *node.other_shapes, y):
        yield Amount(MAPS, size * shape.c, shape.positions)
    yield Amount(WEIGHTS, size * weights, 1)
    yield Amount(OPERATOR, 1, 1)


def work(nodes: Iterable[Node], bits: int) -> Work:
    """The amounts of some operators together."""
    totals = dict.fromkeys(TERMS, 0)
    for node in nodes:
        for term, factor, positions in amounts(node, bits):
            totals[term] += node.times * factor * positions
    return Work(**totals)


def _is_fused(node: Node) -> bool:
    op = node.op
    return op.works_in_place and op.takes == 1 and not op.is_counted
