"""mnprofile diff A B: two networks, stage by stage."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from mnprofile.base.errors import UsageError
from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Change, Column, Sheet, Value
from mnprofile.cli.options import ArchType, network_of, output_options
from mnprofile.cli.output import chosen_format, emit, write
from mnprofile.costs.comparison import (
    DEPTHS,
    QUANTITIES,
    STATES,
    Comparison,
    Delta,
    Depth,
    Quantity,
    Side,
    compare,
    side_of_count,
    side_of_file,
)
from mnprofile.costs.counting import count
from mnprofile.networks.widths import IMPLS

LABELS = {"macs": "multiply-adds", "params": "params", "activations": "activations"}


@click.command("diff")
@click.argument("base", metavar="A", type=ArchType())
@click.argument("head", metavar="B", type=ArchType())
@click.option(
    "--by",
    type=click.Choice(DEPTHS),
    default="stage",
    show_default=True,
    help="What one line of the table is.",
)
@click.option(
    "--quantity",
    type=click.Choice(get_args(Quantity)),
    default="macs",
    show_default=True,
    help="What the table and the causes are about.",
)
@click.option(
    "--top",
    type=click.IntRange(0, 1000),
    default=5,
    show_default=True,
    help="How many of the layers that cause most are listed.",
)
@click.option("--t", type=float, multiple=True, help="Expansion factor.")
@click.option("--classes", type=int, multiple=True, help="Number of classes.")
@click.option(
    "--impl", type=click.Choice(IMPLS), multiple=True, help="Width-multiplier rules."
)
@output_options("html")
def command(
    base: str,
    head: str,
    by: Depth,
    quantity: Quantity,
    top: int,
    format_: str | None,
    output: Path | None,
    **given: tuple[Any, ...],
) -> None:
    """Compare two networks: what was added and removed, what grew and shrank.

    A and B are tables, configurations (v2@0.75/160) or JSON files that
    mnprofile count wrote earlier. Stages are matched by their stride, blocks
    within a stage in order, layers by their part in the block. In CSV and JSON
    a row grew or shrank by the first of macs, params, activations that differs.

    --t, --classes and --impl hold for both sides; given twice, the first is
    A's and the second B's.

    \b
    Examples:
      mnprofile diff v1@1.0/224 v2@1.0/224
      mnprofile diff v3-large@0.75 v3-large@0.75 --impl paper --impl torchvision
      mnprofile diff before.json my_table.md --by block -o diff.html
    """
    for name, values in given.items():
        if len(values) > 2:
            raise UsageError(f"--{name}: given {len(values)} times, once or twice will")
    compared = compare(
        *(
            _side(arch, {name: _pick(values, at) for name, values in given.items()})
            for at, arch in enumerate((base, head))
        )
    )
    kind = chosen_format(format_, output, {".html": "html"})
    if kind == "html":
        from mnprofile.views.html.budget_page import (
            diff_page,  # Jinja2 is loaded for a page only
        )

        total, _, *causes = sheets(compared, by, quantity, top or 1)
        write(
            diff_page(compared, total, causes[0], _csv_sheet(compared, "block")), output
        )
        return
    emit(
        kind,
        output,
        sheets=sheets(compared, by, quantity, top),
        csv=_csv_sheet(compared, by),
        record=lambda: envelope("diff", diff_record(compared, top)),
    )


def _pick(values: tuple[Any, ...], at: int) -> Any:
    return values[min(at, len(values) - 1)] if values else None


def _side(arch: str, given: dict[str, Any]) -> Side:
    """One side: a count file, or a table and its configuration."""
    if arch.lower().endswith(".json"):
        return side_of_file(Path(arch))
    _, graph = network_of(arch, **{**given, "impl": given["impl"] or "paper"})
    label = side_of_count(count(graph))
    extra = [f"{name} {value}" for name, value in given.items() if value is not None]
    extra = [text for text in extra if not text.startswith("t ")]
    return replace(label, label=", ".join([label.label, *extra]))


def sheets(
    compared: Comparison, by: Depth, quantity: Quantity, top: int
) -> list[Sheet]:
    """What a person reads: the totals, the rows that differ, and what caused it."""
    title = f"{compared.base.label} -> {compared.head.label}"
    return [
        replace(_total_sheet(compared), title=title),
        _rows_sheet(compared, by, quantity),
        *([_causes_sheet(compared, quantity, top)] if top else []),
    ]


def _total_sheet(compared: Comparison) -> Sheet:
    total = compared.total
    return Sheet(
        (
            Column("quantity", "Quantity"),
            Column("base", "A", "count"),
            Column("head", "B", "count"),
            Column("delta", "B - A", "delta"),
            Column("change", "Change", "share"),
        ),
        tuple((LABELS[name], *_cells(total, name)) for name in QUANTITIES),
    )


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
    sheet = Sheet(
        (
            Column("state", "State"),
            Column("stage", "Stage"),
            Column("name", by.capitalize()),
            Column("base", "A", "count"),
            Column("head", "B", "count"),
            Column("delta", "B - A", "delta"),
            Column("change", "Change", "share"),
        ),
        tuple(
            (state, row.stage, row.name, *_cells(row, quantity))
            for state, row in zip(states, rows, strict=True)
        ),
        ("total", "", "", *_cells(compared.total, quantity)),
        title=f"{LABELS[quantity].capitalize()} by {by}: {told} of {len(rows)} {unit}",
    )
    if by == "stage":
        return sheet.only("state", "stage", "base", "head", "delta", "change")
    # Names are long here: the percentage gives way on a terminal of 80 columns.
    return sheet.only("state", "stage", "name", "base", "head", "delta")


def _causes_sheet(compared: Comparison, quantity: Quantity, top: int) -> Sheet:
    """The layers that moved most, and the rest in one line, so that it adds up."""
    causes = compared.causes(quantity, top)
    every = [row for row in compared.rows("layer") if row.moved(quantity)]
    moved = compared.total.moved(quantity)
    rows: list[tuple[Value, ...]] = [
        (
            row.state_by(quantity),
            row.stage,
            row.name,
            row.type,
            row.moved(quantity),
        )
        for row in causes
    ]
    rest = len(every) - len(causes)
    if rest:
        left = moved - sum(row.moved(quantity) for row in causes)
        rows.append(("rest", "", f"{rest} other layers", "", left))
    return Sheet(
        (
            Column("state", "State"),
            Column("stage", "Stage"),
            Column("name", "Layer"),
            Column("type", "Type"),
            Column("delta", "B - A", "delta"),
        ),
        tuple(rows),
        ("total", "", "", "", moved),
        title=f"What moved the {LABELS[quantity]} most",
        notes=() if rows else (f"No layer's {LABELS[quantity]} differ.",),
    )


def _csv_sheet(compared: Comparison, by: Depth) -> Sheet:
    """Every quantity before and after, one row a stage, block or layer."""
    columns = [
        Column("state", "State"),
        Column("stage", "Stage"),
        Column("name", "Name"),
        Column("type", "Type"),
        Column("row", "Line", "number"),
    ]
    for name in QUANTITIES:
        columns += [
            Column(f"{name}_base", "A", "count"),
            Column(f"{name}_head", "B", "count"),
            Column(f"{name}_delta", "B - A", "delta"),
            Column(f"{name}_change", "Change", "share"),
        ]
    return Sheet(
        tuple(columns),
        tuple(
            (
                row.state,
                row.stage,
                row.name,
                row.type,
                row.line,
                *(cell for name in QUANTITIES for cell in _cells(row, name)),
            )
            for row in compared.rows(by)
        ),
    )


def diff_record(compared: Comparison, top: int) -> dict[str, Any]:
    """A comparison as JSON has it: every depth, and the causes."""
    return {
        "base": compared.base.label,
        "head": compared.head.label,
        "totals": _quantities(compared.total),
        **{
            f"by_{depth}": [_delta_record(row) for row in compared.rows(depth)]
            for depth in DEPTHS
        },
        "causes": {
            name: [
                {"name": row.name, "state": row.state, "delta": row.moved(name)}
                for row in compared.causes(name, top)
            ]
            for name in QUANTITIES
        },
    }


def _delta_record(row: Delta) -> dict[str, Any]:
    return {
        "state": row.state,
        "stage": row.stage,
        "name": row.name,
        "type": row.type or None,
        "row": row.line,
        **_quantities(row),
    }


def _quantities(row: Delta) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in QUANTITIES:
        base, head = row.of(name)
        found[name] = {
            "base": base if row.base is not None else None,
            "head": head if row.head is not None else None,
            "delta": head - base,
            "change": (head - base) / base if base else None,
        }
    return found
