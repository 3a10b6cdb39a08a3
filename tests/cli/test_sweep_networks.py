"""`mnprofile sweep` over the arguments and sizes of PyTorch networks."""

import csv
import io
import json
from pathlib import Path

import pytest

from mnprofile.search.tasks import networks
from tests.conftest import Run

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]

NETWORKS = """
from torch import nn


def small(width=1.0, depth=1, kind="plain", shape=(3, 3), alpha=1):
    if kind == "raises":
        raise RuntimeError("no such kind")
    c = int(16 * width)
    layers = [nn.Conv2d(c, c, shape, padding="same") for _ in range(depth)]
    ends = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 10)]
    return nn.Sequential(nn.Conv2d(3, c, 1), *layers, *ends)
"""


@pytest.fixture
def nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "nets.py").write_text(NETWORKS)
    monkeypatch.chdir(tmp_path)
    return "nets.py:small"


def macs(width: int, depth: int, side: int, area: int = 9) -> int:
    """By hand: 1x1 from 3 channels, k x k on all, a classifier of ten."""
    per_position = 3 * width + depth * area * width * width
    return per_position * side * side + 10 * width


def test_every_combination_is_counted_in_the_order_of_the_grid(
    run: Run, nets: str
) -> None:
    """In a process of its own, as ever; most tests below have them here."""
    grid = ("--arg", "width=0.5:1.0:0.5", "--arg", "depth=1,3", "--res", "8,16")
    result = run("sweep", nets, *grid, "--format", "csv")

    assert result.code == 0, result.err
    rows = list(csv.DictReader(io.StringIO(result.out)))
    got = [
        (row["width"], row["depth"], row["resolution"], int(row["macs"]))
        for row in rows
    ]
    assert got == [
        ("0.5", "1", "8", macs(8, 1, 8)),
        ("0.5", "1", "16", macs(8, 1, 16)),
        ("0.5", "3", "8", macs(8, 3, 8)),
        ("0.5", "3", "16", macs(8, 3, 16)),
        ("1.0", "1", "8", macs(16, 1, 8)),
        ("1.0", "1", "16", macs(16, 1, 16)),
        ("1.0", "3", "8", macs(16, 3, 8)),
        ("1.0", "3", "16", macs(16, 3, 16)),
    ]


@pytest.mark.usefixtures("tasks_here")
def test_values_with_commas_in_brackets_are_one(run: Run, nets: str) -> None:
    arguments = ("--arg", "shape=(1, 1),(3, 3)", "--arg", "kind='plain'", "--res", "8")
    result = run("sweep", nets, *arguments, "--format", "json")

    record = json.loads(result.out)
    assert record["schema"] == "mnprofile/sweep-networks"
    assert [row["shape"] for row in record["rows"]] == ["(1, 1)", "(3, 3)"]
    assert [row["macs"] for row in record["rows"]] == [
        macs(16, 1, 8, 1),
        macs(16, 1, 8, 9),
    ]


def test_networks_that_fail_are_rows_with_the_reason_and_the_others_are_counted(
    run: Run, nets: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In processes that need no torch: counting is replaced by what fails as told."""
    monkeypatch.setattr(networks, "COUNT", "tests.search.tasks.samples:as_told")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    kinds = ("--arg", "kind=fail,crash,hang,plain", "--res", "8")
    how = ("--timeout", "3", "--workers", "2", "--format", "json")
    result = run("sweep", nets, *kinds, *how)

    assert result.code == 3
    record = json.loads(result.out)
    raised, crashed, hung, plain = record["rows"]
    assert raised["error"] == "RuntimeError: first line"
    assert crashed["error"].startswith("the process ended with signal 11")
    assert hung["error"] == "no result after 3 s"
    assert (plain["error"], plain["macs"]) == (None, 7)
    assert "macs" not in raised
    assert record["failed"] == 3


@pytest.mark.usefixtures("tasks_here")
def test_limits_leave_out_rows_but_not_failures(run: Run, nets: str) -> None:
    grid = ("--arg", "width=0.5,1.0", "--arg", "kind=plain,raises", "--res", "8")
    limit = ("--max-macs", str(macs(8, 1, 8)))
    result = run("sweep", nets, *grid, *limit, "--format", "json")

    rows = json.loads(result.out)["rows"]
    reason = "nets.py:small raised RuntimeError: no such kind (nets.py:7)"
    assert [(row["width"], row["kind"], row["error"]) for row in rows] == [
        (0.5, "plain", None),
        (0.5, "raises", reason),
        (1.0, "raises", reason),
    ]


@pytest.mark.usefixtures("tasks_here")
def test_a_run_goes_on_until_the_code_changes(run: Run, nets: str) -> None:
    given = ("--arg", "width=0.5,1.0", "--res", "8", "--results", "r.jsonl")
    grid = ("sweep", nets, *given)
    first = run(*grid)
    file = Path("r.jsonl")
    lines = file.read_bytes()
    again = run(*grid, "--resume")
    assert (first.code, again.code) == (0, 0)
    assert again.out == first.out
    assert file.read_bytes() == lines
    Path("nets.py").write_text(NETWORKS.replace("16 * width", "32 * width"))
    changed = run(*grid, "--resume")
    assert changed.code == 0
    assert changed.out != first.out
    assert file.read_bytes().count(b"\n") == 4


@pytest.mark.usefixtures("tasks_here")
def test_parquet_has_the_columns_of_csv(run: Run, nets: str) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    grid = ("--arg", "width=0.5,1.0", "--res", "8")
    result = run("sweep", nets, *grid, "-o", "a.parquet", "--plot", "p.html")

    assert result.code == 0, result.err
    assert "Multiply-adds against parameters" in Path("p.html").read_text()
    table = parquet.read_table("a.parquet")
    assert table["macs"].to_pylist() == [macs(8, 1, 8), macs(16, 1, 8)]
    assert table["width"].to_pylist() == [0.5, 1.0]
    assert "error" in table.column_names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--alpha", "0.5"], "--alpha: a network that is not a table"),
        (["--pareto"], "--pareto: no accuracy is published"),
        (["--plot", "p.bmp"], "p.bmp: not a suffix of a picture"),
        (["--x", "latency:Pixel 1"], '--x: "latency:Pixel 1" is not an axis of'),
        (["v2"], "v2 is a table, and others are not"),
        (["--res", "8", "--input", "1x3x8x8"], "--res and --input together"),
        (["--arg", "a=1", "--arg", "a=2"], "--arg: a is given twice"),
        (["--arg", "width=0.1:9:0.0001", "--res", "1:200:1"], "configurations to run"),
    ],
)
def test_what_such_a_sweep_cannot_do_is_said_at_once(
    run: Run, nets: str, arguments: list[str], message: str
) -> None:
    result = run("sweep", nets, *arguments)
    assert result.code == 2
    assert message in result.err


def test_arguments_and_workers_are_not_for_tables(run: Run) -> None:
    assert "--arg: the grid is over tables" in run("sweep", "v2", "--arg", "a=1").err
    assert "--workers and the like" in run("sweep", "v2", "--workers", "2").err


# --- latencies and accuracies of one's own --------------------------------------------

_BOARD = """
name = "board"
printed = []
runtime = ""
bits = 32

[[calibration]]
family = "imported"
source = "here"
model = "multiply-adds"
left_out = "configuration"
held_out_percent = { median = 1.0, most = 2.0, worst = 3.0 }
macs_alone_percent = { median = 1.0, most = 2.0, worst = 3.0 }
figures = [
  ["a", 1.0, 8, 8, 1.0, 1.0],
  ["b", 1.0, 16, 16, 1.0, 1.0],
]

[calibration.ns]
dense_mac = 2.0
depthwise_mac = 2.0
map_byte = 0.0
weight_byte = 0.0
operator = 0.0
"""


@pytest.mark.usefixtures("tasks_here")
def test_a_device_of_ones_own_gives_latencies_to_limit(run: Run, nets: str) -> None:
    Path("board.toml").write_text(_BOARD)
    grid = ("--arg", "width=0.5,1.0", "--res", "8,16,32", "--device", "board.toml")
    record = json.loads(run("sweep", nets, *grid, "--format", "json").out)
    got = [
        (row["width"], row["resolution"], row["latency_ms"]) for row in record["rows"]
    ]
    assert got == [  # two nanoseconds a multiply-add; the figures have 8 to 16 pixels
        (0.5, "8", round(macs(8, 1, 8) * 2e-6, 3)),
        (0.5, "16", round(macs(8, 1, 16) * 2e-6, 3)),
        (0.5, "32", None),
        (1.0, "8", round(macs(16, 1, 8) * 2e-6, 3)),
        (1.0, "16", round(macs(16, 1, 16) * 2e-6, 3)),
        (1.0, "32", None),
    ]
    limited = run("sweep", nets, *grid, "--max-latency", "0.4ms", "--format", "json")
    kept = json.loads(limited.out)["rows"]
    assert [(row["width"], row["resolution"]) for row in kept] == [
        *((0.5, "8"), (0.5, "16"), (1.0, "8"))
    ]


@pytest.mark.usefixtures("tasks_here")
def test_a_changed_device_is_asked_again(run: Run, nets: str) -> None:
    Path("board.toml").write_text(_BOARD)
    given = ("sweep", nets, "--res", "8", "--device", "board.toml")
    grid = (*given, "--results", "r.jsonl", "--format", "json")
    before = json.loads(run(*grid).out)["rows"][0]["latency_ms"]
    Path("board.toml").write_text(_BOARD.replace("_mac = 2.0", "_mac = 20.0"))
    after = json.loads(run(*grid, "--resume").out)["rows"][0]["latency_ms"]
    assert after == pytest.approx(10 * before, abs=0.01)


ACCURACIES = "width,depth,top1\n0.5,1,60\n0.5,3,59\n1.0,1,66\n1.0,3,66\n"


@pytest.mark.usefixtures("tasks_here")
def test_the_frontier_of_ones_own_accuracies(run: Run, nets: str) -> None:
    Path("a.csv").write_text(ACCURACIES)
    grid = ("--arg", "width=0.5,1.0,2.0", "--arg", "depth=1,3", "--res", "8")
    given = ("sweep", nets, *grid, "--accuracy", "a.csv", "--format", "json")
    record = json.loads(run(*given).out)
    assert [row["top1"] for row in record["rows"]] == [60, 59, 66, 66, None, None]
    assert "Top-1 as in a.csv: 4 of 6 configurations" in record["notes"]

    front = json.loads(run(*given, "--pareto", "--plot", "p.svg").out)["rows"]
    drawn = Path("p.svg").read_text()
    assert "Top-1 (%)" in drawn
    assert "1.0/1/8" in drawn  # the best, by width, depth and resolution
    assert [(row["width"], row["depth"]) for row in front] == [(0.5, 1), (1.0, 1)]
    limited = json.loads(run(*given, "--min-top1", "60").out)["rows"]
    assert [row["top1"] for row in limited] == [60, 66, 66]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wdth,top1\n1,60\n", 'a.csv:1: column "wdth" is none of this sweep'),
        ("width\n1\n", 'a.csv:1: there is no column "top1"'),
        ("top1\n60\n", 'a.csv:1: there is no column "model"'),
        ("width,top1,top1\n1,60,61\n", 'a.csv:1: column "top1" is there twice'),
        ("width,top1\n1\n", "a.csv:2: the row has 1 cells"),
        ("width,top1\n1,0.6\n", 'a.csv:2, column "top1": "0.6" is not a percentage'),
        ("width,top1\n1,nan\n", 'a.csv:2, column "top1": "nan" is not a percentage'),
        ("width,top1\n1,\n", 'a.csv:2, column "top1": "" is not a percentage'),
        ("width,top1\n", "a.csv: there is no accuracy"),
        ("", 'a.csv:1: there is no column "top1"'),
        ("width,top1\n1.0,60\n1,61\n", "a.csv:3: top1 61, but line 2 has 60"),
    ],
)
@pytest.mark.usefixtures("tasks_here")
def test_a_file_of_accuracies_that_is_refused(
    run: Run, nets: str, text: str, message: str
) -> None:
    Path("a.csv").write_text(text)
    result = run(
        *("sweep", nets, "--arg", "width=1.0", "--res", "8", "--accuracy", "a.csv")
    )
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_what_latencies_and_accuracies_need_is_said(run: Run, nets: str) -> None:
    assert "--accuracy FILE.csv" in run("sweep", nets, "--pareto").err
    pixel = run("sweep", nets, "--device", "Pixel 1")
    assert pixel.code == 3
    assert "Pixel 1 is not calibrated for networks that are not tables" in pixel.err
    limit = run("sweep", nets, "--max-latency", "5ms")
    assert limit.code == 2
    assert "a limit on latency needs a device" in limit.err
    assert (
        "--accuracy: the grid is over tables"
        in run("sweep", "v2", "--accuracy", "a.csv").err
    )
