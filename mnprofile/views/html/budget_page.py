"""Pages of the gate commands: a comparison, and the verdicts of a project's budgets."""

from collections.abc import Sequence

from markupsafe import Markup

from mnprofile.base.sheet import Change, Column, Sheet, Value
from mnprofile.base.units import change, short, signed
from mnprofile.costs.budgets.baseline import NetworkCosts
from mnprofile.costs.budgets.evaluation import STATES, BudgetCheck
from mnprofile.costs.comparison import QUANTITIES, Comparison, Costs, Delta, Quantity
from mnprofile.views.github import verdict_sentence, verdict_sheet
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.pages import Page, Section, render
from mnprofile.views.html.panels import QUANTITIES as LABELS
from mnprofile.views.html.panels import Panel
from mnprofile.views.plots.bars import step_bar


def diff_page(compared: Comparison, total: Sheet, causes: Sheet, blocks: Sheet) -> str:
    """A comparison as a page: totals, steps by stage, causes, and every block."""
    states = [row.state for row in compared.rows("block")]
    panels = (
        Panel(
            "totals",
            "Totals",
            f"A is {compared.base.label}, B is {compared.head.label}.",
            html.table(total, caption="Totals"),
        ),
        Panel(
            "stages",
            "By stage",
            "Bars to the right grew (orange), bars to the left shrank (blue); each is"
            " as long as its part of the largest step.",
            element(
                "div",
                *(_steps(compared.stages, name) for name in QUANTITIES),
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
            html.table(blocks, caption="Blocks", class_="sortable"),
        ),
    )
    title = f"{compared.base.label} → {compared.head.label}"
    return render(
        Page(title, _told(compared), (Section("diff", "Differences", panels),))
    )


def _told(compared: Comparison) -> str:
    """What the totals did, in one sentence."""
    parts = []
    for name in QUANTITIES:
        base, head = compared.total.of(name)
        word = "unchanged" if base == head else change(base, head)
        parts.append(f"{LABELS[name].lower()} {short(base)} → {short(head)} ({word})")
    return "From A to B: " + ", ".join(parts) + "."


def _steps(rows: Sequence[Delta], quantity: Quantity) -> Markup:
    """One table: a stage a row, its step as a bar and as a number."""
    most = max((abs(row.moved(quantity)) for row in rows), default=0)
    lines = []
    for row in rows:
        step, state = row.moved(quantity), row.state_by(quantity)
        lines.append(
            element(
                "tr",
                element("th", row.name, scope="row"),
                element(
                    "td",
                    step_bar(step, most, f"{row.name} {state}: {signed(step)}"),
                    class_="draw",
                ),
                element("td", signed(step), class_=f"n {state}"),
            )
        )
    heads = element(
        "tr",
        element("th", "Stage", scope="col"),
        element("th", "Step", scope="col"),
        element("th", "B - A", scope="col", class_="n"),
    )
    return element(
        "table",
        element("caption", LABELS[quantity]),
        element("thead", heads),
        element("tbody", join(lines)),
        class_="bars",
    )


def budget_page(judgement: BudgetCheck) -> str:
    """The verdicts of a project's budgets, and what each network costs by stage."""
    sentence = verdict_sentence(judgement)
    worst = min(
        (verdict.state for verdict in judgement.verdicts),
        key=STATES.index,
        default="ok",
    )
    table = html.table(
        verdict_sheet(judgement.verdicts),
        caption="Limits, the worst first",
        class_="sortable",
        row_classes=[verdict.state for verdict in judgement.verdicts],
    )
    panels = [Panel("limits", "Limits", sentence, table)]
    for index, (budget, networks) in enumerate(judgement.networks.items()):
        for number, network in enumerate(networks):
            before = (judgement.baseline or {}).get(budget, {}).get(network.network)
            panels.append(_network(f"b{index}-{number}", budget, network, before))
    section = Section("budgets", "Budgets", tuple(panels))
    return render(Page("Budgets", sentence, (section,), verdict=worst))


def _network(
    key: str, budget: str, network: NetworkCosts, before: NetworkCosts | None
) -> Panel:
    """One network by stage; beside the baseline where there is one."""
    heads = [Column("stage", "Stage")]
    for name in QUANTITIES:
        heads.append(Column(name, LABELS[name], "count"))
        if before is not None:
            heads.append(Column(f"{name}_delta", "Since baseline", "delta"))
            heads.append(Column(f"{name}_change", "Change", "share"))

    def cells(name: str, now: Costs, then: Costs | None) -> tuple[Value, ...]:
        row: list[Value] = [name]
        for quantity in QUANTITIES:
            value = getattr(now, quantity)
            row.append(value)
            if before is not None:
                base = getattr(then or Costs(), quantity)
                row += [value - base, Change(base, value)]
        return tuple(row)

    then = before.stages if before else {}
    sheet = Sheet(
        tuple(heads),
        tuple(
            cells(stage, network.stages.get(stage, Costs()), then.get(stage))
            for stage in dict.fromkeys((*network.stages, *then))
        ),
        cells("total", network.total, before.total if before else None),
    )
    total = network.total
    caption = f"{short(total.macs)} multiply-adds, {short(total.params)} parameters."
    if before is not None:
        moved = change(before.total.macs, total.macs)
        caption += f" Multiply-adds since the baseline: {moved}."
    title = f"{budget}: {network.label}"
    return Panel(key, title, caption, html.table(sheet, caption=f"{title} by stage"))
