"""Two to six networks beside each other: every row of the first, and what others add.

The first network is compared with each of the others. Rows that several of them add at
the same place under the same name are one row.
"""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import NamedTuple

from mnprofile.costs.comparison.alignment import Comparison, Delta, Depth
from mnprofile.costs.comparison.sides import Costs, Side

MAX_NETWORKS = 6
LETTERS = ascii_uppercase[:MAX_NETWORKS]


class Line(NamedTuple):
    """One stage, block or layer over all networks; None where a network lacks it."""

    stage: str
    name: str  # "block3 -> block4" where the networks name it differently
    type: str
    line: int | None  # of the table of the last network that has it
    costs: tuple[Costs | None, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.costs)) > 1


def sides_of(comparisons: Sequence[Comparison]) -> tuple[Side, ...]:
    """The networks: the one that all are compared with, then the others."""
    return (comparisons[0].base, *(one.head for one in comparisons))


def lines_of(comparisons: Sequence[Comparison], depth: Depth) -> tuple[Line, ...]:
    """The rows of all comparisons at one depth, merged, in network order."""
    found: dict[tuple[int, str, str], list[Delta | None]] = {}
    for index, compared in enumerate(comparisons):
        at = 0
        for row in compared.rows(depth):
            own = row.base is not None
            # Rows of the first network are the same in every comparison; between them
            # stand the rows that one of the others adds.
            key = (2 * at + 1, "", "") if own else (2 * at, row.stage, row.name)
            rows = found.setdefault(key, [None] * len(comparisons))
            rows[index] = row
            at += own
    ordered = sorted(found.items(), key=lambda item: item[0][0])
    return tuple(_line(rows) for _, rows in ordered)


def _line(rows: Sequence[Delta | None]) -> Line:
    known = [row for row in rows if row is not None]
    names = dict.fromkeys(row.name for row in known)
    plain = [name for name in names if " -> " not in name]
    moved = [name for name in names if name not in plain]
    return Line(
        stage=known[-1].stage,
        name="; ".join(moved or plain),
        type=known[-1].type,
        line=known[-1].line,
        costs=(known[0].base, *(row.head if row else None for row in rows)),
    )
