"""The scripts of pages: each module's own tests in Node, and how they are inlined."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mnprofile.views.html.scripts import FOLDER, bundle, source

TESTS = Path(__file__).parent / "scripts"
MODULES = sorted(path.name for path in FOLDER.iterdir())


@pytest.fixture(scope="module")
def node() -> str:
    """Node; skipped with a reason where there is none, never in CI."""
    found = shutil.which("node")
    if found is None:
        assert not os.environ.get("CI"), "no node on this machine"
        pytest.skip("no node on this machine")
    return found


def test_the_modules_pass_their_own_tests(node: str) -> None:
    """node --test: numbers, counting and links, without a page."""
    files = sorted(map(str, TESTS.glob("*.test.mjs")))
    done = subprocess.run(
        [node, "--test", *files], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-4000:]
    assert int(re.findall(r"^# pass (\d+)$", done.stdout, re.MULTILINE)[0]) >= 20


def test_a_bundle_is_one_script_that_parses(node: str) -> None:
    text = bundle(*MODULES)
    done = subprocess.run(
        [node, "--check", "-"], input=text, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)


def test_every_module_is_in_a_bundle_once_and_after_what_it_imports() -> None:
    text = bundle("explorer.mjs", "tables.mjs")
    order = re.findall(r'^modules\["([a-z_]+\.mjs)"\] = ', text, re.MULTILINE)

    assert len(order) == len(set(order))
    for name in order:
        for needed in re.findall(r'from "\./([a-z_]+\.mjs)"', source(name)):
            assert order.index(needed) < order.index(name)
    assert order[-1] == "tables.mjs"


@pytest.mark.parametrize("name", MODULES)
def test_no_script_makes_markup_or_runs_text(name: str) -> None:
    """Text of a table can only become text."""
    text = source(name)

    for word in ("innerHTML", "outerHTML", "insertAdjacent", "eval(", "Function("):
        assert word not in text
    for word in ("fetch(", "XMLHttpRequest", "import(", "document.write", "</script"):
        assert word not in text
    assert len(text.splitlines()) < 400
