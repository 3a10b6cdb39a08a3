"""The explorer in a browser: exact figures, nothing dropped, links and pins."""

import json
import os
import random
import shlex
from pathlib import Path
from typing import Any

import pytest

from mnprofile.cli import main
from mnprofile.costs.comparison.alignment import compare
from mnprofile.costs.comparison.sides import side_of_count
from mnprofile.costs.counting import Counts, count
from mnprofile.costs.memory.activations import activation_memory
from mnprofile.networks.catalog import build
from tests.conftest import GOOD_V1, GOOD_V2
from tests.sampling import sampled
from tests.views.browsing import (
    Explorer,
    Watched,
    drag,
    id_of,
    link_to,
    resize,
    shown,
    stage_bars,
    until,
)

STATES = int(os.environ.get("STATES", "12"))  # random ones of the explorer, per seed


# --- exactness -----------------------------------------------------------------------


@pytest.mark.parametrize("seed", sampled(range(6, 10), [6]))
def test_random_positions_equal_the_command_line(
    seed: int, explorer: Explorer, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every figure and stage is what the copied command counts, and time predicts."""
    page = explorer.at()
    chance = random.Random(seed)
    seen = set()
    for _ in range(STATES):
        places = [chance.random() for _ in range(3)]
        command = drag(page, chance.randrange(4), places)
        seen.add(command)
        program, *arguments = shlex.split(command)
        assert program == "mnprofile"
        assert main([*arguments, "--format", "json"]) == 0
        record = json.loads(capsys.readouterr().out)

        figures = shown(page)
        peak = figures.pop("act_peak_bytes")
        assert figures == record["totals"], command
        assert peak == peak_of(arguments), command
        bars = stage_bars(page)
        for quantity, drawn in zip(
            ("macs", "params", "activations"), bars, strict=True
        ):
            counted = {row["stage"]: row[quantity] for row in record["by_stage"]}
            assert {k: v for k, v in drawn.items() if v} == counted, command
        assert_latency(page, arguments[1:], capsys)
    assert len(seen) > 0.95 * STATES


def assert_latency(
    page: Any, network: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The latency is what time predicts; nothing where it predicts nothing (V1)."""
    command = ["time", *network, "--device", "Pixel 1", "--format", "json"]
    is_known = main(command) == 0
    output = capsys.readouterr()
    value = page.get_attribute("#x-latency_ms-v", "data-value")
    assert is_known == (network[0] != "v1")
    if not is_known:
        assert value == "undefined"
        assert page.inner_text("#x-latency_ms-v") == "not known"
        return
    record = json.loads(output.out)
    assert round(float(value), 3) == record["ms"], network
    told = page.inner_text("#x-latency_ms-w")
    if record["range_ms"] is None:
        assert told.startswith("beyond its figures"), network
    else:
        ends = [float(one.replace(",", "")) for one in told.split(",")[0].split(" to ")]
        assert ends == pytest.approx(record["range_ms"], rel=0.006), network


def peak_of(arguments: list[str]) -> int:
    """The peak memory of what a count command counts, at 8 bits per element."""
    options = dict(zip(arguments[2::2], arguments[3::2], strict=True))
    graph = build(
        arguments[1],
        alpha=float(options["--alpha"]),
        resolution=int(options["--res"]),
        t=float(options["--t"]) if "--t" in options else None,
    )
    return activation_memory(graph, bits=8).act_peak_bytes


@pytest.mark.parametrize(
    ("alpha", "res", "sides"),
    [("0.37", "150", 150), ("0.8", "320x240", (320, 240))],
)
def test_odd_configurations_are_on_the_grid(
    alpha: str, res: str, sides: Any, watched: Watched, tmp_path: Path
) -> None:
    """A width and a size between the steps are added to them, squares or not."""
    table = tmp_path / "tiny.md"
    table.write_text(GOOD_V2, "utf-8")
    assert main(["report", f"{table}@{alpha}/{res}", "-o", str(tmp_path)]) == 0
    page = watched.open(tmp_path / "index.html")
    graph = build(str(table), alpha=float(alpha), resolution=sides)

    figures, expected = shown(page), count(graph).totals
    assert (figures["macs"], figures["activations"]) == (
        expected.macs,
        expected.activations,
    )
    peak = activation_memory(graph, bits=8).act_peak_bytes
    assert figures["act_peak_bytes"] == peak
    assert page.input_value("#x-res-n") == res
    assert page.input_value("#x-command").endswith(f"--alpha {alpha} --res {res}")
    assert "#" not in page.url  # until something is changed


def test_a_size_that_is_not_square_is_typed_linked_and_left(
    watched: Watched, tmp_path: Path
) -> None:
    """320x240 is on the grid of one network; the nearest square of the other is 280."""
    tables = tmp_path / "v2.md", tmp_path / "v1.md"
    for table, text in zip(tables, (GOOD_V2, GOOD_V1), strict=True):
        table.write_text(text, "utf-8")
    arguments = [f"{tables[0]}@1.0/320x240", str(tables[1]), "-o", str(tmp_path)]
    assert main(["report", *arguments]) == 0
    path = tmp_path / "index.html"
    page = watched.open(path)
    expected = count(build(str(tables[0]), resolution=(320, 240))).totals.macs
    for text in ("224", "320 × 240"):
        page.fill("#x-res-n", text)
        page.press("#x-res-n", "Tab")
        assert page.inner_text("#x-said") == ""
    assert shown(page)["macs"] == expected
    page.fill("#x-res-n", "240x320")
    page.press("#x-res-n", "Tab")
    told = "Resolution 240x320 is not counted on this page; nearest counted: 280."
    assert page.inner_text("#x-said") == told
    page.fill("#x-res-n", "320X240")
    page.press("#x-res-n", "Tab")
    page.select_option("#x-net", "1")
    said = "Tiny V1 1.0/280 is the nearest configuration that this page counts."
    assert page.inner_text("#x-said") == said

    linked = watched.open(path, link_to(path, 0, "alpha=1&res=320x240&t=-"))
    assert shown(linked)["macs"] == expected
    assert linked.inner_text("#x-said") == ""


# --- the explorer --------------------------------------------------------------------


def test_the_address_holds_the_state(explorer: Explorer, watched: Watched) -> None:
    page = explorer.at()
    page.select_option("#x-net", "1")
    page.fill("#x-alpha-n", "0.75")
    page.press("#x-alpha-n", "Tab")
    page.fill("#x-res-n", "160")
    page.press("#x-res-n", "Tab")
    page.fill("#x-macs-n", "100000000")
    page.click("#x-pin-a")
    # The last change comes last into the address ("a" alone would find "alpha=1").
    until(page, "new URLSearchParams(location.hash.slice(1)).has('a')")
    told = page.inner_text("#x-told")
    page = watched.open(explorer.path, page.evaluate("location.hash"))

    assert told.startswith("MobileNetV2 0.75/160: 107,295,200 multiply-adds")
    assert page.inner_text("#x-told") == told
    assert "it does not fit the limits" in told
    assert page.input_value("#x-macs-n") == "100,000,000"
    assert page.is_visible("#x-compare")


@pytest.mark.parametrize(
    ("net", "words"),
    [
        ("9", "The link is about"),
        ("mobilenet_v9.00000000", '"mobilenet_v9", which is not on this page'),
        ("__proto__", "The link is about"),
        ("<script>", "The link is about"),
    ],
)
def test_a_link_to_what_is_not_here_says_so(
    explorer: Explorer, net: str, words: str
) -> None:
    page = explorer.follow(f"#net={net}&alpha=1&res=224&t=-")

    assert shown(page)["macs"] == 568_740_352
    assert words in page.inner_text("#x-said")
    assert explorer.complaints == []


def test_a_link_to_another_version_of_a_table_says_so(explorer: Explorer) -> None:
    page = explorer.follow("#net=mobilenet_v2.00000000&alpha=0.75&res=160&t=-")

    assert shown(page)["macs"] == 107_295_200
    assert "another version of MobileNetV2" in page.inner_text("#x-said")


@pytest.mark.parametrize(
    "fragment", sampled(["#%%%", "#a=<script>&zzz=1", "#figures"], ["#%%%"])
)
def test_another_address_is_left_alone(
    site: Path, watched: Watched, fragment: str
) -> None:
    page = watched.open(site / "index.html", fragment)

    assert shown(page)["macs"] == 568_740_352
    assert page.inner_text("#x-said") == ""
    assert watched.complaints == []


def test_what_a_link_asks_for_is_used_or_told(site: Path, watched: Watched) -> None:
    """225 and 0.77 are not on the grid; the limit of 1e9 is understood."""
    path = site / "index.html"
    fragment = link_to(path, 1, "alpha=0.77&res=225&t=-&x=1&macs=1e9&params=lots")
    page = watched.open(path, fragment)

    assert page.input_value("#x-macs-n") == "1,000,000,000"
    said = page.inner_text("#x-said")
    assert "0.77 of the link is not counted here; nearest counted: 0.75" in said
    assert "225 of the link is not counted here; nearest counted: 224" in said
    assert '"lots", is not an amount' in said


def test_a_link_opens_at_the_explorer(site: Path, watched: Watched) -> None:
    path = site / "index.html"
    page = watched.open(path, link_to(path, 1, "alpha=1&res=224&t=-"))

    top = "document.getElementById('explorer').getBoundingClientRect().top"
    until(page, f"-5 < {top} && {top} < 120")
    assert page.evaluate("scrollY") > 0


def test_back_undoes_a_step(explorer: Explorer) -> None:
    page = explorer.at()
    for alpha in ("0.75", "0.5"):
        page.fill("#x-alpha-n", alpha)
        page.press("#x-alpha-n", "Tab")
        until(page, f"location.hash.includes('alpha={alpha}')")
    page.go_back()
    until(page, "document.getElementById('x-alpha-n').value === '0.75'")
    page.go_back()
    until(page, "document.getElementById('x-alpha-n').value === '1'")
    page.go_forward()
    until(page, "document.getElementById('x-alpha-n').value === '0.75'")


# --- what is typed -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "value", "said"),
    [
        ("#x-alpha-n", "0.77", "0.75", "α 0.77 is not counted on this page; nearest"),
        ("#x-res-n", "225", "224", "225 is not counted on this page; nearest counted"),
        ("#x-alpha-n", "wide", "1", '"wide" is not a number; still 1'),
        ("#x-t-n", "4", "4.0", ""),
        ("#x-t-n", "7", "6.0", "t 7 is not counted on this page; nearest counted: 6"),
        ("#x-t-n", "table", "table's", ""),
    ],
)
def test_nothing_typed_changes_without_a_word(
    explorer: Explorer, field: str, text: str, value: str, said: str
) -> None:
    page = explorer.at("alpha=1&res=224&t=-", 1)
    page.fill(field, text)
    page.press(field, "Tab")

    assert page.input_value(field) == value
    assert said in page.inner_text("#x-said")
    assert (said == "") == (page.inner_text("#x-said") == "")


@pytest.mark.parametrize("text", ["100M", "100,000,000", "1e8", "0.1 G", "100000k"])
def test_a_limit_is_understood_however_it_is_written(
    explorer: Explorer, text: str
) -> None:
    """Of the 57 printed networks, those within 100 M multiply-adds."""
    page = explorer.at()
    page.fill("#x-macs-n", text)

    assert page.inner_text("#x-best-told").startswith("33 of 57 printed networks fit")
    assert "it does not fit the limits" in page.inner_text("#x-told")
    page.press("#x-macs-n", "Tab")
    assert page.input_value("#x-macs-n") == "100,000,000"


def test_a_limit_that_is_not_understood_is_marked(explorer: Explorer) -> None:
    page = explorer.at()
    page.fill("#x-macs-n", "1e8x")
    page.press("#x-macs-n", "Tab")

    assert page.input_value("#x-macs-n") == "1e8x"
    assert page.get_attribute("#x-macs-n", "aria-invalid") == "true"
    assert "is not an amount, so there is no limit" in page.inner_text("#x-said")


def test_memory_has_a_limit_in_bytes(explorer: Explorer) -> None:
    """V1 1.0/224 needs 1,204,224 bytes: 112 x 112 x (32 + 64) at 8 bits."""
    page = explorer.at()
    assert shown(page)["act_peak_bytes"] == 1_204_224
    page.fill("#x-act_peak_bytes-n", "1176KiB")
    assert "; it fits the limits" in page.inner_text("#x-told")
    page.fill("#x-act_peak_bytes-n", "1175KiB")
    assert "; it does not fit the limits" in page.inner_text("#x-told")


def test_latency_is_a_limit(explorer: Explorer) -> None:
    """V2 0.75/160 is predicted 29.441 ms on Pixel 1; of V1 nothing is known there."""
    page = explorer.at("alpha=0.75&res=160&t=-", 1)
    assert page.inner_text("#x-latency_ms-v") == "~29.4"
    page.fill("#x-latency_ms-n", "29.5")
    assert "; it fits the limits" in page.inner_text("#x-told")
    page.fill("#x-latency_ms-n", "29.44")
    assert "; it does not fit the limits" in page.inner_text("#x-told")
    until(page, "location.hash.includes('latency_ms=29.44')")
    page.select_option("#x-net", "0")

    assert page.inner_text("#x-latency_ms-v") == "not known"
    assert "; it does not fit the limits" in page.inner_text("#x-told")


def test_a_click_after_typing_is_not_lost(explorer: Explorer) -> None:
    """The field is left by the press of the mouse, before its release."""
    page = explorer.at("alpha=1&res=224&t=-&macs=100000000", 1)
    button = page.locator("#x-fits tbody tr", has_text="160").locator("button")
    button.scroll_into_view_if_needed()
    page.fill("#x-t-n", "4")
    page.fill("#x-alpha-n", "0.77")  # a message follows, which moves the page
    box = button.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(50)
    page.mouse.up()
    until(page, "document.getElementById('x-res-n').value === '160'")

    assert page.inner_text("#x-told").startswith("MobileNetV2 0.9/160, t 4.0:")


# --- what fits -----------------------------------------------------------------------


def test_what_fits_is_the_widest_alpha_under_the_limits(explorer: Explorer) -> None:
    """Each row fits, and the next step of alpha does not; counted again here."""
    rest = "alpha=1&res=224&t=-&macs=100000000&params=2500000"
    page = explorer.at(rest, 1)
    rows = page.evaluate(
        "[...document.querySelectorAll('#x-fits tbody tr')].map((row) =>"
        " [...row.cells].slice(0, 4).map((cell) => cell.textContent.replace(/,/g, '')))"
    )

    def totals(alpha: float, side: int) -> Counts:
        return count(build("v2", alpha=alpha, resolution=side)).totals

    # Parameters are those of every resolution.
    small = [n / 20 for n in range(2, 41) if totals(n / 20, 32).params <= 2_500_000]
    assert len(rows) == 8
    for side, alpha, macs, params in rows:
        found = totals(float(alpha), int(side))
        assert (found.macs, found.params) == (int(macs), int(params))
        fitting = [one for one in small if totals(one, int(side)).macs <= 100_000_000]
        assert float(alpha) == max(fitting)


def test_printed_networks_within_the_limits(explorer: Explorer) -> None:
    """Under 100 M macs V3-Small 1.25 with 70.4 % is best (V3 paper, Table 9)."""
    page = explorer.at()
    page.fill("#x-macs-n", "100000000")

    assert "MobileNetV3-Small 1.25/224 with 70.4\u00a0%" in page.inner_text(
        "#x-best-told"
    )
    kept = page.locator("svg.scatter .dot:not(.out)").count()
    assert f"{kept} of 57 printed networks fit" in page.inner_text("#x-best-told")
    page.click("#x-best tbody tr:first-child button")
    assert page.inner_text("#x-told").startswith("MobileNetV3-Small 1.25/224")
    assert page.text_content("#x-here text") == "70.4 % top-1"


def test_two_pins_are_compared_as_diff_does(explorer: Explorer) -> None:
    path = explorer.path
    pins = f"a={id_of(path, 0)}~1~224~-&b={id_of(path, 1)}~0.75~160~-"
    page = explorer.at(f"alpha=1&res=224&t=-&{pins}", 0)
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


def test_pins_show_on_plot_bars_and_totals(explorer: Explorer) -> None:
    """V2 from 1.0 to 0.75: 300,774,272 to 209,069,792 multiply-adds, -30.49 %."""
    page = explorer.at("alpha=1&res=224&t=-", 1)
    page.click("#x-pin-a")
    assert "MobileNetV2 1.0/224 is pinned as A" in page.inner_text("#x-said")
    page.fill("#x-alpha-n", "0.75")
    page.press("#x-alpha-n", "Tab")
    until(page, "document.getElementById('x-macs-d').textContent === '-30.49 % from A'")

    assert page.is_visible("#x-at-a")
    assert not page.is_visible("#x-at-b")
    outlined = page.locator("#x-bars .ghost-a[visibility=visible]").count()
    assert outlined == page.locator("#x-bars svg.bar").count() == 18


@pytest.mark.parametrize(("width", "least"), [(360, 390), (1440, 400)])
def test_totals_stay_in_view(explorer: Explorer, width: int, least: int) -> None:
    """Sliders, totals and the verdict are on the screen all along the explorer."""
    page = explorer.at()
    resize(page, width, 780)
    for query in ("#x-bars", "#x-fits", "#x-best"):
        page.evaluate(
            f"document.querySelector('{query}').scrollIntoView({{block: 'center'}})"
        )
        for one in ("#x-alpha", "#x-macs-v", "#x-params-v", "#x-told"):
            box = page.locator(one).bounding_box()
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 780
    bar = page.locator("#x-form").bounding_box()
    assert bar is not None
    assert 780 - bar["height"] >= least


@pytest.mark.parametrize(
    ("alpha", "res", "words"),
    [
        ("0.1", "32", "← 1.8 M, below this axis"),
        ("2", "512", "5.9 G, beyond this axis →"),
        ("0.75", "160", "66.4 % top-1"),
    ],
)
def test_the_moving_point_is_never_drawn_where_it_is_not(
    explorer: Explorer, alpha: str, res: str, words: str
) -> None:
    """A cost before or beyond the plot's axis has words, and no line at its edge.

    mnprofile count v2@0.1/32: 1.8 M multiply-adds; v2@2/512: 5.9 G.
    """
    page = explorer.at(f"alpha={alpha}&res={res}&t=-", 1)
    page.click("#x-pin-a")
    is_on = "top-1" in words

    assert page.text_content("#x-here text") == words
    for line in ("#x-here line", "#x-at-a line"):
        display = page.locator(line).evaluate("(one) => getComputedStyle(one).display")
        assert (display != "none") == is_on
    assert page.is_visible("#x-at-a circle")


def test_what_fits_keeps_the_focus(explorer: Explorer) -> None:
    """A table is not made anew by a step that does not change it."""
    page = explorer.at("alpha=1&res=224&t=-&macs=100000000", 1)
    button = page.locator("#x-fits tbody tr", has_text="160").locator("button")
    button.focus()
    page.keyboard.press("Enter")
    until(page, "document.getElementById('x-res-n').value === '160'")

    assert page.evaluate("document.activeElement.textContent") == "use"


def test_the_moving_point_has_no_accuracy_that_is_not_printed(
    explorer: Explorer,
) -> None:
    page = explorer.at("alpha=0.8&res=224&t=-", 0)

    assert page.text_content("#x-here text") == "accuracy not printed"


def test_the_command_can_be_copied(explorer: Explorer) -> None:
    page = explorer.at()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#x-copy")
    until(page, "document.getElementById('x-said').textContent !== ''")

    assert page.inner_text("#x-said") == "Command copied."
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "mnprofile count v1 --alpha 1.0 --res 224"
    page.context.clear_permissions()


def test_a_finger_does_what_a_mouse_does(browser: Any, site: Path) -> None:
    """Taps on a phone: a mark, a series, the bar's switch, and "use" after typing."""
    context = browser.new_context(
        viewport={"width": 360, "height": 780},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    page = Watched(context.new_page()).open(site / "index.html")
    assert page.evaluate("document.documentElement.scrollWidth") == 360

    page.locator(".dot[data-point]").nth(30).tap(force=True)
    until(page, "document.getElementById('x-command').value.includes('v3-small')")
    assert "12,071,360 multiply-adds" in page.inner_text(".hint")
    page.locator(".series button").nth(1).tap()
    until(page, "!!document.querySelector('.series [aria-pressed=false]')")
    assert page.locator(".dot.f-v2 >> visible=true").count() == 0
    page.tap("#x-more")
    page.tap("#x-pin-a")
    until(page, "document.getElementById('x-said').textContent.includes('pinned as A')")
    page.tap("#x-more")
    page.fill("#x-alpha-n", "0.77")
    page.locator("#x-fits tbody tr", has_text="160").locator("button").tap()
    until(page, "document.getElementById('x-res-n').value === '160'")
    context.close()
