"""The baseline file: what the networks of each budget cost when it was written."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mnprofile.base.json_files import envelope, read_record
from mnprofile.base.records import Record
from mnprofile.costs.comparison.sides import (
    COMPARED,
    Costs,
    Part,
    Side,
    read_costs,
    summed,
)


@dataclass(frozen=True)
class NetworkCosts:
    """What one network of a budget costs, stage by stage.

    ``unknown`` are its operators without a rule: with any, the costs are lower bounds.
    ``latency_us`` are predicted microseconds if its budget limits them, or ``untimed``
    says why there are none. ``layers`` are in order; ``source`` is the file of its
    table, ``sizes`` are the bytes that its budget limits.
    """

    network: str
    label: str
    stages: Mapping[str, Costs]
    unknown: tuple[str, ...] = ()
    latency_us: int | None = None
    untimed: str = ""
    layers: tuple[Part, ...] = ()
    source: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)  # by quantity

    @property
    def total(self) -> Costs:
        return sum(self.stages.values(), start=Costs())


Baseline = Mapping[str, Mapping[str, NetworkCosts]]  # by budget, by network


def baseline_text(networks: Mapping[str, Sequence[NetworkCosts]]) -> str:
    """The baseline file: sorted JSON and whole numbers, without a date or host."""
    budgets = {
        name: {
            one.network: {
                "layers": [_layer_record(layer) for layer in one.layers],
                "stages": {
                    stage: costs._asdict() for stage, costs in one.stages.items()
                },
                "totals": one.total._asdict(),
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


def side_of_baseline(path: Path) -> Side:
    """The network of a baseline file, for a comparison.

    Raises what ``read_baseline`` raises, and RecordError for a file that has more than
    one network, or one that was written without its layers.
    """
    record = read_record(path, "baseline")
    budgets = read_baseline(path) or {}
    found = [one for budget in budgets.values() for one in budget.values()]
    if len(found) != 1:
        record.refuse("budgets", f"{len(found)} networks", "a file with one network")
    if not found[0].layers:
        record.refuse("budgets", "it has no layers", "mnprofile ci --write-baseline")
    return Side(path.name, found[0].layers)


_PLACE = ("name", "block", "stage", "type")


def _layer_record(layer: Part) -> dict[str, object]:
    return {key: getattr(layer, key) for key in _PLACE} | layer.costs._asdict()


def _layer(record: Record) -> Part:
    record.only(*_PLACE, *COMPARED)
    costs = read_costs(record)
    name, block, stage, kind = (record.text(key) for key in _PLACE)
    return Part(name, block, stage, kind, costs)


def _network(record: Record, name: str) -> NetworkCosts:
    record.only("layers", "stages", "totals")
    stages = record.record("stages").members()
    # A file of an earlier version has no layers.
    layers = record.records("layers", optional=True)
    network = NetworkCosts(
        name,
        name,
        {stage: _costs(one) for stage, one in stages.items()},
        layers=tuple(map(_layer, layers)),
    )
    if layers and summed(one.costs for one in network.layers) != network.total:
        record.refuse("layers", "they do not add up to the stages")
    if _costs(record.record("totals")) != network.total:
        record.refuse("totals", "not the sum of the stages")
    return network


def _costs(record: Record) -> Costs:
    record.only(*COMPARED)
    return read_costs(record)
