"""The page of plots in a real browser, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mnprofile import cli
from mnprofile.networks import catalog

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

READY = "#mnp-accuracy .main-svg"
LAST = "#mnp-expansion .main-svg"  # of the figures; they are drawn in order


class Visit:
    """A page, its requests and its console messages."""

    def __init__(self, browser: Browser, path: Path, **context: Any) -> None:
        self.context = browser.new_context(offline=True, **context)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Visit:
        """The visit itself, once every figure is drawn."""
        self.page.wait_for_selector(LAST)
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def wait_for_count(self, selector: str, count: int) -> None:
        """Wait until exactly this many are drawn, or fail."""
        from playwright.sync_api import expect

        expect(self.page.locator(selector)).to_have_count(count)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plots of V2 with some estimates, and of V3-Small."""
    folder = tmp_path_factory.mktemp("plots")
    path = folder / "sweep.html"
    alphas = "0.35,0.5,0.6,0.75,1,1.25,1.3,1.4"
    rows = str(folder / "rows.csv")
    assert (
        cli.main(
            [
                "sweep",
                "v2",
                "v3-small",
                "--alpha",
                alphas,
                "-o",
                rows,
                "--plot",
                str(path),
            ]
        )
        == 0
    )
    return path


@pytest.fixture(scope="module")
def visit(browser: Browser, swept: Path) -> Iterator[Visit]:
    """The page of plots, opened once for all tests that only read it."""
    with Visit(browser, swept) as visit:
        yield visit


def test_the_page_asks_for_nothing_and_complains_of_nothing(
    visit: Visit, swept: Path
) -> None:
    assert visit.requests == [swept.as_uri()]
    assert visit.complaints == []


def test_it_draws_as_many_points_as_there_are(visit: Visit, swept: Path) -> None:
    """V2: 22 published, 5 estimates at alpha 0.6, 1.25/224. V3-Small: nine published,
    alpha 0.6 at 224; each once."""
    rows = (swept.parent / "rows.csv").read_text().splitlines()
    known = sum(",published," in row or ",estimate," in row for row in rows)
    assert known == 22 + 5 + 1 + 9 + 1
    visit.wait_for_count("#mnp-accuracy .scatterlayer .points path.point", known)


def test_the_heat_map_prints_its_numbers(visit: Visit) -> None:
    """V2 0.75/160."""
    visit.wait_for_count("#mnp-heat .heatmap-label", 8 * 5)
    labels = visit.page.locator("#mnp-heat .heatmap-label").all_text_contents()
    assert "107 M" in labels


def test_no_button_uploads_the_chart(visit: Visit) -> None:
    visit.page.wait_for_selector(".modebar-btn")
    titles = visit.page.locator(".modebar-btn").evaluate_all(
        "buttons => buttons.map((button) => button.dataset.title || '')"
    )
    assert titles
    assert not [title for title in titles if "hare" in title or "loud" in title]


def test_hovering_names_the_command(visit: Visit) -> None:
    visit.page.evaluate(
        "Plotly.Fx.hover('mnp-accuracy', [{curveNumber: 2, pointNumber: 0}])"
    )
    hover = visit.page.locator("#mnp-accuracy .hoverlayer", has_text="mnprofile count")
    assert "mnprofile count mobilenet_v2 --alpha" in (hover.text_content() or "")


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_the_screen_in_both_themes(
    browser: Browser, swept: Path, width: int, theme: Any
) -> None:
    size: Any = {"width": width, "height": 800}
    with Visit(browser, swept, viewport=size, color_scheme=theme) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        background = visit.page.evaluate(
            "document.querySelector('#mnp-accuracy .main-svg').style.background"
        )
        page = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    wanted = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}[theme]
    assert background == page == wanted


def test_it_follows_a_change_of_theme(browser: Browser, swept: Path) -> None:
    with Visit(browser, swept, color_scheme="light") as visit:
        visit.page.emulate_media(color_scheme="dark")
        visit.page.wait_for_selector(f"{READY}[style*='rgb(20, 23, 27)']")


def test_a_hostile_name_is_text(browser: Browser, tmp_path: Path) -> None:
    """It makes neither a link nor a script, and a long word is broken."""
    name = "<img src=x onerror=alert(1)><a href='https://example.org'>click</a>"
    table = (catalog.tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    mine, path = tmp_path / "mine.md", tmp_path / "mine.html"
    mine.write_text(table.replace("# MobileNetV2", f"# {name}", 1))
    out = str(tmp_path / "rows.csv")
    assert cli.main(["sweep", str(mine), "-o", out, "--plot", str(path)]) == 0
    with Visit(browser, path, viewport={"width": 360, "height": 800}) as visit:
        assert visit.complaints == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 360
        assert visit.count("a[href*='example.org'], img") == 0
        assert visit.count("a") == visit.count("a.modebar-btn")
        assert "<img src=x" in visit.page.inner_text("main")


def test_one_heat_map_switches_network_and_quantity(visit: Visit) -> None:
    """V3-Small 1.0/224: 56,510,400 multiply-adds and 2,542,856 parameters."""
    page = visit.page
    page.select_option("#mnp-heat-by-0", label="MobileNetV3-Small")
    page.select_option("#mnp-heat-by-1", label="Parameters")
    for _ in range(100):
        labels = page.locator("#mnp-heat .heatmap-label").all_text_contents()
        if "2.54 M" in labels:
            break
        page.wait_for_timeout(50)
    assert "2.54 M" in labels
    page.select_option("#mnp-heat-by-1", label="Multiply-adds")
    page.select_option("#mnp-heat-by-0", index=0)


def test_a_theme_change_keeps_what_was_switched_off(
    browser: Browser, swept: Path
) -> None:
    """A series that is hidden, and a zoomed axis."""
    with Visit(browser, swept, color_scheme="light") as visit:
        visit.page.locator("#mnp-accuracy .legendtoggle").nth(1).click()
        box = visit.page.locator("#mnp-accuracy .nsewdrag").bounding_box()
        assert box is not None
        visit.page.mouse.move(box["x"] + 100, box["y"] + 100)
        visit.page.mouse.down()
        visit.page.mouse.move(box["x"] + 400, box["y"] + 250, steps=5)
        visit.page.mouse.up()
        visit.page.wait_for_timeout(600)
        state = (
            "(({data, layout}) => [data[1].visible, layout.yaxis.range])"
            "(document.getElementById('mnp-accuracy'))"
        )
        before = visit.page.evaluate(state)
        assert before[0] == "legendonly"
        assert before[1][1] < 78
        visit.page.emulate_media(color_scheme="dark")
        visit.page.wait_for_selector(f"{READY}[style*='rgb(20, 23, 27)']")
        assert visit.page.evaluate(state) == before


def test_a_page_of_plots_is_below_two_and_a_half_megabytes(swept: Path) -> None:
    assert swept.stat().st_size < 2_500_000


def test_without_a_script_there_are_numbers_and_no_empty_boxes(
    browser: Browser, swept: Path
) -> None:
    visit = Visit(browser, swept, java_script_enabled=False)

    assert "JavaScript is off" in visit.page.inner_text("main")
    assert visit.page.is_visible("text=The frontier in numbers")
    assert visit.count("figure") == 3
    assert visit.count("figure:visible") == 0
    visit.context.close()
