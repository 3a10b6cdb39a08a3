"""Pooling of windows: maximum or average."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.operators.convolution import Padding
from mnprofile.graph.operators.window_pooling import Pool, PoolKind
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import OperatorWord, Words, pool_kernel
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class WindowPoolRow(Row):
    """A k x k window that slides; ``padding`` None pads as the implementation does."""

    kernel: int
    stride: int = 1
    function: PoolKind = "max"
    padding: Padding | None = None
    dilation: int = 1

    words: ClassVar[Words] = {"maxpool": OperatorWord(read_kernel=pool_kernel)}
    is_counted = False

    def build(self, to: Builder) -> None:
        stride, dilation = to.strided(self.stride, self.dilation)
        name = to.begin_alone("pool")
        padding = self.padding or to.rules.padding
        op = Pool(self.function, self.kernel, stride, dilation, padding)
        to.tape.add(name, op)


@dataclass(frozen=True)
class MeanPoolRow(WindowPoolRow):
    """The average of a k x k window that slides."""

    function: PoolKind = "avg"

    words: ClassVar[Words] = {"avgpool2d": OperatorWord(read_kernel=pool_kernel)}
