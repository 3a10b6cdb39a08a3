"""mnprofile time on the command line."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.conftest import Run

# What the V2 paper's network takes at 5 GMAC/s and 4 GB/s, near enough.
MINE = """arch,alpha,resolution,ms
v2,0.35,96,4.4
v2,0.35,160,10.6
v2,0.5,96,6.4
v2,0.5,224,28.7
v2,0.75,160,29.9
v2,1.0,160,40.1
v2,1.0,224,75.0
"""
ONE_WIDTH = "arch,resolution,ms\n" + "".join(
    f"v2,{side},{ms}\n"
    for side, ms in ((96, 17), (128, 27), (160, 40), (192, 55), (224, 74), (256, 96))
)


def test_where_the_time_goes_on_one_device(run: Run) -> None:
    result = run("time", "v2", "--device", "Pixel 1 (mobile CPU)", "--by", "stage")

    assert result.code == 0
    lines = result.out.split("\n")
    assert lines[0].endswith("impl paper, on Pixel 1")
    assert [line.split()[0] for line in lines[3:9]] == [
        *["s2", "s4", "s8", "s16", "s32", "head"]
    ]
    assert "Predicted 76.3 ms on Pixel 1, 69.3 to 84.9 ms" in result.out
    assert "off by 3.2 % in the median" in result.out
    assert "Published: 73.8 ms on Pixel 1 (mobile CPU)" in result.out


def test_json_has_the_calibration_and_every_layer(run: Run) -> None:
    record = json.loads(
        run("time", "v3-small", "--device", "Pixel 2", "--format", "json").out
    )

    assert record["schema"] == "mnprofile/time"
    assert record["device"] == "Pixel 2"
    assert record["ms"] == pytest.approx(19.4, rel=0.05)  # V3 paper, Table 3
    assert record["range_ms"][0] < record["ms"] < record["range_ms"][1]
    assert {one["ms"] for one in record["published"]} == {19.4}
    assert record["calibration"]["held_out_percent"]["median"] == 1.3
    assert sum(one["ms"] for one in record["parts"]) == pytest.approx(
        record["ms"], abs=0.05
    )
    macs = sum(one["macs"] for one in record["parts"])
    assert macs == 56_510_400  # DESIGN: V3-Small 1.0/224


def test_without_a_device_every_one_that_knows_the_family(run: Run) -> None:
    result = run("time", "v3-large", "--format", "csv")
    rows = [*csv.DictReader(io.StringIO(result.out))]
    assert [row["device"] for row in rows] == ["Pixel 1", "Pixel 2", "Pixel 3"]
    assert [row["published_ms"] for row in rows] == ["51.2; 51", "61", "44"]


def test_devices_are_listed_with_their_errors_and_what_is_refused(run: Run) -> None:
    record = json.loads(run("time", "--devices", "--format", "json").out)
    pixel = next(one for one in record["devices"] if one["name"] == "Pixel 1")
    assert [one["family"] for one in pixel["calibrations"]] == ["v2", "v3"]
    assert [one["family"] for one in pixel["refused"]] == [
        *("mnasnet", "once-for-all", "v1")
    ]
    text = run("time", "--devices", "--device", "pixel 1").out
    assert "1 figure; needed: at least 6" in text


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["v2", "--device", "Pixl 1"], 2, 'Did you mean "Pixel 1"?'),
        (["v2", "--device", "Pixel 3"], 3, "Pixel 3 is not calibrated for MobileNetV2"),
        (["v1"], 3, "no device is calibrated for MobileNetV1"),
        (["v3"], 2, 'no architecture is called "v3"'),
        ([], 2, "ARCH is missing"),
        (["v2", "--devices"], 2, "--devices takes no ARCH"),
        (["v2", "--peak", "8G"], 2, "needs both --peak and --bandwidth"),
        (["v2", "--peak", "0", "--bandwidth", "1GB"], 2, "--peak: 0 is not a rate"),
        (["v2", "--peak", "fast", "--bandwidth", "1GB"], 2, "is not a count"),
        (["v2", "--bits", "8"], 2, "a device has its own"),
        (["v2", "--save", "x.toml"], 2, "--save belongs to --calibrate"),
        (["v2", "--device", "no.toml"], 2, "no such file"),
        (["--calibrate", "no.csv", "--device", "x"], 2, "no such file"),
        (["--calibrate", "no.csv"], 2, "needs a name"),
    ],
)
def test_what_is_refused(
    run: Run, arguments: list[str], code: int, message: str
) -> None:
    result = run("time", *arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_a_network_outside_the_figures_has_no_range(run: Run) -> None:
    result = run("time", "v2", "--alpha", "2", "--device", "Pixel 1")
    assert result.code == 0
    assert (
        "outside the calibration: alpha 2; the figures have 0.35 to 1.4" in result.out
    )


def test_a_lower_bound_is_called_that(run: Run) -> None:
    result = run("time", "v2", "--peak", "10G", "--bandwidth", "1000GB")
    assert "Lower bound 30.1 ms" in result.out  # 300.8 M at 10 G a second
    assert "This is not a prediction" in result.out


def test_own_measurements_become_a_device(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    (tmp_path / "mine.csv").write_text(MINE, "utf-8")
    saved = tmp_path / "board.toml"
    made = run(
        *["time", "--calibrate", str(tmp_path / "mine.csv")],
        *["--device", 'My "board"', "--save", str(saved), "--format", "json"],
    )
    assert made.code == 0
    (device,) = json.loads(made.out)["devices"]
    assert (device["name"], device["calibrations"][0]["figures"]) == ('My "board"', 7)

    used = run("time", "v2@0.5/160", "--device", str(saved), "--format", "json")
    assert json.loads(used.out)["ms"] == pytest.approx(14.9, rel=0.1)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v2,0.5,96,6.4", "v2,0.5,96,0", '4, column "ms": "0" is not above 0'),
        ("v2,0.5,96,6.4", "v2,0.5,96,-1", '4, column "ms": "-1" is not'),
        ("v2,0.5,96,6.4", "v2,0.5,96,nan", '4, column "ms": "nan" is not'),
        ("v2,0.5,96,6.4", "v2,0.5,96,", '4, column "ms": "" is not'),
        ("v2,0.5,96,6.4", "v2,0.5,96", ":4: the row has 3 cells"),
        ("v2,0.5,96,6.4", "v7,0.5,96,6.4", ':4: no architecture is called "v7"'),
        ("v2,0.5,96,6.4", "v2,99,96,6.4", ":4: alpha: 99 is out of range"),
        ("v2,0.5,96,6.4", "v2,1.0,224,20", "20 ms and 75 ms contradict each other"),
        ("arch,alpha,resolution,ms", "arch,alpha,resolution,msec", 'no column "ms"'),
        ("v2,0.5,96,6.4\nv2,0.5,224,28.7\n", "", "v2: 5 figures"),
        (MINE, ONE_WIDTH, "v2: all figures are of 1 width"),
    ],
)
def test_measurements_that_do_not_suffice(
    run: Run, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.csv"
    assert old in MINE
    path.write_text(MINE.replace(old, new, 1), "utf-8")
    result = run("time", "--calibrate", str(path), "--device", "x")
    assert (result.code, result.out) == (2, "")
    assert message in result.err
