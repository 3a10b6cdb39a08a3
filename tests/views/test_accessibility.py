"""axe-core finds nothing on any page, at three widths and in both themes."""

from pathlib import Path
from typing import Any

import pytest

from mnprofile.cli import main
from tests.views.browsing import Watched

AXE = Path(__file__).parents[1] / "assets" / "axe.min.js"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PAGES = (
    *("two/index.html", "diff.html", "four.html", "ci.html", "sweep.html"),
    *("time.html", "file/index.html"),
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that a theme can break
RUN = """async (only) => {
  const found = await axe.run(document, {runOnly: only, resultTypes: ['violations']});
  return found.violations.map((one) =>
    [one.id, ...one.nodes.slice(0, 3).map((node) => node.target.join(' '))]);
}"""


@pytest.fixture(scope="module")
def pages(site: Path) -> Path:
    """Two reports, two comparisons, budgets, and plots of a sweep and of times."""
    # Of two networks with every kind of row: more only repeat what these have.
    assert main(["report", "v1", "v3-small", "-o", str(site / "two")]) == 0
    four = ["diff", "v1", "v2", "v3-large", "v3-small", "--by", "stage"]
    assert main([*four, "-o", str(site / "four.html")]) == 0
    rows = str(site / "rows.csv")
    swept = ["sweep", "v2", "v3-small", "-o", rows, "--plot", str(site / "sweep.html")]
    assert main(swept) == 0
    device = ["--device", "Pixel 1"]
    assert main(["time", "v2", *device, "--plot", str(site / "time.html")]) == 0
    file = str(EXAMPLES / "my_network_int8.tflite")
    assert main(["report", file, "v2", *device, "-o", str(site / "file")]) == 0
    return site


def violations(watched: Watched, kind: str, values: list[str]) -> Any:
    return watched.page.evaluate(RUN, {"type": kind, "values": values})


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(
    pages: Path, watched: Watched, name: str, width: int
) -> None:
    """In the light theme; the dark one differs in its colours only."""
    watched.page.set_viewport_size({"width": width, "height": 900})
    watched.page.emulate_media(color_scheme="light")
    watched.open(pages / name)
    watched.page.evaluate(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )
    watched.page.wait_for_timeout(200)
    watched.page.evaluate(AXE.read_text("utf-8"))

    assert violations(watched, "tag", RULES) == []
    watched.page.emulate_media(color_scheme="dark")
    watched.page.wait_for_timeout(100)
    assert violations(watched, "rule", COLOURS) == []


def test_axe_finds_a_fault(pages: Path, watched: Watched) -> None:
    """The check can fail: a field without a name is found."""
    watched.open(pages / "ci.html")
    watched.page.evaluate("document.querySelector('main').append(new Image())")
    watched.page.evaluate(AXE.read_text("utf-8"))
    watched.page.emulate_media(color_scheme="dark")
    watched.page.evaluate("document.querySelector('h1').style.color = '#333'")

    found = [one[0] for one in violations(watched, "tag", RULES)]
    assert {"image-alt", "color-contrast"} <= {*found}
    assert [one[0] for one in violations(watched, "rule", COLOURS)] == COLOURS[:1]
