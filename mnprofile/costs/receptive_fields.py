"""Receptive fields: which part of the image an output position of each layer sees.

Position ``i`` of a map sees the pixels ``i * stride + low`` to ``i * stride + high``
along each axis, including those beyond the image's edge. So the field has
``high - low + 1`` pixels, its padding is ``-low``, and

- a convolution of kernel k and dilation d with p zeros before the map changes them to
  ``low - p * stride`` and ``high + ((k - 1) * d - p) * stride``, and then multiplies
  ``stride`` by its own stride;
- an operator that joins maps sees what either branch sees;
- pooling over the whole map is a kernel of the map's size;
- after a transposed convolution with a stride, and after a resize, no one field holds
  for all positions: it is not defined;
- a squeeze-excite product sees the whole image through its factors: its field is that
  of the map itself, and the layer and all after it are marked ``sees_all``.

The zeros before the map depend on the implementation: TensorFlow's "same" padding (impl
paper and keras) puts an odd zero last, so the padding depends on the map's size;
PyTorch's (torchvision, timm) is (k - 1) / 2 on both sides. Field and stride are the
same for both.
"""

from typing import NamedTuple

from mnprofile.base.shown import Shown
from mnprofile.graph.graph import Graph, Node
from mnprofile.graph.operators.op import Window
from mnprofile.networks.catalog import Arch, graph_of


class Extent(NamedTuple):
    """What position 0 sees along one axis, and the distance to position 1."""

    stride: int = 1
    low: int = 0
    high: int = 0

    @property
    def size(self) -> int:
        return self.high - self.low + 1

    @property
    def padding(self) -> int:
        return -self.low

    def through(self, window: Window) -> "Extent":
        """The extent after an operator with this window."""
        reach = (window.kernel - 1) * window.dilation
        return Extent(
            self.stride * window.stride,
            self.low - window.before * self.stride,
            self.high + (reach - window.before) * self.stride,
        )

    def joined(self, other: "Extent") -> "Extent":
        """What either of two branches sees."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        return Extent(self.stride, low, high)


class Field(NamedTuple):
    """The receptive field of one output position, height first.

    With ``sees_all`` the position also sees the whole image, through a squeeze-excite
    product or pooling over the whole map. A field is not defined after an operator
    that puts positions between those of its input (a transposed convolution with a
    stride, a resize): neighbours then see windows of different places and sizes.
    """

    h: Extent = Extent()
    w: Extent = Extent()
    sees_all: bool = False
    is_defined: bool = True


class Fields(Shown, dict[str, Field]):
    """The field of every layer by its name."""


def receptive_fields(graph: Graph | Arch) -> Fields:
    """The field of every layer, by its name: that of its last operator."""
    graph = graph_of(graph)
    fields = node_fields(graph)
    return Fields({node.layer: fields[node.name] for node in graph})


def node_fields(graph: Graph) -> dict[str, Field]:
    """The field of each input and of every operator, by its name."""
    fields = {name: Field() for name, _ in graph.inputs}
    for node in graph:
        fields[node.name] = _field(node, [fields[name] for name in node.inputs])
    return fields


def _field(node: Node, inputs: list[Field]) -> Field:
    op = node.op
    if not inputs:
        return Field()
    first, *others = inputs
    sees_all = op.sees_all or op.takes_factors or any(one.sees_all for one in inputs)
    joined = inputs[:1] if op.takes_factors else inputs
    resamples = op.resamples(node.in_shape, node.out_shape)
    if resamples or not all(one.is_defined for one in joined):
        return Field(first.h, first.w, sees_all, is_defined=False)
    if not op.takes_factors:
        for other in others:
            first = Field(first.h.joined(other.h), first.w.joined(other.w))
    windows = op.windows(node.in_shape)
    if not windows:
        return Field(first.h, first.w, sees_all)
    # On a map of three dimensions these are the last two, on one of one the same.
    rows, columns = (windows * 2)[-2:]
    return Field(first.h.through(rows), first.w.through(columns), sees_all)
