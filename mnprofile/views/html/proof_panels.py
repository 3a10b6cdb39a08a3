"""The panels that verify the figures: a cross-check, and the published figures."""

from collections.abc import Sequence
from dataclasses import replace

from mnprofile.base.sheet import Column
from mnprofile.evidence.literature.reproduction import Reproduction, Verdict
from mnprofile.evidence.profilers.cross_check import Check
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import join
from mnprofile.views.html.panels import Panel, ReportNetwork
from mnprofile.views.sheets.check import problem_sheet, reading_sheet
from mnprofile.views.sheets.reproduction import figure_sheet


def crosscheck_panel(checks: Sequence[tuple[ReportNetwork, Check]]) -> Panel:
    """What each profiler printed for each network, and what is left unexplained."""
    agree = sum(checked.agrees for _, checked in checks)
    caption = (
        f"{agree} of {len(checks)} networks agree, layer by layer and in total, with"
        " profilers that ran them. A profiler's total is explained if it is exactly the"
        " ledger's sum."
    )
    readings = reading_sheet((network.label, checked) for network, checked in checks)
    shown = readings.only(
        "network profiler version total ledger_total",
        Column("rest", "Left", "delta"),
        "failure",
    )
    body = [html.table(shown, caption="Profilers and the ledger")]
    problems = problem_sheet(
        (network.label, problem)
        for network, checked in checks
        for problem in checked.problems
    )
    if problems.rows:
        listed = problems.only(
            "network layer row",
            Column("what", "Differs"),
            Column("ours", "Ours", "number"),
            Column("measured", "Measured", "number"),
        )
        body.append(html.table(listed, caption="What differs"))
    return Panel("crosscheck", "Cross-check", caption, join(body))


def reproduction_panel(networks: Sequence[ReportNetwork], done: Reproduction) -> Panel:
    """The published cost figures of the report's networks, and our verdicts."""
    titles = {network.spelling: network.title for network in networks}
    results = [one for one in done.results if one.figure.network in titles]
    tally = ", ".join(
        f"{sum(one.verdict is verdict for one in results)} {verdict}"
        for verdict in Verdict
        if any(one.verdict is verdict for one in results)
    )
    caption = f"{len(results)} published cost figures of these networks: {tally}."
    sheet = figure_sheet(results).only(
        "network source table model quantity printed ours verdict",
        Column("reason", "Reason"),
    )
    titled = ((titles[str(name)], *cells) for name, *cells in sheet.rows)
    drawn = html.table(
        replace(sheet, rows=tuple(titled)),
        caption="Published figures",
        class_="sortable",
    )
    return Panel(
        "reproduction",
        "Published figures",
        caption,
        html.details("Show all figures", drawn),
    )
