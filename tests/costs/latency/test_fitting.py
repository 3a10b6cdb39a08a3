"""Calibration on latencies made from known prices, and on ones that do not suffice."""

from statistics import median

import pytest

from mnprofile import build
from mnprofile.costs.latency.devices import Measured
from mnprofile.costs.latency.fitting import (
    CalibrationError,
    Observation,
    calibrate,
    merged,
)
from mnprofile.costs.latency.work import Work, work

# Nanoseconds, chosen here: a device at 5 GMAC/s and 4 GB/s.
PRICES = {"dense_mac": 0.2, "depthwise_mac": 0.2, "map_byte": 0.25, "weight_byte": 0.1}


def made(alpha: float, side: int, off: float = 1.0) -> Observation:
    done = work(build("v2", alpha=alpha, resolution=side), 32)
    ns = (
        0.2 * (done.dense_mac + done.depthwise_mac)
        + 0.25 * done.map_byte
        + 0.1 * done.weight_byte
    )
    return Observation(
        Measured("mobilenet_v2", alpha, side, side, off * ns / 1e6), done
    )


GRID = [
    made(alpha, side) for alpha in (0.35, 0.5, 0.75, 1.0) for side in (96, 160, 224)
]


def test_known_prices_are_found_again() -> None:
    pytest.importorskip("scipy")
    found = calibrate("v2", "made", GRID)
    assert found.model == "multiply-adds, bytes of maps and of weights"
    assert found.left_out == "width"
    for term, price in PRICES.items():
        assert found.prices[term] == pytest.approx(price, rel=1e-3), term
    assert found.prices["operator"] == 0
    assert found.errors == (0.0, 0.0, 0.0)
    assert found.macs_alone.median > 3


def test_one_wild_figure_moves_the_others_little() -> None:
    pytest.importorskip("scipy")
    wild = [*GRID[:-1], made(1.0, 224, off=3.0)]
    found = calibrate("v2", "made", wild)
    assert found.errors.worst == pytest.approx(66.7, abs=1.0)  # 1 - 1/3
    assert found.errors.median < 1


def test_the_reported_errors_are_those_of_the_figures_left_out() -> None:
    pytest.importorskip("scipy")
    noise = [1.04, 0.97, 1.0, 0.99, 1.03, 1.05, 0.95, 1.0, 1.02, 0.98, 1.01, 0.96]
    figures = [
        one._replace(figure=one.figure._replace(ms=one.figure.ms * off))
        for one, off in zip(GRID, noise, strict=True)
    ]
    found = calibrate("v2", "made", figures)
    off = [
        abs(one.held_out_ms / one.ms - 1) for one in found.figures if one.held_out_ms
    ]
    assert found.errors.median == pytest.approx(100 * median(off), abs=0.1)
    assert found.errors.worst == pytest.approx(100 * max(off), abs=0.1)
    within = sum(100 * one <= found.errors.most + 0.05 for one in off)
    assert within >= 0.9 * len(off)
    assert found == calibrate("v2", "made", figures)  # nothing is drawn at random


def test_what_is_left_out_takes_no_part_in_its_prediction() -> None:
    """Changing one width's figures changes no prediction of that width."""
    pytest.importorskip("scipy")
    changed = [
        one._replace(figure=one.figure._replace(ms=one.figure.ms * 1.3))
        if one.figure.alpha == 0.5
        else one
        for one in GRID
    ]
    before, after = (calibrate("v2", "made", some).figures for some in (GRID, changed))
    for a, b in zip(before, after, strict=True):
        if a.alpha == 0.5:
            assert a.held_out_ms == b.held_out_ms


@pytest.mark.parametrize(
    ("figures", "message"),
    [
        (GRID[:5], "5 figures"),
        (GRID[:1], "1 figure"),
        (
            [made(1.0, side) for side in range(96, 288, 32)],
            "all figures are of 1 width",
        ),
        (
            [made(alpha, 224) for alpha in (1.0, 1.01, 1.02, 1.03, 1.04, 1.05)],
            "the figures do not vary",
        ),
    ],
)
def test_too_few_figures_are_refused(figures: list[Observation], message: str) -> None:
    with pytest.raises(CalibrationError, match=message) as refused:
        calibrate("v2", "made", figures)
    assert refused.value.accepted


def test_figures_of_one_configuration_are_averaged_or_contradict() -> None:
    one, other = Measured("a", 1.0, 224, 224, 10.0), Measured("a", 1.0, 224, 224, 10.8)
    small = Measured("a", 1.0, 192, 192, 7.0)
    assert [figure.ms for figure in merged([one, small, other])] == [10.4, 7.0]
    with pytest.raises(CalibrationError, match="a@1/224: 10 ms and 12 ms contradict"):
        merged([one, small, one._replace(ms=12.0)])


def test_work_without_any_of_a_term_has_no_price_for_it() -> None:
    pytest.importorskip("scipy")
    figures = [
        Observation(
            Measured("dense", alpha, 32, 32, 2e-6 * macs),
            Work(dense_mac=macs, operator=1),
        )
        for alpha, macs in enumerate((1, 2, 3, 5, 8, 13, 21), start=1)
    ]
    found = calibrate("dense", "made", figures)
    assert found.model == "multiply-adds"
    assert found.prices["dense_mac"] == pytest.approx(2.0)
