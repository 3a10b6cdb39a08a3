"""The pages that tests look at, and one browser page to look at them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnprofile.cli import main
from tests.views.browsing import Explorer, Watched


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


@pytest.fixture(scope="session")
def context(browser: Any) -> Iterator[Any]:
    """One for all pages but those of a touch screen, of no script; scrolls at once."""
    size = {"width": 1440, "height": 900}
    context = browser.new_context(viewport=size, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture(scope="session")
def one_page(context: Any) -> Watched:
    """One page for all tests: creating it takes longer than opening a file in it."""
    return Watched(context.new_page())


@pytest.fixture
def watched(one_page: Watched) -> Watched:
    """The page, with nothing left from the previous test."""
    one_page.anew()
    return one_page


@pytest.fixture(scope="session")
def opened(context: Any, site: Path) -> Explorer:
    """The report of four networks, opened once for the tests that leave it open."""
    return Explorer(context.new_page(), site / "index.html")


@pytest.fixture
def explorer(opened: Explorer) -> Explorer:
    """Its explorer; ``at`` leaves nothing of the previous test."""
    opened.wide()
    opened.complaints.clear()
    return opened
