"""Every kind of page in both themes: axe-core finds nothing, all fits, all is named.

One visit of a page at a width serves all tests. The suite makes one of each page on a
phone, and of some on a desktop.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mnprofile.cli import main
from tests.sampling import sampled
from tests.views.browsing import Watched, repaint, unfold, until

AXE = Path(__file__).parents[1] / "assets" / "axe.min.js"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PAGES = (
    *("report/index.html", "diff.html", "several.html", "ci.html"),
    *("sweep.html", "time.html", "index.html"),
)
VISITS = [f"{name} {width}" for name in PAGES for width in (360, 768, 1440)]
KEPT = [
    *(f"{name} 360" for name in PAGES[:-1]),
    *(f"{name} 1440" for name in ("diff.html", "ci.html")),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules that a theme can break
RUN = """async (only) => {
  const found = await axe.run(document, {runOnly: only, resultTypes: ['violations']});
  return found.violations.map((one) =>
    [one.id, ...one.nodes.slice(0, 3).map((node) => node.target.join(' '))]);
}"""
# Rows, marks and bars that differ from one before them in their text only.
REPEATED = """() => {
  for (const parent of document.querySelectorAll('tbody, svg, svg g, ul')) {
    const seen = new Set();
    for (const one of [...parent.children]) {
      const kind = [one, ...one.querySelectorAll('*')]
        .map((node) => `${node.tagName} ${node.getAttribute('class')}`).join();
      if (seen.has(kind)) one.remove();
      seen.add(kind);
    }
  }
}"""
FAULTS = """() => {
  const all = (query) => [...document.querySelectorAll(query)];
  const ids = all('[id]').map((node) => node.id);
  return {
    unnamed: all('input, select, button').filter((node) =>
      !(node.labels && node.labels.length) && !node.textContent
      && !node.getAttribute('aria-label')),
    drawings: all('svg[role=img], svg[role=group]').filter((node) =>
      !node.getAttribute('aria-label')),
    captions: all('table').filter((node) => node.rows.length && !node.caption),
    heads: all('th').filter((node) => !node.scope),
    empty: all('thead th').filter((node) => !node.textContent),
    twice: ids.filter((id, index) => ids.indexOf(id) !== index),
  };
}"""


@pytest.fixture(scope="module")
def pages(site: Path) -> Path:
    """A report, two comparisons, budgets, and plots of a sweep and of times.

    The report is of networks that have every kind of row: a file, errata, blocks with
    squeeze-and-excitation, times on a device. Others only repeat what these have.
    """
    device = ["--device", "Pixel 1"]
    file = str(EXAMPLES / "my_network_int8.tflite")
    networks = [file, "v1", "v3-small"]
    assert main(["report", *networks, *device, "-o", str(site / "report")]) == 0
    several = ["diff", "v1", "v2", "v3-large", "v3-small", "--by", "stage"]
    assert main([*several, "-o", str(site / "several.html")]) == 0
    rows = str(site / "rows.csv")
    swept = ["sweep", "v2", "v3-small", "-o", rows, "--plot", str(site / "sweep.html")]
    assert main(swept) == 0
    assert main(["time", "v2", *device, "--plot", str(site / "time.html")]) == 0
    return site


@dataclass(frozen=True)
class Visit:
    """A page at a width, with every section open and every picture drawn."""

    watched: Watched
    path: Path
    width: int

    @property
    def page(self) -> Any:
        return self.watched.page


@pytest.fixture(scope="module", params=sampled(VISITS, KEPT))
def visit(request: pytest.FixtureRequest, pages: Path, one_page: Watched) -> Visit:
    name, width = request.param.split()
    one_page.anew()
    one_page.page.set_viewport_size({"width": int(width), "height": 900})
    page = one_page.open(pages / name)
    unfold(page)
    for picture in page.locator(".graph").all():
        picture.scroll_into_view_if_needed()
    until(page, "!document.querySelector('.graph:empty')")
    return Visit(one_page, pages / name, int(width))


def violations(page: Any, kind: str, values: list[str]) -> Any:
    return page.evaluate(RUN, {"type": kind, "values": values})


def test_it_is_no_wider_than_its_window(visit: Visit) -> None:
    assert visit.page.evaluate("document.documentElement.scrollWidth") == visit.width


def test_everything_has_a_name(visit: Visit) -> None:
    """What a screen reader needs: one h1, named fields, captions, no id twice."""
    assert visit.page.locator("h1").count() == 1
    assert visit.page.evaluate("document.documentElement.lang") == "en"
    found = visit.page.evaluate(FAULTS)
    assert {name for name, nodes in found.items() if nodes} == set()


def test_it_asks_for_nothing_and_complains_of_nothing(visit: Visit) -> None:
    assert visit.watched.requests == [visit.path.as_uri()]
    assert visit.watched.complaints == []


def test_no_caption_is_cut(visit: Visit) -> None:
    """A table may scroll on a phone; what it is about must be read without.

    In a report a panel's title says it.
    """
    cut = visit.page.evaluate(
        """() => [...document.querySelectorAll("caption")].filter((one) => {
          const text = document.createRange();
          text.selectNodeContents(one);
          return text.getBoundingClientRect().right > innerWidth;
        }).map((one) => one.textContent)"""
    )

    assert cut == [] or visit.path.name == "index.html"


def test_contrast_of_text(visit: Visit) -> None:
    """Text on the page is at least 4.5 : 1 in both themes (WCAG 2.1, 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for scheme in ("dark", "light"):
        repaint(visit.page, scheme)
        paper, *inks = visit.page.evaluate(
            "['body', 'p', 'h1', '.lead', 'a:not(.skip)', '.grew', '.shrank', 'footer']"
            ".map((one) => document.querySelector(one)).filter(Boolean)"
            ".map((one) => getComputedStyle(one))"
            ".map((one, at) => at ? one.color : one.backgroundColor)"
        )
        assert len(inks) >= 3
        for ink in inks:
            light, dark = sorted((luminance(paper), luminance(ink)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, ink)


def test_axe_finds_nothing(visit: Visit) -> None:
    """In the light theme; the dark one differs in its colours only."""
    page = visit.page
    page.evaluate(REPEATED)
    page.evaluate(AXE.read_text("utf-8"))

    assert violations(page, "tag", RULES) == []
    repaint(page, "dark")
    assert violations(page, "rule", COLOURS) == []


def test_axe_finds_a_fault(pages: Path, watched: Watched) -> None:
    """The check can fail: a field without a name is found."""
    page = watched.open(pages / "ci.html")
    page.evaluate("document.querySelector('main').append(new Image())")
    page.evaluate(AXE.read_text("utf-8"))
    repaint(page, "dark")
    page.evaluate("document.querySelector('h1').style.color = '#333'")

    found = [one[0] for one in violations(page, "tag", RULES)]
    assert {"image-alt", "color-contrast"} <= {*found}
    assert [one[0] for one in violations(page, "rule", COLOURS)] == COLOURS[:1]
