"""What a table says, typed: its rows, and the architecture they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mnprofile.base.errors import Place
from mnprofile.graph.operators import ActivationKind
from mnprofile.networks.notation.markdown import Cell, Erratum, Table

Family = Literal["v1", "v2", "v3"]
FAMILIES: tuple[Family, ...] = ("v1", "v2", "v3")


@dataclass(frozen=True)
class Size:
    """A printed feature map size. ``c`` is None where the table prints k (classes)."""

    h: int
    w: int
    c: int | None


@dataclass(frozen=True)
class Row:
    """What every row has: the printed input size, and the cells it was read from."""

    input: Size
    number: int = field(compare=False)  # counted from 1 in the printed table
    cells: Mapping[str, Cell] = field(compare=False, repr=False)

    @property
    def channels(self) -> int:
        """Printed input channels; every row but the softmax has a number there."""
        assert self.input.c is not None
        return self.input.c

    @property
    def line(self) -> int:
        return next(iter(self.cells.values())).line

    @property
    def text(self) -> str:
        return " | ".join(cell.text for cell in self.cells.values())


@dataclass(frozen=True)
class ConvRow(Row):
    """A convolution over all channels."""

    kernel: int
    out: int
    stride: int
    activation: ActivationKind | None
    batch_norm: bool = True
    squeeze_excite: bool = False
    repeats: int = 1


@dataclass(frozen=True)
class DepthwiseRow(Row):
    """A depthwise convolution standing in a row of its own (MobileNetV1)."""

    kernel: int
    stride: int
    activation: ActivationKind


@dataclass(frozen=True)
class BottleneckRow(Row):
    """An inverted residual block: expansion, depthwise, (squeeze-excite,) projection.

    V2 prints the factor t, V3 the expanded channels; the other one is None.
    """

    kernel: int
    t: float | None
    expanded: int | None
    out: int
    stride: int
    activation: ActivationKind
    squeeze_excite: bool = False
    repeats: int = 1

    @property
    def factor(self) -> float:
        """Expanded channels over input channels, as printed."""
        if self.t is not None:
            return self.t
        assert self.expanded is not None
        return self.expanded / self.channels


@dataclass(frozen=True)
class PoolRow(Row):
    """Average pooling over the whole map; ``kernel`` is the printed size."""

    kernel: int | None


@dataclass(frozen=True)
class ClassifierRow(Row):
    """The last fully connected layer. ``classes`` is None where the table prints k."""

    classes: int | None


@dataclass(frozen=True)
class SoftmaxRow(Row):
    """The last row of MobileNetV1: no multiply-adds, and networks end at the logits."""


@dataclass(frozen=True)
class Architecture:
    """A table as typed rows, ready to be built at any width and resolution."""

    name: str
    aliases: tuple[str, ...]
    title: str
    source: str
    family: Family
    resolution: int
    classes: int
    dialect: str
    rows: tuple[Row, ...]
    table: Table = field(compare=False, repr=False)

    @property
    def errata(self) -> tuple[Erratum, ...]:
        return self.table.errata

    @property
    def has_classifier(self) -> bool:
        return any(isinstance(row, ClassifierRow) for row in self.rows)

    @property
    def has_expansion(self) -> bool:
        return any(isinstance(row, BottleneckRow) for row in self.rows)

    def place(self, row: Row, header: str | None = None) -> Place:
        """Where a row stands, or one of its cells by normalised header."""
        if header is None:
            return Place(self.table.file, row.line)
        printed = {normalised(cell.text): cell.text for cell in self.table.grid.headers}
        return self.table.cell_place(row.cells[header], printed[header])


def normalised(header: str) -> str:
    """A header without the spaces and capitals in which copies differ."""
    return "".join(header.split()).lower()
