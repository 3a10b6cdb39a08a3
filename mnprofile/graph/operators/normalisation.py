"""Normalisation that depends on the sample: layer, group, instance and RMS norm."""

from dataclasses import dataclass

from mnprofile.graph.operators.op import Op, Shape


@dataclass(frozen=True, slots=True)
class Norm(Op):
    """A norm with a trained factor and offset per channel, where it has any.

    ``params`` is their number if it is not one (or two) per channel: layer norm may
    work on several dimensions.
    """

    works_in_place = True
    entering = "other_elems"
    scale: bool = True
    offset: bool = True
    params: int | None = None

    @property
    def label(self) -> str:
        return self.kind.replace("_", " ")

    def other_params(self, x: Shape) -> int:
        if self.params is not None:
            return self.params
        return x.c * self.scale + x.c * self.offset

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        name = self.kind if self.scale else f"{self.kind}_plain"
        return {name: x.elements, "norm_params": self.other_params(x)}


class LayerNorm(Norm):
    """Over the channels of one position (or over more dimensions)."""

    __slots__ = ()
    kind = "layer_norm"
    follows_layers = True


class RMSNorm(Norm):
    """Layer norm without the mean; usually without an offset too."""

    __slots__ = ()
    kind = "rms_norm"


class GroupNorm(Norm):
    """Over a group of channels at all positions."""

    __slots__ = ()
    kind = "group_norm"
    follows_layers = True


class InstanceNorm(Norm):
    """Over all positions of one channel."""

    __slots__ = ()
    kind = "instance_norm"
    follows_layers = True
