"""The page of the verdicts of a project's budgets."""

from mnprofile.base.units import change, short
from mnprofile.costs.budgets.baseline import NetworkCosts
from mnprofile.costs.budgets.evaluation import STATES, BudgetCheck
from mnprofile.networks import catalog
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import element
from mnprofile.views.html.pages import Page, Section, render
from mnprofile.views.html.panels import Panel
from mnprofile.views.sheets.budgets import stage_sheet, verdict_sentence, verdict_sheet
from mnprofile.views.sheets.columns import DRAWN, label


def budget_page(judgement: BudgetCheck) -> str:
    """The verdicts of a project's budgets, and what each network costs by stage."""
    sentence = verdict_sentence(judgement)
    worst = min(
        (verdict.state for verdict in judgement.verdicts),
        key=STATES.index,
        default="ok",
    )
    table = html.table(
        verdict_sheet(judgement.verdicts).filled(),
        caption="Verdicts",
        class_="sortable",
        row_classes=[verdict.state for verdict in judgement.verdicts],
        drawn={
            "network": lambda name: element("span", _shown(name)),
            "quantity": lambda key: element("span", DRAWN.get(key) or label(key)),
        },
    )
    panels = [Panel("limits", "Limits", "The worst come first.", table)]
    for index, (budget, networks) in enumerate(judgement.networks.items()):
        for number, network in enumerate(networks):
            before = (judgement.baseline or {}).get(budget, {}).get(network.network)
            panels.append(_network(f"b{index}-{number}", budget, network, before))
    section = Section("budgets", "Limits", tuple(panels))
    return render(Page("Budgets", sentence, (section,), verdict=worst))


def _shown(label: str) -> str:
    """A network as other pages name it: MobileNetV2 0.75/160."""
    name, at, spec = label.partition("@")
    if not at or catalog.entry_of(name) is None:
        return label
    return f"{catalog.load(name).title} {spec}"


def _network(
    key: str, budget: str, network: NetworkCosts, before: NetworkCosts | None
) -> Panel:
    """One network by stage, compared with the baseline if there is one."""
    total = network.total
    caption = f"{short(total.macs)} multiply-adds, {short(total.params)} parameters."
    if before is not None:
        moved = change(before.total.macs, total.macs)
        caption += f" Multiply-adds since the baseline: {moved}."
    title = f"{budget}: {_shown(network.label)}"
    stages = html.table(stage_sheet(network, before), caption=f"{title} by stage")
    return Panel(key, title, caption, stages)
