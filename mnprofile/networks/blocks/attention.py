"""Attention on maps: multi-query, as in MobileNetV4's hybrids, and multi-head."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.operators.elementwise import BatchNorm, LayerScale
from mnprofile.graph.operators.joining import Add
from mnprofile.graph.operators.products import Attention
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import MAX_STRIDE, OperatorWord, Words, up_to
from mnprofile.networks.notation.rows import Row

MAX_HEADS = 256
MAX_HEAD_CHANNELS = 4_096
_WORD = OperatorWord(
    modifiers={
        "hN": ("heads", up_to(MAX_HEADS)),
        "dN": ("head_channels", up_to(MAX_HEAD_CHANNELS)),
        "kvN": ("shrink", up_to(MAX_STRIDE)),
    }
)


@dataclass(frozen=True)
class MobileAttentionRow(Row):
    """Batch norm, attention of all positions to all, projection, addition.

    The queries have ``heads`` heads of ``head_channels`` channels, keys and values one
    that they share. With a ``shrink`` above 1, keys and values come from a smaller map,
    which a strided 3x3 depthwise convolution makes (Qin et al. 2024, section 5).
    """

    out: int
    heads: int
    head_channels: int
    shrink: int = 1
    layer_scale: bool = False

    words: ClassVar[Words] = {"mqa": _WORD}

    @property
    def key_heads(self) -> int:
        """Heads of keys and values."""
        return 1

    def build(self, to: Builder) -> None:
        tape = to.tape
        block, _, dilation = to.begin()
        before = tape.last
        normed = tape.layer(f"{block}.norm", BatchNorm())
        maps = {}
        for name, channels in (
            ("query", self.heads * self.head_channels),
            ("key", self.key_heads * self.head_channels),
            ("value", self.key_heads * self.head_channels),
        ):
            tape.last = normed
            if name != "query" and self.shrink > 1:
                op = to.depthwise(3, self.shrink, dilation)
                to.convolution(f"{block}.{name}.shrink", op, None)
            tape.move(layer=f"{block}.{name}")
            maps[name] = tape.add(f"{block}.{name}.conv", to.conv(channels, 1))
        tape.last = maps["query"]
        attention = Attention(self.heads, self.key_heads)
        tape.layer(f"{block}.attention", attention, maps["key"], maps["value"])
        tape.move(layer=f"{block}.project")
        tape.add(f"{block}.project.conv", to.conv(to.channels(self, self.out), 1))
        if self.layer_scale:
            tape.layer(f"{block}.scale", LayerScale())
        tape.layer(f"{block}.add", Add(), before)


@dataclass(frozen=True)
class MultiHeadRow(MobileAttentionRow):
    """The same with as many heads of keys and values as of queries.

    Vaswani et al. 2017, section 3.2.2, on maps as MobileNetV4 has it.
    """

    words: ClassVar[Words] = {"mha": _WORD}

    @property
    def key_heads(self) -> int:
        return self.heads
