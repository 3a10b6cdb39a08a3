"""Factors times positions equal a single count, for every table and implementation."""

from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnprofile.base.errors import UsageError
from mnprofile.costs.counting import count
from mnprofile.networks import catalog
from mnprofile.search.factors import Factors, factors
from tests.search.test_products import ALPHAS, CASES, TS, refused


def totals_of(found: Factors, pair: int, res: int) -> tuple[int, ...]:
    """What the page's script does: multiply and add. ``pair`` is an (alpha, t)."""
    layers = [
        (slot, slot.weights[pair], slot.out[pair], slot.positions[res])
        for slot in found.slots
    ]
    return (
        sum(weights * positions for _, weights, _, positions in layers),
        sum(out * positions for _, _, out, positions in layers),
        sum(weights for _, weights, _, _ in layers)
        + sum((slot.biases + slot.norms) * out for slot, _, out, _ in layers),
        sum(slot.norms * out for slot, _, out, _ in layers),
    )


@pytest.mark.parametrize(("name", "impl"), CASES)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_factors_give_the_single_counts(
    name: str, impl: str, data: st.DataObject
) -> None:
    """Random alphas, ts (0, fractions and the table's own) and sizes, all combined."""
    arch = catalog.load(name)
    smallest = 32 if (arch.family, impl) == ("v1", "keras") else 1
    side = st.integers(smallest, 400)
    alphas = data.draw(st.lists(ALPHAS, min_size=1, max_size=2))
    ts = data.draw(st.lists(st.none() | TS, min_size=1, max_size=3, unique=True))
    asked: dict[str, Any] = {
        "impl": impl,
        "alphas": tuple(alphas),
        "expansions": tuple(ts),
        "resolutions": tuple(data.draw(st.lists(side, min_size=1, max_size=2))),
    }
    try:
        found = factors(arch, **asked)
    except UsageError as fault:
        wanted = product(alphas, ts if arch.has_expansion else [None])
        if refused(fault, arch, wanted, impl):
            return
        raise
    pairs = [(alpha, t) for alpha in found.alphas for t in found.expansions]
    for pair, (alpha, t) in enumerate(pairs):
        for res, size in enumerate(found.resolutions):
            graph = catalog.build(arch, alpha=alpha, t=t, resolution=size, impl=impl)
            totals = count(graph).totals
            assert totals_of(found, pair, res) == (
                totals.macs,
                totals.activations,
                totals.params,
                totals.buffers,
            )
