"""Pages in a browser: exact figures, no request, no script but ours, by keyboard."""

import json
import random
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnprofile.base.escape import visible
from mnprofile.cli import main
from mnprofile.costs.comparison.alignment import (
    compare,
)
from mnprofile.costs.comparison.sides import (
    side_of_count,
)
from mnprofile.costs.counting import count
from mnprofile.networks.catalog import build, tables_folder

Page = Any

# The explorer, where there is one, is shown and drawn in one go.
FILLED_IN = "!document.querySelector('#x-out[hidden]')"


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


class Watched:
    """A page, its requests and its console messages."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._refuse)

    def _refuse(self, dialog: Any) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def anew(self) -> None:
        """Reset to a new page: empty, wide, light, without notes."""
        self.page.set_viewport_size({"width": 1440, "height": 900})
        self.page.emulate_media(media="null", color_scheme="light")
        self.page.goto("about:blank")
        self.requests.clear()
        self.complaints.clear()

    def open(self, path: Path, fragment: str = "") -> Page:
        """The page at a file, when its script has filled it in."""
        self.page.goto(path.as_uri() + fragment)
        until(self.page, FILLED_IN)
        return self.page

    def wait_for_complaints(self, count: int) -> None:
        """Wait for messages, which arrive after their cause."""
        for _ in range(100):
            if len(self.complaints) >= count:
                return
            self.page.wait_for_timeout(50)


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


def until(page: Page, expression: str) -> None:
    """Wait for something; asked from outside, as the page itself evaluates nothing."""
    for _ in range(100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def shown(page: Page) -> dict[str, int]:
    """The explorer's figures, as exact integers."""
    values: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('[data-quantity]')]"
        ".map((node) => [node.dataset.quantity, node.dataset.value]))"
    )
    return {name: int(value) for name, value in values.items()}


def stage_bars(page: Page) -> list[dict[str, int]]:
    """The numbers next to the explorer's bars: stage to value, per quantity."""
    tables: list[list[list[str]]] = page.evaluate(
        "[...document.querySelectorAll('#x-bars table')].map((table) =>"
        " [...table.tBodies[0].rows].map((row) =>"
        " [row.cells[0].textContent, row.cells[2].textContent]))"
    )
    return [
        {stage: int(value.replace(",", "")) for stage, value in rows} for rows in tables
    ]


def drag(page: Page, net: int, places: list[float]) -> str:
    """Choose a table, put its sliders at parts of their range; the command shown."""
    command: str = page.evaluate(
        """([net, places]) => {
          const set = (id, value, kind) => {
            const node = document.getElementById(id);
            node.value = String(value);
            node.dispatchEvent(new Event(kind));
          };
          set("x-net", net, "change");
          ["x-alpha", "x-res", "x-t"].forEach((id, index) => {
            const most = document.getElementById(id).max;
            set(id, Math.round(places[index] * most), "input");
          });
          return document.getElementById("x-command").value;
        }""",
        [net, places],
    )
    return command


# --- exactness -----------------------------------------------------------------------


def test_two_hundred_random_positions_equal_the_command_line(
    site: Path, watched: Watched, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every figure and every stage is what the copied command counts."""
    page = watched.open(site / "index.html")
    chance = random.Random(6)
    seen = set()
    for _ in range(200):
        places = [chance.random() for _ in range(3)]
        command = drag(page, chance.randrange(4), places)
        seen.add(command)
        program, *arguments = shlex.split(command)
        assert program == "mnprofile"
        assert main([*arguments, "--format", "json"]) == 0
        record = json.loads(capsys.readouterr().out)

        assert record["totals"].pop("other_params") == 0
        assert shown(page) == record["totals"], command
        bars = stage_bars(page)
        for quantity, drawn in zip(
            ("macs", "params", "activations"), bars, strict=True
        ):
            counted = {row["stage"]: row[quantity] for row in record["by_stage"]}
            assert {k: v for k, v in drawn.items() if v} == counted, command
    assert len(seen) > 190


def test_the_page_opens_at_the_configuration_it_was_made_for(
    watched: Watched, tmp_path: Path
) -> None:
    """V2 0.75/160: 107,295,200 macs and 2,636,424 params."""
    assert main(["report", "v2@0.75/160", "-o", str(tmp_path)]) == 0
    figures = shown(watched.open(tmp_path / "index.html"))

    assert (figures["macs"], figures["params"]) == (107_295_200, 2_636_424)


@pytest.mark.parametrize(("alpha", "res"), [("0.37", "150"), ("1.0", "320x240")])
def test_odd_configurations_are_on_the_grid(
    alpha: str, res: str, watched: Watched, tmp_path: Path
) -> None:
    """A width between the steps is added to them; a size that is not square is not."""
    assert main(["report", f"v2@{alpha}/{res}", "-o", str(tmp_path)]) == 0
    figures = shown(watched.open(tmp_path / "index.html"))
    side = 224 if "x" in res else int(res)

    expected = count(build("v2", alpha=float(alpha), resolution=side)).totals
    assert figures["macs"] == expected.macs


def test_another_implementation_is_counted_and_named(
    watched: Watched, tmp_path: Path
) -> None:
    """V3-Large 0.75 costs 140,033,816 macs in torchvision."""
    arguments = ["report", "v3-large@0.75", "--impl", "torchvision"]
    assert main([*arguments, "-o", str(tmp_path)]) == 0
    page = watched.open(tmp_path / "index.html")

    assert shown(page)["macs"] == 140_033_816
    assert page.input_value("#x-command").endswith(" --impl torchvision")


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

    assert page.locator("table:visible").count() > 15
    assert page.locator("svg.scatter .dot").count() == 57
    assert page.locator("svg.columns:visible").count() == 12
    assert page.locator("svg.treads:visible .summit").count() == 4
    assert page.locator("table.formulas:visible").count() == 4
    assert not page.locator("#x-form").is_visible()
    assert "The explorer needs JavaScript" in page.inner_text("#explorer")
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


# --- the explorer --------------------------------------------------------------------


def test_the_address_holds_the_state(site: Path, watched: Watched) -> None:
    page = watched.open(site / "index.html")
    assert "#" not in page.url
    page.select_option("#x-net", "1")
    page.fill("#x-alpha-n", "0.75")
    page.press("#x-alpha-n", "Tab")
    page.fill("#x-res-n", "160")
    page.press("#x-res-n", "Tab")
    page.fill("#x-macs-n", "100000000")
    page.click("#x-pin-a")
    # The last change comes last into the address ("a" alone would find "alpha=1").
    until(page, "new URLSearchParams(location.hash.slice(1)).has('a')")
    address = page.evaluate("location.href")
    told = page.inner_text("#x-told")
    page.goto("about:blank")
    page.goto(address)
    until(page, FILLED_IN)

    assert told.startswith("MobileNetV2 0.75/160: 107,295,200 multiply-adds")
    assert page.inner_text("#x-told") == told
    assert "it does not fit the limits" in told
    assert page.input_value("#x-macs-n") == "100000000"
    assert page.is_visible("#x-compare")


@pytest.mark.parametrize(
    "fragment",
    [
        "#net=9&alpha=1&res=224&t=-",
        "#net=1&alpha=1&res=225&t=-",
        "#net=1&alpha=nan&res=224&t=-",
        "#net=__proto__&alpha=1&res=224&t=-",
        "#net=1",
        "#%%%",
        "#a=<script>&zzz=1",
    ],
)
def test_a_strange_address_is_ignored(
    site: Path, watched: Watched, fragment: str
) -> None:
    page = watched.open(site / "index.html", fragment)

    assert shown(page)["macs"] == 568_740_352
    assert watched.complaints == []


def test_unknown_keys_of_an_address_are_ignored(site: Path, watched: Watched) -> None:
    fragment = "#net=1&alpha=0.75&res=160&t=-&x=1&macs=1e9&a=1~2~3"
    page = watched.open(site / "index.html", fragment)

    assert shown(page)["macs"] == 107_295_200
    assert page.input_value("#x-macs-n") == ""
    assert not page.is_visible("#x-compare")


def test_what_fits_is_the_widest_alpha_under_the_limits(
    site: Path, watched: Watched
) -> None:
    """Each row fits, and the next step of alpha does not; counted again here."""
    fragment = "#net=1&alpha=1&res=224&t=-&macs=100000000&params=2500000"
    page = watched.open(site / "index.html", fragment)
    rows = page.evaluate(
        "[...document.querySelectorAll('#x-fits tbody tr')].map((row) =>"
        " [...row.cells].slice(0, 4).map((cell) => cell.textContent.replace(/,/g, '')))"
    )

    def fits(alpha: float, side: int) -> bool:
        totals = count(build("v2", alpha=alpha, resolution=side)).totals
        return totals.macs <= 100_000_000 and totals.params <= 2_500_000

    assert len(rows) == 8
    for side, alpha, macs, params in rows:
        totals = count(build("v2", alpha=float(alpha), resolution=int(side))).totals
        assert (totals.macs, totals.params) == (int(macs), int(params))
        wider = [n / 20 for n in range(2, 41) if n / 20 > float(alpha)]
        assert fits(float(alpha), int(side))
        assert not any(fits(one, int(side)) for one in wider)


def test_printed_networks_within_the_limits(site: Path, watched: Watched) -> None:
    """Under 100 M macs V3-Small 1.25 with 70.4 % is best (V3 paper, Table 9)."""
    page = watched.open(site / "index.html")
    page.fill("#x-macs-n", "100000000")

    assert "MobileNetV3-Small 1.25/224 with 70.4 %" in page.inner_text("#x-best-told")
    kept = page.locator("svg.scatter .dot:not(.out)").count()
    assert f"{kept} of 57 printed networks fit" in page.inner_text("#x-best-told")
    page.click("#x-best tbody tr:first-child button")
    assert page.inner_text("#x-told").startswith("MobileNetV3-Small 1.25/224")
    assert page.text_content("#x-here text") == "70.4 % top-1"


def test_two_pins_are_compared_as_diff_does(site: Path, watched: Watched) -> None:
    fragment = "#net=0&alpha=1&res=224&t=-&a=0~1~224~-&b=1~0.75~160~-"
    page = watched.open(site / "index.html", fragment)
    rows = page.evaluate(
        "[...document.querySelectorAll('#x-pins tbody tr')].map((row) =>"
        " [...row.cells].map((cell) => cell.textContent))"
    )
    sides = [build("v1"), build("v2", alpha=0.75, resolution=160)]
    compared = compare(*(side_of_count(count(graph)) for graph in sides))

    found = {row[0]: (row[3].replace(",", ""), row[5]) for row in rows}
    for stage in compared.stages:
        step, state = found[f"Multiply-adds of {stage.name}"]
        assert (int(step), state) == (stage.moved("macs"), stage.state_by("macs"))
    assert found["Parameters"] == ("-1595552", "shrank")


def test_the_moving_point_has_no_accuracy_that_is_not_printed(
    site: Path, watched: Watched
) -> None:
    page = watched.open(site / "index.html", "#net=0&alpha=0.8&res=224&t=-")

    assert page.text_content("#x-here text") == "accuracy not printed"


def test_the_command_can_be_copied(browser: Any, site: Path) -> None:
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    until(page, FILLED_IN)
    page.click("#x-copy")
    until(page, "document.getElementById('x-said').textContent !== ''")

    assert page.inner_text("#x-said") == "Command copied."
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "mnprofile count v1 --alpha 1.0 --res 224"
    context.close()


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
    page = watched.open(site / "index.html")
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
