"""Every ``--help`` fits a terminal of 80 columns and 50 lines."""

import re

import pytest

from mnprofile.cli import COMMANDS
from tests.conftest import Run

COLUMNS, LINES = 80, 50


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_a_terminal(command: str, run: Run) -> None:
    done = run(*filter(None, [command]), "--help")
    lines = done.out.split("\n")

    assert done.code == 0
    assert max(map(len, lines)) <= COLUMNS
    assert len(lines) <= LINES, f"{len(lines)} lines: move some text to docs/"
    assert command == "" or "Options:" in lines


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_every_option_and_help_all_explains_each(
    command: str, run: Run
) -> None:
    short, full = run(command, "--help").out, run(command, "--help-all").out
    options = re.findall(r"^  (?:-\w, )?(--[\w-]+)", full, re.MULTILINE)

    assert len(options) >= 2
    assert [name for name in options if name not in short] == []
    assert "--help" in full
    assert len(full) >= len(short) or "--help-all" in short


def test_a_long_help_says_where_the_rest_is(run: Run) -> None:
    short = run("check", "--help").out

    assert "More text and options: mnprofile check --help-all" in short
    assert "Network: --" in short
    assert "Width multiplier" not in short
    assert "Width multiplier" in run("check", "--help-all").out
