"""Rows that join maps which they name: addition, product, concatenation."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Add, Concatenate, Multiply, Scale
from mnprofile.graph.operators.op import Op
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import OperatorWord, Size, Words
from mnprofile.networks.notation.rows import Row

MAX_SOURCES = 64


@dataclass(frozen=True)
class AddRow(Row):
    """The sum of two maps of one shape; an activation function may follow it."""

    activation: ActivationKind | None = None

    words: ClassVar[Words] = {"add": OperatorWord()}
    is_counted = False
    activates = False

    @property
    def reads(self) -> tuple[int, int]:
        return 2, 2

    def operator(self, to: Builder) -> Op:
        """What joins the maps."""
        return Add()

    def build(self, to: Builder) -> None:
        name = to.begin_alone("join")
        to.tape.add(name, self.operator(to), *(other.node for other in to.others))
        to.activation(name, self.activation)


@dataclass(frozen=True)
class MultiplyRow(AddRow):
    """A map times another, or times one factor per channel, as squeeze-excite has it.

    The factors, a map of 1 x 1, come second.
    """

    words: ClassVar[Words] = {"multiply": OperatorWord()}

    def operator(self, to: Builder) -> Op:
        return Scale() if to.others[0].shape.positions == 1 else Multiply()


@dataclass(frozen=True)
class ConcatRow(AddRow):
    """Maps of one size, their channels one after the other."""

    words: ClassVar[Words] = {"concat": OperatorWord()}

    @property
    def reads(self) -> tuple[int, int]:
        return 2, MAX_SOURCES

    @property
    def gives(self) -> Size:
        found = [size.c for size in (self.input, *self.others)]
        known = [c for c in found if c is not None]
        return self.input._replace(c=sum(known) if len(known) == len(found) else None)

    def operator(self, to: Builder) -> Op:
        return Concatenate()
