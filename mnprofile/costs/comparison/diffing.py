"""``mnprofile.diff``: two networks, however they are given."""

import os
from pathlib import Path

from mnprofile.costs.comparison.alignment import Comparison, compare
from mnprofile.costs.comparison.sides import Side, side_of_count, side_of_file
from mnprofile.costs.counting import Count, count
from mnprofile.graph.graph import Graph
from mnprofile.networks.catalog import Arch

Compared = Count | Graph | Arch


def diff(base: Compared, head: Compared) -> Comparison:
    """What changed from one network to another, by stage, block and layer.

    Each is a count, a graph, what ``build`` takes, or the path of a JSON file that
    ``mnprofile count`` wrote. Raises what reading them raises.

    >>> diff("v2", "v2@0.75").total.moved("macs")
    -91704480
    """
    return compare(_side(base), _side(head))


def _side(network: Compared) -> Side:
    if isinstance(network, str | os.PathLike):
        path = os.fspath(network)
        if path.lower().endswith(".json"):
            return side_of_file(Path(path))
    counted = network if isinstance(network, Count) else count(network)
    return side_of_count(counted)
