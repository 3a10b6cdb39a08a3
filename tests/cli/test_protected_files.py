"""Every file that a command reads is protected from what it writes; nothing waits."""

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run

pytestmark = pytest.mark.usefixtures("elsewhere")
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
CODE = ("my_nets.py:small", "--input", "1x3x96x96")
GRID = ("sweep", *CODE, "--arg", "width=0.5,1.0")


@pytest.fixture(autouse=True)
def examples(elsewhere: None) -> None:
    shutil.copytree(EXAMPLES, ".", dirs_exist_ok=True)
    shutil.copy("my_network.onnx", "net.onnx")
    shutil.copy("my_network_int8.tflite", "net.tflite")


def contents() -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in Path().iterdir() if one.is_file()}


@pytest.mark.usefixtures("tasks_here")
@pytest.mark.parametrize(
    "arguments",
    [
        ("count", *CODE, "--format", "json", "-o", "my_nets.py"),
        ("diff", *CODE, "my_network.md", "--format", "html", "-o", "my_nets.py"),
        (*GRID, "--format", "csv", "-o", "my_nets.py"),
        (*GRID, "--accuracy", "my_accuracies.csv", "-o", "my_accuracies.csv"),
        (*GRID, "--results", "my_nets.py"),
        (*GRID, "--results", "rows.csv", "-o", "rows.csv"),
        ("count", "net.onnx", *CODE[1:], "--format", "md", "-o", "net.onnx"),
        ("count", "net.tflite", "--format", "md", "-o", "net.tflite"),
        ("time", "--calibrate", "board.csv", "--device", "b", "-o", "board.csv"),
        ("report", "my_network.md", "-o", ".", "--plots", "my_network.md"),
    ],
    ids=" ".join,
)
def test_what_is_read_is_not_written(run: Run, arguments: tuple[str, ...]) -> None:
    before = contents()
    result = run(*arguments)

    assert result.code == 2, result.err
    assert {**contents(), "rows.csv": b""} == {**before, "rows.csv": b""}


@pytest.mark.parametrize(
    "more", [("--plot", "p.svg"), ("--measure", "--repeats", "1", "--save", "s.csv")]
)
def test_time_writes_all_of_its_files_or_none(run: Run, more: tuple[str, ...]) -> None:
    before = contents()
    arguments = ("time", "v2", "--device", "Pixel 1", "-o", "none/time.json")
    result = run(*arguments, *more)

    assert result.code == 4, result.err
    assert contents() == before


def test_what_is_imported_by_its_name_is_not_written(run: Run) -> None:
    shutil.copy("my_nets.py", "own_nets.py")
    arguments = ("count", "own_nets:small", *CODE[1:], "--format", "csv")

    assert run(*arguments, "-o", "own_nets.py").code == 2
    assert Path("own_nets.py").read_bytes() == Path("my_nets.py").read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ("time", "my_network.md", "--measure", "--repeats", "1", "--save", "pipe.csv"),
        (*GRID, "--results", "pipe.csv"),
        (*GRID, "--results", "pipe.csv", "--resume"),
        (*GRID, "--accuracy", "pipe.csv"),
        ("time", "--calibrate", "pipe.csv", "--device", "b"),
        ("time", "v2", "--device", "pipe.toml"),
        ("count", "pipe.onnx"),
        ("count", "pipe.tflite"),
        ("count", "pipe.tex"),
        ("count", "pipe.py:small"),
        ("count", "v2", "--head", "pipe.md"),
        ("ci", "--baseline", "pipe.json", "--config", "pyproject.toml"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("ends")
def test_a_named_pipe_is_not_waited_for(run: Run, arguments: tuple[str, ...]) -> None:
    for suffix in ("csv", "toml", "onnx", "tflite", "tex", "py", "md", "json"):
        os.mkfifo(f"pipe.{suffix}")
    result = run(*arguments)

    assert result.code in (2, 4), result.err
