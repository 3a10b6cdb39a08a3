"""The baseline file: what the networks of each budget cost when it was written."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mnprofile.base.json_files import envelope, read_record
from mnprofile.base.records import Record
from mnprofile.costs.comparison.sides import (
    COMPARED,
    Costs,
)


@dataclass(frozen=True)
class NetworkCosts:
    """What one network of a budget costs, stage by stage.

    ``unknown`` are its operators without a rule: with any, the costs are lower bounds.
    ``latency_us`` are predicted microseconds if its budget limits them, or ``untimed``
    says why there are none.
    """

    network: str
    label: str
    stages: Mapping[str, Costs]
    unknown: tuple[str, ...] = ()
    latency_us: int | None = None
    untimed: str = ""

    @property
    def total(self) -> Costs:
        return sum(self.stages.values(), start=Costs())


Baseline = Mapping[str, Mapping[str, NetworkCosts]]  # by budget, by network


def baseline_text(networks: Mapping[str, Sequence[NetworkCosts]]) -> str:
    """The baseline file: sorted JSON and whole numbers, without a date or host."""
    budgets = {
        name: {
            one.network: {
                "stages": {stage: asdict(costs) for stage, costs in one.stages.items()},
                "totals": asdict(one.total),
            }
            for one in some
        }
        for name, some in networks.items()
    }
    content = envelope("baseline", {"budgets": budgets})
    del content["tool"]  # another version that counts the same writes the same file
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def read_baseline(path: Path) -> Baseline | None:
    """What ``baseline_text`` wrote, or None if there is no such file.

    Raises RecordError, IncomparableError or FileError.
    """
    if not os.path.lexists(path):
        return None
    record = read_record(path, "baseline")
    record.only("schema", "schema_version", "convention", "budgets")
    return {
        name: {key: _network(one, key) for key, one in budget.members().items()}
        for name, budget in record.record("budgets").members().items()
    }


def _network(record: Record, name: str) -> NetworkCosts:
    record.only("stages", "totals")
    stages = record.record("stages").members()
    network = NetworkCosts(
        name, name, {stage: _costs(one) for stage, one in stages.items()}
    )
    if _costs(record.record("totals")) != network.total:
        record.refuse("totals", "not the sum of the stages")
    return network


def _costs(record: Record) -> Costs:
    record.only(*COMPARED)
    return Costs(*(record.count(quantity) for quantity in COMPARED))
