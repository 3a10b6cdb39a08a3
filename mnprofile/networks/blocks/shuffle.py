"""A channel shuffle in a row of its own."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.operators.reshaping import ChannelShuffle
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import MAX_CHANNELS, OperatorWord, Words, up_to
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class ShuffleRow(Row):
    """The channels of some groups in turns (Zhang et al. 2018, section 3.1)."""

    groups: int

    words: ClassVar[Words] = {
        "channelshuffle": OperatorWord(
            modifiers={"gN": ("groups", up_to(MAX_CHANNELS))}
        )
    }
    is_counted = False

    def build(self, to: Builder) -> None:
        to.tape.add(to.begin_alone("join"), ChannelShuffle(self.groups))
