"""Networks named on the command line: what goes wrong, and what is said."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnprofile.base import extras
from mnprofile.cli import main
from mnprofile.graph.operators.convolution import Depthwise

pytest.importorskip("torch", reason="needs torch (extra check)")

NETS = """
import os
import sys
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=1.0, classes=10):
        super().__init__()
        c = int(8 * width)
        self.stem = nn.Conv2d(3, c, 3, 2, 1)
        self.bn = nn.BatchNorm2d(c)
        depthwise, pointwise = nn.Conv2d(c, c, 3, 1, 1, groups=c), nn.Conv2d(c, 16, 1)
        self.blocks = nn.Sequential(depthwise, pointwise)
        self.head = nn.Linear(16, classes)

    def forward(self, x):
        return self.head(self.blocks(self.bn(self.stem(x))).mean((2, 3)))

ready = Net()

class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 8)
        self.layer = nn.Linear(8, 4)

    def forward(self, input_ids):
        return self.layer(self.words(input_ids))

class Odd(Net):
    def forward(self, x):
        return super().forward(x) + torch.cdist(x[0, 0], x[0, 1]).mean()

class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        return self.inner(x, x, x, need_weights=False)[0]

def broken():
    raise ValueError("no such width\\nsecond line")

def needs(width):
    return Net(width)

def number():
    return 3

def prints():
    print("hello from the factory")
    return Net()

def wanders():
    os.chdir("/")
    return Net()

def leaves():
    sys.exit(7)

def asks_the_cpu():
    net = Net()
    float(net.stem.weight.sum())
    return net

def interrupted():
    raise KeyboardInterrupt

three = 3
"""


@pytest.fixture
def _nets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "read_nets.py").write_text(NETS)
    (tmp_path / "read_missing.py").write_text("import not_a_package_of_anyone\n")
    (tmp_path / "read_broken.py").write_text(
        'raise RuntimeError("operator torchvision::nms does not exist")\n'
    )
    (tmp_path / "read_syntax.py").write_text("def (:\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in [name for name in sys.modules if name.startswith("read_")]:
        del sys.modules[name]


pytestmark = pytest.mark.usefixtures("_nets")


@pytest.mark.parametrize(
    "arch", ["read_nets:Net", "read_nets.py:Net", "./read_nets.py:ready"]
)
def test_a_class_a_factory_or_a_network_is_counted(
    arch: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By hand at 32 x 32: 16² x (216 + 72 + 128) + 160."""
    assert main(["count", arch, "--res", "32", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)

    assert record["totals"]["macs"] == 256 * (216 + 72 + 128) + 160
    assert record["model"]["inputs"] == ["1x3x32x32"]
    assert record["model"]["resolution"] == 32
    assert record["layers"][0]["name"] == "stem"
    assert record["layers"][0]["out_shape"] == [8, 16, 16]
    assert record["layers"][-1]["out_shape"] == [10]


def test_arguments_and_inputs_reach_the_network(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["count", "read_nets:Net", "--arg", "width=0.5", "--arg", "classes=2"]
    assert main([*command, "--input", "1x3x64x64", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["totals"]["macs"] == 32**2 * (108 + 36 + 64) + 32

    words = ["count", "read_nets:Words", "--format", "json"]
    assert main([*words, "--input", "input_ids:1x6:int64"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["macs"] == 6 * 32
    assert main([*words, "--input", "input_ids:1x6"]) == 2
    assert "--input with a type" in capsys.readouterr().err
    assert main([*words, "--input", "other:1x6:int64"]) == 2
    assert "unexpected keyword argument 'other'" in capsys.readouterr().err


def test_without_torch_the_extra_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda package: package != "torch")

    assert main(["count", "read_nets:Net"]) == 3
    assert extras.install_line("check") in (shown := capsys.readouterr().err)
    assert "torch is not installed" in shown


def test_the_assumed_input_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["count", "read_nets:Net"]) == 0
    assert "input 1x3x224x224 is assumed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ["memory"],
        ["ledger"],
        ["show"],
        ["diff", "v2"],
        ["count", "--fields", "receptive"],
        ["count", "--deploy"],
        ["count", "--elementwise"],
    ],
)
def test_other_commands_take_it(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    name, *more = command
    assert main([name, *more, "read_nets:Net", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_its_own_code_is_checked_module_by_module(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["check", "read_nets:Net", "--res", "32", "--format", "json"]

    assert main(command) == 0
    record = json.loads(capsys.readouterr().out)
    assert [
        (one["module"], one["ours"], one["flop_counter"], one["fvcore"])
        for one in record["modules"]
    ] == [
        ("stem", 55_296, 55_296, 55_296),
        ("blocks.0", 18_432, 18_432, 18_432),
        ("blocks.1", 32_768, 32_768, 32_768),
        ("head", 160, 160, 160),
    ]
    assert record["params"] == {"ours": 634, "torch": 634}
    # A fault in our rule is seen, and named.
    monkeypatch.setattr(Depthwise, "weights", lambda op, x: 8 * x.c)
    assert main(command) == 1
    record = json.loads(capsys.readouterr().out)
    assert [one["module"] for one in record["modules"] if not one["agrees"]] == [
        "blocks.0"
    ]


def test_attention_that_fvcore_does_not_count_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "read_nets:Attends", "--input", "1x5x8"]) == 0
    shown = capsys.readouterr().out
    assert "fvcore: no handle for scaled_dot_product_attention" in shown


def test_further_profilers_run_its_own_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """4 per element entering batch norm, 8 x 16 x 16, on top of 106,656."""
    pytest.importorskip("thop", reason="needs thop (extra check-all)")
    command = ["check", "read_nets:Net", "--res", "32", "--counter", "thop"]

    assert main([*command, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)["profilers"]
    read = {one["profiler"]: one for one in found}
    assert read["thop"]["total"] == 106_656 + 4 * 8 * 16 * 16
    assert read["thop"]["rest"] == 0


def test_a_report_and_budgets_take_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "read_nets:Net", "v2", "-o", str(tmp_path / "site")]) == 0
    assert "read_nets:Net" in (tmp_path / "site" / "index.html").read_text("utf-8")
    words = ["--input", "input_ids:1x6:int64"]
    assert main(["report", "read_nets:Words", *words, "-o", str(tmp_path / "b")]) == 0
    diff = ["diff", "v2", "read_nets:Net", "--arg", "width=2", "--format", "json"]
    capsys.readouterr()
    assert main([*diff, "--input", "1x3x32x32"]) == 0
    assert json.loads(capsys.readouterr().out)
    assert main(["report", "read_nets:Net", "--check", "-o", str(tmp_path / "c")]) == 2
    (tmp_path / "mnprofile.toml").write_text(
        '[[budget]]\nname = "net"\narch = "read_nets.py:Net"\nmax-macs = "106656"\n'
        'input = "1x3x32x32"\nargs = { width = 1.0 }\n'
    )
    assert main(["ci"]) == 0
    text = (tmp_path / "mnprofile.toml").read_text().replace("106656", "106655")
    (tmp_path / "mnprofile.toml").write_text(text)
    assert main(["ci"]) == 1


@pytest.mark.parametrize(
    ("arch", "code", "words"),
    [
        ("read_nets:broken", 2, "raised ValueError: no such width (read_nets.py:"),
        ("read_nets:needs", 2, "missing 1 required positional argument: 'width'"),
        ("read_nets:number", 2, "returned an int"),
        ("read_nets:three", 2, "is an int"),
        ("read_nets:Nett", 2, 'Did you mean "Net"?'),
        ("read_nets:leaves", 2, "raised SystemExit: 7"),
        ("read_netz:Net", 3, 'Did you mean "read_nets"?'),
        ("read_netz.py:Net", 2, 'Did you mean "read_nets.py"?'),
        ("torch.futurs:Future", 2, 'Did you mean "torch.futures"?'),
        ("read_nets.py", 2, "read_nets.py:CALLABLE"),
        ("read_missing:Net", 3, "No module named 'not_a_package_of_anyone'"),
        ("read_broken:Net", 3, "a compiled part of a package is missing"),
        ("read_syntax:Net", 2, "raised SyntaxError"),
        ("read_nets:interrupted", 130, ""),
    ],
)
def test_what_goes_wrong_is_said(
    arch: str, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["count", arch]) == code
    shown = capsys.readouterr()
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert shown.out == ""


def test_a_factory_may_print_and_change_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["count", "read_nets:prints", "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)
    assert "hello from the factory" in shown.err
    assert main(["count", "read_nets:wanders", "--format", "json"]) == 0
    assert os.path.samefile(os.getcwd(), tmp_path)  # noqa: PTH121, PTH109


def test_a_network_that_reads_its_weights_is_built_on_the_cpu(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["count", "read_nets:asks_the_cpu", "--res", "32"]) == 0
    assert "built on the CPU" in capsys.readouterr().out


def test_an_operator_without_a_rule_is_named_and_may_be_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["count", "read_nets:Odd", "--res", "32"]

    assert main(command) == 0
    assert "there is no rule for aten::_euclidean_dist" in capsys.readouterr().out
    assert main([*command, "--strict"]) == 1


def test_its_arguments_are_not_for_a_network_that_is_made() -> None:
    assert main(["count", "read_nets:ready", "--arg", "width=2"]) == 2
