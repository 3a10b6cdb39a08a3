"""The pages show real output: README.md and docs/ are run again, page by page.

``python -m tests.cli.test_readme [PAGE...]`` updates them. On a page,

- a ``console`` block has one command, ``$ mnprofile ...``, and what it prints; the
  command runs in a copy of docs/examples, and may end in ``| head -N``;
- a block below ``<!-- file: docs/examples/NAME -->`` is that file;
- what stands between ``<!-- output: mnprofile ... -->`` and ``<!-- end -->`` is
  Markdown that the command prints;
- in a ``python`` block, a comment behind a statement is the repr of its value.

A command that needs an extra which is not installed keeps its block, and its page's
test is skipped with that reason once everything else on the page is as it should be.
"""

import ast
import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnprofile.base.errors import BUG, UNMEASURED
from mnprofile.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
EXAMPLES = ROOT / "docs" / "examples"
PAGES = [
    README,
    ROOT / "CONTRIBUTING.md",
    *sorted(
        page
        for page in (ROOT / "docs").rglob("*.md")
        if EXAMPLES not in page.parents and "_build" not in page.parts
    ),
]
CONSOLE = re.compile(
    r"```console\n\$ mnprofile ([^\n]*?)(?: \| head -(\d+))?\n.*?```", re.DOTALL
)
FILE = re.compile(r"(<!-- file: (\S+) -->\n(`{3,})\w*\n).*?^\3$", re.DOTALL | re.M)
OUTPUT = re.compile(
    r"(<!-- output: mnprofile ([^\n]*) -->\n).*?(<!-- end -->)", re.DOTALL
)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
PAGE_NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]


@contextlib.contextmanager
def examples() -> Iterator[None]:
    """Work in a copy of docs/examples."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(here)


def run_here(arguments: list[str]) -> tuple[str, bool]:
    """What a command prints off a terminal, standard error last; whether it could."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    out.seek(0)
    written = out.read() + err.getvalue()
    assert code != BUG, written
    printed = "\n".join(line.rstrip() for line in written.split("\n"))
    missing = code == UNMEASURED and "is not installed" in printed
    return printed, not missing


def refreshed(text: str) -> tuple[str, list[str]]:
    """A page as it should be, and the commands on it that need a missing extra."""
    unmeasured = []

    def run_again(block: re.Match[str]) -> str:
        printed, could = run_here(shlex.split(block[1]))
        if not could:
            unmeasured.append(f"mnprofile {block[1]}")
            return block[0]
        if block[2]:
            printed = "".join(printed.splitlines(keepends=True)[: int(block[2])])
        first = block[0].split("\n$ ")[1].split("\n")[0]
        return f"```console\n$ {first}\n{printed}```"

    def read_again(block: re.Match[str]) -> str:
        return block[1] + (ROOT / block[2]).read_text("utf-8") + block[3]

    def write_again(page: re.Match[str]) -> str:
        return f"{page[1]}\n{run_here(shlex.split(page[2]))[0]}\n{page[3]}"

    with examples():
        text = OUTPUT.sub(write_again, FILE.sub(read_again, text))
        return CONSOLE.sub(run_again, text), unmeasured


@pytest.mark.usefixtures("tasks_here")
@pytest.mark.parametrize("page", PAGE_NAMES)
def test_every_console_block_is_what_the_command_prints_today(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")

    now, unmeasured = refreshed(text)

    assert now == text, f"python -m tests.cli.test_readme {page}"
    if unmeasured:
        pytest.skip("needs torch (extra check)")


def test_the_pages_have_console_blocks_and_the_refresher_sees_a_wrong_one() -> None:
    """Without this, a pattern that matches nothing would pass above."""
    text = README.read_text("utf-8")
    assert len(CONSOLE.findall(text)) >= 3

    spoiled = text.replace("107295200  100.00 %", "107295201  100.00 %")

    assert spoiled != text
    assert refreshed(spoiled)[0] == text


def values_said(block: str) -> Iterator[tuple[str, str | None]]:
    """Each statement of a Python block, and the repr that its comment gives.

    A comment is a value if it begins like one; ``...`` ends what must agree.
    """
    lines = block.split("\n")
    for statement in ast.parse(block).body:
        source = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        _, _, said = source.rpartition("  # ")
        is_value = isinstance(statement, ast.Expr) and re.match(
            r"[\d\[(T'F\-{N<]", said
        )
        yield source, said.strip() if is_value else None


@pytest.mark.parametrize("page", PAGE_NAMES)
def test_the_python_blocks_give_what_their_comments_say(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    blocks = PYTHON.findall(FILE.sub("", text))  # files are tried elsewhere
    namespace: dict[str, object] = {}
    with examples():
        for source, said in (pair for block in blocks for pair in values_said(block)):
            if said is None:
                exec(source, namespace)
                continue
            value = repr(eval(source.strip(), namespace))
            begins, dots, _ = said.partition("...")
            assert value.startswith(begins) if dots else value == said, source


def test_the_readme_s_python_block_has_values_to_compare() -> None:
    blocks = PYTHON.findall(README.read_text("utf-8"))

    assert sum(said is not None for b in blocks for _, said in values_said(b)) >= 4


def test_the_readme_fits_and_every_command_has_a_page() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 250
    pages = {path.stem for path in (ROOT / "docs" / "commands").iterdir()}
    assert pages == {*COMMANDS, "index"}


def test_the_ci_script_and_the_workflow_run_the_readme_s_test_command() -> None:
    commands = re.findall(
        r"```sh\n(python3 -m venv .*)\n```", README.read_text("utf-8")
    )

    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text("utf-8")
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert "bash .ci/run" in workflow


def refresh(names: list[str]) -> None:
    """Write the pages as they should be."""
    for page in [Path(name).resolve() for name in names] or PAGES:
        text = page.read_text("utf-8")
        now, unmeasured = refreshed(text)
        if now != text:
            page.write_text(now, encoding="utf-8")
            print(f"updated {page.relative_to(ROOT)}")
        for command in unmeasured:
            print(f"{page.relative_to(ROOT)}: not run, an extra is missing: {command}")


if __name__ == "__main__":
    refresh(sys.argv[1:])
