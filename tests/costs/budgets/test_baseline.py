"""The baseline file: the same bytes every time, and not trusted when read."""

import json
from pathlib import Path

import pytest

from mnprofile.cli import main
from tests.costs.budgets.projects import PHONE, limits, project

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_the_baseline_file_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    project(PHONE + 'max-increase = "2%"\n')
    assert main(["ci", "--write-baseline"]) == 0
    first = (tmp_path / "mnprofile-baseline.json").read_bytes()
    assert main(["ci", "--write-baseline", "--baseline", "again.json"]) == 0

    assert (tmp_path / "again.json").read_bytes() == first
    assert json.loads(first)["budgets"]["phone"]["mobilenet_v2"]["totals"] == {
        "activations": 2_988_400,
        "macs": 107_295_200,
        "params": 2_636_424,
    }


def test_growth_names_the_stage_that_grew_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """V2 from alpha 0.75 to 1: most of the new params are in the last blocks."""
    project(limits(max_increase="2%"))
    assert main(["ci", "--write-baseline"]) == 0
    project(limits(max_increase="2%").replace("@0.75/160", "@1.0/160"))
    capsys.readouterr()

    assert main(["ci"]) == 1
    assert "s32 grew by" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ({"schema": "mnprofile/count"}, 2),
        ({"extra": 1}, 2),
        ({"budgets": {"b": {"n": {"stages": {}, "totals": {}}}}}, 2),
        ({"budgets": {"b": {"n": {"stages": {"s2": 3}}}}}, 2),
        ({"schema_version": 2}, 3),
        ({"convention": "bias counted"}, 3),
    ],
)
def test_a_damaged_baseline_is_refused(
    damage: dict[str, object], code: int, tmp_path: Path
) -> None:
    project(limits(max_increase="2%"))
    assert main(["ci", "--write-baseline"]) == 0
    path = tmp_path / "mnprofile-baseline.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))

    assert main(["ci"]) == code


def test_diff_reads_a_baseline_file(capsys: pytest.CaptureFixture[str]) -> None:
    """154,083,200 - 107,295,200: V2 1.0/160 and 0.75/160, 154 M and 107 M in print."""
    project(PHONE)
    assert main(["ci", "--write-baseline"]) == 0
    capsys.readouterr()

    files = ("mnprofile-baseline.json", "v2@1.0/160")
    assert main(["diff", *files, "--format", "json"]) == 0
    totals = json.loads(capsys.readouterr().out)["totals"]
    assert totals["macs"]["delta"] == 46_788_000


def test_a_baseline_of_several_networks_is_not_one_side(
    capsys: pytest.CaptureFixture[str],
) -> None:
    project(PHONE + PHONE.split("\n\n")[1].replace("phone", "tablet"))
    assert main(["ci", "--write-baseline"]) == 0

    assert main(["diff", "mnprofile-baseline.json", "v2"]) == 2
    assert "2 networks" in capsys.readouterr().err


def test_a_baseline_of_an_earlier_version_has_no_layers(tmp_path: Path) -> None:
    project(limits(max_increase="2%"))
    assert main(["ci", "--write-baseline"]) == 0
    path = tmp_path / "mnprofile-baseline.json"
    content = json.loads(path.read_text())
    del content["budgets"]["b"]["mobilenet_v2"]["layers"]
    path.write_text(json.dumps(content))

    assert main(["ci"]) == 0
    assert main(["diff", "mnprofile-baseline.json", "v2"]) == 2


def test_layers_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    project(limits(max_increase="2%"))
    assert main(["ci", "--write-baseline"]) == 0
    path = tmp_path / "mnprofile-baseline.json"
    content = json.loads(path.read_text())
    content["budgets"]["b"]["mobilenet_v2"]["layers"][0]["macs"] += 1
    path.write_text(json.dumps(content))

    assert main(["ci"]) == 2
