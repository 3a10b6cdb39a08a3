"""A sweep's product equals a single count, for every table and implementation."""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnprofile.base.errors import UsageError
from mnprofile.costs.counting import count
from mnprofile.networks import catalog
from mnprofile.networks.catalog import build
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search import products
from mnprofile.search.products import product
from tests.conftest import SAMPLE

CASES = [
    (arch.name, impl)
    for arch in map(catalog.load, SAMPLE)
    for impl, rules in arch.scaling.items()
    if rules.scales
]
ALPHAS = st.one_of(
    st.just(1.0),
    st.floats(0.001, 3),
    st.integers(1, 250).map(lambda hundredths: hundredths / 100),
)
TS = st.one_of(st.sampled_from([0.0, 0.5, 1.0, 3.0, 6.0]), st.floats(0, 10))


def counted(
    arch: Architecture,
    alpha: float,
    t: float | None,
    side: tuple[int, int],
    classes: int,
    impl: str,
) -> tuple[int, ...]:
    """The totals of one configuration, built separately with plain integers."""
    totals = count(
        build(
            arch,
            alpha=alpha,
            t=t,
            resolution=side,
            classes=classes if arch.has_classifier else None,
            impl=impl,
        )
    ).totals
    return (
        totals.macs,
        totals.activations,
        totals.params,
        totals.weights,
        totals.buffers,
    )


def refused(
    arch: Architecture, pairs: Iterable[tuple[float, float | None]], impl: str
) -> bool:
    """Whether an implementation leaves a layer of a width without a channel."""
    for alpha, t in pairs:
        try:
            build(arch, alpha=alpha, t=t, resolution=64, impl=impl)
        except UsageError as fault:
            return "without a channel" in fault.message
    return False


@pytest.mark.parametrize(("name", "impl"), CASES)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_product_holds_the_single_counts(
    name: str, impl: str, data: st.DataObject
) -> None:
    """Random alpha, t (0 and fractions too), sizes and classes: equal to the last."""
    arch = catalog.load(name)
    alphas = data.draw(st.lists(ALPHAS, min_size=1, max_size=5))
    ts = None
    if arch.has_expansion and data.draw(st.booleans()):
        size = len(alphas)
        ts = data.draw(st.lists(TS, min_size=size, max_size=size))
    smallest = 32 if (arch.family, impl) == ("v1", "keras") else 1
    side = st.integers(smallest, 400)
    sides = data.draw(st.lists(st.tuples(side, side), min_size=1, max_size=3))
    classes = data.draw(st.sampled_from([0, 1, 21, 1000]))
    asked: dict[str, Any] = {
        "alpha": np.array(alphas),
        "t": None if ts is None else np.array(ts),
        "resolutions": tuple(sides),
        "classes": classes if arch.has_classifier else 0,
        "impl": impl,
    }
    if refused(arch, zip_longest(alphas, ts or ()), impl):
        with pytest.raises(UsageError, match="without a channel"):
            product(arch, **asked)
        return
    made = product(arch, **asked)
    macs, activations = made.macs(), made.activations()
    for one in (made.params, made.weights, made.buffers):
        assert one.dtype == np.int64  # not floats, which equal them while they are few
    for k, alpha in enumerate(alphas):
        for r, side_ in enumerate(sides):
            assert (
                macs[k, r],
                activations[k, r],
                made.params[k],
                made.weights[k],
                made.buffers[k],
            ) == counted(arch, alpha, ts[k] if ts else None, side_, classes, impl)


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
            counted(arch, alpha, t, side, 1000, "paper")[0]
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
