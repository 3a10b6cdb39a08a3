"""The figures of the papers, as literals with their source."""

import pytest

import mnprofile
from mnprofile.costs.counting import Counts


def totals(arch: str, **settings: object) -> Counts:
    return mnprofile.count(mnprofile.build(arch, **settings)).totals  # type: ignore[arg-type]


def test_mobilenet_v1_counts_569_million_multiply_adds_and_4_2_million_weights() -> (
    None
):
    """MobileNets, Table 4: 569 M, 4.2 M."""
    figures = totals("v1")

    assert figures.macs == 568_740_352
    assert figures.weights == 4_209_088
    assert figures.params == 4_231_976
    assert figures.flops == 1_137_480_704


def test_mobilenet_v2_counts_300_million_multiply_adds_and_3_5_million_params() -> None:
    """MobileNetV2, Table 4: 300 M, 3.4 M (without batch norm 3.47 M)."""
    figures = totals("v2")

    assert (figures.macs, figures.params) == (300_774_272, 3_504_872)


def test_mobilenet_v2_at_075_and_160_counts_107_million() -> None:
    """TF-slim README: 107 M, 2.61 M (without batch norm)."""
    figures = totals("v2", alpha=0.75, resolution=160)

    assert (figures.macs, figures.params) == (107_295_200, 2_636_424)


def test_mobilenet_v3_counts_217_and_56_5_million() -> None:
    """MobileNetV3, Table 9: 217 M and 5.4 M; 57 M and 2.5 M."""
    large, small = totals("v3-large"), totals("v3-small")

    assert (large.macs, large.params) == (216_589_760, 5_483_032)
    assert (small.macs, small.params) == (56_510_400, 2_542_856)


def test_standard_convolutions_cost_4866_million_before_the_classifier() -> None:
    """MobileNets, Table 4, Conv MobileNet: 4866 M (without classifier), 29.3 M."""
    figures = totals("v1-conv")

    assert (figures.macs, figures.weights) == (4_867_293_184, 29_281_120)
    assert totals("v1-conv", classes=0).macs == 4_866_269_184


def test_the_shallow_mobilenet_counts_307_million() -> None:
    """MobileNets, Table 5: 307 M, 2.9 M."""
    figures = totals("v1-shallow")

    assert (figures.macs, figures.weights) == (307_323_392, 2_875_328)


@pytest.mark.parametrize(
    ("type_", "macs", "macs_share", "weights_share"),
    [
        ("Conv 1x1", 539_492_352, "94.86", "74.59"),
        ("Conv DW 3x3", 17_385_984, "3.06", "1.06"),
        ("Conv 3x3", 10_838_016, "1.91", "0.02"),  # the paper prints 1.19
        ("Fully Connected", 1_024_000, "0.18", "24.33"),
    ],
)
def test_v1_shares_by_type_are_those_of_table_2(
    type_: str, macs: int, macs_share: str, weights_share: str
) -> None:
    """MobileNets, Table 2."""
    counted = mnprofile.count(mnprofile.build("v1"))
    group = next(group for group in counted.by("type") if group.name == type_)

    assert group.figures.macs == macs
    assert f"{100 * group.figures.macs / 568_740_352:.2f}" == macs_share
    assert f"{100 * group.figures.weights / 4_209_088:.2f}" == weights_share


@pytest.mark.parametrize(
    ("alpha", "resolution", "millions"),
    [
        # MobileNets, Tables 6 and 7: the 224 column and the 1.0 row.
        (1.0, 224, 569),
        (0.75, 224, 325),
        (0.5, 224, 149),
        (0.25, 224, 41),
        (1.0, 192, 418),
        (1.0, 128, 186),
    ],
)
def test_v1_multiply_adds_over_width_and_resolution(
    alpha: float, resolution: int, millions: int
) -> None:
    figures = totals("v1", alpha=alpha, resolution=resolution)

    assert round(figures.macs / 1e6) == millions


def test_a_classifier_of_21_classes_matches_the_keras_summary() -> None:
    """A Keras summary of MobileNetV2 prints 2,284,885 with and 2,257,984 without."""
    with_21, without = totals("v2", classes=21), totals("v2", classes=0)

    assert with_21.params + with_21.buffers == 2_284_885
    assert without.params + without.buffers == 2_257_984


def test_v3_at_075_costs_less_in_torchvision() -> None:
    """torchvision scales expansions from the table; the others from the input."""
    large = {impl: totals("v3-large", alpha=0.75, impl=impl).macs for impl in IMPLS}
    small = {impl: totals("v3-small", alpha=0.75, impl=impl).macs for impl in IMPLS}

    assert large == {
        "paper": 154_560_624,
        "keras": 154_560_624,
        "timm": 154_560_624,
        "torchvision": 140_033_816,
    }
    assert {impl: round(macs / 1e5) / 10 for impl, macs in small.items()} == {
        "paper": 43.4,
        "keras": 43.4,
        "timm": 43.4,
        "torchvision": 39.1,
    }


IMPLS = ("paper", "keras", "timm", "torchvision")
