"""The verdicts of a project's budgets, and what its networks cost by stage."""

from collections.abc import Sequence
from typing import Any

from mnprofile.base.sheet import Change, Column, Share, Sheet, Value
from mnprofile.costs.budgets.baseline import NetworkCosts
from mnprofile.costs.budgets.evaluation import BudgetCheck, LimitCheck
from mnprofile.costs.comparison.sides import COMPARED, Costs
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns, drawn

WORDS = {"over": "over budget", "unmeasured": "not measured", "ok": "within budget"}


def budgets_document(judgement: BudgetCheck) -> Document:
    """Every limit and its verdict, worst first."""
    sheet = verdict_sheet(judgement.verdicts)
    many = any(len(networks) > 1 for networks in judgement.networks.values())
    named = ("budget", "network") if many else ("budget",)
    shown = ("verdict", *named, "quantity", "measured", "limit", "headroom")
    notes = (*dict.fromkeys(_notes(judgement)), verdict_sentence(judgement))
    return Document(
        "ci",
        [sheet.only(*shown).noted(*notes)],
        sheet,
        lambda: _record(judgement),
    )


def verdict_sentence(judgement: BudgetCheck) -> str:
    """The outcome in one sentence."""
    states = [verdict.state for verdict in judgement.verdicts]
    limits = f"{len(states)} limit{'' if len(states) == 1 else 's'}"
    told = ", ".join(
        f"{states.count(state)} {word}"
        for state, word in WORDS.items()
        if state in states
    )
    outcome = {0: "Passed", 1: "Failed", 3: "Incomplete"}[judgement.exit_code]
    return f"{outcome}: {limits} checked, {told}."


def verdict_sheet(verdicts: Sequence[LimitCheck]) -> Sheet:
    """One row per limit, in the order given."""
    return Sheet.of(
        columns(
            "verdict budget network",
            Column("rule", "Limit set by"),
            "quantity measured limit headroom used baseline line note",
        ),
        map(_cells, verdicts),
    )


def _cells(verdict: LimitCheck) -> dict[str, Any]:
    measured, limit = verdict.measured, verdict.limit
    record = _verdict_record(verdict)
    record |= {"verdict": verdict.state, "note": note_of(verdict)}
    if measured is not None and limit is not None:
        record["headroom"] = limit - measured
        record["used"] = Share(measured, limit) if limit else None
    return record


def note_of(verdict: LimitCheck) -> str:
    """What no column holds: the reason, and the budget's own message."""
    message = verdict.budget.message if verdict.state != "ok" else ""
    return "; ".join(filter(None, (verdict.reason, message)))


def _notes(judgement: BudgetCheck) -> list[str]:
    """What the row of a failed limit has no room for."""
    return [
        f"{verdict.budget.name}, {verdict.label}: {note_of(verdict)}"
        for verdict in judgement.verdicts
        if verdict.state != "ok" and note_of(verdict)
    ]


def _record(judgement: BudgetCheck) -> dict[str, Any]:
    """The JSON record of the verdicts, worst first."""
    return {
        "exit_code": judgement.exit_code,
        "verdicts": [_verdict_record(verdict) for verdict in judgement.verdicts],
    }


def _verdict_record(verdict: LimitCheck) -> dict[str, Any]:
    return {
        "state": verdict.state,
        "budget": verdict.budget.name,
        "network": verdict.label,
        **record_of(verdict, "rule", "quantity", "measured", "limit"),
        "baseline": verdict.base,
        "line": verdict.line,
        "note": verdict.reason or None,
        "message": verdict.budget.message or None,
    }


def change_sheet(judgement: BudgetCheck) -> Sheet:
    """What changed since the baseline: one row per network and quantity that did."""
    rows: list[tuple[Value, ...]] = []
    for name, networks in judgement.networks.items():
        old = (judgement.baseline or {}).get(name, {})
        for network in networks:
            before = old.get(network.network)
            for quantity in COMPARED:
                now = getattr(network.total, quantity)
                then = getattr(before.total, quantity) if before else 0
                if now != then:
                    step = (then, now, now - then, Change(then, now))
                    rows.append((name, network.label, quantity, *step))
    heads = columns(
        "budget network quantity baseline",
        Column("measured", "Now", "count"),
        Column("delta", "Change", "delta"),
        Column("change", "Share", "share"),
    )
    note = () if rows else ("Nothing changed.",)
    return Sheet(heads, tuple(rows), title="Since the baseline", notes=note)


# --- one network ---------------------------------------------------------------------


def stage_sheet(network: NetworkCosts, before: NetworkCosts | None) -> Sheet:
    """One row per stage, with the change since the baseline if there is one."""
    heads = [*columns("stage")]
    for column in drawn(*COMPARED):
        heads.append(column)
        if before is not None:
            key = column.key
            heads.append(Column(f"{key}_delta", "Since baseline", "delta"))
            heads.append(Column(f"{key}_change", "Change", "share"))
    then = before.stages if before else {}
    return Sheet.of(
        heads,
        (
            _stage_cells(name, network.stages.get(name, Costs()), then.get(name))
            for name in dict.fromkeys((*network.stages, *then))
        ),
        _stage_cells("total", network.total, before.total if before else None),
    )


def _stage_cells(name: str, now: Costs, then: Costs | None) -> dict[str, Any]:
    """A stage's sums and their change since the baseline, empty if it had none."""
    cells: dict[str, Any] = {"stage": name}
    for quantity in COMPARED:
        value, base = getattr(now, quantity), getattr(then or Costs(), quantity)
        cells[quantity] = value
        cells[f"{quantity}_delta"] = value - base
        cells[f"{quantity}_change"] = Change(base, value)
    return cells
