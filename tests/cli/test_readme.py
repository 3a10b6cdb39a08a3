"""README output is real output: every console block is run again.

``python -m tests.cli.test_readme`` updates the blocks.
"""

import contextlib
import io
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

import pytest

from mnprofile.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n\$ mnprofile ([^\n]*)\n.*?```", re.DOTALL)


def output_of(arguments: list[str]) -> str:
    """What a command prints off a terminal, standard error last."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        main(arguments)
    return "\n".join(
        line.rstrip() for line in (out.getvalue() + err.getvalue()).split("\n")
    )


def user_s_table(text: str) -> str:
    """The table that the README tells a user to save."""
    network = re.search(r"````markdown\n(.*?)````", text, re.DOTALL)
    assert network is not None
    return network[1]


def own_widths(text: str) -> str:
    """The user's table with the settings of the README's own width rules."""
    settings = re.search(r"```toml\n(name = \"own_widths\"\n.*?\n)```", text, re.DOTALL)
    assert settings is not None
    network = user_s_table(text)
    replaced = 'name = "my_network"\nscaling = "v2"\n'
    assert replaced in network
    return network.replace(replaced, settings[1])


def refreshed(text: str) -> str:
    """The README with the output of every console block as it is now."""
    network = user_s_table(text)
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            Path("my_network.md").write_text(network, encoding="utf-8")
            broken = network.replace("48²×8 ", "47²×8 ")
            Path("broken.md").write_text(broken, encoding="utf-8")
            Path("own_widths.md").write_text(own_widths(text), encoding="utf-8")
            budgets = re.search(r"```toml\n(\[\[tool\..*?)```", text, re.DOTALL)
            assert budgets is not None
            Path("pyproject.toml").write_text(budgets[1], encoding="utf-8")
            return BLOCK.sub(
                lambda match: (
                    f"```console\n$ mnprofile {match[1]}\n"
                    + output_of(shlex.split(match[1]))
                    + "```"
                ),
                text,
            )
        finally:
            os.chdir(here)


def test_every_console_block_is_what_the_command_prints_today() -> None:
    text = README.read_text("utf-8")

    assert len(BLOCK.findall(text)) >= 5
    assert refreshed(text) == text


def test_every_command_is_in_the_readme() -> None:
    text = README.read_text("utf-8")

    assert [name for name in COMMANDS if f"mnprofile {name}" not in text] == []


def test_the_ci_script_and_the_workflow_run_the_readme_s_test_command() -> None:
    commands = re.findall(
        r"```sh\n(python3 -m venv .*)\n```", README.read_text("utf-8")
    )

    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text("utf-8")
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert "bash .ci/run" in workflow


def test_the_python_block_gives_what_its_comments_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comment is the value's repr, or begins it where it ends in "..."."""
    text = README.read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("my_network.md").write_text(user_s_table(text), encoding="utf-8")
    checked = 0
    for block in blocks:
        namespace: dict[str, object] = {}
        for line in block.split("\n"):
            code, _, said = line.partition("  #")
            begins = said.strip().partition("...")[0]
            if said and begins[:1] in "0123456789[(T'":
                value = repr(eval(code.strip(), namespace))
                assert value.startswith(begins), line
                checked += 1
            else:
                exec(code, namespace)
    assert checked >= 3


if __name__ == "__main__":
    sys.exit(README.write_text(refreshed(README.read_text("utf-8")), "utf-8") < 0)
