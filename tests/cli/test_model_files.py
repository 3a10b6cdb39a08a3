"""ONNX and TFLite files wherever ARCH is taken."""

import json
import shutil
from pathlib import Path

import pytest

import mnprofile
from mnprofile.base import extras
from tests.conftest import Run
from tests.networks.readers.onnx_writing import constant, model
from tests.networks.readers.test_tflite_files import separable

onnx = pytest.importorskip("onnx")
pytest.importorskip("tflite")


@pytest.fixture
def tflite(tmp_path: Path) -> Path:
    """496 int8 weights and 37 int32 biases; see test_tflite_files."""
    file, x, y = separable("INT8")
    path = tmp_path / "small.tflite"
    path.write_bytes(file.bytes([x], [y]))
    return path


@pytest.fixture
def net(tmp_path: Path) -> Path:
    """A convolution with an unknown size, and an operator of someone's own."""
    made = model(
        [
            onnx.helper.make_node("Conv", ["x", "w"], ["c"]),
            onnx.helper.make_node("Own", ["c"], ["y"], domain="mine"),
        ],
        {"x": ["batch", 3, "height", "width"]},
        {"y": ["batch", 4, "height", "width"]},
        [constant("w", [4, 3, 1, 1])],
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def test_count_and_what_the_file_stores(run: Run, tflite: Path) -> None:
    result = run("count", str(tflite), "--deploy", "--format", "json")
    assert result.code == 0
    found = json.loads(result.out)
    assert found["totals"]["macs"] == 26704
    assert found["model"]["reader"] == "TFLite"
    deploy = found["deploy"]
    assert deploy["bits"] is None
    # int8 weights; int32 biases; a float per channel of the convolutions, one for all.
    assert (deploy["weight_bytes"], deploy["bias_bytes"]) == (496, 148)
    assert deploy["scale_bytes"] == 4 * (8 + 8 + 16 + 1)
    assert deploy["file"]["bytes_by_type"] == {"int8": 496, "int32": 156}
    assert deploy["file"]["size"] == tflite.stat().st_size


def test_memory_in_the_types_of_the_file(run: Run, tflite: Path) -> None:
    """The two 8 x 8 x 16 ... maps at one byte each; at 32 bits four times as much."""
    own = json.loads(run("memory", str(tflite), "--format", "json").out)
    wide = run("memory", str(tflite), "--bits", "32", "--format", "json").out
    assert own["bits"] is None
    assert own["act_peak_bytes"] == 512 + 1024  # 8 x 8 x 8 into 8 x 8 x 16
    assert json.loads(wide)["act_peak_bytes"] == 4 * 1536


def test_a_file_is_known_by_its_content(run: Run, tflite: Path, net: Path) -> None:
    for path in (tflite, net):
        bare = path.with_suffix("")
        shutil.copy(path, bare)
        result = run("count", str(bare), *_size(path))
        assert result.code == 0, result.err
    wrong = tflite.with_suffix(".onnx")
    shutil.copy(tflite, wrong)
    assert run("count", str(wrong)).code == 0


def _size(path: Path) -> tuple[str, ...]:
    return ("--input", "x:1x3x8x8") if path.suffix == ".onnx" else ()


def test_sizes_are_asked_for_and_given(run: Run, net: Path) -> None:
    asked = run("count", str(net))
    assert asked.code == 2
    assert "height, width are not known" in asked.err
    assert "--input x:SHAPE, such as x:1x3x224x224" in asked.err
    for option in (("--input", "x:1x3x8x8"), ("--input", "1x3x8x8"), ("--res", "8")):
        given = run("count", str(net), *option)
        assert given.code == 0
        assert "at least" in given.out
        assert "no rule for mine.Own" in given.out


def test_an_unknown_operator_fails_with_strict(run: Run, net: Path) -> None:
    assert run("count", str(net), "--res", "8", "--strict").code == 1


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["count", "FILE", "--alpha", "0.5"], "has no width multiplier"),
        (["count", "FILE", "--arg", "a=1"], "is a file"),
        (["count", "FILE", "--res", "64"], "a TFLite file fixes its sizes"),
        (["check", "FILE"], "which torch does not run"),
        (["count", "missing.onnx"], "no such file"),
        (["count", "missing.tflite"], "no such file"),
    ],
)
def test_what_a_file_cannot_do(
    run: Run, tflite: Path, command: list[str], words: str
) -> None:
    result = run(*(str(tflite) if one == "FILE" else one for one in command))
    assert result.code == 2
    assert words in result.err


def test_a_file_is_explained(run: Run, tflite: Path) -> None:
    given = run("explain", str(tflite))

    assert given.code == 0
    assert "No α, ρ and t" in given.out


def test_names_with_escapes_stay_harmless(run: Run, tmp_path: Path) -> None:
    """A terminal escape, markup and a formula as the name of a node."""
    name = "\x1b[31m=cmd|<script>alert(1)</script>"
    made = model(
        [onnx.helper.make_node("Conv", ["x", "w"], ["y"], name=name)],
        {"x": [1, 3, 8, 8]},
        {"y": [1, 4, 8, 8]},
        [constant("w", [4, 3, 1, 1])],
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    for form in ("table", "csv", "md"):
        assert "\x1b" not in run("count", str(path), "--format", form).out
    assert run("report", str(path), "-o", str(tmp_path / "site")).code == 0
    pages = (tmp_path / "site").glob("*.html")
    assert not any("<script>alert" in page.read_text("utf-8") for page in pages)


def test_a_budget_on_a_file(
    run: Run, tflite: Path, monkeypatch: pytest.MonkeyPatch, elsewhere: None
) -> None:
    folder = tflite.parent
    monkeypatch.chdir(folder)
    for limit, code in (("27K", 0), ("26K", 1)):
        (folder / "pyproject.toml").write_text(
            f'[[tool.mnprofile.budget]]\nname = "small"\narch = "small.tflite"\n'
            f'max-macs = "{limit}"\n',
            "utf-8",
        )
        assert run("ci").code == code


def test_a_missing_extra_exits_3(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a shape that no rule gives needs ONNX."""
    made = model(
        [onnx.helper.make_node("NonZero", ["x"], ["h"]), _relu("h", "y")],
        {"x": [1, 20]},
        {"y": ["rank", "found"]},
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    monkeypatch.setattr(extras, "is_installed", lambda package: False)
    result = run("count", str(path))
    assert result.code == 3
    assert extras.install_line("onnx") in result.err


def _relu(x: str, y: str) -> object:
    node: object = onnx.helper.make_node("Relu", [x], [y])
    return node


def test_from_python(net: Path, tflite: Path) -> None:
    graph = mnprofile.from_onnx(net, (2, 3, 8, 8))
    assert mnprofile.count(graph).totals.macs == 768  # per sample
    named = mnprofile.from_onnx(net, {"x": (1, 3, 4, 4)})
    assert mnprofile.count(named).totals.macs == 192
    assert mnprofile.count(mnprofile.from_tflite(tflite)).totals.macs == 26704
    assert mnprofile.deploy(mnprofile.count(named), None).weight_bytes == 48
