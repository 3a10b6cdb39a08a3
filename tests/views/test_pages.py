"""Pages in a browser: exact figures, no request, no script but ours, by keyboard."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.views.browsing import Explorer, Page, Watched, resize, until

# --- safety --------------------------------------------------------------------------


def test_the_policy_lets_nothing_else_run(site: Path, watched: Watched) -> None:
    """A script that is put into the page is refused, and so is a request."""
    page = watched.open(site / "index.html")
    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        "document.body.append(s);"
        "const i = new Image(); i.src = 'https://example.com/x.png';"
    )

    watched.wait_for_complaints(2)

    assert page.evaluate("window.ran") is None
    assert all("Content Security Policy" in text for text in watched.complaints)
    assert len(watched.complaints) == 2
    policy = page.get_attribute("meta[http-equiv=Content-Security-Policy]", "content")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert policy.startswith("default-src 'none'; script-src 'sha256-")


# --- without a script, narrow, dark, in print ----------------------------------------


def test_it_reads_without_a_script(browser: Any, site: Path) -> None:
    """Tables and plots are in the page before any script runs."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())

    for summary in page.locator(".fold:not([open]) > summary").all()[::-1]:
        summary.click()
    assert page.locator("table:visible").count() > 15
    assert page.locator("svg.scatter .dot").count() == 57
    assert page.locator("svg.columns:visible").count() == 12
    assert page.locator("svg.treads:visible .summit").count() == 4
    assert page.locator("table.formulas:visible math").count() == 15 + 20 + 19 + 15
    assert not page.locator("#x-form").is_visible()
    assert not page.locator("text=Picture of the network").first.is_visible()
    assert "JavaScript is off: the explorer" in page.inner_text("header")
    context.close()


def test_it_follows_light_and_dark(explorer: Explorer) -> None:
    page = explorer.at()
    paper = "getComputedStyle(document.body).backgroundColor"

    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(paper) == "rgb(20, 23, 27)"


def test_print_shows_every_table_within_the_paper(site: Path, watched: Watched) -> None:
    """Every table is open, light, and no wider than a sheet of A4."""
    page = watched.open(site / "index.html")
    resize(page, 794, 1123)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 794
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"


# --- sections, the picture of a network, and ways between them -----------------------


def section(explorer: Explorer, name: str) -> Page:
    """The report, with a section open."""
    page = explorer.at()
    page.click(f"nav a[href='#{name}']")
    until(page, f"document.querySelector('#{name} > details').open")
    return page


def test_a_report_is_short_and_opens_what_is_asked_for(
    site: Path, watched: Watched
) -> None:
    """Of four networks: under 8,000 pixels at 1440, and at most 1.5 MB."""
    page = watched.open(site / "index.html")
    assert page.evaluate("document.documentElement.scrollHeight") < 8_000
    assert (site / "index.html").stat().st_size <= 1_500_000

    assert not page.is_visible("#net3-stages")
    page.click("nav a[href='#net3']")
    until(page, "document.querySelector('#net3 > details').open")
    assert page.is_visible("#net3-stages")
    page = watched.open(site / "index.html", "#net2-table")
    assert page.is_visible("#net2-table")


def test_the_picture_unfolds_down_to_the_row_and_formula(explorer: Explorer) -> None:
    """V2's stages, the blocks of s4, the layers of block3 and its shortcut."""
    page = section(explorer, "net1")
    until(page, "document.querySelectorAll('#net1-picture .box.stage').length === 6")
    box = "#net1-picture [data-key='{}']"
    page.locator(box.format("s:s4")).press("Enter")
    page.locator(box.format("b:s4/block3")).press("Enter")
    layers = page.locator("#net1-picture .box.layer").count()
    assert layers == 4  # expand, depthwise, project and the addition
    page.locator(box.format("l:block3.depthwise")).press("Enter")
    told = page.inner_text("#net1-picture .told-layer")
    assert "4,064,256" in told  # 9 x 144 weights at 56 x 56 positions
    page.click("text=Its row in the layer table")
    assert "block3.depthwise" in page.inner_text("tr.found")
    page.click("text=The formula of its block")
    assert "block3" in page.inner_text("tr.found")


def test_a_bar_leads_to_its_row(explorer: Explorer) -> None:
    page = section(explorer, "net1")
    bar = page.locator("#net1-layers .columns rect").first
    bar.hover()
    told = "document.querySelector('.hint').textContent"
    until(page, f"{told}.includes('10,838,016 multiply-adds')")
    bar.click()

    assert "stem" in page.inner_text("tr.found")


def test_a_series_can_be_switched_off(explorer: Explorer) -> None:
    page = explorer.at()
    button = page.locator(".series button").first
    button.click()

    assert button.get_attribute("aria-pressed") == "false"
    hidden = page.locator("svg.scatter [data-series='0'][visibility=hidden]").count()
    assert hidden > 16
    button.click()
    assert page.locator("svg.scatter [visibility=hidden][data-series]").count() == 0


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_plot_can_be_saved(explorer: Explorer, kind: str) -> None:
    page = explorer.at()
    with page.expect_download() as waiting:
        page.click(f"text=Save as {kind.upper()}")

    data = Path(waiting.value.path()).read_bytes()
    assert waiting.value.suggested_filename == f"accuracy.{kind}"
    assert data.startswith(b"<svg" if kind == "svg" else b"\x89PNG")
    assert len(data) > 10_000
    assert b"var(" not in data
    if kind == "svg":
        widths = [
            float(path.get("stroke-width", "nan")) * float(scale[1])
            for path in ElementTree.fromstring(data).iter(
                "{http://www.w3.org/2000/svg}path"
            )
            if (scale := re.fullmatch(r"scale\(([0-9.]+)\)", path.get("transform", "")))
        ]
        assert len(widths) >= 57
        assert max(widths) < 3  # pixels, in programs that scale strokes too


def test_the_bars_of_all_layers_are_saved_with_their_titles_and_legend(
    explorer: Explorer,
) -> None:
    page = section(explorer, "net1")
    with page.expect_download() as waiting:
        page.locator("#net1-layers").get_by_text("Save as SVG").click()

    data = Path(waiting.value.path()).read_text("utf-8")
    root = ElementTree.fromstring(data)
    assert waiting.value.suggested_filename == "mobilenet_v2-layers.svg"
    assert len(root.findall("{http://www.w3.org/2000/svg}svg")) == 3
    told = [one.text for one in root.findall("{http://www.w3.org/2000/svg}text")]
    assert told == [
        "Multiply-adds, up to 20,070,400 per layer",
        "Parameters, up to 1,281,000 per layer",
        "Activations, up to 1,204,224 per layer",
        *("Conv 1x1", "Conv DW", "Conv k x k", "Fully Connected"),
    ]
    assert "var(" not in data


# --- the keyboard, sorting and filtering ---------------------------------------------


def test_everything_works_by_keyboard(explorer: Explorer) -> None:
    """Sliders step, the plot is walked with arrows, and every stop shows its focus."""
    page = explorer.at()
    page.focus("#x-alpha")
    page.keyboard.press("ArrowLeft")
    assert page.input_value("#x-alpha-n") == "0.95"

    page.focus(".dot[tabindex='0']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.inner_text("#x-told").startswith("MobileNetV3-Small 1.0/96")
    assert page.evaluate("document.activeElement.classList.contains('dot')")

    page.focus("body")
    for _ in range(40):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "(() => { const one = document.activeElement;"
            " const mark = one.querySelector(':scope > path, :scope > rect');"
            " return one === document.body"
            " || getComputedStyle(one).outlineStyle !== 'none'"
            " || parseFloat(getComputedStyle(mark).strokeWidth) >= 3; })()"
        )


def test_the_layer_table_sorts_and_filters(explorer: Explorer) -> None:
    page = section(explorer, "net1")
    panel = page.locator("#net1-table")
    panel.locator("details").evaluate("(one) => { one.open = true; }")
    head = panel.locator("th", has_text="Multiply-adds")
    head.locator("button").press("Enter")
    cells = "#net1-table tbody td:nth-child(8)"
    column = "nodes => nodes.map((node) => Number(node.dataset.n))"
    values = page.eval_on_selector_all(cells, column)
    assert values == sorted(values)
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").press("Enter")
    assert page.eval_on_selector_all(cells, column) == values[::-1]

    panel.locator("input").fill("expand")
    assert panel.locator("tbody tr:visible").count() == 16
    assert panel.locator("[role=status]").inner_text() == "16 of 53 rows"
