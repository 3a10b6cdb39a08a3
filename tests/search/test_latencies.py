"""Latencies of many configurations, against each predicted alone."""

import pytest

from mnprofile import find, sweep
from mnprofile.base.errors import UnmeasuredError, UsageError
from mnprofile.costs.latency.devices import device_of
from mnprofile.costs.latency.prediction import predict
from mnprofile.networks.catalog import build, load


@pytest.mark.parametrize("name", ["v2", "v3-large", "v3-small-minimalistic"])
@pytest.mark.parametrize("impl", ["paper", "torchvision"])
def test_a_sweep_predicts_what_each_configuration_alone_does(
    name: str, impl: str
) -> None:
    device = device_of("Pixel 1")
    table = sweep(
        name,
        alpha=[0.36, 0.5, 0.9, 1.2],
        resolution=[(96, 128), (97, 97), (161, 161), (223, 223)],
        impl=impl,
        device="Pixel 1",
    )
    assert len(table) == 16
    assert set(table["latency_kind"]) == {"estimate"}
    for row in table.to_dict("records"):
        size = str(row["resolution"])
        sides = (96, 128) if size == "96x128" else (int(size), int(size))
        graph = build(name, alpha=row["alpha"], resolution=sides, impl=impl)
        alone = predict(graph, load(name).family, device)
        assert row["latency_ms"] == pytest.approx(alone.ms, abs=6e-4)


def test_published_latencies_come_before_estimates() -> None:
    table = sweep(
        "v2", alpha=[0.5, 0.6, 2.0], resolution=[160, 224, 288], device="Pixel 1"
    )
    found = {
        (row.alpha, row.resolution): (row.latency_ms, row.latency_kind)
        for row in table.itertuples()
    }
    assert found[0.5, 160] == (14.9, "published")  # TF-slim README
    assert found[0.5, 224] == (28.7, "published")
    assert found[0.6, 224][1] == "estimate"
    # Outside the figures (0.35 to 1.4, 96 to 224) nothing is known.
    for point in ((2.0, 160), (0.5, 288)):
        assert [str(value) for value in found[point]] == ["nan", "nan"]


def test_another_expansion_has_no_latency() -> None:
    table = sweep("v2", alpha=0.5, resolution=160, t=[3.0, 6.0], device="Pixel 1")
    assert table["latency_ms"].isna().tolist() == [True, False]


def test_columns_of_sweeps_without_a_device_stay() -> None:
    names = sweep("v2", alpha=0.5, resolution=160).columns
    assert "latency_ms" not in names
    assert "latency_ms_pixel_1" in names


def test_a_limit_keeps_what_fits_and_nothing_unknown() -> None:
    table = sweep(
        ["v2", "v1"],
        alpha=[0.5, 0.75, 1.0],
        resolution=[128, 160, 224],
        device="Pixel 1",
        where="latency_ms<=30ms",
    )
    assert set(table["model"]) == {"mobilenet_v2"}
    # 27.6 at 1.0/128; 21.9 at 0.75/128; 28.7, 14.9, 9.9 at 0.5; 30.4 at 0.75/160 not.
    assert sorted(table["latency_ms"]) == [9.9, 14.9, 21.9, 27.6, 28.7]


def test_find_takes_a_limit_on_latency() -> None:
    found = find("v3-large", max_latency=30, device="Pixel 1", published_only=True)
    assert found.best is not None
    assert found.best.spec == "mobilenet_v3_large@1.0/160"
    assert (found.best.latency_ms, found.best.latency_kind) == (27.8, "published")
    assert [limit.column for limit in found.binding] == ["latency_ms"]


def test_a_limit_needs_a_device_that_knows_a_table() -> None:
    with pytest.raises(UsageError, match="needs a device"):
        find("v2", max_latency=30)
    with pytest.raises(UsageError, match="needs a device"):
        sweep("v2", where="latency_ms<30")
    with pytest.raises(UnmeasuredError, match="not calibrated for MobileNetV1"):
        find("v1", max_latency=30, device="Pixel 1")
    with pytest.raises(UsageError, match="is not a time"):
        sweep("v2", where="latency_ms<fast", device="Pixel 1")
