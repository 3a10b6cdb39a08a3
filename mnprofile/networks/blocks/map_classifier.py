"""A classifier that is a convolution on the map, before the pooling."""

from dataclasses import dataclass

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class MapClassifierRow(Row):
    """A 1x1 convolution with one channel per class, as SqueezeNet ends."""

    activation: ActivationKind | None
    classes: int | None = None

    classifies = True
    classifies_maps = True

    def build(self, to: Builder) -> None:
        if to.config.classes:
            name = to.named("classifier")
            to.tape.move(block=name, stage=to.stage)
            op = to.conv(to.config.classes, 1, bias=True)
            to.convolution(name, op, self.activation, batch_norm=False)
