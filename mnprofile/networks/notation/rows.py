"""The content of a table as typed values: its rows, and the architecture they form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from mnprofile.base.errors import Place
from mnprofile.base.shown import Shown
from mnprofile.graph.operators.convolution import SAME, Padding
from mnprofile.graph.operators.op import Shape
from mnprofile.networks.notation.cells import (
    PerClass,
    Readers,
    Size,
    Words,
)
from mnprofile.networks.notation.table import Cell, Erratum, Table
from mnprofile.networks.widths import Scaling

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder
    from mnprofile.networks.heads import Head
    from mnprofile.networks.notation.styles.style import TableStyle

ABOVE = "-"  # in a From cell: the row above
INPUT = "input"  # the image


@dataclass(frozen=True)
class Row:
    """One row of a table, and the block that it describes.

    Its fields hold what the row prints; a column of a table style gives one of them.
    ``words`` are the names of the block in an Operator cell; ``readers`` read columns
    that mean something else for this block.
    """

    input: Size
    number: int = field(compare=False)  # counted from 1 in the printed table
    cells: Mapping[str, Cell] = field(compare=False, repr=False)
    repeats: int = field(default=1, kw_only=True)
    prints_input: bool = field(default=True, kw_only=True, compare=False)
    output: Size | None = field(default=None, kw_only=True)  # where a table prints it
    name: str = field(default="", kw_only=True)
    sources: tuple[str, ...] = field(default=(), kw_only=True)  # (): the row above
    others: tuple[Size, ...] = field(default=(), kw_only=True)  # of further sources

    words: ClassVar[Words] = {}
    readers: ClassVar[Readers] = {}
    for_classes: ClassVar[type[Row] | None] = None  # the row it is with k outputs
    is_counted: ClassVar[bool] = True  # it has multiply-adds
    is_repeatable: ClassVar[bool] = False  # a table may print a number of repeats
    deepens: ClassVar[bool] = False  # a depth multiplier changes the number of repeats
    expands: ClassVar[bool] = False  # it has an expansion factor
    pools: ClassVar[bool] = False
    classifies: ClassVar[bool] = False
    classifies_maps: ClassVar[bool] = False  # before the pooling
    activates: ClassVar[bool] = True  # with the table's one nonlinearity
    ends: ClassVar[bool] = False  # it follows the network, as softmax does

    def build(self, to: Builder) -> None:
        """Record the block's operators on the tape, ``repeats`` times."""
        raise NotImplementedError

    def fault_on(self, x: Shape) -> str | None:
        """Why the block cannot run on a map of this shape, or None."""
        return None

    @property
    def reads(self) -> tuple[int, int]:
        """How many maps it reads: at least, and at most."""
        return 1, 1

    @property
    def follows_pooling(self) -> bool:
        """Whether it can run on a pooled map."""
        return self.classifies or self.ends

    @property
    def channels(self) -> int:
        """Printed input channels: a number in every row but the softmax."""
        assert self.input.c is not None
        return self.input.c

    @property
    def gives(self) -> Size:
        """The size that it leaves for the row below, as far as the row prints it."""
        reach, stride = getattr(self, "kernel", None) or 1, getattr(self, "stride", 1)
        padding: Padding = getattr(self, "padding", None) or SAME
        h, w = (
            padding.out_size(side, reach - 1, stride, axis)
            for axis, side in enumerate((self.input.h, self.input.w))
        )
        out = getattr(self, "out", self.input.c)
        return Size(h, w, None if type(out) is PerClass else out)

    @property
    def line(self) -> int:
        return next(iter(self.cells.values())).line

    @property
    def text(self) -> str:
        return " | ".join(cell.text for cell in self.cells.values())


class Compound(NamedTuple):
    """Compound scaling: each is raised to the power phi (EfficientNet, equation 3)."""

    depth: float
    width: float
    resolution: float


@dataclass(frozen=True, repr=False)
class Architecture(Shown):
    """A table as typed rows, ready to be built at any width and resolution."""

    name: str
    aliases: tuple[str, ...]
    title: str
    source: str
    family: str  # whose width rules apply, or serve as the base of its own
    scaling: Scaling = field(compare=False, repr=False)
    resolution: int
    classes: int
    style: TableStyle
    rows: tuple[Row, ...]
    table: Table = field(compare=False, repr=False)
    width: float = 1.0  # multiplies alpha: of a variant that is a wider network
    depth: float = 1.0  # multiplies the repeats, which are rounded up
    compound: Compound | None = None  # what phi means
    head: Head | None = None  # in place of pooling and classifier
    group: str = ""  # under which it is listed: "EfficientNet"
    released_code: str = ""  # what the source does not print, and where it is from

    @property
    def errata(self) -> tuple[Erratum, ...]:
        return self.table.errata

    @property
    def from_code(self) -> tuple[str, ...]:
        """What is not printed but taken from released code, of the head as well."""
        told = (self.released_code, self.head.released_code if self.head else "")
        return tuple(one for one in told if one)

    @property
    def output_stride(self) -> int | None:
        """Beyond which strides become dilation where no other is asked for."""
        return self.head.output_stride if self.head else None

    @property
    def has_classifier(self) -> bool:
        makes_maps = self.head is not None or self.has_class_maps
        return makes_maps or any(row.classifies for row in self.rows)

    @property
    def has_class_maps(self) -> bool:
        """Whether some outputs are maps with channels for every class."""
        rows = (*self.rows, *(self.head.rows if self.head else ()))
        return any(type(getattr(row, "out", None)) is PerClass for row in rows)

    @property
    def has_expansion(self) -> bool:
        return any(row.expands for row in self.rows)

    def place(self, row: Row, header: str) -> Place:
        """The place of a row's cell under a normalised header."""
        return place_of(self.table, self.style, row, header)


def place_of(table: Table, style: TableStyle, row: Row, header: str) -> Place:
    """The place of a row's cell; of the row if the style has no such column."""
    cell = row.cells.get(header)
    if cell is None:
        return Place(table.file, row.line)
    return table.cell_place(cell, style.printed.get(header, header))


def normalised(header: str) -> str:
    """A header without spaces and capitals, in which copies differ."""
    return "".join(header.split()).lower()
