"""What a task can do: each function takes plain JSON values and gives columns.

They run in a process of their own (``child``), so heavy packages load there only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def check(
    arch: str,
    *,
    pooling: Any,
    activations: Any,
    counters: Sequence[str],
    **settings: Any,
) -> dict[str, Any]:
    """Compare one configuration of a table with fvcore and FlopCounterMode."""
    from mnprofile.evidence.profilers.cross_check import check as checked
    from mnprofile.networks.catalog import build

    height, width = settings.pop("resolution")
    graph = build(arch, resolution=(height, width), **settings)
    outcome = checked(
        graph, pooling=pooling, activations=activations, counters=counters
    )
    return {
        "macs": outcome.count.totals.macs,
        "params": outcome.count.totals.params,
        "agrees": outcome.agrees,
        "complete": outcome.is_complete,
        "differences": len(outcome.problems),
        "first": _first(outcome),
    }


def _first(outcome: Any) -> str | None:
    """The first difference in words."""
    if outcome.problems:
        one = outcome.problems[0]
        return f"{one.layer}: {one.what}, ours {one.ours}, measured {one.theirs}"
    for one in outcome.readings:
        if one.failure:
            return f"{one.name} failed: {one.failure}"
        if one.rest:
            return f"{one.name}: {one.rest:+d} unexplained"
    return None
