"""The command line as a whole: help, exit codes, pipes, completion, terminals."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from mnprofile import __version__, cli
from mnprofile.cli import COMMANDS
from mnprofile.graph.drawing import boxes
from tests.conftest import Run

PROGRAM = [sys.executable, "-m", "mnprofile"]


def test_version(run: Run) -> None:
    assert run("--version").out == f"mnprofile {__version__}\n"


def test_no_arguments_shows_help_and_exits_with_2(run: Run) -> None:
    result = run()

    assert result.code == 2
    assert "Commands:" in result.err


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)])
def test_help_has_examples_fits_80_columns_and_exits_with_0(
    run: Run, arguments: list[str]
) -> None:
    result = run(*arguments, "--help")

    assert (result.code, result.err) == (0, "")
    assert "mnprofile " + (arguments[0] if arguments else "count") in result.out
    assert [line for line in result.out.split("\n") if len(line) > 80] == []


def test_help_lists_the_exit_codes(run: Run) -> None:
    out = run("--help").out

    for code, word in ((0, "fine"), (1, "verdict"), (2, "rejected"), (3, "measured")):
        assert re.search(rf"^ +{code} +.*{word}", out, re.MULTILINE)
    assert re.search(r"^ +4 +.*failed", out, re.MULTILINE)
    assert re.search(r"^ +70 +.*bug", out, re.MULTILINE)


def test_an_unknown_command_suggests_the_nearest(run: Run) -> None:
    result = run("cuont")

    assert result.code == 2
    assert "count" in result.err


def test_an_internal_bug_is_70_with_a_short_message(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("planted\x1b[31m")

    monkeypatch.setattr("mnprofile.cli.list.architectures", broken)
    result = run("list")

    assert result.code == 70
    assert "Internal error: ZeroDivisionError: planted\\u001b[31m" in result.err
    assert "Traceback" not in result.err
    with pytest.raises(ZeroDivisionError):
        run("--debug", "list")


def test_an_interruption_is_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mnprofile.cli.list.architectures", interrupt)

    assert run("list").code == 130


@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_closed_pipe_is_silent(buffered: str) -> None:
    script = f"{sys.executable} -m mnprofile show v3-large --format json | true"
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}"],
        env=os.environ | {"PYTHONUNBUFFERED": buffered},
        capture_output=True,
        check=False,
    )

    assert (result.returncode, result.stdout, result.stderr) == (141, b"", b"")


def on_a_terminal(
    *arguments: str, columns: int = 80, code: int = 0, **environment: str
) -> str:
    """What a person sees: the program on a pseudo-terminal."""
    master, slave = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": str(columns)}
    with subprocess.Popen(
        [*PROGRAM, *arguments], stdout=slave, stderr=slave, env=environ | environment
    ) as process:
        os.close(slave)
        chunks = []
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            chunks.append(chunk)
        assert process.wait() == code
    os.close(master)
    return b"".join(chunks).decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("count v2 --alpha 0.75 --res 160", 0),
        ("count v3-large --elementwise", 0),
        ("count v1 --by type", 0),
        ("count v3-large --by block", 0),
        ("count v3", 2),
        ("count v2 --width 0.5", 2),
        ("list", 0),
        ("show v3-small", 0),
        ("reproduce", 0),
        ("sweep efficientnet-b0 --phi 0.5:3:0.5 --no-plot", 0),
        ("sweep v2 --alpha 1 --res 224 --no-plot", 0),
    ],
)
def test_a_terminal_of_80_columns_shows_every_line_whole(
    command: str, code: int
) -> None:
    """A longer line would be broken by the terminal, anywhere."""
    plain = re.sub("\x1b\\[[0-9;]*m", "", on_a_terminal(*command.split(), code=code))

    assert max(map(len, plain.split("\n"))) <= 80
    assert "…" not in plain


def test_count_begins_with_the_totals_and_the_shares() -> None:
    shown = on_a_terminal("count", "v2", NO_COLOR="1")
    places = [
        shown.index(words)
        for words in (
            "mobilenet_v2, alpha 1.0",
            "Fully Connected",
            "300.8 M multiply-adds",
            "By layer",
            "stem",
            "block1.depthwise",
        )
    ]

    assert places == sorted(places)


def test_a_terminal_separates_thousands_and_a_pipe_does_not(run: Run) -> None:
    assert "107,295,200" in on_a_terminal("count", "v2@0.75/160")
    assert "107295200" in run("count", "v2@0.75/160").out


def test_no_color_leaves_no_escape_sequence() -> None:
    assert "\x1b" in on_a_terminal("count", "v2")
    assert "\x1b" not in on_a_terminal("count", "v2", NO_COLOR="1")


def test_an_ascii_terminal_gets_no_traceback() -> None:
    result = subprocess.run(
        [*PROGRAM, "show", "v3-small"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("redirection", "code", "words"),
    [
        ("count - <&-", 2, "standard input is closed"),
        ("count v2 >&-", 4, "standard output is closed"),
        ("count nope 2>&-", 2, ""),
    ],
)
def test_closed_streams_have_their_own_exit_codes(
    redirection: str, code: int, words: str
) -> None:
    result = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m mnprofile {redirection}"],
        capture_output=True,
        check=False,
        text=True,
    )

    assert result.returncode == code
    assert words in result.stderr


def test_a_narrow_terminal_cuts_no_digit() -> None:
    assert "300,774,272" in on_a_terminal("count", "v2", "--by", "type", columns=40)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shells_get_a_completion_script(shell: str) -> None:
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "from mnprofile.cli import cli; cli(prog_name='mnprofile')",
        ],
        env=os.environ | {"_MNPROFILE_COMPLETE": f"{shell}_source"},
        capture_output=True,
        check=True,
        text=True,
    )

    assert "_MNPROFILE_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("words", "current", "offered"),
    [
        ("mnprofile co", "1", "count"),
        ("mnprofile count v3-l", "2", "v3-large-minimalistic"),
        ("mnprofile count v2 --out", "3", "--output-stride"),
        ("mnprofile count v2 --impl t", "4", "torchvision"),
        ("mnprofile show my_", "2", "my_"),
    ],
)
def test_completion_offers_commands_options_and_architectures(
    words: str, current: str, offered: str
) -> None:
    result = subprocess.run(
        [sys.executable, "-c", "from mnprofile.cli import main; main()"],
        env=os.environ
        | {
            "_MNPROFILE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": current,
        },
        capture_output=True,
        check=False,
        text=True,
    )

    assert offered in [line.split(",")[-1] for line in result.stdout.split("\n")]


def test_every_command_is_a_click_command_with_its_own_name() -> None:
    context = click.Context(cli.cli)
    for name in COMMANDS:
        command = cli.cli.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_list_shows_every_table_with_its_figures(run: Run) -> None:
    record = json.loads(run("list", "--format", "json").out)
    by_alias = {table["aliases"][0]: table for table in record["tables"][:11]}

    assert len(by_alias) == 11
    assert len({table["name"] for table in record["tables"]}) > 50
    assert {table["family"] for table in record["tables"]} > {"ResNet", "VGG"}
    assert by_alias["v1"]["macs"] == 568_740_352
    assert by_alias["v3-small"]["params"] == 2_542_856


def test_show_draws_every_layer_and_edge(run: Run) -> None:
    import mnprofile

    drawn = boxes(mnprofile.build("v3-small"))
    edges = sum(len(box.fed_by) for box in drawn)
    mermaid = run("show", "v3-small", "--format", "mermaid").out
    dot = run("show", "v3-small", "--format", "dot").out

    assert mermaid.count(" --> ") == dot.count(" -> n") == edges
    assert (
        mermaid.count('["') - mermaid.count("subgraph") == len(drawn) + 1
    )  # the input
    tree = run("show", "v3-small").out
    assert tree.count("add: add") == 6


def test_show_draws_a_shortcut_around_its_block() -> None:
    import mnprofile

    by_name = {box.name: box for box in boxes(mnprofile.build("v2"))}

    assert by_name["block3.add"].fed_by == ("block3.project", "block2.project")


def test_show_keeps_printed_and_read_cells(run: Run) -> None:
    record = json.loads(run("show", "v1", "--format", "json").out)
    row = record["table"]["rows"][17]

    assert (row["printed"][0], row["read"][0]) == ("Conv dw / s2", "Conv dw / s1")
    assert "errata" in record


def test_show_in_markdown_has_a_chart(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "v2.md"

    assert run("show", "v2", "-o", str(path)).code == 0
    assert "```mermaid\nflowchart TD" in path.read_text("utf-8")
