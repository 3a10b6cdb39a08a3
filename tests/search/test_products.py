"""A sweep's product and peaks equal single graphs, whatever table or implementation."""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnprofile.base.errors import UsageError
from mnprofile.base.units import BITS, Bits
from mnprofile.costs.counting import count
from mnprofile.costs.memory.activations import activation_memory
from mnprofile.networks import catalog
from mnprofile.networks.catalog import build
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search import products
from mnprofile.search.peaks import peaks_of
from mnprofile.search.products import product
from tests.conftest import SAMPLE

CASES = [
    (arch.name, impl)
    for arch in map(catalog.load, SAMPLE)
    for impl, rules in arch.scaling.items()
    if rules.scales
]
ALPHAS = st.one_of(
    st.sampled_from([0.001, 0.01, 0.25, 0.35, 0.5, 0.75, 1.0, 1.3, 1.4, 2.0]),
    st.floats(0.001, 3),
    st.integers(1, 250).map(lambda hundredths: hundredths / 100),
)
TS = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 3.0, 6.0]), st.floats(0, 10))
TOTALS = ("macs", "activations", "params", "weights", "buffers")


def counted(arch: Architecture, bits: Bits, **asked: Any) -> tuple[int, ...]:
    """The totals of one configuration, built separately with plain integers, and the
    most bytes that live at once."""
    if not arch.has_classifier:
        del asked["classes"]
    graph = build(arch, **asked)
    totals = count(graph).totals
    peak = activation_memory(graph, bits=bits).act_peak_bytes
    return (*(getattr(totals, name) for name in TOTALS), peak)


def refused(
    fault: UsageError,
    arch: Architecture,
    pairs: Iterable[tuple[float, float | None]],
    impl: str,
) -> bool:
    """Whether an implementation leaves a layer of a width without a channel."""
    if "without a channel" not in fault.message:
        return False
    for alpha, t in pairs:
        try:
            build(arch, alpha=alpha, t=t, resolution=64, impl=impl)
        except UsageError as alone:
            return "without a channel" in alone.message
    return False


@pytest.mark.parametrize(("name", "impl"), CASES)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_product_and_its_peaks_are_the_single_counts(
    name: str, impl: str, data: st.DataObject
) -> None:
    """Random alpha, t (0 and fractions too), sizes and classes: equal to the last."""
    arch = catalog.load(name)
    alphas = data.draw(st.lists(ALPHAS, min_size=1, max_size=5))
    ts = None
    if arch.has_expansion and data.draw(st.booleans()):
        ts = data.draw(st.lists(TS, min_size=len(alphas), max_size=len(alphas)))
    smallest = 32 if (arch.family, impl) == ("v1", "keras") else 1
    side = st.integers(smallest, 400)
    sides = data.draw(st.lists(st.tuples(side, side), min_size=1, max_size=3))
    classes = data.draw(st.sampled_from([0, 1, 21, 1000])) if arch.has_classifier else 0
    bits = data.draw(st.sampled_from(BITS))
    shared: dict[str, Any] = {"classes": classes, "impl": impl}
    try:
        made = product(
            arch,
            alpha=np.array(alphas),
            t=None if ts is None else np.array(ts),
            resolutions=tuple(sides),
            **shared,
        )
    except UsageError as fault:
        if refused(fault, arch, zip_longest(alphas, ts or ()), impl):
            return
        raise
    for one in (made.params, made.weights, made.buffers):
        assert one.dtype == np.int64  # not floats, which equal them while they are few
    macs, activations, peaks = made.macs(), made.activations(), peaks_of(made, bits)
    grid = peaks.grid()
    assert peaks.at(*map(np.ravel, np.indices(grid.shape))).tolist() == [*grid.flat]
    for k, (alpha, t) in enumerate(zip_longest(alphas, ts or ())):
        for r, size in enumerate(sides):
            assert (
                macs[k, r],
                activations[k, r],
                made.params[k],
                made.weights[k],
                made.buffers[k],
                grid[k, r],
            ) == counted(arch, bits, alpha=alpha, t=t, resolution=size, **shared)


def test_published_total_of_v2() -> None:
    """V2 0.75/160 costs 107,295,200 multiply-adds, 2,636,424 parameters."""
    made = product(
        catalog.load("v2"),
        alpha=np.array([0.75]),
        t=None,
        resolutions=((160, 160),),
        classes=1000,
        impl="paper",
    )
    assert made.macs().tolist() == [[107_295_200]]
    assert made.params.tolist() == [2_636_424]


def test_one_array_with_every_structure_of_v2() -> None:
    """t = 0 (identities), t = 1 (no expansion) and tiny widths (a shortcut in the
    first block) have different structures, and share the array."""
    arch = catalog.load("v2")
    alphas, ts = [0.01, 1.0, 1.0, 1.0, 0.3, 1.0], [6.0, 0.0, 1.0, 6.0, 0.0, 0.01]
    made = product(
        arch,
        alpha=np.array(alphas),
        t=np.array(ts),
        resolutions=((224, 224), (97, 33)),
        classes=1000,
        impl="paper",
    )
    for k, (alpha, t) in enumerate(zip(alphas, ts, strict=True)):
        wanted = [
            count(build(arch, alpha=alpha, t=t, resolution=side)).totals.macs
            for side in ((224, 224), (97, 33))
        ]
        assert made.macs()[k].tolist() == wanted


def test_keras_v1_refuses_the_size_that_is_too_small() -> None:
    """Keras' MobileNetV1 pads so that a small map vanishes: the size is named."""
    with pytest.raises(UsageError, match="resolution: 8x8"):
        product(
            catalog.load("v1"),
            alpha=np.array([0.5, 1.0]),
            t=None,
            resolutions=((224, 224), (8, 8)),
            classes=1000,
            impl="keras",
        )


def test_beyond_2_53_the_integers_stay_exact() -> None:
    """3^34 > 2^53 is not exact as a float."""
    made = products._matmul(np.array([[3**17]]), np.array([[3**17]]), "")
    assert made.tolist() == [[16_677_181_699_666_569]]


def test_beyond_2_63_is_refused() -> None:
    with pytest.raises(UsageError, match="multiply-adds"):
        products._matmul(np.array([[2**40]]), np.array([[2**40]]), "multiply-adds")


def test_rows_of_a_product_are_its_rows() -> None:
    made = product(
        catalog.load("v3-small"),
        alpha=np.array([0.5, 0.75, 1.0]),
        t=None,
        resolutions=((224, 224), (96, 96)),
        classes=1000,
        impl="timm",
    )
    assert made.macs(slice(1, 2)).tolist() == made.macs()[1:2].tolist()
