"""Columns that tables of all styles may have: a row's name, its inputs, dilation."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from mnprofile.base.errors import nearest
from mnprofile.networks.notation.cells import RefusalError, Size, integer
from mnprofile.networks.notation.rows import ABOVE, INPUT, Row
from mnprofile.networks.notation.styles.style import RowCells

MAX_DILATION = 64
TAP = re.compile(r"s([0-9]{1,3})(\.expand)?|last")
_NAME = re.compile("[a-z][a-z0-9_]{0,30}")
_TAKEN = re.compile(  # names that layers without one get
    "(block|conv|pool|fc|join|shuffle)[0-9]+|stem|last_conv|pool|flatten|classifier"
)


class Label(NamedTuple):
    """What the columns say of one row."""

    name: str = ""
    sources: tuple[str, ...] = ()
    dilation: int = 1


class Labels:
    """Reads the labels of a table's rows, one after the other.

    ``sizes`` are what the rows above leave, by name. In a head, rows can also read taps
    of the backbone, whose sizes are not known.
    """

    def __init__(self, rows: Sequence[RowCells], image: Size, *, is_head: bool) -> None:
        self.is_head = is_head
        self.sizes = {ABOVE: image} if is_head else {ABOVE: image, INPUT: image}
        self.pooled: set[str] = set()
        names = (cells.by_header.get("name") for cells in rows)
        self.below = Counter(cell.text for cell in names if cell is not None)
        self.label = Label()

    def enter(self, cells: RowCells) -> tuple[Size, bool]:
        """The size that the next row reads, and whether it is of a pooled map.

        Raises TableError at a faulty label.
        """
        held = cells.by_header
        name = cells.read("name", _name) if "name" in held else ""
        if name in self.sizes:
            raise cells.fault("name", f'two rows are called "{name}"', "a new name")
        sources: tuple[str, ...] = ()
        if "from" in held:
            sources = tuple(one.strip() for one in held["from"].text.split(","))
            for one in sources:
                self._check_source(cells, one, name)
        dilation = cells.read("dilation", _dilation) if "dilation" in held else 1
        self.label = Label(name, sources, dilation)
        first = sources[0] if sources else ABOVE
        return self._size(first), first in self.pooled

    def leave(self, cells: RowCells, made: tuple[Row, ...]) -> tuple[Row, ...]:
        """The rows that were read from one line, with its label.

        The first of them reads the named rows, the last one has the name. Raises
        TableError for a row that reads another number of maps, or has no dilation.
        """
        label = self.label
        if not made:
            return made
        others = tuple(map(self._size, label.sources[1:]))
        rows = [replace(made[0], sources=label.sources, others=others), *made[1:]]
        _check_number(cells, rows[0])
        if rows[0].expands and rows[0].input.c is None:
            told = "an expansion of k channels: print how many the source has"
            raise cells.fault("input", told, "such as 16²×21")
        rows[-1] = replace(rows[-1], name=label.name)
        if label.dilation != 1:
            if not all(map(_dilates, rows)):
                raise cells.fault("dilation", "this operator has no dilation", "1 or -")
            value: dict[str, Any] = {"dilation": label.dilation}
            rows = [replace(row, **value) for row in rows]
        first = label.sources[0] if label.sources else ABOVE
        pooled = first in self.pooled or any(row.pools for row in rows)
        for key in {ABOVE, label.name or ABOVE}:
            self.sizes[key] = rows[-1].gives
            (self.pooled.add if pooled else self.pooled.discard)(key)
        return tuple(rows)

    def _size(self, source: str) -> Size:
        return self.sizes.get(source, Size(0, 0, None))  # that of a tap is not known

    def _check_source(self, cells: RowCells, one: str, name: str) -> None:
        """Refuse what is neither a row above nor, in a head, a tap of the backbone."""
        if one in self.sizes or (self.is_head and TAP.fullmatch(one)):
            return
        names = [key for key in self.sizes if key != ABOVE]
        taps = ("s8", "s16.expand", "last") if self.is_head else ()
        accepted = ", ".join((*names, *taps, "- (the row above)"))
        if one == name:
            raise cells.fault("from", f'"{one}" reads itself', accepted)
        if one in self.below:
            told = f'"{one}" stands below: a row reads rows above it, never in a circle'
            raise cells.fault("from", told, accepted)
        kind = "neither a row above nor a tap of the backbone"
        told = f'"{one}" is {kind if taps else "no row above"}'
        raise cells.fault("from", told, accepted, nearest(one, names))


def _check_number(cells: RowCells, row: Row) -> None:
    """Refuse another number of maps than the operator reads."""
    low, high = row.reads
    if low <= max(1, len(row.sources)) <= high:
        return
    number = str(low) if low == high else f"{low} to {high}"
    raise cells.fault(
        "from" if "from" in cells.by_header else next(iter(cells.by_header)),
        f"this operator reads {number} map{'s' if high > 1 else ''}",
        "the names of rows, with commas between them",
    )


def _dilates(row: Row) -> bool:
    return any(field.name == "dilation" for field in fields(row))


def _name(text: str) -> str:
    if text == "-":
        return ""
    if not _NAME.fullmatch(text) or TAP.fullmatch(text) or text == INPUT:
        raise RefusalError(
            f'"{text}" cannot name a row',
            accepted="small letters, digits and _, such as fuse1; or -",
        )
    if _TAKEN.fullmatch(text):
        raise RefusalError(
            f'"{text}" is what layers without a name are called',
            accepted="another name, such as fuse1; or -",
        )
    return text


def _dilation(text: str) -> int:
    return 1 if text == "-" else integer(text, "dilation", 1, MAX_DILATION)
