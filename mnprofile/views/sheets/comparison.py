"""A comparison of two networks: totals, what changed, why, and in which layers."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base import sheet
from mnprofile.base.sheet import Change, Column, Sheet, Value, plain
from mnprofile.costs.comparison.alignment import (
    DEPTHS,
    STATES,
    Comparison,
    Delta,
    Depth,
)
from mnprofile.costs.comparison.causes import explain_difference, range_text
from mnprofile.costs.comparison.sides import COMPARED, Quantity
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns, label

MARKDOWN_LINES = 60
_STORED = Column("stored_bytes", "Bytes", "delta")
_BYTES = (
    "Bytes are those of the parameters: of a model file as it stores them, with their"
    " scales; else 4 each. What types change stands under Quantised."
)
MOVED = tuple(Column(name, label(name), "delta") for name in COMPARED)
_DELTA = Column("delta", "B - A", "delta")
_SIDES = columns(
    Column("base", "A", "count"),
    Column("head", "B", "count"),
    _DELTA,
    "change",
)


def comparison_document(
    compared: Comparison, by: Depth, quantity: Quantity, top: int
) -> Document:
    """The totals, why they differ, the rows that differ, and the ``top`` layers."""
    title = f"{compared.base.label} -> {compared.head.label}"
    sheets = [
        replace(total_sheet(compared), title=title),
        explained_sheet(compared),
        _rows_sheet(compared, by, quantity),
    ]
    if top:
        sheets.append(causes_sheet(compared, quantity, top))
    return Document(
        "diff",
        sheets,
        every_quantity_sheet(compared, by),
        lambda: comparison_record(compared, top),
        lambda: fitted_markdown(sheets),
    )


def explained_sheet(compared: Comparison) -> Sheet:
    """Every cause of the difference; the columns add up to the difference itself."""
    causes = explain_difference(compared)
    before, after = compared.stored
    retyped = compared.is_retyped
    return Sheet.of(
        columns("cause what layers", *MOVED, *([_STORED] if retyped else [])),
        (
            {
                "cause": cause.name,
                "what": range_text(cause.details),
                "layers": cause.layers,
                **record_of(cause.moved, *COMPARED),
                "stored_bytes": cause.bytes,
            }
            for cause in causes
        ),
        {
            "cause": "total",
            "what": "",
            **{name: compared.total.moved(name) for name in COMPARED},
            "stored_bytes": after - before,
        },
        title=f"Why {compared.head.label} differs from {compared.base.label}",
        notes=(_BYTES,) if retyped else () if causes else ("Nothing differs.",),
    )


def fitted_markdown(sheets: Sequence[Sheet], whole: int = 1) -> str:
    """Markdown for a pull request, in at most MARKDOWN_LINES lines.

    The first ``whole`` sheets are kept as they are; the others share the lines that are
    left. Of a sheet that does not fit, the rows with the largest changes stay (column
    "delta", else between the smallest and the largest count), and a note tells how
    many are left out. The last sheets go where their headers would leave too little.
    """
    kept = list(sheets)
    while len(kept) > whole + 1 and _frames(kept) > MARKDOWN_LINES - 12:
        kept.pop()
    spare = MARKDOWN_LINES - _frames(kept)
    shares = dict.fromkeys(range(len(kept)), 0)
    # The short ones first: what they do not need is for the long ones.
    order = sorted(range(whole, len(kept)), key=lambda at: len(kept[at].rows))
    for place, at in enumerate((*range(min(whole, len(kept))), *order)):
        rows = len(kept[at].rows)
        shares[at] = rows if at < whole else min(rows, spare // (len(kept) - place))
        spare = max(spare - shares[at], 0)
    parts = [
        one if shares[at] == len(one.rows) else _largest(one, shares[at])
        for at, one in enumerate(kept)
    ]
    return "\n".join(map(sheet.to_markdown, parts))


def _frames(sheets: Sequence[Sheet]) -> int:
    """The lines of some sheets without their rows, each with a note of what is cut."""
    return sum(_lines(replace(one, rows=())) + 3 for one in sheets)


def _lines(one: Sheet) -> int:
    return sheet.to_markdown(one).count("\n")


def _largest(one: Sheet, most: int) -> Sheet:
    """The rows that changed most, in their order, and a note about the others."""
    keys = [column.key for column in one.columns]
    at = [index for index, column in enumerate(one.columns) if column.kind == "count"]

    def moved(row: int) -> int:
        cells = one.rows[row]
        if "delta" in keys:
            return abs(int(str(cells[keys.index("delta")] or 0)))
        values = [int(str(cells[index] or 0)) for index in at]
        return max(values, default=0) - min(values, default=0)

    order = sorted(range(len(one.rows)), key=moved, reverse=True)
    kept = tuple(one.rows[row] for row in sorted(order[:most]))
    left = len(one.rows) - len(kept)
    return replace(one, rows=kept).noted(f"{left} more rows, which changed less.")


def total_sheet(compared: Comparison) -> Sheet:
    """One row per quantity: its total before and after."""
    total = compared.total
    rows = [(_label(name), *_cells(total, name)) for name in COMPARED]
    if compared.is_retyped:
        before, after = compared.stored
        change = Change(before, after)
        rows.append(("bytes of params", before, after, after - before, change))
    return Sheet(columns("quantity", *_SIDES), tuple(rows))


def _label(quantity: Quantity) -> str:
    """A quantity as used within a sentence."""
    return label(quantity).lower()


def _cells(row: Delta, quantity: Quantity) -> tuple[Value, ...]:
    base, head = row.of(quantity)
    return (
        base if row.base is not None else None,
        head if row.head is not None else None,
        head - base,
        Change(base, head),
    )


def _rows_sheet(compared: Comparison, by: Depth, quantity: Quantity) -> Sheet:
    """One quantity by stage, block or layer; unchanged rows stay in the table."""
    rows = compared.rows(by)
    states = [row.state_by(quantity) for row in rows]
    told = ", ".join(
        f"{states.count(state)} {state}" for state in STATES if state in states
    )
    unit = by if len(rows) == 1 else f"{by}s"
    found = Sheet(
        columns("state stage", Column("name", by.capitalize()), *_SIDES),
        tuple(
            (state, row.stage, row.name, *_cells(row, quantity))
            for state, row in zip(states, rows, strict=True)
        ),
        ("total", "", "", *_cells(compared.total, quantity)),
        title=f"{label(quantity)} by {by}: {told} of {len(rows)} {unit}",
    )
    if by == "stage":
        return found.only("state stage base head delta change")
    # Names are long here, so the percentage is dropped on a terminal of 80 columns.
    return found.only("state stage name base head delta")


def causes_sheet(compared: Comparison, quantity: Quantity, top: int) -> Sheet:
    """The layers that changed most, and the rest in one row, so that it adds up."""
    causes = compared.causes(quantity, top)
    every = [row for row in compared.rows("layer") if row.moved(quantity)]
    moved = compared.total.moved(quantity)
    rows: list[tuple[Value, ...]] = [
        (row.state_by(quantity), row.stage, row.name, row.type, row.moved(quantity))
        for row in causes
    ]
    rest = len(every) - len(causes)
    if rest:
        left = moved - sum(row.moved(quantity) for row in causes)
        rows.append(("rest", "", f"{rest} other layers", "", left))
    return Sheet(
        columns("state stage name type", _DELTA),
        tuple(rows),
        ("total", "", "", "", moved),
        title=f"Layers that changed the {_label(quantity)} most",
        notes=() if rows else (f"No layer's {_label(quantity)} differ.",),
    )


def every_quantity_sheet(compared: Comparison, by: Depth) -> Sheet:
    """Every quantity before and after, one row per stage, block or layer."""
    return Sheet(
        columns(
            "state stage",
            Column("name", "Name"),
            "type row",
            *(
                column._replace(key=f"{name}_{column.key}")
                for name in COMPARED
                for column in _SIDES
            ),
        ),
        tuple(
            (
                row.state,
                row.stage,
                row.name,
                row.type,
                row.line,
                *(cell for name in COMPARED for cell in _cells(row, name)),
            )
            for row in compared.rows(by)
        ),
    )


def comparison_record(compared: Comparison, top: int) -> dict[str, Any]:
    """The JSON record of a comparison: every depth, and the causes.

    Bytes are null where the types of the parameters are the same or not known.
    """
    retyped = compared.is_retyped
    return {
        "base": compared.base.label,
        "head": compared.head.label,
        "totals": _quantities(compared.total),
        "stored_bytes": _stored(compared),
        "explained": [
            {
                "cause": cause.name,
                "details": list(cause.details),
                "layers": cause.layers,
                **record_of(cause.moved, *COMPARED),
                "bytes": cause.bytes if retyped else None,
            }
            for cause in explain_difference(compared)
        ],
        **{
            f"by_{depth}": [_delta_record(row) for row in compared.rows(depth)]
            for depth in DEPTHS
        },
        "causes": {
            name: [
                {"name": row.name, "state": row.state, "delta": row.moved(name)}
                for row in compared.causes(name, top)
            ]
            for name in COMPARED
        },
    }


def _stored(compared: Comparison) -> dict[str, int] | None:
    if not compared.is_retyped:
        return None
    before, after = compared.stored
    return {"base": before, "head": after}


def _delta_record(row: Delta) -> dict[str, Any]:
    return {
        **record_of(row, "state", "stage", "name"),
        "type": row.type or None,
        "row": row.line,
        **_quantities(row),
    }


def _quantities(row: Delta) -> dict[str, Any]:
    """The JSON record of each quantity before, after and between."""
    return {
        name: {
            column.key: plain(cell)
            for column, cell in zip(_SIDES, _cells(row, name), strict=True)
        }
        for name in COMPARED
    }
