"""The page of a comparison of two to six networks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from mnprofile.base.sheet import Column, Sheet
from mnprofile.base.units import change, grouped, short, signed
from mnprofile.costs.comparison.alignment import STATES, Comparison, Delta, Depth
from mnprofile.costs.comparison.several import LETTERS, Line, lines_of, sides_of
from mnprofile.costs.comparison.sides import COMPARED, Costs, Quantity
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element, legend_list, square
from mnprofile.views.html.pages import Page, Section, render
from mnprofile.views.html.panels import Panel
from mnprofile.views.plots.bars import Segment, bars, figures_text, step_bar
from mnprofile.views.sheets.columns import DRAWN
from mnprofile.views.sheets.comparison import causes_sheet, explained_sheet
from mnprofile.views.sheets.comparison_several import row_sheet, totals_sheet


def diff_page(
    comparisons: Sequence[Comparison], by: Depth, quantity: Quantity, top: int
) -> str:
    """A comparison as a page: totals, causes, every layer as bars, every row."""
    sides = sides_of(comparisons)
    totals = html.table(totals_sheet(comparisons), caption="Totals")
    panels = [Panel("totals", "Totals", _told(comparisons), totals)]
    panels += [_explained(one, index) for index, one in enumerate(comparisons, 1)]
    panels += [
        _layers(comparisons, by),
        *(_stages(one, index) for index, one in enumerate(comparisons, 1)),
        _rows(comparisons, by),
        *(_largest(one, i, quantity, top) for i, one in enumerate(comparisons, 1)),
    ]
    title = " → ".join(side.shown for side in sides)
    section = Section("diff", "Differences", tuple(panels))
    scripts = ("tables.mjs", "hints.mjs")
    return render(Page(title, _lead(comparisons), (section,), scripts))


def _lead(comparisons: Sequence[Comparison]) -> str:
    """How the totals changed; of several networks that each is compared with A."""
    if len(comparisons) > 1:
        first = comparisons[0].base.shown
        return f"{len(comparisons)} networks, each compared with A, {first}."
    parts = []
    for name in COMPARED:
        base, head = comparisons[0].total.of(name)
        word = "unchanged" if base == head else change(base, head)
        label = DRAWN[name].lower()
        parts.append(f"{label} {short(base)} → {short(head)} ({word})")
    return "From A to B: " + ", ".join(parts) + "."


def _told(comparisons: Sequence[Comparison]) -> str:
    """Which letter is which network."""
    named = [
        f"{letter} is {side.shown}"
        for letter, side in zip(LETTERS, sides_of(comparisons), strict=False)
    ]
    return ", ".join(named[:-1]) + f" and {named[-1]}."


def _explained(compared: Comparison, index: int) -> Panel:
    """Every cause of one difference, in a table that adds up."""
    letter = LETTERS[index]
    sheet = explained_sheet(compared)
    caption = "Nothing differs."
    if sheet.rows:
        first = sheet.rows[0]
        caption = (
            f"The causes add up to the difference. Most important: {first[0]}"
            f"{f' ({first[1]})' if first[1] else ''}."
        )
    stored = [one for one in sheet.columns if one.key == "stored_bytes"]
    shown = sheet.only("cause", *_MOVED, *stored, "layers what")
    table = _table(shown, caption=f"Causes, from A to {letter}")
    return Panel(f"why-{index}", f"Why {letter} differs from A", caption, table)


# The figures come before the words: they are what a phone has room for.
_MOVED = tuple(Column(name, label, "delta") for name, label in DRAWN.items())


def _layers(comparisons: Sequence[Comparison], by: Depth) -> Panel:
    """A group of bars for each layer, one bar per network; each leads to its row."""
    lines = lines_of(comparisons, "layer")
    letters = LETTERS[: len(comparisons) + 1]
    differing = sum(line.differs for line in lines)
    plots = []
    for name, label in DRAWN.items():
        groups = [
            _bars(line, name, letters, f"row{at}" if by == "layer" else None)
            for at, line in enumerate(lines)
        ]
        most = max((one.value for group in groups for one in group), default=0)
        peak = f"{label}, up to {grouped(most)} per layer"
        plots.append(element("p", peak, class_="axis-title"))
        told = f"{label} of each layer and network"
        frame = {"class_": "scroll", "tabindex": "0", "role": "region"}
        drawn = bars(groups, told, 96)
        plots.append(element("div", drawn, aria_label=told, **frame))
    key = legend_list(
        (square(f"n-{letter.lower()}"), f"{letter}: {side.shown}")
        for letter, side in zip(letters, sides_of(comparisons), strict=True)
    )
    return Panel(
        "layers",
        "Layer by layer",
        f"{differing} of {len(lines)} layers differ. Layers run from left to right;"
        " each has one bar per network.",
        element("figure", key, *plots),
    )


def _bars(line: Line, quantity: str, letters: str, row: str | None) -> list[Segment]:
    named = f"{line.stage} {_arrows(line.name)} ({line.type})"
    return [
        Segment(
            f"n-{letter.lower()}",
            getattr(costs or Costs(), quantity),
            f"{letter}: {named}: {figures_text(costs) if costs else 'no such layer'}",
            row,
        )
        for letter, costs in zip(letters, line.costs, strict=True)
    ]


def _stages(compared: Comparison, index: int) -> Panel:
    letter = LETTERS[index]
    return Panel(
        f"stages-{index}",
        f"By stage, from A to {letter}",
        "Bars to the right (orange) grew, bars to the left (blue) shrank; lengths"
        " are relative to the largest step.",
        element(
            "div",
            *(_steps(compared.stages, name, letter) for name in COMPARED),
            class_="trio",
        ),
    )


def _steps(rows: Sequence[Delta], quantity: Quantity, letter: str) -> Markup:
    """One table: one row per stage, its step as a bar and as a number."""
    most = max((abs(row.moved(quantity)) for row in rows), default=0)
    lines = []
    for row in rows:
        step, state = row.moved(quantity), row.state_by(quantity)
        bar = step_bar(step, most, f"{row.name} {state}: {signed(step)}")
        lines.append(html.bar_row(row.name, bar, signed(step), class_=state))
    heads = ("Stage", "Step", f"{letter} - A")
    return html.bar_table(DRAWN[quantity], heads, lines)


def _rows(comparisons: Sequence[Comparison], by: Depth) -> Panel:
    """Every stage, block or layer, the columns grouped by quantity."""
    lines = lines_of(comparisons, by)
    sheet, groups = row_sheet(comparisons, lines, by)
    caption = f"{sum(line.differs for line in lines)} of {len(lines)} {by}s differ."
    if len(comparisons) == 1:
        states = [row.state for row in comparisons[0].rows(by)]
        told = [f"{states.count(one)} {one}" for one in STATES if one in states]
        caption = f"{', '.join(told)} of {len(states)} {by}s."
    table = _table(
        sheet,
        caption=f"{by.capitalize()}s",
        class_="sortable",
        groups=groups,
        row_ids=[f"row{at}" for at in range(len(lines))],
    )
    return Panel("rows", f"All {by}s", caption, table)


def _largest(compared: Comparison, index: int, quantity: Quantity, top: int) -> Panel:
    """The layers that changed most."""
    sheet = causes_sheet(compared, quantity, top)
    shown = sheet.only(
        "state stage name type", Column("delta", f"{LETTERS[index]} - A", "delta")
    )
    title = f"Largest changes, from A to {LETTERS[index]}"
    return Panel(
        f"largest-{index}", title, f"{sheet.title}.", _table(shown, caption=title)
    )


def _table(sheet: Sheet, **more: Any) -> Markup:
    """A table whose names of two sides, "block3 -> block4", have an arrow."""
    rows = (
        tuple(_arrows(one) if isinstance(one, str) else one for one in row)
        for row in sheet.rows
    )
    return html.table(replace(sheet, rows=tuple(rows)), **more)


def _arrows(name: str) -> str:
    return name.replace(" -> ", " → ")
