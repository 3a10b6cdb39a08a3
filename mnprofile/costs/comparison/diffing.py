"""``mnprofile.diff``: two networks, however they are given."""

import os
from pathlib import Path

from mnprofile.base.json_files import schema_of
from mnprofile.costs.budgets.baseline import side_of_baseline
from mnprofile.costs.comparison.alignment import Comparison, compare
from mnprofile.costs.comparison.sides import Side, side_of_count, side_of_file
from mnprofile.costs.counting import Count, count
from mnprofile.graph.graph import Graph
from mnprofile.networks.catalog import Arch

Compared = Count | Graph | Arch


def diff(base: Compared, head: Compared) -> Comparison:
    """What changed from one network to another, by stage, block and layer.

    Each is a count, a graph, what ``build`` takes, or the path of a JSON file that
    ``mnprofile count`` or ``mnprofile ci --write-baseline`` wrote. Raises what reading
    them raises.

    >>> diff("v2", "v2@0.75").total.moved("macs")
    -91704480
    """
    return compare(_side(base), _side(head))


def side_of_json(path: Path) -> Side:
    """A side from a count's file, or from a baseline file with one network."""
    if schema_of(path) == "mnprofile/baseline":
        return side_of_baseline(path)
    return side_of_file(path)


def _side(network: Compared) -> Side:
    if isinstance(network, str | os.PathLike):
        path = os.fspath(network)
        if path.lower().endswith(".json"):
            return side_of_json(Path(path))
    counted = network if isinstance(network, Count) else count(network)
    return side_of_count(counted)
