"""Heads for detection and segmentation: tables of named rows on taps of a backbone.

    | Name | From | Operator | #out | NL | s | d |

A row reads what its From cell names: rows above, or taps of the backbone; ``-`` is the
row above. Rows that no other row reads are the outputs. The taps are ``s8`` (what the
last block at stride 8 leaves), ``s16.expand`` (the expansion in the block after that,
as SSDLite uses it) and ``last`` (what the pooling of the backbone would read).
"""

from collections.abc import Set
from dataclasses import dataclass, field, replace

from mnprofile.base.errors import TableError, UsageError
from mnprofile.base.records import Record
from mnprofile.graph.graph import Node, Tape
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.configuration import OUTPUT_STRIDES
from mnprofile.networks.notation.architecture import read_rows
from mnprofile.networks.notation.cells import (
    MAX_CLASSES,
    MAX_SIZE,
    Size,
    channels,
    nonlinearity,
    stride,
)
from mnprofile.networks.notation.rows import ABOVE, Architecture, Row
from mnprofile.networks.notation.settings import Settings
from mnprofile.networks.notation.styles.style import ValueColumn, by_columns
from mnprofile.networks.notation.table import Table

HEADERS = ("Name", "From", "Operator", "#out", "NL", "s", "d")
STYLE = by_columns(
    "head",
    "a head",
    ValueColumn("#out", "out", channels),
    ValueColumn("NL", "activation", nonlinearity),
    ValueColumn("s", "stride", stride),
    before=("Operator",),
    extras=(),
)


@dataclass(frozen=True)
class Head:
    """A head, ready to be built on any backbone that has its taps."""

    name: str
    title: str
    resolution: int
    classes: int
    output_stride: int | None
    rows: tuple[Row, ...]
    table: Table = field(compare=False, repr=False)
    released_code: str = ""  # as of an Architecture

    def build(self, to: Builder) -> None:
        """Record the head on the tape, after the backbone. Raises UsageError."""
        nodes = tuple(to.tape.nodes)
        named = {row.name for row in self.rows} | {ABOVE}
        read = dict.fromkeys(one for row in self.rows for one in row.sources)
        own = {row.name for row in to.arch.rows}
        taps = {one: self._tap(nodes, own, one) for one in read if one not in named}
        taps[ABOVE] = to.tape.last
        to.begin_head(self.name, self.table.file, taps)
        for index, row in enumerate(self.rows, start=len(to.arch.rows)):
            to.add_row(index, row)
        to.tape.outputs = list(to.unread)
        _prune(to.tape)

    def _tap(self, nodes: tuple[Node, ...], own: Set[str], name: str) -> str:
        """The node of a tap. Raises UsageError where the backbone has none."""
        if name == "last":
            return nodes[-1].name
        at, _, inner = name.partition(".")
        blocks = [
            node
            for node in nodes
            if node.block.startswith(("block", "stem"))
            or node.block.partition(".")[0] in own
        ]
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
    settings.only("name", "resolution", "classes", "output-stride", "released-code")
    output_stride = table.settings.get("output-stride")
    if output_stride not in (None, *OUTPUT_STRIDES):
        accepted = ", ".join(map(str, OUTPUT_STRIDES))
        settings.refuse("output-stride", "not accepted", accepted)
    name, side = settings.text("name"), _whole(settings, "resolution", MAX_SIZE)
    if not table.grid.rows:
        raise TableError(
            "a head without rows", place=table.cell_place(table.grid.headers[0])
        )
    given = Settings(name, "", {}, side, side)
    rows = read_rows(table, STYLE, given, Size(0, 0, None), is_head=True)
    return Head(
        name=name,
        title=table.title or name,
        resolution=side,
        classes=_whole(settings, "classes", MAX_CLASSES),
        output_stride=output_stride,
        rows=tuple(rows),
        table=table,
        released_code=settings.text("released-code")
        if "released-code" in table.settings
        else "",
    )


def _whole(settings: Record, key: str, high: int) -> int:
    value = settings.count(key)
    if not 1 <= value <= high:
        settings.refuse(key, "out of range", f"1 to {high}")
    return value
