"""Budgets held against what the networks cost: verdicts, and the baseline file."""

import glob
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, NoReturn

from mnprofile.base.errors import OK, UNMEASURED, VERDICT, MnprofileError, UsageError
from mnprofile.base.json_files import CONVENTION, SCHEMA_VERSION, Record, read_record
from mnprofile.costs.budgets.reading import Budget, BudgetError, BudgetFile
from mnprofile.costs.comparison import QUANTITIES, Quantity, Sums
from mnprofile.costs.counting import count
from mnprofile.networks import catalog
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.configuration import (
    Request,
    configure,
    parse_spec,
    said_twice,
    spec_text,
    with_spec,
)
from mnprofile.networks.notation.rows import Architecture

BASELINE_SCHEMA = "mnprofile/baseline"
State = Literal["over", "unmeasured", "ok"]
STATES: tuple[State, ...] = ("over", "unmeasured", "ok")  # worst first


@dataclass(frozen=True)
class Measured:
    """What one network of a budget costs, stage by stage."""

    network: str
    label: str
    stages: Mapping[str, Sums]

    @property
    def total(self) -> Sums:
        return sum(self.stages.values(), start=Sums())


@dataclass(frozen=True)
class Verdict:
    """One limit of one budget held against one network; or why it could not be."""

    state: State
    budget: Budget
    label: str
    rule: str  # the key that sets the limit
    quantity: Quantity | None = None
    measured: int | None = None
    limit: int | None = None
    base: int | None = None
    reason: str = ""  # why it is unmeasured, or which stage grew most

    @property
    def line(self) -> int | None:
        return self.budget.line(self.rule)

    @property
    def used(self) -> Fraction:
        """The part of the limit that is used; above 1 is over."""
        if self.measured is None or self.limit is None:
            return Fraction(0)
        if self.limit == 0:
            return Fraction(self.measured + (self.measured > 0))
        return Fraction(self.measured, self.limit)


Baseline = Mapping[str, Mapping[str, Measured]]


@dataclass(frozen=True)
class Judgement:
    """Every verdict, the worst first, and what they rest on."""

    verdicts: tuple[Verdict, ...]
    measured: Mapping[str, tuple[Measured, ...]]  # by budget
    baseline: Baseline | None

    @property
    def exit_code(self) -> int:
        """1 where a limit is exceeded, else 3 where one could not be measured."""
        states = {verdict.state for verdict in self.verdicts}
        if "over" in states:
            return VERDICT
        return UNMEASURED if "unmeasured" in states else OK


def measure(file: BudgetFile) -> dict[str, tuple[Measured, ...]]:
    """Count every network of every budget.

    Raises BudgetError where one cannot be built, naming the budget's line.
    """
    return {budget.name: _measure(file, budget) for budget in file.budgets}


def judge(
    file: BudgetFile,
    measured: Mapping[str, tuple[Measured, ...]],
    baseline: Baseline | None,
) -> Judgement:
    """Hold every budget against what was measured, and the baseline's figures.

    ``baseline`` is None where there is no such file.
    """
    verdicts = []
    for budget in file.budgets:
        networks = measured[budget.name]
        if not networks:
            reason = "no table matches this pattern"
            verdicts.append(
                Verdict("unmeasured", budget, budget.arch, "arch", reason=reason)
            )
        for network in networks:
            verdicts += _limits(budget, network)
            if budget.max_increase is not None:
                verdicts += _increases(budget, network, baseline)
    order = {state: index for index, state in enumerate(STATES)}
    verdicts.sort(key=lambda verdict: (order[verdict.state], -verdict.used))
    return Judgement(tuple(verdicts), dict(measured), baseline)


def _limits(budget: Budget, network: Measured) -> list[Verdict]:
    found = []
    for quantity, limit in budget.limits.items():
        value = getattr(network.total, quantity)
        found.append(
            Verdict(
                "over" if value > limit else "ok",
                budget,
                network.label,
                f"max-{quantity}",
                quantity,
                value,
                limit,
            )
        )
    return found


def _increases(
    budget: Budget, network: Measured, baseline: Baseline | None
) -> list[Verdict]:
    """The limits that the baseline sets: whole numbers, rounded down, inclusive."""
    assert budget.max_increase is not None
    before = (baseline or {}).get(budget.name, {}).get(network.network)
    if before is None:
        reason = (
            "there is no baseline file: run mnprofile ci --write-baseline"
            if baseline is None
            else "the baseline file does not hold it: run mnprofile ci --write-baseline"
        )
        return [
            Verdict("unmeasured", budget, network.label, "max-increase", reason=reason)
        ]
    found = []
    for quantity in QUANTITIES:
        base, value = getattr(before.total, quantity), getattr(network.total, quantity)
        limit = int(base * (1 + budget.max_increase))
        found.append(
            Verdict(
                "over" if value > limit else "ok",
                budget,
                network.label,
                "max-increase",
                quantity,
                value,
                limit,
                base,
                _grown_most(before, network, quantity),
            )
        )
    return found


def _grown_most(before: Measured, now: Measured, quantity: Quantity) -> str:
    """The stage that grew most since the baseline, or nothing."""
    steps = {
        stage: getattr(now.stages.get(stage, Sums()), quantity)
        - getattr(before.stages.get(stage, Sums()), quantity)
        for stage in dict.fromkeys((*before.stages, *now.stages))
    }
    stage = max(steps, key=lambda name: steps[name], default="")
    return f"{stage} grew by {steps[stage]}" if stage and steps[stage] > 0 else ""


# --- measuring -----------------------------------------------------------------------


def _measure(file: BudgetFile, budget: Budget) -> tuple[Measured, ...]:
    try:
        arch, spec = parse_spec(budget.arch)
        twice = said_twice(spec, budget.request)
        if twice is not None:
            place = file.place(budget, twice)
            raise BudgetError(f"{twice}: arch already says it", place=place)
        request = with_spec(spec, budget.request)
        tables = _tables(file.path.parent, arch)
        for index, table in enumerate(tables):
            if any(table.name == other.name for other in tables[:index]):
                raise UsageError(f'two matching tables are called "{table.name}"')
        return tuple(_count(table, request) for table in tables)
    except BudgetError:
        raise
    except MnprofileError as fault:
        _in_budget(file, budget, fault)


def _tables(folder: Path, arch: str) -> list[Architecture]:
    """The tables that a budget names; file names are relative to its file."""
    if arch == catalog.STDIN:
        raise UsageError("standard input is no table of a project")
    if arch.lower() in {
        name.lower()
        for known in catalog.shipped()
        for name in (known.name, *known.aliases)
    }:
        return [catalog.load(arch)]
    path = folder / arch
    if os.path.lexists(path):
        return [catalog.load(path)]
    if glob.has_magic(arch):
        found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns
        return [catalog.load(one) for one in found]
    looks_like_a_path = "/" in arch or os.sep in arch or arch.endswith(".md")
    return [catalog.load(path if looks_like_a_path else arch)]


def _count(arch: Architecture, request: Request) -> Measured:
    counted = count(build_rows(arch, configure(arch, request)))
    return Measured(
        network=arch.name,
        label=f"{arch.name}@{spec_text(counted.config)}",
        stages={
            group.name: Sums(
                group.figures.macs, group.figures.params, group.figures.activations
            )
            for group in counted.by("stage")
        },
    )


def _in_budget(file: BudgetFile, budget: Budget, fault: MnprofileError) -> NoReturn:
    """Add the budget to an error, unless it already names a line of its own."""
    if fault.place is not None and fault.place.line is not None:
        raise fault
    message = f"{fault.place}: {fault.message}" if fault.place else fault.message
    wrapped = BudgetError(
        f'budget "{budget.name}": {message}',
        place=file.place(budget, "arch"),
        accepted=fault.accepted,
        suggestion=fault.suggestion,
    )
    wrapped.exit_code = fault.exit_code
    raise wrapped from None


# --- the baseline --------------------------------------------------------------------


def baseline_text(measured: Mapping[str, Sequence[Measured]]) -> str:
    """The baseline file: sorted JSON, whole numbers, no time and no host."""
    content = {
        "schema": BASELINE_SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "convention": CONVENTION,
        "budgets": {
            name: {
                network.network: {
                    "stages": {
                        stage: _sums_record(sums)
                        for stage, sums in network.stages.items()
                    },
                    "totals": _sums_record(network.total),
                }
                for network in networks
            }
            for name, networks in measured.items()
        },
    }
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def read_baseline(path: Path) -> Baseline | None:
    """What ``baseline_text`` wrote, or None where there is no such file.

    Raises RecordError, IncomparableError or FileError.
    """
    if not os.path.lexists(path):
        return None
    record = read_record(path, BASELINE_SCHEMA)
    record.only("schema", "schema_version", "convention", "budgets")
    budgets = record.record("budgets")
    return {
        name: {
            network: _baseline_network(budgets.record(name).record(network), network)
            for network in budgets.record(name).content
        }
        for name in budgets.content
    }


def _baseline_network(record: Record, network: str) -> Measured:
    record.only("stages", "totals")
    stages = record.record("stages")
    measured = Measured(
        network,
        network,
        {stage: _sums(stages.record(stage)) for stage in stages.content},
    )
    if _sums(record.record("totals")) != measured.total:
        record.refuse("totals", "not the sum of the stages")
    return measured


def _sums(record: Record) -> Sums:
    record.only(*QUANTITIES)
    return Sums(*(record.count(quantity) for quantity in QUANTITIES))


def _sums_record(sums: Sums) -> dict[str, int]:
    return {quantity: getattr(sums, quantity) for quantity in QUANTITIES}
