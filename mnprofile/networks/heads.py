"""Heads for detection and segmentation: tables of named rows on taps of a backbone.

    | Name | From | Operator | #out | NL | s | d |

A row reads what its From cell names: rows above, or taps of the backbone; ``-`` is the
row above. Rows that no other row reads are the outputs. The taps are ``s8`` (what the
last block at stride 8 leaves), ``s16.expand`` (the expansion in the block after that,
as SSDLite uses it) and ``last`` (what the pooling of the backbone would read).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeVar

from mnprofile.base.errors import TableError, UsageError, nearest
from mnprofile.base.records import Record
from mnprofile.graph.graph import Node, Origin, Tape
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Add, Concatenate, Scale
from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.graph.operators.reshaping import Resize
from mnprofile.networks.notation.cells import (
    MAX_CLASSES,
    MAX_SIZE,
    TIMES,
    RefusalError,
    integer,
    kernel,
    nonlinearity,
    stride,
)
from mnprofile.networks.notation.rows import Architecture
from mnprofile.networks.notation.table import Cell, Table

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder

HEADERS = ("Name", "From", "Operator", "#out", "NL", "s", "d")
MAX_DILATION = 64
_NAME = re.compile("[a-z][a-z0-9_]{0,30}")
_TAP = re.compile(r"s([0-9]{1,3})(\.expand)?|last")
_OUT = re.compile("([0-9]{1,5})?(k)?")
_CONV = re.compile("(conv2d|dwconv) ([0-9]{1,2}x[0-9]{1,2})(?:, (NBN|plain))?")
_JOINS: dict[str, type[Op]] = {
    "add": Add,
    "concat": Concatenate,
    "multiply": Scale,
}
_WORDS = ("conv2d 1x1", "dwconv 3x3", "globalpool", "upsample", *_JOINS)


T = TypeVar("T")


class Channels(NamedTuple):
    """An #out cell: ``factor`` times the number of classes, or that many channels."""

    factor: int
    per_class: bool

    def of(self, classes: int) -> int:
        return self.factor * classes if self.per_class else self.factor


@dataclass(frozen=True)
class HeadRow:
    """One row of a head's table."""

    name: str
    sources: tuple[str, ...]
    word: str
    kernel: int
    batch_norm: bool
    bias: bool
    out: Channels | None
    activation: ActivationKind | None
    stride: int
    dilation: int
    line: int = field(compare=False)
    text: str = field(compare=False)


@dataclass(frozen=True)
class Head:
    """A head, ready to be built on any backbone that has its taps."""

    name: str
    title: str
    resolution: int
    classes: int
    output_stride: int | None
    rows: tuple[HeadRow, ...]
    table: Table = field(compare=False, repr=False)

    def build(self, to: Builder) -> None:
        """Record the head on the tape, after the backbone. Raises UsageError."""
        nodes = tuple(to.tape.nodes)
        ends: dict[str, str] = {}
        above = to.tape.last
        read: set[str] = set()
        for row in self.rows:
            sources = [
                above if name == "-" else ends.get(name) or self._tap(nodes, name)
                for name in row.sources
            ]
            read |= set(sources)
            origin = Origin(self.table.file, row.line, None, row.text)
            block = f"{self.name}.{row.name}"
            to.tape.move(block=block, layer=block, stage="head", origin=origin)
            to.tape.last = sources[0]
            _add(to, row, block, sources[1:])
            above = ends[row.name] = to.tape.last
        to.tape.outputs += [end for end in ends.values() if end not in read]
        _prune(to.tape)

    def _tap(self, nodes: tuple[Node, ...], name: str) -> str:
        """The node of a tap. Raises UsageError where the backbone has none."""
        if name == "last":
            return nodes[-1].name
        at, _, inner = name.partition(".")
        blocks = [n for n in nodes if n.block.startswith(("block", "stem"))]
        here = [node for node in blocks if node.stage == at]
        if here and not inner:
            return here[-1].name
        later = nodes[nodes.index(here[-1]) + 1 :] if here else ()
        block = later[0].block if later else ""
        expands = [n.name for n in later if n.layer == f"{block}.expand"]
        if here and not any(n.layer.endswith(".expand") for n in nodes):
            return here[-1].name  # a backbone without expansions
        if not expands:
            stages = dict.fromkeys(node.stage for node in blocks)
            raise UsageError(
                f"head {self.name}: the backbone has no tap {name}",
                accepted=", ".join((*stages, "last")),
            )
        return expands[-1]


def _prune(tape: Tape) -> None:
    """Leave out what no output reads, such as the backbone beyond the last tap."""
    needed = set(tape.outputs)
    for node in reversed(tape.nodes):
        if node.name in needed:
            needed |= set(node.inputs)
    tape.nodes = [node for node in tape.nodes if node.name in needed]


def with_head(arch: Architecture, head: Head) -> Architecture:
    """The architecture with a head in place of its pooling and classifier."""
    until = next((at for at, row in enumerate(arch.rows) if row.pools), len(arch.rows))
    return replace(
        arch,
        name=f"{arch.name}+{head.name}",
        aliases=(),
        title=f"{arch.title} with {head.title}",
        resolution=head.resolution,
        classes=head.classes,
        rows=arch.rows[:until],
        head=head,
    )


def _add(to: Builder, row: HeadRow, layer: str, others: list[str]) -> None:
    """Record one row."""
    tape = to.tape
    if row.word in ("conv2d", "dwconv"):
        if row.word == "dwconv":
            op: Op = to.depthwise(row.kernel, row.stride, row.dilation)
        else:
            assert row.out is not None
            out = row.out.of(to.config.classes)
            op = to.conv(out, row.kernel, row.stride, row.dilation, bias=row.bias)
        to.convolution(layer, op, row.activation, batch_norm=row.batch_norm)  # type: ignore[arg-type]
        return
    if row.word == "globalpool":
        tape.add(layer, GlobalPool())
    elif row.word == "upsample":
        target = tape.shapes[others[0]]
        tape.add(layer, Resize(size=(target.h, target.w)))
    else:
        tape.add(layer, _JOINS[row.word](), *others)
    to.activation(layer, row.activation)


def read_head(table: Table) -> Head:
    """Read a head's table. Raises TableError at the faulty cell or setting."""
    found = tuple(cell.text for cell in table.grid.headers)
    if found != HEADERS:
        raise TableError(
            f"a head's table with the columns {', '.join(found)}",
            place=table.cell_place(table.grid.headers[0]),
            accepted=", ".join(HEADERS),
        )
    settings = Record(table.settings, TableError, table.setting_place)
    settings.only("name", "resolution", "classes", "output-stride")
    output_stride = table.settings.get("output-stride")
    if output_stride not in (None, 8, 16, 32):
        settings.refuse("output-stride", "not accepted", "8, 16, 32")
    rows: list[HeadRow] = []
    for line in table.grid.rows:
        rows.append(_read_row(table, line, [row.name for row in rows]))
    if not rows:
        raise TableError(
            "a head without rows", place=table.cell_place(table.grid.headers[0])
        )
    return Head(
        name=settings.text("name"),
        title=table.title or settings.text("name"),
        resolution=_whole(settings, "resolution", MAX_SIZE),
        classes=_whole(settings, "classes", MAX_CLASSES),
        output_stride=output_stride,
        rows=tuple(rows),
        table=table,
    )


def _whole(settings: Record, key: str, high: int) -> int:
    value = settings.count(key)
    if not 1 <= value <= high:
        settings.refuse(key, "out of range", f"1 to {high}")
    return value


@dataclass(frozen=True)
class _Cells:
    """The cells of one row; errors give the place of the cell."""

    table: Table
    by_header: Mapping[str, Cell]

    def text(self, header: str) -> str:
        return self.by_header[header].text

    def refuse(
        self,
        header: str,
        message: str,
        accepted: str | None = None,
        suggestion: str | None = None,
    ) -> NoReturn:
        place = self.table.cell_place(self.by_header[header], header)
        raise TableError(message, place=place, accepted=accepted, suggestion=suggestion)

    def read(self, header: str, reader: Callable[[str], T]) -> T:
        try:
            return reader(self.text(header))
        except RefusalError as fault:
            self.refuse(header, fault.message, fault.accepted, fault.suggestion)

    def blank(self, header: str, word: str, *accepted: str) -> None:
        if self.text(header) not in ("-", *accepted):
            self.refuse(header, f"{word} has no such value", "-")


def _read_row(table: Table, line: tuple[Cell, ...], known: list[str]) -> HeadRow:
    cells = _Cells(table, dict(zip(HEADERS, line, strict=True)))
    name = cells.text("Name")
    if not _NAME.fullmatch(name) or name in known or _TAP.fullmatch(name):
        accepted = "a new name such as fuse1"
        cells.refuse("Name", f'"{name}" cannot name a row', accepted)
    word, side, mark = cells.read("Operator", _operator)
    sources = _sources(cells, word, known)
    is_conv, windowed = word == "conv2d", word in ("conv2d", "dwconv")
    out = cells.read("#out", _out) if is_conv else None
    if not is_conv:
        cells.blank("#out", word)
    if not windowed:
        cells.blank("s", word, "1")
        cells.blank("d", word)
    return HeadRow(
        name=name,
        sources=sources,
        word=word,
        kernel=side,
        batch_norm=mark is None,
        bias=mark == "NBN",
        out=out,
        activation=cells.read("NL", nonlinearity),
        stride=cells.read("s", stride) if windowed else 1,
        dilation=cells.read("d", _dilation) if windowed else 1,
        line=line[0].line,
        text=" | ".join(cell.text for cell in line),
    )


def _sources(cells: _Cells, word: str, known: list[str]) -> tuple[str, ...]:
    """The maps that a row reads."""
    sources = tuple(one.strip() for one in cells.text("From").split(","))
    for one in sources:
        if not (one in known or one == "-" or _TAP.fullmatch(one)):
            cells.refuse(
                "From",
                f'"{one}" is neither a row above nor a tap of the backbone',
                ", ".join((*known, "s8", "s16.expand", "last")),
                nearest(one, known),
            )
    takes = 2 if word in ("upsample", "add", "multiply") else 1
    if word != "concat" and len(sources) != takes:
        accepted = "names with commas between them"
        cells.refuse("From", f"{word} reads {takes} maps", accepted)
    return sources


def _operator(text: str) -> tuple[str, int, str | None]:
    """``conv2d 3x3, NBN`` -> the word, the kernel, and NBN or plain."""
    tight = TIMES.sub("x", text)
    if found := _CONV.fullmatch(tight):
        return found[1], kernel(found[2]), found[3]
    if tight in ("globalpool", "upsample", *_JOINS):
        return tight, 1, None
    raise RefusalError(f'"{text}" is not an operator', accepted=", ".join(_WORDS))


def _out(text: str) -> Channels:
    """``256``, ``k`` (one per class) or ``6k`` (for six anchors)."""
    found = _OUT.fullmatch(text)
    if found is None or not text:
        raise RefusalError(f'"{text}" is not a channel count', accepted="256, k or 6k")
    factor = integer(found[1] or "1", "channel count", 1, 65_536)
    return Channels(factor, bool(found[2]))


def _dilation(text: str) -> int:
    return 1 if text == "-" else integer(text, "dilation", 1, MAX_DILATION)


Heads = Mapping[str, Head]
