"""Receptive fields: which part of the image an output position of each layer sees.

Position ``i`` of a map sees the pixels ``i * stride + low`` to ``i * stride + high``
along each axis, the parts beyond the image's edge included. So the field has
``high - low + 1`` pixels, its padding is ``-low``, and

- a convolution of kernel k, dilation d and p zeros in front makes
  ``low - p * stride`` and ``high + ((k - 1) * d - p) * stride`` of them, then
  multiplies ``stride`` by its own;
- an addition sees what either branch sees;
- a pooling over the whole map is a kernel of the map's size;
- a squeeze-excite product sees the whole image through its factors: the field is then
  that of the map itself, and the layer and all after it are marked ``sees_all``.

The zeros in front depend on who runs the network: "same" padding of TensorFlow (impl
paper and keras) puts the odd zero behind, so its padding depends on the map's size;
PyTorch's (torchvision, timm) is (k - 1) / 2 on both sides. Field and stride are equal.
"""

from dataclasses import dataclass

from mnprofile.graph.graph import INPUT, Graph, Node
from mnprofile.graph.operators import Conv, Depthwise, GlobalPool

SYMMETRIC = ("torchvision", "timm")


@dataclass(frozen=True, slots=True)
class Extent:
    """What position 0 sees along one axis, and how far position 1 is from it."""

    stride: int = 1
    low: int = 0
    high: int = 0

    @property
    def size(self) -> int:
        return self.high - self.low + 1

    @property
    def padding(self) -> int:
        return -self.low

    def through(
        self, kernel: int, stride: int = 1, dilation: int = 1, before: int = 0
    ) -> "Extent":
        """The extent after a kernel with ``before`` zeros in front."""
        reach = (kernel - 1) * dilation
        return Extent(
            self.stride * stride,
            self.low - before * self.stride,
            self.high + (reach - before) * self.stride,
        )

    def joined(self, other: "Extent") -> "Extent":
        """What either of two branches sees."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Extent(self.stride, low, high)


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of one output position, height first.

    ``sees_all``: the whole image besides, through a squeeze-excite product or a pooling
    over the whole map.
    """

    h: Extent = Extent()
    w: Extent = Extent()
    sees_all: bool = False


def receptive_fields(graph: Graph) -> dict[str, Field]:
    """The field of every layer, by its name: that of its last operator."""
    fields = node_fields(graph)
    return {node.layer: fields[node.name] for node in graph}


def node_fields(graph: Graph) -> dict[str, Field]:
    """The field of the input and of every operator, by its name."""
    fields = {INPUT: Field()}
    symmetric = graph.config.impl in SYMMETRIC
    for node in graph:
        fields[node.name] = _field(
            node, [fields[name] for name in node.inputs], symmetric
        )
    return fields


def _field(node: Node, inputs: list[Field], symmetric: bool) -> Field:
    op, x = node.op, node.in_shape
    first, *others = inputs
    sees_all = any(field.sees_all for field in inputs)
    if isinstance(op, Conv | Depthwise):
        h, w = (
            extent.through(
                op.kernel, op.stride, op.dilation, _zeros_before(op, size, symmetric)
            )
            for extent, size in ((first.h, x.h), (first.w, x.w))
        )
        return Field(h, w, sees_all)
    if isinstance(op, GlobalPool):
        return Field(first.h.through(x.h, x.h), first.w.through(x.w, x.w), True)
    if op.kind == "add":
        for other in others:
            first = Field(first.h.joined(other.h), first.w.joined(other.w), sees_all)
    return Field(first.h, first.w, sees_all)


def _zeros_before(op: Conv | Depthwise, size: int, symmetric: bool) -> int:
    """Zeros that padding puts in front of a map of ``size``."""
    reach = (op.kernel - 1) * op.dilation
    if getattr(op, "padding", "same") == "keras_v1" and op.stride > 1:
        return 0
    if symmetric:
        return reach // 2
    out = -(-size // op.stride)
    return max((out - 1) * op.stride + reach + 1 - size, 0) // 2
