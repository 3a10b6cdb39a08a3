"""Compare the costs of networks with their budgets, limit by limit."""

import glob
import os
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn, get_args

from mnprofile.base.errors import (
    OK,
    UNMEASURED,
    VERDICT,
    MnprofileError,
    Place,
    UnmeasuredError,
    UsageError,
)
from mnprofile.costs.budgets.baseline import Baseline, NetworkCosts
from mnprofile.costs.budgets.reading import (
    BYTE_KEYS,
    MAX_LATENCY,
    Budget,
    BudgetError,
    BudgetFile,
)
from mnprofile.costs.comparison.sides import (
    COMPARED,
    Costs,
    Part,
    Quantity,
    side_of_count,
)
from mnprofile.costs.counting import Count, count
from mnprofile.costs.deployment import deploy
from mnprofile.costs.latency.devices import device_of
from mnprofile.costs.latency.prediction import family_of, predict
from mnprofile.costs.memory.activations import activation_memory
from mnprofile.graph.graph import Graph
from mnprofile.networks import catalog
from mnprofile.networks.configuration import parse_spec, said_twice, with_spec
from mnprofile.networks.finding import find_network
from mnprofile.networks.imported import Network
from mnprofile.networks.notation.rows import Architecture

State = Literal["over", "unmeasured", "ok"]
STATES: tuple[State, ...] = get_args(State)  # worst first


class LimitCheck(NamedTuple):
    """One limit of a budget compared with a network, or why it could not be."""

    state: State
    budget: Budget
    label: str
    rule: str  # the key that sets the limit
    quantity: str | None = None  # compared ones, latency_us, and those of BYTE_KEYS
    measured: int | None = None
    limit: int | None = None
    base: int | None = None
    reason: str = ""  # why it is unmeasured, or which stage and layers grew most
    blame: Place | None = None  # the row of the table that grew most

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


class BudgetCheck(NamedTuple):
    """The verdict on every limit, the worst first, and the figures behind them."""

    verdicts: tuple[LimitCheck, ...]
    networks: Mapping[str, tuple[NetworkCosts, ...]]  # by budget
    baseline: Baseline | None

    @property
    def exit_code(self) -> int:
        """1 if a limit is exceeded, else 3 if one could not be measured, else 0."""
        states = {verdict.state for verdict in self.verdicts}
        if "over" in states:
            return VERDICT
        return UNMEASURED if "unmeasured" in states else OK


def count_networks(file: BudgetFile) -> dict[str, tuple[NetworkCosts, ...]]:
    """Count every network of every budget.

    Raises BudgetError if one cannot be built, naming the budget's line.
    """
    return {budget.name: _networks(file, budget) for budget in file.budgets}


def check_budgets(
    file: BudgetFile,
    networks: Mapping[str, tuple[NetworkCosts, ...]],
    baseline: Baseline | None,
) -> BudgetCheck:
    """Compare the counted networks with their budgets and with the baseline.

    ``baseline`` is None if there is no such file.
    """
    verdicts = []
    for budget in file.budgets:
        if not networks[budget.name]:
            told = "no table matches this pattern"
            verdicts.append(_unmeasured(budget, budget.arch, "arch", told))
        for network in networks[budget.name]:
            before = (baseline or {}).get(budget.name, {}).get(network.network)
            for quantity, limit in budget.limits.items():
                verdicts.append(
                    _check(budget, f"max-{quantity}", network, quantity, limit, before)
                )
            for key, limit in budget.max_bytes.items():
                size, told = network.sizes[BYTE_KEYS[key]], f"at {budget.bits} bits"
                verdicts.append(
                    _judged(budget, network, key, BYTE_KEYS[key], size, limit, told)
                )
            if budget.max_latency_us is not None:
                verdicts.append(_latency(budget, network, budget.max_latency_us))
            if budget.max_increase is not None:
                verdicts += _increases(budget, budget.max_increase, network, baseline)
    verdicts.sort(key=lambda verdict: (STATES.index(verdict.state), -verdict.used))
    return BudgetCheck(tuple(verdicts), dict(networks), baseline)


def _check(
    budget: Budget,
    rule: str,
    network: NetworkCosts,
    quantity: Quantity,
    limit: int,
    before: NetworkCosts | None = None,
) -> LimitCheck:
    """Compare one limit with one network; ``before`` is what the baseline says."""
    value = getattr(network.total, quantity)
    if network.unknown and value <= limit:
        told = ", ".join(network.unknown)
        reason = f"at least {value}: there is no rule for {told}"
        return _unmeasured(budget, network.label, rule, reason, quantity)
    found = _judged(budget, network, rule, quantity, value, limit)
    if before is None:
        return found
    return found._replace(
        base=getattr(before.total, quantity),
        reason=_grown_most(before, network, quantity),
        blame=_blamed(before, network, quantity),
    )


def _judged(
    budget: Budget,
    network: NetworkCosts,
    rule: str,
    quantity: str,
    value: int,
    limit: int,
    reason: str = "",
) -> LimitCheck:
    state: State = "over" if value > limit else "ok"
    label = network.label
    return LimitCheck(state, budget, label, rule, quantity, value, limit, reason=reason)


def _unmeasured(
    budget: Budget, label: str, rule: str, reason: str, quantity: str | None = None
) -> LimitCheck:
    return LimitCheck("unmeasured", budget, label, rule, quantity, reason=reason)


def _latency(budget: Budget, network: NetworkCosts, limit: int) -> LimitCheck:
    """Compare a limit with the predicted microseconds."""
    us, where = network.latency_us, f"on {budget.device}, predicted"
    if us is None:
        return _unmeasured(budget, network.label, MAX_LATENCY, network.untimed)
    return _judged(budget, network, MAX_LATENCY, "latency_us", us, limit, where)


def _increases(
    budget: Budget,
    max_increase: Fraction,
    network: NetworkCosts,
    baseline: Baseline | None,
) -> list[LimitCheck]:
    """The limits that the baseline sets: whole numbers, rounded down, inclusive."""
    before = (baseline or {}).get(budget.name, {}).get(network.network)
    rule = "max-increase"
    if before is None:
        reason = (
            "there is no baseline file: run mnprofile ci --write-baseline"
            if baseline is None
            else "it is not in the baseline file: run mnprofile ci --write-baseline"
        )
        return [_unmeasured(budget, network.label, rule, reason)]
    found = []
    for quantity in COMPARED:
        limit = int(getattr(before.total, quantity) * (1 + max_increase))
        found.append(_check(budget, rule, network, quantity, limit, before))
    return found


def _grown_most(before: NetworkCosts, now: NetworkCosts, quantity: Quantity) -> str:
    """The stage that grew most since the baseline, or nothing."""
    steps = {
        stage: getattr(now.stages.get(stage, Costs()), quantity)
        - getattr(before.stages.get(stage, Costs()), quantity)
        for stage in dict.fromkeys((*before.stages, *now.stages))
    }
    stage = max(steps, key=lambda name: steps[name], default="")
    if not stage or steps[stage] <= 0:
        return ""
    layers = [
        f"{layer.name} by {step}" for layer, step in _growth(before, now, quantity)[:3]
    ]
    most = f"; most of all layers: {', '.join(layers)}" if layers else ""
    return f"{stage} grew by {steps[stage]}{most}"


def _growth(
    before: NetworkCosts, now: NetworkCosts, quantity: Quantity
) -> list[tuple[Part, int]]:
    """The layers that grew since the baseline, the largest step first."""
    if not before.layers:
        return []
    old = {layer.name: getattr(layer.costs, quantity) for layer in before.layers}
    steps = [
        (layer, getattr(layer.costs, quantity) - old.get(layer.name, 0))
        for layer in now.layers
    ]
    grown = [(layer, step) for layer, step in steps if step > 0]
    return sorted(grown, key=lambda item: -item[1])


def _blamed(
    before: NetworkCosts, now: NetworkCosts, quantity: Quantity
) -> Place | None:
    """The row of the user's table whose layer grew most since the baseline."""
    grown = _growth(before, now, quantity)
    if not grown or not now.source or grown[0][0].line is None:
        return None
    return Place(now.source, grown[0][0].line)


# --- counting ------------------------------------------------------------------------


def _networks(file: BudgetFile, budget: Budget) -> tuple[NetworkCosts, ...]:
    try:
        arch, spec = parse_spec(budget.arch)
        twice = said_twice(spec, budget.request)
        if twice is not None:
            place = file.place(budget, twice)
            raise BudgetError(f"{twice}: arch already sets it", place=place)
        settings = with_spec(spec, budget.request)
        found: dict[str, NetworkCosts] = {}
        for one in _archs(file.path.parent, arch):
            network, graph = find_network(one, settings, budget.reading)
            if network.name in found:
                raise UsageError(f'two matching tables are called "{network.name}"')
            counted = count(graph)
            side = side_of_count(counted)
            unknown = tuple(dict.fromkeys(node.type for node in graph.unknown))
            costs = NetworkCosts(
                network.name,
                side.label,
                side.stages,
                unknown,
                layers=side.layers,
                source=_source(network),
                sizes=_sizes(counted, budget),
            )
            if budget.device:
                costs = _timed(costs, network, graph, file.path.parent, budget.device)
            found[network.name] = costs
        return tuple(found.values())
    except BudgetError:
        raise
    except MnprofileError as fault:
        _in_budget(file, budget, fault)


def _source(network: Network) -> str:
    """The file of a user's own table."""
    if not isinstance(network, Architecture) or catalog.is_shipped(network):
        return ""
    return network.table.file


def _sizes(counted: Count, budget: Budget) -> dict[str, int]:
    """The bytes that the budget limits."""
    found = {}
    if "max-memory" in budget.max_bytes:
        memory = activation_memory(counted.graph, bits=budget.bits)
        found["act_peak_bytes"] = memory.act_peak_bytes
    if "max-weight-bytes" in budget.max_bytes:
        found["weight_bytes"] = deploy(counted, budget.bits).bytes
    return found


def _timed(
    costs: NetworkCosts, network: Network, graph: Graph, folder: Path, device: str
) -> NetworkCosts:
    """The costs with predicted microseconds, or why there are none."""
    is_file = device.endswith(".toml")
    found = device_of(str(folder / device) if is_file else device)
    try:
        prediction = predict(graph, family_of(network), found)
    except UnmeasuredError as fault:
        return replace(costs, untimed=fault.message)
    if prediction.outside is not None:
        reason = f"{found.name}: outside the calibration: {prediction.outside}"
        return replace(costs, untimed=reason)
    return replace(costs, latency_us=round(1000 * prediction.ms))


def _archs(folder: Path, arch: str) -> list[str]:
    """What a budget names, one by one; paths are relative to the budget file."""
    if arch == catalog.STDIN:
        raise UsageError("standard input cannot have a budget")
    if catalog.entry_of(arch) is not None:
        return [arch]
    name, key = catalog.split_table(arch)
    mark = "" if key is None else f"#{key}"
    path = folder / name
    if os.path.lexists(path):
        return [f"{path}{mark}"]
    if glob.has_magic(name):
        found = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns
        return [f"{one}{mark}" for one in found]
    suffixes = (*catalog.SUFFIXES, ".py")
    looks_like_a_path = "/" in name or os.sep in name or name.endswith(suffixes)
    in_a_file = ".py:" in name
    return [f"{path}{mark}" if looks_like_a_path or in_a_file else arch]


def _in_budget(file: BudgetFile, budget: Budget, fault: MnprofileError) -> NoReturn:
    """Add the budget to an error, unless the error already names a line."""
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
