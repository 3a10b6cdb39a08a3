"""The way in for networks that are not tables, with a made-up reader."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mnprofile.base.errors import UsageError
from mnprofile.cli import main
from mnprofile.graph.graph import Graph, Origin, Tape
from mnprofile.graph.operators.convolution import Conv
from mnprofile.graph.operators.op import Shape
from mnprofile.graph.operators.tensors import Unknown
from mnprofile.networks.finding import find_network
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers import reading
from mnprofile.networks.readers.inputs import (
    InputSpec,
    ReadRequest,
    fixed,
    parse_argument,
    parse_input,
    parse_inputs,
)


def read(arch: str, asked: ReadRequest) -> tuple[Imported, Graph]:
    """A 1x1 convolution of 3 x 8 weights at 16 positions, and an unknown operator."""
    inputs = asked.inputs or (InputSpec((1, 3, 4, 4)),)
    tape = Tape(Shape(*inputs[0].dims[1:]))
    tape.move(layer="conv", block="conv", stage="s1", origin=Origin(arch, text="conv"))
    tape.add("conv", Conv(8, 1))
    if "unknown" in arch:
        for name in ("odd", "odd2"):
            tape.move(layer=name, block="end", stage="s1")
            tape.add(name, Unknown("made::odd", (8, 4, 4), 0))
    network = Imported(arch, "A made-up network", "made up", arch)
    return network, tape.graph(fixed(arch, "made", inputs))


@pytest.fixture(autouse=True)
def _made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("made_up_reader")
    module.read = read  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    reader = reading.Reader(
        "made",
        module.__name__,
        lambda arch, head: arch.endswith(".made") or head.startswith(b"MADE"),
        "it is made up",
        "another",
    )
    monkeypatch.setattr(reading, "READERS", (reader,))


def test_a_network_that_is_not_a_table_is_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["count", "net.made", "--format", "json"])
    record = json.loads(capsys.readouterr().out)

    assert code == 0
    assert record["totals"]["macs"] == 3 * 8 * 16
    assert record["model"]["alpha"] is None
    assert record["model"]["reader"] == "made"
    assert record["model"]["inputs"] == ["1x3x4x4"]
    assert "unknown" not in record


@pytest.mark.parametrize(
    "command",
    [
        ["count", "--by", "stage"],
        ["memory"],
        ["ledger"],
        ["show"],
        ["diff", "v1@0.25/96"],
    ],
)
@pytest.mark.parametrize("kind", ["table", "json", "csv", "md"])
def test_every_command_takes_it(
    command: list[str], kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *more = command

    assert main([name, *more, "net.made", "--format", kind]) == 0
    assert capsys.readouterr().out


def test_totals_say_at_least_where_an_operator_has_no_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = (
        "at least: there is no rule for made::odd, called 2 times (first in odd); what"
        " it costs is missing from every total"
    )

    assert main(["count", "unknown.made"]) == 0
    assert "at least 384 multiply-adds" in (shown := capsys.readouterr().out)
    assert told in shown
    for command in (["count"], ["memory"], ["ledger"], ["diff", "v1"]):
        code = main([*command, "unknown.made", "--format", "json"])
        record = json.loads(capsys.readouterr().out)
        assert code == 0
        assert record["unknown"] == [
            {"operator": "made::odd", "layer": "odd", "calls": 2}
        ]
    assert main(["count", "unknown.made", "--strict"]) == 1
    assert main(["count", "net.made", "--strict"]) == 0


def test_a_budget_cannot_be_met_by_a_lower_bound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    budgets = tmp_path / "mnprofile.toml"
    budgets.write_text(
        '[[budget]]\nname = "b"\narch = "unknown.made"\nmax-macs = "384"\n'
        'input = "1x3x4x4"\n'
    )
    files = ["ci", "--config", str(budgets)]

    assert main(files) == 3
    assert "there is no rule for made::odd" in capsys.readouterr().out
    budgets.write_text(budgets.read_text().replace('"384"', '"383"'))
    assert main(files) == 1
    budgets.write_text(budgets.read_text().replace("unknown.made", "net.made"))
    assert main(files) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--alpha", "0.5"], "--alpha: net.made has no width multiplier: it is made"),
        (["--rho", "0.5"], "--rho: net.made has no resolution of its own"),
        (["--t", "4"], "--t: net.made has no expansion factor"),
        (["--classes", "4"], "--classes: net.made has no number of classes"),
        (["--impl", "paper"], "--impl: net.made has no width rules"),
        (["--output-stride", "8"], "--output-stride: net.made has no output stride"),
        (["--res", "8", "--input", "1x3x8x8"], "--res and --input together"),
    ],
)
def test_settings_of_tables_are_refused_with_the_reason(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["count", "net.made", *options]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--input", "1x3x8x8"], ["--arg", "a=1"]])
def test_a_table_takes_no_input(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["count", "v2", *option]) == 2
    assert f"{option[0]}: v2 is a table" in capsys.readouterr().err


def test_a_file_is_known_by_its_content_too(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"MADE of this")

    network, _ = find_network(str(file))

    assert isinstance(network, Imported)


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("1x3x224x224", InputSpec((1, 3, 224, 224))),
        ("1×3×8", InputSpec((1, 3, 8))),
        ("ids:1x128:int64", InputSpec((1, 128), "ids", "int64")),
        ("128:bool", InputSpec((128,), "", "bool")),
        ("serving:0:2x4", InputSpec((2, 4), "serving:0")),
    ],
)
def test_inputs_as_written(text: str, spec: InputSpec) -> None:
    assert parse_input(text) == spec
    assert parse_input(str(spec)) == spec


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not an input"),
        ("ids:", "is not a type"),
        ("axb", "is not an input"),
        ("1x-3", "is not an input"),
        ("1x3:flaot32", 'Did you mean "float32"'),
        ("1x0x4", "has 0 elements"),
        ("x".join(["99999999"] * 4), "elements"),
        ("1x3.5", "is not an input"),
    ],
)
def test_inputs_that_are_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_input(text)
    assert words in str(caught.value)


def test_a_name_is_given_once() -> None:
    with pytest.raises(UsageError, match='"a" is given twice'):
        parse_inputs(("a:1x2", "a:1x3"))


def test_arguments_are_literals_or_text() -> None:
    given = ("a=1", "b=None", "c=[1, 2]", "d=name", "e=")
    found = [("a", 1), ("b", None), ("c", [1, 2]), ("d", "name"), ("e", "")]

    assert [parse_argument(one) for one in given] == found
    with pytest.raises(UsageError, match='--arg: "a b=1" is not an argument'):
        parse_argument("a b=1")
