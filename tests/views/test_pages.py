"""Pages in a browser: exact figures, no request, no script but ours, by keyboard."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from mnprofile.base.escape import visible
from mnprofile.cli import main
from mnprofile.networks.catalog import tables_folder
from tests.views.browsing import Watched, until

# --- safety --------------------------------------------------------------------------


def test_pages_ask_for_nothing_and_complain_of_nothing(
    site: Path, watched: Watched
) -> None:
    for name in ("index.html", "diff.html", "ci.html"):
        page = watched.open(site / name)
        page.wait_for_timeout(100)

    assert watched.requests == [
        (site / name).as_uri() for name in ("index.html", "diff.html", "ci.html")
    ]
    assert watched.complaints == []


PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)",
    '<a href="https://example.com">link</a>',
    "https://example.com/<!--",
    "{{ 7 * 7 }}{% raw %}",
    "a\u202eb\u200b\u2066c",
    "<b>bold</b> &amp; %{customdata} `x` ${1}",
    "-->]]><style>*{display:none}</style>",
)


def hostile_table(payload: str) -> str:
    """V2 with one payload in every string that a table can carry."""
    text = (tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    text = text.replace("# MobileNetV2", f"# {payload}", 1)
    text = text.replace("Sandler et al. 2018", payload, 1)
    text = text.replace('"mobilenet_v2"', json.dumps(f"{payload}"))
    text = text.replace('["v2"]', json.dumps([f"alias {payload}"[:90]]))
    cell = payload.replace("|", "\\|")
    return text + (
        "\n## Errata\n\n| Row | Column | Printed | Read as | Why |\n"
        f"|---|---|---|---|---|\n| 1 | s | 2 | 2 | {cell} |\n"
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_is_shown_as_written(
    payload: str, watched: Watched, tmp_path: Path
) -> None:
    """No script runs, no link works, nothing is requested; the text is there."""
    table = tmp_path / (payload.replace("/", "_")[:60] + ".md")
    table.write_text(hostile_table(payload), "utf-8")
    folder = tmp_path / "site"
    assert main(["report", str(table), "v1", "-o", str(folder)]) == 0
    diff, budgets = folder / "diff.html", folder / "ci.html"
    assert main(["diff", str(table), "v1", "-o", str(diff)]) == 0
    config = tmp_path / "b.toml"
    config.write_text(
        f"[[tool.mnprofile.budget]]\nname = {json.dumps(payload)}\n"
        f"arch = {json.dumps(str(table))}\nmax-macs = 1\n"
        f"message = {json.dumps(payload)}\n"
    )
    assert main(["ci", "--config", str(config), "--html", str(budgets)]) == 1

    for name in ("index.html", "diff.html", "ci.html"):
        page = watched.open(folder / name)
        page.evaluate(
            "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
        )
        assert visible(payload) in page.inner_text("body")
        assert visible(payload) in page.title() or name == "ci.html"
        assert page.locator("img, iframe, object, b, body style").count() == 0
        links = page.evaluate(
            "[...document.querySelectorAll('a, area')].map((one) => one.href)"
        )
        assert all(link.startswith((folder / name).as_uri() + "#") for link in links)
        handlers = page.evaluate(
            "[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])"
            ".filter((one) => one.name.startsWith('on')).length"
        )
        assert handlers == 0
    assert len(watched.requests) == 3
    assert watched.complaints == []


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


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", ["index.html", "diff.html", "ci.html"])
def test_no_page_is_wider_than_its_window(
    watched: Watched, site: Path, width: int, name: str
) -> None:
    watched.page.set_viewport_size({"width": width, "height": 800})
    page = watched.open(site / name)
    page.evaluate(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )

    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_no_caption_of_a_comparison_is_cut(watched: Watched, site: Path) -> None:
    """A table may scroll on a phone; what it is about must be read without."""
    watched.page.set_viewport_size({"width": 360, "height": 800})
    page = watched.open(site / "diff.html")
    cut = page.evaluate(
        """() => [...document.querySelectorAll("caption")].filter((one) => {
          const text = document.createRange();
          text.selectNodeContents(one);
          return text.getBoundingClientRect().right > innerWidth;
        }).map((one) => one.textContent)"""
    )

    assert page.locator("caption").count() > 5
    assert cut == []


@pytest.mark.parametrize(
    ("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(20, 23, 27)")]
)
def test_it_follows_light_and_dark(
    watched: Watched, site: Path, scheme: Any, paper: str
) -> None:
    watched.page.emulate_media(color_scheme=scheme)
    page = watched.open(site / "index.html")

    found = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert found == paper


def test_print_shows_every_table_within_the_paper(site: Path, watched: Watched) -> None:
    """Every table is open, light, and no wider than a sheet of A4."""
    page = watched.open(site / "index.html")
    page.set_viewport_size({"width": 794, "height": 1123})
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

    assert page.locator("details:not([open])").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 794
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"


# --- sections, the picture of a network, and ways between them -----------------------


def test_a_report_of_four_networks_is_short(site: Path, watched: Watched) -> None:
    """Opened at 1440 pixels: under 8,000 pixels, and at most 1.5 MB."""
    page = watched.open(site / "index.html")

    assert page.evaluate("document.documentElement.scrollHeight") < 8_000
    assert (site / "index.html").stat().st_size <= 1_500_000


def test_a_section_opens_when_it_is_asked_for(site: Path, watched: Watched) -> None:
    page = watched.open(site / "index.html")
    assert not page.is_visible("#net3-stages")
    page.click("nav a[href='#net3']")
    until(page, "document.querySelector('#net3 > details').open")
    assert page.is_visible("#net3-stages")
    page = watched.open(site / "index.html", "#net2-table")
    assert page.is_visible("#net2-table")


def test_the_picture_unfolds_down_to_the_row_and_formula(
    site: Path, watched: Watched
) -> None:
    """V2's stages, the blocks of s4, the layers of block3 and its shortcut."""
    page = watched.open(site / "index.html", "#net1")
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


def test_a_bar_leads_to_its_row(site: Path, watched: Watched) -> None:
    page = watched.open(site / "index.html", "#net1")
    bar = page.locator("#net1-layers .columns rect").first
    bar.hover()
    assert "10,838,016 multiply-adds" in page.inner_text(".hint")
    bar.click()

    assert "stem" in page.inner_text("tr.found")


def test_a_series_can_be_switched_off(site: Path, watched: Watched) -> None:
    page = watched.open(site / "index.html")
    button = page.locator(".series button").first
    button.click()

    assert button.get_attribute("aria-pressed") == "false"
    hidden = page.locator("svg.scatter [data-series='0'][visibility=hidden]").count()
    assert hidden > 16


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_plot_can_be_saved(site: Path, watched: Watched, kind: str) -> None:
    page = watched.open(site / "index.html")
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
    site: Path, watched: Watched
) -> None:
    page = watched.open(site / "index.html", "#net1")
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


def test_everything_works_by_keyboard(site: Path, watched: Watched) -> None:
    """Sliders step, the plot is walked with arrows, and every stop shows its focus."""
    page = watched.open(site / "index.html")
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
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return document.activeElement === document.body"
            " || document.activeElement.classList.contains('dot')"
            " || s.outlineStyle !== 'none'; })()"
        )


def test_the_layer_table_sorts_and_filters(site: Path, watched: Watched) -> None:
    page = watched.open(site / "index.html", "#net1")
    panel = page.locator("#net1-table")
    panel.locator("summary").click()
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


def test_landmarks_labels_and_names(site: Path, watched: Watched) -> None:
    """What a screen reader needs: one h1, named fields, captions, no id twice."""
    for name in ("index.html", "diff.html", "ci.html"):
        page = watched.open(site / name)
        faults = page.evaluate(
            """() => {
              const all = (query) => [...document.querySelectorAll(query)];
              const ids = all('[id]').map((node) => node.id);
              return {
                headings: all('h1').length,
                unnamed: all('input, select, button').filter((node) =>
                  !(node.labels && node.labels.length) && !node.textContent
                  && !node.getAttribute('aria-label')).length,
                drawings: all('svg[role=img], svg[role=group]').filter((node) =>
                  !node.getAttribute('aria-label')).length,
                captions: all('table').filter((node) =>
                node.rows.length && !node.caption).length,
                heads: all('th').filter((node) => !node.scope).length,
                empty: all('thead th').filter((node) => !node.textContent).length,
                twice: ids.filter((id, index) => ids.indexOf(id) !== index),
                lang: document.documentElement.lang,
              };
            }"""
        )

        assert faults == {
            "headings": 1,
            "unnamed": 0,
            "drawings": 0,
            "captions": 0,
            "heads": 0,
            "empty": 0,
            "twice": [],
            "lang": "en",
        }, name


def test_contrast_of_text(watched: Watched, site: Path) -> None:
    """Text on the page is at least 4.5 : 1 in both themes (WCAG 2.1, 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for scheme in ("light", "dark"):
        watched.page.emulate_media(color_scheme=scheme)
        page = watched.open(site / "diff.html")
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for query in ("p", "h1", ".lead", "a:not(.skip)", ".grew", ".shrank", "footer"):
            ink = page.evaluate(
                f"getComputedStyle(document.querySelector('{query}') ??"
                " document.body).color"
            )
            light, dark = sorted((luminance(paper), luminance(ink)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (scheme, query)
