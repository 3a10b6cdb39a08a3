"""A channel shuffle in a row of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mnprofile.graph.operators.reshaping import ChannelShuffle
from mnprofile.networks.notation.cells import MAX_CHANNELS, OperatorWord, up_to
from mnprofile.networks.notation.rows import Row

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder


@dataclass(frozen=True)
class ShuffleRow(Row):
    """The channels of some groups in turns (Zhang et al. 2018, section 3.1)."""

    groups: int

    words: ClassVar[Mapping[str, OperatorWord]] = {
        "channelshuffle": OperatorWord(
            modifiers={"gN": ("groups", up_to(MAX_CHANNELS))}
        )
    }
    is_counted: ClassVar[bool] = False

    def build(self, to: Builder) -> None:
        name = to.next_join()
        to.open_block = False
        to.tape.move(layer=name, block=name, stage=to.stage)
        to.tape.add(name, ChannelShuffle(self.groups))
