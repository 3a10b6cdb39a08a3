"""Every command that a page offers to copy gives, run, the figures of the page."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

import mnprofile
from mnprofile.cli import main
from mnprofile.views.html.reporting import report
from tests.sampling import sampled
from tests.views.browsing import Watched, shown

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def offered(page: Any) -> list[tuple[str, dict[str, int]]]:
    """The command and the figures of each network of a report."""
    found = []
    for net in range(page.locator("#x-net option").count()):
        page.select_option("#x-net", str(net))
        found.append((page.input_value("#x-command"), shown(page)))
    return found


def assert_offered(page: Any, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run every offered command; the commands."""
    every = offered(page)
    for command, figures in every:
        program, *arguments = shlex.split(command)
        assert program == "mnprofile"
        capsys.readouterr()
        assert main([*arguments, "--format", "json"]) == 0, command
        totals = json.loads(capsys.readouterr().out)["totals"]
        figures.pop("act_peak_bytes")
        assert figures == totals, command
    return [command for command, _ in every]


@pytest.mark.parametrize(
    "arguments",
    sampled(
        (
            "efficientnet-b2 --impl keras",
            "v2+ssdlite v3-large+lraspp@0.75",
            "annotated.tex my_network.md@0.5 ./own_widths.md",
        ),
        ["annotated.tex my_network.md@0.5 ./own_widths.md"],
    ),
)
def test_tables(
    arguments: str,
    watched: Watched,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(EXAMPLES)
    assert main(["report", *arguments.split(), "-o", str(tmp_path)]) == 0
    page = watched.open(tmp_path / "index.html")

    assert_offered(page, capsys)


def test_the_page_opens_at_the_configuration_it_was_made_for(
    watched: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """V2 0.75/160: 107,295,200 macs and 2,636,424 params."""
    assert main(["report", "v2@0.75/160", "-o", str(tmp_path)]) == 0
    page = watched.open(tmp_path / "index.html")
    figures = shown(page)

    assert (figures["macs"], figures["params"]) == (107_295_200, 2_636_424)
    assert_offered(page, capsys)


def test_a_network_of_one_size_shows_both_sides(
    watched: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With attention there is no grid, and one configuration is all."""
    arguments = ["report", "mobilenet-v4-hybrid-medium@1.0/320x256"]
    assert main([*arguments, "-o", str(tmp_path)]) == 0
    page = watched.open(tmp_path / "index.html")

    assert page.input_value("#x-res-n") == "320x256"
    assert page.is_disabled("#x-res-n")
    assert_offered(page, capsys)


def test_code_and_files_with_what_they_need(
    watched: Watched,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each network takes the options of its kind: TFLite takes neither of these."""
    pytest.importorskip("torch")
    pytest.importorskip("onnx")
    monkeypatch.chdir(EXAMPLES)
    names = ["my_nets.py:small", "my_network.onnx", "my_network_int8.tflite", "v2"]
    options = ["--arg", "width=0.5", "--input", "1x3x96x96", "--train"]
    assert main(["report", *names, *options, "-o", str(tmp_path)]) == 0

    commands = assert_offered(watched.open(tmp_path / "index.html"), capsys)

    assert commands[:3] == [
        "mnprofile count my_nets.py:small --input 1x3x96x96 --arg width=0.5 --train",
        "mnprofile count my_network.onnx --input 1x3x96x96",
        "mnprofile count my_network_int8.tflite",
    ]


@pytest.mark.parametrize(
    "settings",
    sampled(
        (
            {"classes": 0, "t": 4.0, "impl": "torchvision"},
            {"classes": 10, "alpha": 0.5},
            {"output_stride": 16, "resolution": (320, 240)},
        ),
        3,
    ),
)
def test_graphs_from_python(
    settings: dict[str, Any],
    watched: Watched,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    graph = mnprofile.build("v2", **settings)
    page = watched.open(report(graph, tmp_path))

    assert shown(page)["macs"] == mnprofile.count(graph).totals.macs
    assert_offered(page, capsys)


def test_compound_scaling_from_python(
    watched: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """People see a few digits of α and depth; the command has them all."""
    graph = mnprofile.build("efficientnet-b0", phi=3)
    page = watched.open(report(graph, tmp_path))

    assert page.input_value("#x-alpha-n") == "1.331"
    assert page.get_by_text("B0 1.331/341, depth 1.728", exact=False).count()
    assert "1.3310" not in page.inner_text("body")
    (command,) = assert_offered(page, capsys)
    assert "--alpha 1.3310000000000004 --res 341 --depth 1.7279999999999998" in command


def test_a_folder_is_not_told(watched: Watched, tmp_path: Path) -> None:
    """Of an absolute path the command has the file's name, and a path as written."""
    table = tmp_path / "a secret" / "own net.md"
    table.parent.mkdir()
    table.write_text((EXAMPLES / "my_network.md").read_text("utf-8"), "utf-8")
    assert main(["report", str(table), "-o", str(tmp_path / "site")]) == 0
    page = watched.open(tmp_path / "site" / "index.html")

    command = "mnprofile count 'own net.md' --alpha 1.0 --res 96"
    assert page.input_value("#x-command") == command
    assert "a secret" not in (tmp_path / "site" / "index.html").read_text("utf-8")


def test_marks_of_a_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command in a mark's card counts the multiply-adds that the card shows."""
    page, rows = tmp_path / "sweep.html", tmp_path / "rows.csv"
    grid = ["--alpha", "0.45,0.9,1", "--res", "128,200"]
    swept = ["sweep", "v2", "v3-large", *grid, "-o", str(rows), "--plot", str(page)]
    assert main(swept) == 0
    text = re.sub(r"\\u003[ce]", "|", page.read_text("utf-8"))
    cards = re.findall(r"([\d,]+) multiply-adds[^\"]*\|(mnprofile [^\"|]*)", text)
    assert len(cards) == 8
    for figure, command in cards:
        capsys.readouterr()
        assert main([*shlex.split(command)[1:], "--format", "json"]) == 0
        macs = json.loads(capsys.readouterr().out)["totals"]["macs"]
        assert f"{macs:,}" == figure, command


def test_marks_of_a_report(
    watched: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted by the rules of torchvision, which at other widths than 1 differ.

    V3-Large 0.75 costs 140,033,816 macs in torchvision.
    """
    arguments = ["report", "v3-large@0.75", "--impl", "torchvision"]
    assert main([*arguments, "-o", str(tmp_path)]) == 0
    page = watched.open(tmp_path / "index.html")
    assert shown(page)["macs"] == 140_033_816
    assert page.input_value("#x-command").endswith(" --impl torchvision")
    titles = page.evaluate(
        "[...document.querySelectorAll('.dot title')].map((one) => one.textContent)"
    )
    assert len(titles) > 5
    for title in titles:
        _, _, figure, *_, command = title.split("; ")
        capsys.readouterr()
        assert main([*shlex.split(command)[1:], "--format", "json"]) == 0
        macs = json.loads(capsys.readouterr().out)["totals"]["macs"]
        assert figure.startswith(f"{macs:,} multiply-adds"), command
