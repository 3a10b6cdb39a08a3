"""Three to six networks beside the first one, in the forms of a comparison of two."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base.sheet import Change, Column, Sheet, Value
from mnprofile.costs.comparison.alignment import Comparison, Depth
from mnprofile.costs.comparison.several import LETTERS, Line, lines_of, sides_of
from mnprofile.costs.comparison.sides import COMPARED, Quantity
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import DRAWN, columns, label
from mnprofile.views.sheets.comparison import (
    MOVED,
    causes_sheet,
    comparison_document,
    comparison_record,
    explained_sheet,
    fitted_markdown,
)


def several_document(
    comparisons: Sequence[Comparison], by: Depth, quantity: Quantity, top: int
) -> Document:
    """The networks' totals, the rows that differ, and why each differs from A."""
    if len(comparisons) == 1:
        return comparison_document(comparisons[0], by, quantity, top)
    lines = lines_of(comparisons, by)
    sheets = [
        totals_sheet(comparisons),
        *(explained_sheet(one) for one in comparisons),
        _rows_sheet(comparisons, lines, by, quantity),
    ]
    short = [sheets[0], merged_sheet(comparisons), sheets[-1]]
    if top:
        sheets += [_titled(one, quantity, top) for one in comparisons]
    return Document(
        "diff",
        sheets,
        lines_sheet(lines, len(comparisons) + 1),
        lambda: _record(comparisons, top),
        lambda: fitted_markdown(short, whole=2),
    )


def merged_sheet(comparisons: Sequence[Comparison]) -> Sheet:
    """Why each network differs from A in one table, the smaller causes summed up.

    The rows of a network, without that of its total, add up to its total.
    """
    most = 12 // len(comparisons) + 1
    rows: list[tuple[Value, ...]] = []
    for letter, compared in zip(LETTERS[1:], comparisons, strict=False):
        found = explained_sheet(compared).only(*_CAUSE, *COMPARED)
        shown, rest = found.rows[:most], found.rows[most:]
        rows += [(letter, *row) for row in shown]
        if rest:
            sums = (sum(int(str(row[at])) for row in rest) for at in _SUMMED)
            rows.append((letter, f"{len(rest)} other causes", "", *sums))
        if found.total is not None:
            rows.append((letter, *found.total))
    return Sheet(
        columns(
            Column("network", "To"),
            "cause what",
            *MOVED,
        ),
        tuple(rows),
        title="Why each network differs from A",
    )


_CAUSE = ("cause", "what")
_SUMMED = range(len(_CAUSE), len(_CAUSE) + len(COMPARED))


def totals_sheet(comparisons: Sequence[Comparison]) -> Sheet:
    """One row per network: each total, and its change from that of A."""
    base = comparisons[0].total.base
    rows: list[tuple[Value, ...]] = []
    for index, side in enumerate(sides_of(comparisons)):
        costs = comparisons[index - 1].total.head if index else base
        row: list[Value] = [f"{LETTERS[index]}: {side.shown}"]
        for name in COMPARED:
            before, after = getattr(base, name), getattr(costs, name)
            row += [after, Change(before, after) if index else None]
        rows.append(tuple(row))
    return Sheet(
        columns(
            "network",
            *(
                one
                for name in COMPARED
                for one in (
                    Column(name, label(name), "count"),
                    Column(f"{name}_change", "From A", "share"),
                )
            ),
        ),
        tuple(rows),
        title=f"{len(rows)} networks",
    )


def _rows_sheet(
    comparisons: Sequence[Comparison],
    lines: Sequence[Line],
    by: Depth,
    quantity: Quantity,
) -> Sheet:
    """One quantity by stage, block or layer, one column per network."""
    letters = LETTERS[: len(comparisons) + 1]
    differing = sum(line.differs for line in lines)
    total = (comparisons[0].total.base, *(one.total.head for one in comparisons))
    found = Sheet(
        columns(
            "stage",
            Column("name", by.capitalize()),
            *(Column(letter, letter, "count") for letter in letters),
        ),
        tuple(
            (line.stage, line.name, *(_cost(one, quantity) for one in line.costs))
            for line in lines
        ),
        ("total", "", *(_cost(one, quantity) for one in total)),
        title=f"{label(quantity)} by {by}: {differing} of {len(lines)} differ",
    )
    return found.only("stage", *letters) if by == "stage" else found


def _cost(costs: object, quantity: Quantity) -> int | None:
    return None if costs is None else int(getattr(costs, quantity))


def _titled(compared: Comparison, quantity: Quantity, top: int) -> Sheet:
    found = causes_sheet(compared, quantity, top)
    return replace(found, title=f"{found.title}: {compared.head.label}")


def lines_sheet(lines: Sequence[Line], count: int) -> Sheet:
    """Every quantity of every network, one row per stage, block or layer."""
    letters = LETTERS[:count]
    return Sheet(
        columns(
            "stage",
            Column("name", "Name"),
            "type row",
            *(
                Column(f"{name}_{letter.lower()}", letter, "count")
                for name in COMPARED
                for letter in letters
            ),
        ),
        tuple(
            (
                line.stage,
                line.name,
                line.type,
                line.line,
                *(_cost(one, name) for name in COMPARED for one in line.costs),
            )
            for line in lines
        ),
    )


def row_sheet(
    comparisons: Sequence[Comparison], lines: Sequence[Line], by: Depth
) -> tuple[Sheet, list[tuple[str, int]]]:
    """The rows, and the headers above groups of columns; no column is empty."""
    letters = LETTERS[: len(comparisons) + 1]
    states: list[str] = [""] * len(lines)
    if len(comparisons) == 1:
        states = [row.state for row in comparisons[0].rows(by)]
    names = ["" if by == "stage" else line.name for line in lines]
    lead = Sheet(
        columns(Column("name", by.capitalize()), "stage state type row"),
        tuple(
            (name, line.stage, state, line.type, line.line)
            for name, line, state in zip(names, lines, states, strict=True)
        ),
    ).filled()
    wide = 2 * len(comparisons) + 1
    cells = (
        [cell for name in COMPARED for cell in _cells(line, name)] for line in lines
    )
    heads = [
        Column(f"{name}_{one.key}", one.label, one.kind)
        for name in COMPARED
        for one in _heads(letters)
    ]
    groups = [("", len(lead.columns)), *((DRAWN[name], wide) for name in COMPARED)]
    return lead.beside(heads, cells), groups


def _heads(letters: str) -> list[Column]:
    """A, B, the change from A to B, C, ..."""
    found = [Column("a", "A", "count")]
    for letter in letters[1:]:
        found.append(Column(letter.lower(), letter, "count"))
        found.append(Column(f"{letter.lower()}_change", f"A to {letter}", "share"))
    return found


def _cells(line: Line, quantity: Quantity) -> list[Value]:
    """The cells of one quantity; a network without the row has an empty one."""
    base, *heads = (
        None if costs is None else int(getattr(costs, quantity)) for costs in line.costs
    )
    cells: list[Value] = [base]
    for head in heads:
        is_absent = base is None and head is None
        cells += [head, None if is_absent else Change(base or 0, head or 0)]
    return cells


def _record(comparisons: Sequence[Comparison], top: int) -> dict[str, Any]:
    """The networks, and the record of the comparison of each with the first."""
    return {
        "networks": [side.label for side in sides_of(comparisons)],
        "comparisons": [comparison_record(one, top) for one in comparisons],
    }
