"""No model file or paper under 1 MiB takes the machine: see ``takes_little``."""

from pathlib import Path

import pytest

from tests.cli.conftest import TakesLittle
from tests.cli.small_model_files import FILES, alive, chain
from tests.cli.test_small_inputs import SETTINGS
from tests.sampling import long, sampled

COMMANDS: dict[str, tuple[str, ...]] = {
    "show": ("--format", "json"),
    "explain": (),
    "memory": ("--format", "json"),
    "ledger": (),
    "time": ("--peak", "1G", "--bandwidth", "1GB"),
    "sweep": (),
    "report": ("-o", "pages"),
    "diff": ("names.onnx", "-o", "page.html"),
}


# Commands below read these files too.
LONG = {"convolutions.onnx", "names.onnx", "products.onnx"}


@pytest.mark.parametrize(
    "name", sampled(FILES, [name for name in FILES if name not in LONG])
)
def test_a_small_model_file_takes_little(
    tmp_path: Path, takes_little: TakesLittle, name: str
) -> None:
    make, code = FILES[name]
    (tmp_path / name).write_bytes(make())
    takes_little(tmp_path, name, ("count", name), code)


@pytest.mark.parametrize("command", sampled(COMMANDS, ["explain", "diff"]))
def test_every_command_takes_little_for_many_layers(
    tmp_path: Path, takes_little: TakesLittle, command: str
) -> None:
    for name in ("convolutions.onnx", "names.onnx"):
        (tmp_path / name).write_bytes(FILES[name][0]())
    arguments = (command, "convolutions.onnx", *COMMANDS[command])
    inputs = sum(one.endswith(".onnx") for one in arguments)
    takes_little(tmp_path, "convolutions.onnx", arguments, 0, inputs)


@pytest.mark.parametrize("command", sampled(["memory", "report"], ["memory"]))
def test_maps_that_all_stay_live(
    tmp_path: Path, takes_little: TakesLittle, command: str
) -> None:
    (tmp_path / "alive.onnx").write_bytes(alive(1_900))
    arguments = (command, "alive.onnx", *COMMANDS[command])
    takes_little(tmp_path, "alive.onnx", arguments, 2)


@pytest.mark.parametrize("command", sampled(["report", "explain"], ["report"]))
def test_products_without_weights(
    tmp_path: Path, takes_little: TakesLittle, command: str
) -> None:
    """A network of 3,990 stages, for ``report`` with too many layers for its page."""
    (tmp_path / "net.onnx").write_bytes(FILES["products.onnx"][0]())
    arguments = (command, "net.onnx", *COMMANDS[command])
    takes_little(tmp_path, "net.onnx", arguments, 0)
    if command == "report":
        page = (tmp_path / "pages" / "index.html").read_text("utf-8")
        assert "3990 layers are too many for a page" in page


def test_a_report_needs_something_to_count(
    tmp_path: Path, takes_little: TakesLittle
) -> None:
    (tmp_path / "relu.onnx").write_bytes(chain("Relu", 3))
    arguments = ("report", "relu.onnx", "-o", "pages")
    takes_little(tmp_path, "relu.onnx", arguments, 2)


# --- LaTeX ---------------------------------------------------------------------------

LINES = [line for line in SETTINGS.splitlines() if " = " in line]
ABOVE = "".join(f"% mnprofile: {line}\n" for line in LINES)
HEADER = r"Input & Operator & $t$ & $c$ & $n$ & $s$ \\ \hline" + "\n"
ROW = r"$8^2 \times 3$ & conv2d & - & 32 & 1 & 1 \\" + "\n"
BLOCK = r"$8^2 \times 32$ & bottleneck & 6 & 32 & 1 & 1 \\" + "\n"


def tabular(inside: str) -> str:
    return ABOVE + "\\begin{tabular}{llllll}\n" + HEADER + ROW + inside + END


END = "\\end{tabular}\n"
FLOAT = "\\begin{table}"
PAPERS: dict[str, tuple[str, int]] = {
    "blocks": (tabular(BLOCK * 480), 0),
    "tabulars": ("\\begin{tabular}\\end{tabular}" * 35_000, 2),
    "captioned": (FLOAT + "\\caption{" + "\\%" * 400_000 + "}" + tabular(""), 0),
    "captions": (FLOAT + "\\caption{" * 50_000 + "}" * 50_000 + tabular(""), 0),
    "labels": (FLOAT + "\\label{a}" * 90_000 + tabular(""), 0),
    "braces": ("{" * 900_000 + tabular(""), 0),
    "inside": (tabular(("{" * 39 + "}" * 39) * 400), 0),
    "commands": ("\\newcommand{\\a}{" * 60_000 + tabular(""), 0),
    "expanded": ("\\newcommand{\\a}[1]{#1#1}" + tabular("\\a{" * 30 + "}" * 30), 2),
    "settings": ("% mnprofile: a = 1\n" * 19_000 + tabular(""), 2),
    "dotted": (f"% mnprofile: {'.'.join('a' * 30_000)} = 1\n" + tabular(""), 2),
    "comments": ("%" * 900_000 + "\n" + tabular(""), 0),
}


@pytest.mark.parametrize("name", PAPERS)
def test_a_small_paper_takes_little(
    tmp_path: Path, takes_little: TakesLittle, name: str
) -> None:
    pytest.importorskip("pylatexenc")
    text, code = PAPERS[name]
    (tmp_path / "paper.tex").write_text(text)
    takes_little(tmp_path, "paper.tex", ("count", "paper.tex"), code)


@long
def test_a_report_of_a_small_paper_takes_little(
    tmp_path: Path, takes_little: TakesLittle
) -> None:
    pytest.importorskip("pylatexenc")
    (tmp_path / "paper.tex").write_text(PAPERS["blocks"][0])
    arguments = ("report", "paper.tex", "-o", "pages")
    takes_little(tmp_path, "paper.tex", arguments, 0)
