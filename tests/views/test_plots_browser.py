"""The page of plots in a real browser, without a network."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnprofile import cli
from tests.conftest import GOOD_V2, spoiled
from tests.views.browsing import Watched, repaint, resize, until


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plots of V2 with some estimates, and of V3-Small."""
    folder = tmp_path_factory.mktemp("plots")
    path = folder / "sweep.html"
    grid = ["--alpha", "0.35,0.5,0.6,0.75,1,1.25,1.3,1.4"]
    files = ["-o", str(folder / "rows.csv"), "--plot", str(path)]
    assert cli.main(["sweep", "v2", "v3-small", *grid, *files]) == 0
    return path


@pytest.fixture(scope="module")
def drawn(context: Any, swept: Path) -> Iterator[Watched]:
    """The page of plots, opened once for all tests that leave it as it was."""
    watched = Watched(context.new_page())
    watched.open(swept)
    yield watched
    watched.page.close()


@pytest.fixture
def page(drawn: Watched) -> Any:
    drawn.page.bring_to_front()
    return drawn.page


def test_the_page_asks_for_nothing_and_complains_of_nothing(
    drawn: Watched, swept: Path
) -> None:
    assert drawn.requests == [swept.as_uri()]
    assert drawn.complaints == []


def test_it_draws_as_many_points_as_there_are(page: Any, swept: Path) -> None:
    """V2: 22 published, 5 estimates at alpha 0.6, 1.25/224. V3-Small: nine published,
    alpha 0.6 at 224; each once."""
    rows = (swept.parent / "rows.csv").read_text().splitlines()
    known = sum(",published," in row or ",estimate," in row for row in rows)
    assert known == 22 + 5 + 1 + 9 + 1
    points = "#mnp-accuracy .scatterlayer .points path.point"
    until(page, f"document.querySelectorAll('{points}').length === {known}")


def test_one_heat_map_switches_network_and_quantity(page: Any) -> None:
    """V2 0.75/160; V3-Small 1.0/224: 56,510,400 multiply-adds, 2,542,856 parameters."""
    shown = (
        "[...document.querySelectorAll('#mnp-heat .heatmap-label')]"
        ".map((one) => one.textContent)"
    )
    until(page, f"{shown}.length === 8 * 5 && {shown}.includes('107 M')")
    page.select_option("#mnp-heat-by-0", label="MobileNetV3-Small")
    page.select_option("#mnp-heat-by-1", label="Parameters")
    until(page, f"{shown}.includes('2.54 M')")
    page.select_option("#mnp-heat-by-1", label="Multiply-adds")
    page.select_option("#mnp-heat-by-0", index=0)


def test_no_button_uploads_the_chart(page: Any) -> None:
    page.wait_for_selector(".modebar-btn")
    titles = page.locator(".modebar-btn").evaluate_all(
        "buttons => buttons.map((button) => button.dataset.title || '')"
    )
    assert titles
    assert not [title for title in titles if "hare" in title or "loud" in title]


def test_hovering_names_the_command(page: Any) -> None:
    page.evaluate("Plotly.Fx.hover('mnp-accuracy', [{curveNumber: 2, pointNumber: 0}])")
    hover = page.locator("#mnp-accuracy .hoverlayer", has_text="mnprofile count")
    assert "mnprofile count mobilenet_v2 --alpha" in (hover.text_content() or "")


PAPERS = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 27)"}
BACKGROUND = "document.querySelector('#mnp-accuracy .main-svg').style.background"


def test_it_fits_the_screen_and_a_theme_change_keeps_what_was_switched_off(
    page: Any,
) -> None:
    """A series that is hidden, and a zoomed axis."""
    assert page.evaluate("document.documentElement.scrollWidth") == 1440
    assert page.evaluate(BACKGROUND) == PAPERS["light"]
    plot = "document.getElementById('mnp-accuracy')"
    state = (
        f"JSON.stringify([{plot}.data[1].visible ?? true, {plot}.layout.yaxis.range])"
    )
    start = page.evaluate(state)
    page.locator("#mnp-accuracy .legendtoggle").nth(1).click()
    box = page.locator("#mnp-accuracy .nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 250, steps=5)
    page.mouse.up()
    until(page, f"{plot}.data[1].visible === 'legendonly'")
    until(page, f"{plot}.layout.yaxis.range[1] < 78")
    before = page.evaluate(state)
    repaint(page, "dark")
    assert page.evaluate(BACKGROUND) == PAPERS["dark"]
    assert page.evaluate(state) == before
    repaint(page, "light")
    page.locator("#mnp-accuracy .legendtoggle").nth(1).click()
    page.locator("#mnp-accuracy .modebar-btn[data-val=reset]").click()
    until(page, f"{state} === {json.dumps(start)}")


def test_it_opens_in_the_dark_on_a_phone(swept: Path, watched: Watched) -> None:
    watched.page.emulate_media(color_scheme="dark")
    resize(watched.page, 360)
    page = watched.open(swept)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate(BACKGROUND) == PAPERS["dark"]


def test_a_hostile_name_is_text(watched: Watched, tmp_path: Path) -> None:
    """It makes neither a link nor a script, and a long word is broken."""
    name = "<img src=x onerror=alert(1)><a href='https://example.org'>click</a>"
    mine, path = tmp_path / "mine.md", tmp_path / "mine.html"
    mine.write_text(spoiled(GOOD_V2, ("# Tiny", f"# {name}")))
    out = str(tmp_path / "rows.csv")
    assert cli.main(["sweep", str(mine), "-o", out, "--plot", str(path)]) == 0
    resize(watched.page, 360)
    page = watched.open(path)
    assert watched.complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("a[href*='example.org'], img").count() == 0
    assert page.locator("a").count() == page.locator("a.modebar-btn").count()
    assert "<img src=x" in page.inner_text("main")


def test_a_page_of_plots_is_below_two_and_a_half_megabytes(swept: Path) -> None:
    assert swept.stat().st_size < 2_500_000


def test_without_a_script_there_are_numbers_and_no_empty_boxes(
    browser: Any, swept: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(swept.as_uri())

    assert "JavaScript is off" in page.inner_text("main")
    assert page.is_visible("text=The frontier in numbers")
    assert page.locator("figure").count() == 3
    assert page.locator("figure:visible").count() == 0
    context.close()
