"""`mnprofile check` of many configurations."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnprofile.networks.catalog import tables_folder
from tests.conftest import Run

pytest.importorskip("torch")
pytest.importorskip("fvcore")


def test_a_grid_is_checked_in_its_order_with_one_verdict(run: Run) -> None:
    """Multiply-adds and parameters at 96 as MobileNetV2's README of TF-slim has them
    in millions (11.9 at 0.35), to the unit from torchvision's own network."""
    result = run("check", "v2", "--alpha", "0.35,1.0", "--res", "96", "--workers", "2")

    assert result.code == 0
    first, second = (line.split() for line in result.out.split("\n")[1:3])
    assert first == ["mobilenet_v2", "0.35", "96", "11934128", "1677128", "yes"]
    assert second[:3] == ["mobilenet_v2", "1.0", "96"]
    assert "2 of 2 configurations agree" in result.out


def test_depth_and_head_reach_every_configuration(run: Run, tmp_path: Path) -> None:
    """The counts of ``mnprofile count``; a head dilates its backbone."""
    folder = tables_folder()
    mine, head = tmp_path / "mine.md", tmp_path / "head.md"
    mine.write_text((folder / "mobilenet_v2.md").read_text("utf-8"))
    head.write_text((folder / "heads" / "lraspp.md").read_text("utf-8"))
    given = ("--alpha", "0.25,0.5", "--res", "64")
    for words in (
        ("efficientnet-b0", "--depth", "2"),
        ("v2", "--head", "lraspp"),
        (f"{mine}+{head}",),
    ):
        row = run("check", *words, *given).out.splitlines()[2].split()
        arch, *options = words
        command = ("count", arch, *options, *given[2:], "--alpha", "0.5")
        totals = json.loads(run(*command, "--format", "json").out)["totals"]

        assert row[3:6] == [str(totals["macs"]), str(totals["params"]), "yes"]


def test_values_of_phi_are_a_grid(run: Run) -> None:
    """1.2 and 1.1 to the power -2 are 0.694 and 0.826; 224 x 1.15^-2 is 169."""
    result = run("check", "efficientnet-b0", "--phi", "-2,-3", "--format", "json")

    first, _ = json.loads(result.out)["rows"]
    assert (first["phi"], first["resolution"], first["agrees"]) == (-2.0, "169", True)
    assert first["depth"] == pytest.approx(0.694, abs=1e-3)


def test_one_configuration_that_cannot_run_is_a_row_and_exit_3(run: Run) -> None:
    arguments = ("--impl", "keras", "--res", "16,64", "--alpha", "0.5")
    result = run("check", "v1", *arguments, "--format", "json")

    assert result.code == 3
    record = json.loads(result.out)
    small, large = record["rows"]
    assert small["error"].startswith("resolution: 16x16: the map is too small")
    assert "macs" not in small
    assert (large["error"], large["agrees"]) == (None, True)
    assert (record["agree"], record["failed"]) == (1, 1)
    assert record["verdict"].startswith("1 of 2 configurations agree; 1 failed. The")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "ARCH is missing"),
        (["check", "v2", "--res", "96,64", "--set", "classes=9"], "--set: not for a"),
        (
            ["check", "efficientnet-b0", "--phi", "1,2", "--depth", "2"],
            "--phi and --depth together",
        ),
        (["check", "v2", "--workers", "2"], "--workers and the like need a grid"),
        (["check", "v2", "--resume", "--res", "96,128"], "--resume needs --results"),
        (
            ["check", "v2", "--grid", "published", "--res", "96"],
            "--grid published already sets --res",
        ),
        (
            ["check", "v2", "--res", "96,x"],
            'resolution: "x" is not a resolution',
        ),
        (
            ["check", "v2", "--res", "96,128", "--against", "a:b"],
            "--against compares one configuration",
        ),
        (
            ["check", "v2", "--res", "1:8000:1", "--alpha", "0.1:9:0.1"],
            "configurations to run",
        ),
        (
            ["check", "v2", "--res", "9,8", "--workers", "1", "--scheduler", "x"],
            "--workers and --scheduler cannot be used together",
        ),
    ],
)
def test_what_a_grid_cannot_do_is_said_at_once(
    run: Run, arguments: list[str], message: str
) -> None:
    result = run(*arguments)
    assert result.code == 2, result.err
    assert message in result.err


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """kill -9 of the command itself: only what was running is run again."""
    file = tmp_path / "r.jsonl"
    grid = ["v2", "--alpha", "0.35,0.5", "--res", "32:80:16"]
    command = [
        sys.executable,
        "-m",
        "mnprofile",
        "check",
        *grid,
        "--workers",
        "2",
        "--results",
        str(file),
    ]
    command += ["--format", "csv"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as first:
        deadline = time.monotonic() + 120
        while not (file.exists() and file.read_bytes().count(b"\n") >= 2):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(first.pid, signal.SIGKILL)
    before = file.read_bytes()
    kept = before[: before.rfind(b"\n") + 1]
    done = subprocess.run(
        [*command, "--resume"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert "is there already" in again.stderr
    after = file.read_bytes()
    assert after.startswith(kept)
    lines = [json.loads(line)["key"] for line in after.splitlines()]
    assert len(lines) == len(set(lines)) == 8
    assert done.stdout.count("\n") == 9


def test_a_table_on_standard_input_cannot_be_a_grid(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    result = run("check", "-", "--res", "96,128")
    assert result.code == 2
    assert "a grid needs a table that can be read again" in result.err
