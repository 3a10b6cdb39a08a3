"""A map as the vector of its elements, for fully connected layers that see them all."""

from dataclasses import dataclass

from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.reshaping import Flatten
from mnprofile.graph.operators.window_pooling import AdaptivePool
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import Size
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class FlattenRow(Row):
    """(c, h, w) -> (c h w, 1, 1): fully connected layers can follow it.

    Their weights belong to the printed size; at another resolution the map is pooled to
    that size, as torchvision's VGG and AlexNet do.
    """

    is_counted = False
    pools = True

    @property
    def gives(self) -> Size:
        return Size(1, 1, self.channels * self.input.h * self.input.w)

    def build(self, to: Builder) -> None:
        to.pooled, to.open_block = True, False
        to.tape.move(layer="flatten", block="flatten", stage="head")
        x, size = to.tape.shape, (self.input.h, self.input.w)
        if not (decide(x.h == size[0]) and decide(x.w == size[1])):
            to.tape.add("flatten.pool", AdaptivePool("avg", size))
        to.tape.add("flatten.elements", Flatten(size))
