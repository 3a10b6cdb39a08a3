"""The page of a comparison of two networks."""

from collections.abc import Sequence

from markupsafe import Markup

from mnprofile.base.units import change, short, signed
from mnprofile.costs.comparison import COMPARED, Comparison, Delta, Quantity
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element
from mnprofile.views.html.pages import Page, Section, render
from mnprofile.views.html.panels import Panel
from mnprofile.views.plots.bars import step_bar
from mnprofile.views.sheets.columns import DRAWN
from mnprofile.views.sheets.comparison import (
    causes_sheet,
    every_quantity_sheet,
    total_sheet,
)


def diff_page(compared: Comparison, quantity: Quantity, top: int) -> str:
    """A comparison as a page: totals, steps by stage, causes, and every block."""
    causes = causes_sheet(compared, quantity, top)
    states = [row.state for row in compared.rows("block")]
    panels = (
        Panel(
            "totals",
            "Totals",
            f"A is {compared.base.label}, B is {compared.head.label}.",
            html.table(total_sheet(compared), caption="Totals"),
        ),
        Panel(
            "stages",
            "By stage",
            "Bars to the right (orange) grew, bars to the left (blue) shrank; lengths"
            " are relative to the largest step.",
            element(
                "div",
                *(_steps(compared.stages, name) for name in COMPARED),
                class_="trio",
            ),
        ),
        Panel("causes", "Causes", causes.title + ".", html.table(causes)),
        Panel(
            "blocks",
            "Block by block",
            ", ".join(
                f"{states.count(state)} {state}" for state in dict.fromkeys(states)
            )
            + f" of {len(states)} blocks.",
            html.table(
                every_quantity_sheet(compared, "block"),
                caption="Blocks",
                class_="sortable",
            ),
        ),
    )
    title = f"{compared.base.label} → {compared.head.label}"
    return render(
        Page(title, _told(compared), (Section("diff", "Differences", panels),))
    )


def _told(compared: Comparison) -> str:
    """How the totals changed, in one sentence."""
    parts = []
    for name in COMPARED:
        base, head = compared.total.of(name)
        word = "unchanged" if base == head else change(base, head)
        parts.append(f"{DRAWN[name].lower()} {short(base)} → {short(head)} ({word})")
    return "From A to B: " + ", ".join(parts) + "."


def _steps(rows: Sequence[Delta], quantity: Quantity) -> Markup:
    """One table: one row per stage, its step as a bar and as a number."""
    most = max((abs(row.moved(quantity)) for row in rows), default=0)
    lines = []
    for row in rows:
        step, state = row.moved(quantity), row.state_by(quantity)
        bar = step_bar(step, most, f"{row.name} {state}: {signed(step)}")
        lines.append(html.bar_row(row.name, bar, signed(step), class_=state))
    return html.bar_table(DRAWN[quantity], ("Stage", "Step", "B - A"), lines)
