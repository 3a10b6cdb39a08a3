"""The panels of what proves the figures: a cross-check, and the published figures."""

from collections.abc import Sequence

from mnprofile.base.sheet import Column, Sheet, Value
from mnprofile.evidence.literature.reproduction import Reproduction, Verdict
from mnprofile.evidence.profilers.cross_check import Check
from mnprofile.views.html import tables as html
from mnprofile.views.html.markup import join
from mnprofile.views.html.panels import Network, Panel


def crosscheck_panel(checks: Sequence[tuple[Network, Check]]) -> Panel:
    """What each profiler printed for each network, and what is left unexplained."""
    rows: list[tuple[Value, ...]] = [
        (
            network.label,
            reading.name,
            reading.version,
            reading.total,
            reading.entry.total,
            reading.rest,
            reading.failure,
        )
        for network, checked in checks
        for reading in checked.readings
    ]
    problems: list[tuple[Value, ...]] = [
        (
            network.label,
            problem.layer,
            problem.line,
            problem.what,
            str(problem.ours),
            str(problem.theirs),
        )
        for network, checked in checks
        for problem in checked.problems
    ]
    agree = sum(checked.agrees for _, checked in checks)
    caption = (
        f"{agree} of {len(checks)} networks agree, layer by layer and in all, with"
        " profilers that ran them. A profiler's total is explained when the ledger's"
        " sum gives it to the last unit."
    )
    sheet = Sheet(
        (
            Column("network", "Network"),
            Column("profiler", "Profiler"),
            Column("version", "Version"),
            Column("total", "Prints", "count"),
            Column("explained", "Explained", "count"),
            Column("rest", "Left", "delta"),
            Column("failure", "Failure"),
        ),
        tuple(rows),
    )
    body = [html.table(sheet, caption="Profilers beside the ledger")]
    if problems:
        heads = (
            Column("network", "Network"),
            Column("layer", "Layer"),
            Column("row", "Line", "number"),
            Column("what", "Differs"),
            Column("ours", "Ours", "number"),
            Column("theirs", "Measured", "number"),
        )
        listed = Sheet(heads, tuple(problems))
        body.append(html.table(listed, caption="What differs"))
    return Panel("crosscheck", "Cross-check", caption, join(body))


def reproduction_panel(networks: Sequence[Network], done: Reproduction) -> Panel:
    """The published cost figures of the report's networks, and our verdicts."""
    titles = {network.spelling: network.title for network in networks}
    results = [one for one in done.results if one.figure.network in titles]
    tally = ", ".join(
        f"{sum(one.verdict is verdict for one in results)} {verdict}"
        for verdict in Verdict
        if any(one.verdict is verdict for one in results)
    )
    caption = f"{len(results)} published cost figures of these networks: {tally}."
    sheet = Sheet(
        (
            Column("network", "Network"),
            Column("source", "Source"),
            Column("table", "Table"),
            Column("model", "Model"),
            Column("quantity", "Quantity"),
            Column("printed", "Printed", "number"),
            Column("ours", "Ours", "number"),
            Column("verdict", "Verdict"),
            Column("reason", "Reason"),
        ),
        tuple(
            (
                titles[one.figure.network],
                one.figure.source,
                one.figure.table,
                one.figure.model,
                one.figure.quantity,
                one.figure.printed,
                one.ours,
                str(one.verdict),
                one.reason,
            )
            for one in results
        ),
    )
    drawn = html.table(sheet, caption="Published figures", class_="sortable")
    return Panel(
        "reproduction",
        "Published figures",
        caption,
        html.details("Show all figures", drawn),
    )
