"""The shipped devices: their held-out errors, and that a fit gives them again.

The literals were printed by `mnprofile time --calibrate published`.
"""

from pathlib import Path
from statistics import median

import pytest

from mnprofile.costs.latency.devices import (
    FOLDER,
    DeviceError,
    device_of,
    device_text,
    file_name,
    read_device,
    shipped_devices,
)
from mnprofile.costs.latency.prediction import predict
from mnprofile.costs.latency.work import work
from mnprofile.evidence.literature.latencies import (
    calibrated_devices,
    milliseconds,
    printed_latencies,
)
from mnprofile.networks.catalog import build

# Median, nine in ten, worst; and the median of multiply-adds alone, in percent.
HELD_OUT = {
    ("Pixel 1", "v2"): (22, "width", 3.2, 10.1, 17.8, 15.7),
    ("Pixel 1", "v3"): (19, "configuration", 1.5, 7.6, 9.0, 13.1),
    ("Pixel 2", "v3"): (6, "configuration", 1.3, 9.6, 9.6, 12.3),
    ("Pixel 3", "v3"): (6, "configuration", 1.8, 18.6, 18.6, 12.4),
}


@pytest.mark.parametrize(("name", "family"), HELD_OUT)
def test_the_errors_of_the_shipped_devices(name: str, family: str) -> None:
    found = device_of(name).calibration(family)
    assert found is not None
    assert (
        len(found.figures),
        found.left_out,
        *found.errors,
        found.macs_alone.median,
    ) == HELD_OUT[name, family]
    # The same from the figures in the file, whose held-out values have four digits.
    off = [100 * one.error for one in found.figures]
    assert median(off) == pytest.approx(found.errors.median, abs=0.1)
    assert max(off) == pytest.approx(found.errors.worst, abs=0.1)


def test_the_goals_of_the_two_families_on_pixel_1() -> None:
    assert HELD_OUT["Pixel 1", "v2"][2] <= 4
    assert HELD_OUT["Pixel 1", "v3"][2] <= 3


def test_every_calibration_is_known_here() -> None:
    known = {
        (device.name, one.family)
        for device in shipped_devices()
        for one in device.calibrations
    }
    assert known >= set(HELD_OUT)
    assert all(
        one.errors.median < 25 for d in shipped_devices() for one in d.calibrations
    )


def test_a_fit_on_the_published_figures_gives_the_shipped_files() -> None:
    pytest.importorskip("scipy")
    made = calibrated_devices()
    assert {file_name(one) for one in made} == {
        one.name for one in FOLDER.glob("*.toml")
    }
    for device in made:
        shipped = read_device(FOLDER / file_name(device))
        assert (device.refused, device.printed) == (shipped.refused, shipped.printed)
        for now, then in zip(device.calibrations, shipped.calibrations, strict=True):
            assert (now.family, now.model, now.source) == (
                then.family,
                then.model,
                then.source,
            )
            # Four digits are written; the last may differ by a rounding of the solver.
            for term, price in now.prices.items():
                assert then.prices[term] == pytest.approx(price, rel=1e-3), term
            assert now.errors == pytest.approx(then.errors, abs=0.1)


def test_a_device_has_the_names_that_sources_print() -> None:
    for name in ("Pixel 1", "pixel 1 (mobile cpu)", "Pixel 1 CPU"):
        assert device_of(name).name == "Pixel 1"
    assert device_of("Pixel 3 (large core)").name == "Pixel 3"


def test_published_latencies_are_milliseconds_of_whole_networks() -> None:
    found = list(printed_latencies())
    # V3 paper, Table 9: V3-Large 1.0/224 takes 51.2 ms on Pixel 1.
    table9 = [
        one
        for one in found
        if (one.network, one.table, one.alpha, one.resolution)
        == ("v3-large", "Table 9", 1.0, 224)
    ]
    assert [milliseconds(one) for one in table9] == [51.2]
    assert not any(one.network in ("head", "other") for one in found)


def test_predictions_of_published_configurations() -> None:
    """In sample, V2 1.0/224 (73.8 ms printed) and V3-Small 1.0/224 (15.8)."""
    pixel = device_of("Pixel 1")
    v2 = predict(build("v2"), "v2", pixel)
    assert v2.ms == pytest.approx(73.8, rel=0.05)
    low, high = v2.range_ms or (0, 0)
    assert low < 73.8 < high
    small = predict(build("v3-small"), "v3", pixel)
    assert small.ms == pytest.approx(15.8, rel=0.05)
    for part in v2.layers:
        assert part.ms == pytest.approx(
            part.compute_ms + part.memory_ms + part.overhead_ms
        )
    for by in ("block", "stage", "type"):
        assert sum(one.ms for one in v2.by(by)) == pytest.approx(v2.ms)


@pytest.mark.parametrize(
    ("alpha", "side", "what"),
    [(2.0, 224, "alpha 2"), (1.0, 512, "the resolution"), (0.1, 96, "alpha 0.1")],
)
def test_there_is_no_range_outside_the_figures(
    alpha: float, side: int, what: str
) -> None:
    found = predict(
        build("v2", alpha=alpha, resolution=side), "v2", device_of("Pixel 1")
    )
    assert found.range_ms is None
    assert found.outside is not None
    assert found.outside.startswith(what)


def test_a_device_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    for device in shipped_devices():
        path = tmp_path / file_name(device)
        path.write_text(device_text(device), "utf-8")
        assert device_text(read_device(path)) == device_text(device)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bits = 32", "bits = 7", "bits: 7 is not accepted"),
        ("dense_mac = 0.", "dense_mac = -0.", "dense_mac: -0.* out of range"),
        ("dense_mac = 0.", "dense_mac = nan # 0.", "not valid TOML"),
        ('model = "', "model = 3 #", "model: not a string"),
        ('["mobilenet_v2", 1.4, 224, 224, 138.0', "[138.0", "is not a figure"),
        ("224, 224, 138.0", "224, 224, 0.0", "a number is not above 0"),
        ("name =", "nam =", "nam: unknown key"),
    ],
)
def test_a_damaged_device_file_is_refused(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (FOLDER / "pixel_1.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "damaged.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DeviceError, match=message):
        read_device(path)


@pytest.mark.parametrize(
    ("of", "on", "median_off"), [("v2", "v3", 10.0), ("v3", "v2", 12.0)]
)
def test_prices_carry_over_badly_to_another_family(
    of: str, on: str, median_off: float
) -> None:
    """As docs/time.md says."""
    prices, others = (device_of("Pixel 1").calibration(name) for name in (of, on))
    assert prices is not None
    assert others is not None
    off = []
    for one in others.figures:
        graph = build(one.network, alpha=one.alpha, resolution=one.height)
        off.append(100 * abs(prices.ms(work(graph, 32)) / one.ms - 1))
    assert median(off) == pytest.approx(median_off, abs=0.1)


def test_latencies_of_networks_that_nobody_printed_are_refused_with_the_reason() -> (
    None
):
    """Counted in the READMEs of TinyEngine and Once-for-All."""
    found = {
        (device.name, one.family): (one.figures, one.reason)
        for device in shipped_devices()
        for one in device.refused
    }
    for runtime, count in (("TinyEngine", 11), ("CMSIS-NN", 10)):
        figures, reason = found[f"Cortex-M, {runtime}", "mcunet"]
        assert figures == count
        assert "the layers of none" in reason
    assert found["Samsung Note10", "once-for-all"][0] == 8
    assert found["Pixel 1", "once-for-all"][0] == 7
