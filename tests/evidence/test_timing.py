"""Running networks here. What a run takes differs; what is timed does not."""

import csv
import io
import json
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from mnprofile import build, count
from mnprofile.costs.latency.measurements import read_measurements
from mnprofile.evidence.profilers import timing
from mnprofile.evidence.profilers.timing import HowToRun, MeasuredTime, measure
from mnprofile.evidence.profilers.to_torch import to_torch
from mnprofile.networks.catalog import load
from mnprofile.networks.finding import find_network
from tests.conftest import Run
from tests.sampling import long

SHORT = ("--repeats", "2", "--warmup", "1", "--threads", "1")


def test_the_median_and_half_of_the_runs_around_it() -> None:
    runs = (5.0, 1.0, 2.0, 4.0, 3.0, 100.0, 6.0, 7.0, 8.0)
    found = MeasuredTime(HowToRun(), "", 1, runs, {})
    assert found.whole == (5.0, 3.0, 7.0)
    assert MeasuredTime(HowToRun(), "", 1, (2.0,), {}).whole == (2.0, 2.0, 2.0)


def test_the_clock_counts_no_run_of_the_warm_up() -> None:
    seen: list[tuple[str, int, int]] = []
    waits = iter([0.05, 0.0, 0.01, 0.01])
    runs = timing._timed(
        lambda: sleep(next(waits)),
        HowToRun(warmup=2, repeats=2),
        lambda *step: seen.append(step),
        "whole",
    )
    assert len(runs) == 2
    assert all(10 <= ms < 45 for ms in runs)
    assert seen == [("whole", done, 4) for done in range(4)]


def test_a_table_runs_whole_and_layer_by_layer() -> None:
    pytest.importorskip("torch")
    graph = build("v3-small", alpha=0.35, resolution=32)
    found = measure(load("v3-small"), graph, HowToRun(threads=1, warmup=1, repeats=3))
    assert len(found.runs_ms) == 3
    assert found.engine.startswith("torch ")
    assert found.threads == 1
    assert set(found.layers) == {node.layer for node in graph}
    assert all(ms > 0 for ms in found.layers.values())


def test_a_slow_layer_is_found_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    graph = build("v2", alpha=0.35, resolution=32)
    twin = to_torch

    def slowed(*args: Any, **kinds: Any) -> Any:
        module = twin(*args, **kinds)
        one = module.get_submodule("block3.expand.conv")
        forward = one.forward

        def late(image: Any) -> Any:
            sleep(0.05)
            return forward(image)

        monkeypatch.setattr(one, "forward", late)
        return module

    monkeypatch.setattr(timing, "to_torch", slowed)
    before = torch.get_num_threads()
    found = measure(load("v2"), graph, HowToRun(threads=1, warmup=1, repeats=2))
    assert max(found.layers, key=lambda name: found.layers[name]) == "block3.expand"
    assert 50 <= found.layers["block3.expand"] < 100
    assert found.whole.ms >= 50
    assert torch.get_num_threads() == before


def test_the_command_prints_measured_beside_predicted(run: Run) -> None:
    pytest.importorskip("torch")
    result = run(
        *("time", "v2@0.35/96", "--measure", *SHORT),
        *("--device", "Pixel 1", "--format", "json"),
    )
    assert result.code == 0
    record = json.loads(result.out)
    assert record["schema"] == "mnprofile/time-measured"
    assert record["measured"]["ms"] > 0
    assert record["predicted"]["ms"] == pytest.approx(4.5, rel=0.1)  # TF-slim README
    # The README prints 11 M; torch's export to ONNX, read again, has this number.
    assert sum(one["macs"] for one in record["layers"]) == 11_934_128
    for layer in record["layers"]:
        if layer["measured_ms"] and layer["ratio"]:
            ratio = layer["predicted_ms"] / layer["measured_ms"]
            assert layer["ratio"] == pytest.approx(ratio, rel=0.01, abs=0.01)


def test_measurements_gather_in_a_file_that_calibrate_reads(
    run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "mine.csv"
    for arch in ("v2@0.35/96", "v2@0.5/64"):
        assert run("time", arch, "--measure", *SHORT, "--save", str(path)).code == 0
    rows = read_measurements(path)
    assert [(row.arch, row.request.alpha, row.request.resolution) for row in rows] == [
        ("v2", 0.35, (96, 96)),
        ("v2", 0.5, (64, 64)),
    ]
    with open(path, encoding="utf-8") as file:
        (first, _) = csv.DictReader(file)
    assert float(first["ms"]) == rows[0].ms > 0
    assert (first["threads"], first["dtype"], first["runs"]) == ("1", "float32", "2")

    path.write_text("a,b\n1,2\n", "utf-8")
    refused = run("time", "v2", "--measure", *SHORT, "--save", str(path))
    assert refused.code == 2
    assert "this file has other columns" in refused.err
    assert path.read_text("utf-8") == "a,b\n1,2\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("v1@0.25/64", "--head", "lraspp"),
        ("efficientnet-b0@1/32", "--depth", "0.5"),
        ("v2@0.35/64", "--output-stride", "16"),
    ],
)
def test_a_row_of_measurements_says_which_network_it_is_about(
    run: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "mine.csv"
    result = run("time", *arguments, "--measure", *SHORT, "--save", str(path))
    assert result.code == 0, result.err
    counted = json.loads(run("count", *arguments, "--format", "json").out)
    (row,) = read_measurements(path)
    _, graph = find_network(row.arch, row.request, row.asked)
    figures = counted["totals"]
    assert count(graph).totals.macs == figures["macs"]
    assert count(graph).totals.params == figures["params"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            ["v2", "--measure", "--save", "x.csv", "--set", "scaling=v1"],
            2,
            "--save: a row of measurements cannot say --set",
        ),
        (["v2", "--threads", "2"], 2, "--threads belongs to --measure"),
        (["v2", "--on", "cpu"], 2, "--on belongs to --measure"),
        (["v2", "--measure", "--devices"], 2, "cannot be used together"),
        (["v2", "--measure", "--save", "x.toml"], 2, "is not a .csv file"),
    ],
)
def test_what_is_refused(
    run: Run, arguments: list[str], code: int, message: str
) -> None:
    result = run("time", *arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_an_onnx_file_runs_in_its_runtime(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    weight = helper.make_tensor("w", kind, (4, 3, 1, 1), [0.5] * 12)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "w"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("image", kind, (1, 3, 8, 8))],
        [helper.make_tensor_value_info("y", kind, (1, 4, 8, 8))],
        [weight],
    )
    path = tmp_path / "tiny.onnx"
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), str(path))
    result = run("time", str(path), "--measure", *SHORT, "--format", "json")
    assert result.code == 0
    record = json.loads(result.out)
    assert record["engine"].startswith("onnxruntime ")
    assert record["measured"]["ms"] > 0
    assert record["layers"] == []
    batched = run("time", str(path), "--measure", "--batch", "2")
    assert batched.code == 2


def test_a_tflite_file_runs_in_its_runtime(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tflite")
    from tests.networks.readers.tflite_from_table import tflite_of

    path = tmp_path / "small.tflite"
    path.write_bytes(tflite_of(build("v2", alpha=0.35, resolution=32)))
    result = run("time", str(path), "--measure", *SHORT, "--format", "json")
    assert result.code == 0, result.err
    record = json.loads(result.out)
    assert record["engine"].startswith("ai-edge-litert ")
    assert record["measured"]["ms"] > 0
    assert (record["threads"], record["layers"]) == (1, [])


NETS = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1, groups=c)
        self.project = nn.Conv2d(c, c, 1)

    def forward(self, x):
        return x + self.project(torch.relu(self.conv(x)))


def small(width=16):
    return nn.Sequential(nn.Conv2d(3, width, 3), Block(width), nn.Flatten())


class Broken(nn.Conv2d):
    def forward(self, x):
        if x.device.type != "meta":
            raise ValueError("not today")
        return super().forward(x)


def broken():
    return Broken(3, 4, 1)
"""


def test_a_pytorch_network_runs_at_its_inputs(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    nets = tmp_path / "nets.py"
    nets.write_text(NETS, "utf-8")
    given = ("--arg", "width=8", "--input", "1x3x10x10", "--batch", "3")
    result = run(
        *("time", f"{nets}:small", "--measure", *SHORT, *given, "--format", "json")
    )
    assert result.code == 0
    record = json.loads(result.out)
    layers = {one["layer"]: one for one in record["layers"]}
    assert layers["0"]["macs"] == 27 * 8 * 64  # 3x3x3 to 8 channels, at 8x8
    assert layers["1.conv"]["macs"] == 9 * 8 * 64
    for name in ("0", "1.conv", "1.project"):
        rate = 3 * layers[name]["macs"] / layers[name]["measured_ms"] * 1e-6
        assert layers[name]["gmacs_per_second"] == pytest.approx(rate, rel=0.01)


def test_a_network_that_fails_is_not_measured(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    nets = tmp_path / "nets.py"
    nets.write_text(NETS, "utf-8")
    result = run("time", f"{nets}:broken", "--measure", *SHORT)
    assert (result.code, result.out) == (3, "")
    assert "torch cannot run it: not today" in result.err


# --- many configurations --------------------------------------------------------------


def test_a_grid_is_measured_row_by_row_kept_and_gone_on_with(
    run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    results, saved = tmp_path / "r.jsonl", tmp_path / "mine.csv"
    grid = ("time", "v2", "--measure", *SHORT, "--alpha", "0.35,0.5", "--res", "32")
    kept = ("--results", str(results), "--save", str(saved), "--format", "csv")
    first = run(*grid, *kept)
    assert first.code == 0, first.err
    rows = [*csv.DictReader(io.StringIO(first.out))]
    assert [(row["alpha"], row["resolution"]) for row in rows] == [
        ("0.35", "32"),
        ("0.5", "32"),
    ]
    assert all(float(row["ms"]) > 0 and row["threads"] == "1" for row in rows)
    measured = read_measurements(saved)
    assert [one.ms for one in measured] == [float(row["ms"]) for row in rows]

    # Cut short after the first row: only the second is measured again, none is twice.
    lines = results.read_bytes().splitlines(keepends=True)
    results.write_bytes(lines[0] + lines[1][:20])
    again = run(*grid, *kept, "--resume")
    assert again.code == 0, again.err
    after = [*csv.DictReader(io.StringIO(again.out))]
    assert after[0]["ms"] == rows[0]["ms"]
    texts = saved.read_text("utf-8").splitlines()
    assert len(texts) == len(set(texts))


@long
def test_what_runs_of_a_grid_of_arguments_is_read_by_calibrate(
    run: Run, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("scipy")
    nets, saved = tmp_path / "nets.py", tmp_path / "mine.csv"
    nets.write_text(NETS, "utf-8")
    grid = ("--arg", "width=16,40,64,'wide'", "--res", "16,48", "--save", str(saved))
    made = run("time", f"{nets}:small", "--measure", *SHORT, *grid, "--format", "json")
    assert made.code == 3, made.err
    record = json.loads(made.out)
    assert record["schema"] == "mnprofile/time-grid"
    rows = record["rows"]
    assert [(row["width"], row["resolution"]) for row in rows] == [
        *((16, "16"), (16, "48"), (40, "16"), (40, "48"), (64, "16"), (64, "48")),
        *(("wide", "16"), ("wide", "48")),
    ]
    assert all("TypeError" in row["error"] for row in rows[6:])
    assert not any(row["error"] for row in rows[:6])
    assert len(read_measurements(saved)) == 6
    # 3x3 from 3 channels without padding, 3x3 on each channel, 1x1, at 14x14.
    assert rows[0]["macs"] == (27 * 16 + 9 * 16 + 16 * 16) * 14 * 14

    # What it took is up to the machine: here 1 ns a multiply-add, to be found again.
    texts = saved.read_text("utf-8").splitlines()
    at = texts[0].split(",").index("ms")
    for line, row in enumerate(rows[:6], start=1):
        cells = texts[line].split(",")
        cells[at] = f"{row['macs'] / 1e6:.6f}"
        texts[line] = ",".join(cells)
    saved.write_text("\n".join(texts), "utf-8")
    board = tmp_path / "board.toml"
    calibrated = run(
        *("time", "--calibrate", str(saved), "--device", "board", "--save", str(board))
    )
    assert calibrated.code == 0, calibrated.err
    used = run(
        *("time", f"{nets}:small", "--arg", "width=32", "--res", "32"),
        *("--device", str(board), "--format", "json"),
    )
    macs = (27 * 32 + 9 * 32 + 32 * 32) * 30 * 30
    assert json.loads(used.out)["ms"] == pytest.approx(macs / 1e6, rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["v2", "--alpha", "0.35,0.5"], 2, "--alpha: several values need --measure"),
        (["v2", "--results", "x.jsonl"], 2, "--results and the like belong to"),
        (["v2", "--measure", "--alpha", "0.5,99"], 2, "alpha: 99 is out of range"),
        (["v2", "--measure", "--res", "96,9x"], 2, "--res"),
        (["v2", "--measure", "--res", "32,64", "--devices"], 2, "cannot be used"),
        (["v2", "--measure", "--resume"], 2, "--resume needs --results"),
        (
            ["v1", "--measure", "--res", "32,64", "--device", "Pixel 1"],
            3,
            "for MobileNetV1",
        ),
    ],
)
def test_a_grid_that_cannot_be_measured_is_refused_before_anything_runs(
    run: Run, arguments: list[str], code: int, message: str
) -> None:
    result = run("time", *arguments)
    assert (result.code, result.out) == (code, "")
    assert message in result.err
