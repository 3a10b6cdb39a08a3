"""The pages that tests look at, and one browser page to look at them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnprofile.cli import main
from tests.views.browsing import Watched


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the four networks, and a diff and a budget page."""
    folder = tmp_path_factory.mktemp("site")
    names = ["v1", "v2", "v3-large", "v3-small"]
    assert main(["report", *names, "-o", str(folder)]) == 0
    assert main(["diff", "v1", "v2", "-o", str(folder / "diff.html")]) == 0
    config = folder / "b.toml"
    config.write_text(
        '[[tool.mnprofile.budget]]\nname = "b"\narch = "v2"\nmax-macs = "1M"\n'
        'max-increase = "2%"\n'
    )
    arguments = ["ci", "--config", str(config), "--html", str(folder / "ci.html")]
    assert main([*arguments, "--write-baseline"]) == 1
    return folder


@pytest.fixture(scope="module")
def one_page(browser: Any) -> Iterator[Watched]:
    """One page for all tests: creating it takes longer than opening a file in it."""
    context = browser.new_context()
    yield Watched(context.new_page())
    context.close()


@pytest.fixture
def watched(one_page: Watched) -> Watched:
    """The page, with nothing left from the previous test."""
    one_page.anew()
    return one_page
