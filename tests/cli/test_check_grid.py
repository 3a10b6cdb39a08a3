"""`mnprofile check` of many configurations."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnprofile.networks.catalog import tables_folder
from tests.conftest import Run

pytest.importorskip("torch")
pytest.importorskip("fvcore")
ROOT = Path(__file__).parents[2]
ONNX = str(ROOT / "docs" / "examples" / "my_network.onnx")


@pytest.mark.usefixtures("tasks_here")
def test_a_grid_is_checked_in_its_order_with_one_verdict(
    run: Run, tmp_path: Path
) -> None:
    """Multiply-adds and parameters at 96 as MobileNetV2's README of TF-slim has them
    in millions (11.9 at 0.35), to the unit from torchvision's own network."""
    file = tmp_path / "r.jsonl"
    grid = ("v2", "--alpha", "0.35,0.5", "--res", "96", "--results", str(file))
    result = run("check", *grid)

    assert result.code == 0
    first, second = (line.split() for line in result.out.split("\n")[1:3])
    assert first == ["mobilenet_v2", "0.35", "96", "11934128", "1677128", "yes"]
    assert second[:3] == ["mobilenet_v2", "0.5", "96"]
    assert "2 of 2 configurations agree" in result.out
    assert run("check", *grid, "--resume") == result
    assert file.read_bytes().count(b"\n") == 2


@pytest.mark.usefixtures("tasks_here")
def test_depth_and_head_reach_every_configuration(run: Run, tmp_path: Path) -> None:
    """The counts of ``mnprofile count``; a head dilates its backbone."""
    mine, head = tmp_path / "mine.md", tmp_path / "head.md"
    shutil.copy(tables_folder() / "mobilenet_v3_small.md", mine)
    shutil.copy(tables_folder() / "heads" / "lraspp.md", head)
    size = ("--res", "32")
    for words, alphas in (
        (("efficientnet-b0", "--depth", "0.1"), "0.25,0.5"),
        (("v3-small", "--head", "lraspp"), "0.5:0.5:1"),
        ((f"{mine}+{head}",), "0.5:0.5:1"),
    ):
        table = run("check", *words, *size, "--alpha", alphas).out
        row = table.split("\n\n")[0].splitlines()[-1].split()
        command = ("count", *words, *size, "--alpha", "0.5")
        totals = json.loads(run(*command, "--format", "json").out)["totals"]

        assert row[3:6] == [str(totals["macs"]), str(totals["params"]), "yes"]


@pytest.mark.usefixtures("tasks_here")
def test_values_of_phi_are_a_grid(run: Run) -> None:
    """1.2 and 1.1 to the power -8 are 0.233 and 0.467; 224 x 1.15^-8 is 73."""
    result = run("check", "efficientnet-b0", "--phi", "-8,-9", "--format", "json")

    first, _ = json.loads(result.out)["rows"]
    assert (first["phi"], first["resolution"], first["agrees"]) == (-8.0, "73", True)
    assert first["depth"] == pytest.approx(0.233, abs=1e-3)


@pytest.mark.usefixtures("tasks_here")
def test_one_configuration_that_cannot_run_is_a_row_and_exit_3(run: Run) -> None:
    arguments = ("--impl", "keras", "--res", "16,32", "--alpha", "0.5")
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


KILLED = """
import os, sys
from mnprofile.cli import main
from mnprofile.search.tasks.results import Results

def add(results, outcome, add=Results.add):
    add(results, outcome)
    kept.append(outcome)
    if len(kept) == 2:
        os.kill(os.getpid(), 9)

kept, Results.add = [], add
main(sys.argv[1:])
"""


def test_a_killed_run_goes_on_where_it_was(run: Run, tmp_path: Path) -> None:
    """kill -9 of the command itself: only what was running is run again.

    All commands with tasks run and keep them in one way; model files need no torch.
    """
    file, sizes = tmp_path / "r.jsonl", [*range(32, 128, 16)]
    grid = ["sweep", ONNX, "--res", "32:112:16", "--workers", "2"]
    command = [*grid, "--results", str(file), "--format", "csv"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *command], cwd=ROOT, check=False
    )
    assert killed.returncode == -9
    kept = file.read_bytes()
    assert kept.count(b"\n") == 2

    done = run(*command, "--resume")
    assert done.code == 0, done.err
    again = run(*command)
    assert again.code == 2
    assert "is there already" in again.err
    after = file.read_bytes()
    assert after.startswith(kept)
    lines = [json.loads(line)["key"] for line in after.splitlines()]
    assert len(lines) == len(set(lines)) == len(sizes)
    rows = csv.DictReader(io.StringIO(done.out))
    assert [int(row["resolution"]) for row in rows] == sizes


def test_a_table_on_standard_input_cannot_be_a_grid(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    result = run("check", "-", "--res", "96,128")
    assert result.code == 2
    assert "a grid needs a table that can be read again" in result.err
