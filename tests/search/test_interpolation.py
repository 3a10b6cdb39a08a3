"""Published top-1, and estimates that stay between published figures."""

from typing import Any

import numpy as np
import pytest

import mnprofile
from mnprofile.evidence.literature import accuracy_series as recipes
from mnprofile.search import interpolation as accuracy
from mnprofile.search.interpolation import Accuracy, accuracy_of


def known(name: str) -> Accuracy:
    found = accuracy_of(name)
    assert found is not None
    return found


def at(name: str, alpha: float, resolution: int | tuple[int, int]) -> tuple[float, str]:
    """Top-1 and its kind; the kind is "nan" where nothing is known."""
    row = mnprofile.sweep(name, alpha=alpha, resolution=[resolution]).iloc[0]
    return float(row["top1"]), str(row["top1_kind"])


@pytest.mark.parametrize(
    ("name", "alpha", "resolution", "top1"),
    [
        ("mobilenet_v1", 0.25, 128, 41.5),  # TF-slim mobilenet_v1.md
        ("mobilenet_v1", 1.0, 224, 70.9),
        ("mobilenet_v2", 1.4, 224, 75.0),  # TF-slim mobilenet/README.md
        ("mobilenet_v2", 0.35, 96, 45.5),
        ("mobilenet_v3_large", 1.25, 224, 76.6),  # V3 paper, Table 9
        ("mobilenet_v3_small", 1.0, 96, 51.7),
        ("mobilenet_v3_large_minimalistic", 1.0, 224, 72.3),
        ("mobilenet_v1_conv", 1.0, 224, 71.7),  # V1 paper, Table 4
        ("mobilenet_v1_shallow", 1.0, 224, 65.3),  # V1 paper, Table 5
    ],
)
def test_published_points(
    name: str, alpha: float, resolution: int, top1: float
) -> None:
    assert at(name, alpha, resolution) == (top1, "published")


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("mobilenet_v1", 16),
        ("mobilenet_v2", 22),
        ("mobilenet_v3_large", 10),
        ("mobilenet_v3_small", 9),
    ],
)
def test_one_recipe_has_as_many_points(name: str, points: int) -> None:
    assert len(known(name).points) == points


@pytest.mark.parametrize(
    ("name", "mean", "worst"),
    [
        # A quadratic in log alpha and log resolution: 0.2 on V1, 0.5 on V2.
        ("mobilenet_v1", 0.20, 0.55),
        ("mobilenet_v2", 0.45, 1.60),
        ("mobilenet_v3_large", 0.15, 0.35),
        ("mobilenet_v3_small", 0.80, 1.40),
    ],
)
def test_leave_one_out_error_is_small(name: str, mean: float, worst: float) -> None:
    fit = known(name).fit
    assert fit is not None
    assert fit.mean_error <= mean
    assert fit.worst_error <= worst


@pytest.mark.parametrize(
    ("name", "alpha", "resolution"),
    [
        ("mobilenet_v2", 0.3, 224),  # narrower than any published
        ("mobilenet_v2", 1.5, 224),
        ("mobilenet_v2", 1.0, 95),
        ("mobilenet_v2", 1.0, 225),
        ("mobilenet_v2", 1.2, 192),  # wider than 1.0 is published at 224 only
        ("mobilenet_v2", 1.3, 192),
        ("mobilenet_v3_large", 0.75, 192),  # V3 varies one of the two at a time
        ("mobilenet_v3_large_minimalistic", 1.0, 192),  # one point is not a grid
        ("mobilenet_v1", 0.5, (160, 192)),  # not square
    ],
)
def test_nothing_is_estimated_outside(name: str, alpha: float, resolution: int) -> None:
    top1, kind = at(name, alpha, resolution)
    assert np.isnan(top1)
    assert kind == "nan"


@pytest.mark.parametrize(
    ("name", "alpha", "resolution", "low", "high"),
    [
        ("mobilenet_v2", 1.2, 224, 71.8, 74.4),  # between alpha 1.0 and 1.3
        ("mobilenet_v2", 0.6, 176, 61.0, 68.7),
        ("mobilenet_v1", 0.6, 224, 63.3, 68.4),
        ("mobilenet_v3_large", 1.0, 176, 71.7, 73.7),
        ("mobilenet_v3_small", 0.9, 224, 65.4, 67.5),
    ],
)
def test_an_estimate_lies_between_its_neighbours(
    name: str, alpha: float, resolution: int, low: float, high: float
) -> None:
    top1, kind = at(name, alpha, resolution)
    assert low < top1 < high
    assert kind == "estimate"


def test_one_network_has_one_accuracy() -> None:
    """Rounding gives alpha 0.362 the channels of 0.35, so it has 0.35's figure."""
    same: Any = {"classes": 1000, "resolution": 96}
    built = [mnprofile.build("v2", alpha=alpha, **same) for alpha in (0.35, 0.362)]
    shapes = [[node.out_shape for node in graph] for graph in built]
    assert shapes[0] == shapes[1]
    assert at("mobilenet_v2", 0.362, 96) == (45.5, "estimate")


def test_accuracy_never_falls_as_the_network_grows() -> None:
    """Along alpha at 224, through published points and estimates alike."""
    frame = mnprofile.sweep(
        ["v1", "v2", "v3-large", "v3-small"], alpha="0.25:1.4:0.01", resolution=224
    )
    for _, rows in frame.dropna(subset="top1").groupby("model", observed=True):
        assert rows.sort_values(["buffers", "macs"])["top1"].is_monotonic_increasing


def test_leave_one_out_of_a_line_is_exact() -> None:
    """Points on a plane in log alpha and log resolution are found again."""
    points = {
        (alpha, side): 50 + 10 * float(np.log(alpha)) + 5 * float(np.log(side))
        for alpha in (0.25, 0.5, 1.0)
        for side in (96, 160, 224)
    }
    errors = accuracy.leave_one_out(points, "plane", "top-1")
    assert errors == pytest.approx((0, 0), abs=1e-9)


def test_leave_one_out_errs_where_a_point_stands_out() -> None:
    """One point 3 too high among 11 on a plane is missed by about 3."""
    points = {
        (alpha, side): 60.0
        for alpha in (0.25, 0.5, 0.75, 1.0)
        for side in (96, 160, 224)
    }
    points[0.5, 160] = 63.0
    errors = accuracy.leave_one_out(points, "plane", "top-1")
    assert errors is not None
    assert errors[1] == pytest.approx(3, abs=1e-9)


def test_latencies_name_the_device() -> None:
    """TF-slim mobilenet/README.md: V2 1.0/224 takes 73.8 ms on a Pixel 1's CPU."""
    pixel1 = recipes.latencies("mobilenet_v2")[0]
    assert pixel1.device == "Pixel 1 (mobile CPU)"
    assert pixel1.milliseconds[1.0, 224] == 73.8
