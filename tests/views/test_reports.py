"""Reports without a browser: their data, and that their bytes do not change."""

import json
import os
import random
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mnprofile.cli import main
from mnprofile.costs.counting import count
from mnprofile.evidence.literature.accuracy_series import printed_accuracies, source_of
from mnprofile.networks.catalog import build, load, parse, tables_folder
from mnprofile.search.factors import EXPANSIONS, Factors, factors
from mnprofile.views.html import explorer_networks
from mnprofile.views.html import report_page as reports
from mnprofile.views.html.formula_panels import formulas
from mnprofile.views.html.markup import data_block, element
from mnprofile.views.html.memory_panels import live_memory
from mnprofile.views.html.network_panels import shares_sheet
from mnprofile.views.html.panels import ReportNetwork
from mnprofile.views.html.shell import asset
from mnprofile.views.plots.accuracy import Point, frontier_of
from mnprofile.views.plots.live_memory import PlotStep, step_plot
from mnprofile.views.plots.palette import FAMILIES, GRAY, OTHER, PlotStyle
from mnprofile.views.plots.scales import linear_ticks

ROOT = Path(__file__).parents[2]
FOUR = ["v1", "v2", "v3-large", "v3-small"]


def network(arch: str) -> ReportNetwork:
    return ReportNetwork(load(arch), count(build(arch)))


# --- the factors of the explorer -----------------------------------------------------


def totals_of(found: Factors, alpha: int, t: int, res: int) -> tuple[int, int, int]:
    """What the page's script does, here: multiply and add."""
    macs = params = activations = 0
    for slot in found.slots:
        at = alpha * len(found.expansions) + t
        macs += slot.weights[at] * slot.positions[res]
        params += slot.weights[at] + (slot.biases + slot.norms) * slot.out[at]
        activations += slot.out[at] * slot.positions[res]
    return macs, params, activations


def test_large_networks_keep_the_expansion_of_their_table() -> None:
    """Every t makes structures of its own: of 92 layers they took four seconds."""
    small, large = (
        explorer_networks._factors(load(arch), count(build(arch)))
        for arch in ("v2", "efficientnet-v2-b0")
    )
    assert small is not None
    assert large is not None
    assert (len(small.expansions), large.expansions) == (len(EXPANSIONS), (None,))
    assert len(small.alphas) == len(large.alphas)


@pytest.mark.parametrize(
    ("arch", "impl"),
    [
        (arch, impl)
        for arch in ("v1", "v2", "v3-large", "v3-small", "v1-conv")
        for impl in ("paper", "torchvision", "keras", "timm")
        if not (impl == "torchvision" and arch.startswith("v1"))  # it has no V1
    ],
)
def test_factors_give_the_counts_of_single_builds(arch: str, impl: str) -> None:
    """The grid is built on arrays; thirty points of it are built one by one."""
    found = factors(load(arch), impl=impl)
    chance = random.Random(f"{arch} {impl}")
    for _ in range(30):
        alpha, t, res = (
            chance.randrange(len(values))
            for values in (found.alphas, found.expansions, found.resolutions)
        )
        totals = count(
            build(
                arch,
                alpha=found.alphas[alpha],
                t=found.expansions[t],
                resolution=found.resolutions[res],
                impl=impl,
            )
        ).totals

        expected = (totals.macs, totals.params, totals.activations)
        assert totals_of(found, alpha, t, res) == expected


def test_resolutions_that_cannot_run_are_left_out() -> None:
    """Keras' MobileNetV1 pads so that a map of 1 is too small for a strided layer."""
    found = factors(load("v1"), impl="keras", resolutions=(1, 224))

    assert found.resolutions == (224,)


def test_a_table_without_expansion_has_no_t() -> None:
    assert factors(load("v1")).expansions == (None,)


# --- printed accuracies --------------------------------------------------------------


def test_accuracies_are_the_printed_ones() -> None:
    """TF-slim README, V2 table: 71.8 % at 1.0/224, 75.0 % at 1.4/224."""
    found = {(p.alpha, p.resolution): p for p in printed_accuracies(load("v2"))}

    assert len(found) == 22
    assert found[1.0, 224].top1 == Decimal("71.8")
    assert found[1.4, 224].top1 == Decimal("75.0")
    assert found[0.75, 160].macs == 107_295_200


def test_a_table_of_ones_own_has_no_accuracy_even_under_a_known_name() -> None:
    own = parse((tables_folder() / "mobilenet_v2.md").read_text("utf-8"), "own.md")

    assert source_of(own) is None
    assert printed_accuracies(own) == ()


def test_the_frontier_is_what_nothing_beats() -> None:
    def point(macs: int, top1: float) -> Point:
        return Point("n", 1.0, "224", macs, macs, 1, top1, "")

    a, b, c, d = point(10, 50), point(20, 49), point(20, 60), point(30, 60)

    assert frontier_of((d, b, a, c)) == (a, c)


# --- panels --------------------------------------------------------------------------


def test_v1_is_compared_with_table_2_and_its_misprint() -> None:
    """V1 paper, Table 2: 94.86 %, 3.06 %, 1.19 % (misprint for 1.91 %), 0.18 %."""
    sheet = shares_sheet(network("v1"))

    assert [row[5] for row in sheet.rows] == ["94.86 %", "3.06 %", "1.19 %*", "0.18 %"]
    assert [row[6] for row in sheet.rows] == ["74.59 %", "1.06 %", "0.02 %", "24.33 %"]
    assert "two digits swapped" in sheet.notes[0]
    assert len(shares_sheet(network("v2")).columns) == 5


def test_captions_are_made_from_the_data() -> None:
    """No line of one ends between a number and its unit."""
    page = reports.report_page([network("v1")])

    assert "Stage s16 takes 50.56\u00a0% of the multiply-adds" in page
    assert "Conv 1x1 takes 94.86\u00a0% of the multiply-adds and 74.59\u00a0%" in page
    told = "568.7\u00a0M multiply-adds (1.1\u00a0G flops) and has 4.2\u00a0M parameters"
    assert told in page


def test_every_layer_names_its_table_line() -> None:
    """The first layer of V1 is on line 15 of its table."""
    page = reports.report_page([network("v1")])
    table = page[page.index('id="net0-table"') :]
    row = re.search(r"<tr id=\"net0-l0\"><th scope=\"row\">stem</th>.*?</tr>", table)

    assert row is not None
    assert row[0].endswith('<td class="n" data-n="15">15</td></tr>')


def test_sums_of_the_bars_are_the_totals() -> None:
    """The titles of each stacked bar add up to its stage's number."""
    page = reports.report_page([network("v3-large")])
    start = page.index('id="net0-stages"')
    section = page[start : page.index("Numbers of these bars", start)]
    values = [
        int(text.replace(",", ""))
        for text in re.findall(r"<title>[^<]*? ([0-9,]+)</title>", section)
    ]
    numbers = [
        int(text.replace(",", ""))
        for text in re.findall(r'<td class="n">([0-9,]+)</td>', section)
    ]

    assert sum(values) == sum(numbers)
    assert sum(numbers) == 216_589_760 + 5_483_032 + 4_407_168


@pytest.mark.parametrize("style", [*FAMILIES.values(), OTHER, GRAY])
def test_every_family_has_a_colour_and_a_marker(style: PlotStyle) -> None:
    """The page's colour, where it is light, is that of the plotly figures."""
    sheet = asset("theme.css") + asset("plot.css")
    fill = re.search(rf"\.f-{style.key} {{ fill: var\((--\w+)\); }}", sheet)

    assert fill is not None
    assert f".l-{style.key} {{ stroke: var({fill[1]}); }}" in sheet
    assert re.findall(rf"{fill[1]}: (#\w+)", sheet)[0] == style.color
    assert style.marker.path


def test_a_page_without_any_accuracy_says_so(tmp_path: Path) -> None:
    text = (tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    own = ReportNetwork(parse(text, "own.md"), count(build("v2")))

    assert "No accuracy is known for these networks" in reports.report_page([own])


# --- memory --------------------------------------------------------------------------


def test_the_memory_panel_marks_and_names_the_peak() -> None:
    """V2 1.0/224 at 8 bits: 112x112x96 + 56x56x96 = 1,505,280 bytes live at once.

    Weights 3,469,760 bytes, biases and scales 72,224 each: 3.6 MB.
    """
    panel = live_memory(network("v2"), "net0")

    assert panel.caption == (
        "Live activations at 8 bits per element peak at 1.5 MB (1,505,280 bytes) at"
        " block2.depthwise: block2.expand 112x112x96 + block2.depthwise 56x56x96."
        " Weights and biases at 8 bits take 3.6 MB in addition."
    )
    assert ">1.5 MB, block2.depthwise</text>" in panel.body
    assert panel.body.count('class="summit"') == 1
    (row,) = re.findall(r'<tr class="most">.*?</tr>', panel.body)
    assert row.startswith('<tr class="most"><th scope="row">block2.depthwise</th>')
    assert '<td class="n" data-n="1505280">1,505,280</td><td>peak</td>' in row


def test_layers_that_reach_the_peak_later_are_named() -> None:
    """V3-Large: 112x112x(16 + 64) at the expansion, 112x112x64 + 56x56x64 after it."""
    panel = live_memory(network("v3-large"), "net0")

    assert "1.0 MB (1,003,520 bytes) at block2.expand:" in panel.caption
    assert " The same peak is reached at block2.depthwise. " in panel.caption
    assert panel.body.count('class="most"') == 2  # a column of the plot, a row


@pytest.mark.parametrize("arch", FOUR)
def test_the_steps_are_the_numbers_of_their_table(arch: str) -> None:
    """Heights of the path, titles and rows agree, one per layer."""
    body = str(live_memory(network(arch), "net0").body)
    told = re.findall(r"<title>s?[a-z0-9]+ ([^:]+): ([0-9,]+) bytes, ([^<]+)<", body)
    rows = re.findall(
        r'<th scope="row">([^<]+)</th><td>[^<]+</td><td>([^<]+)</td>'
        r'<td class="n" data-n="(\d+)">',
        body,
    )
    numbers = [int(value) for _, _, value in rows]
    (path,) = re.findall(r'd="M0,210([^"]*)V210" class="outline"', body)
    heights = [210 - float(y) for y in re.findall(r"V([0-9.]+)H\d+", path)]

    assert [(a, c, int(b.replace(",", ""))) for a, b, c in told] == [
        (name, maps, int(value)) for name, maps, value in rows
    ]
    assert heights == pytest.approx(
        [180 * value / max(numbers) for value in numbers], abs=0.01
    )


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (1, [0, 1]),
        (7, [0, 2, 4, 6]),
        (1_505_280, [0, 500_000, 1_000_000, 1_500_000]),
        (351_232, [0, 100_000, 200_000, 300_000]),
        (5_000, [0, 1_000, 2_000, 3_000, 4_000, 5_000]),
        (10**30, [n * 2 * 10**29 for n in range(6)]),
    ],
)
def test_the_scale_has_round_steps(most: int, expected: list[int]) -> None:
    assert list(linear_ticks(most)) == expected


def test_a_step_plot_escapes_every_name() -> None:
    bad = '<b>\u202e&"'
    drawn = step_plot([PlotStep(1, bad, bad)], peak=0, told=bad, label=bad)

    assert "<b>" not in drawn
    assert "\u202e" not in drawn
    assert drawn.count("&lt;b&gt;\\u202e&amp;&#34;") == 4
    assert step_plot([], peak=0, told=bad, label=bad) == ""


# --- formulas ------------------------------------------------------------------------


def test_the_formula_panel_has_one_line_per_block_and_the_saving() -> None:
    """V1 paper, Table 4: 4,866 M multiply-adds with full convolutions against 569 M."""
    panel = formulas(network("v1"), "net0")

    assert panel.caption == (
        "568.7 M multiply-adds (568,740,352) against 4.9 G (4,867,293,184) with"
        " standard convolutions: 11.68 %, 8.56 times less."
    )
    row = re.search(r'<tr id="net0-f1">.*?</tr>', str(panel.body))
    assert row is not None
    assert '<th scope="row">block1</th><td><math' in row[0]
    assert 'alttext="D_K·D_K·M·D_F·D_F + M·N·D_F·D_F"' in row[0]
    assert "<msub><mi>D</mi><mi>K</mi></msub>" in row[0]
    assert '<td class="n" data-n="29302784">29,302,784</td>' in row[0]
    assert "<td>3·3·32·112·112 + 32·64·112·112</td>" in panel.body
    assert panel.body.count('<th scope="row">') == 15 + 1
    assert 'alttext="D_K"' in panel.body
    assert "</math> kernel side; " in panel.body
    assert 'cost <math alttext="1/N + 1/(D_K·D_K)">' in panel.body


SMALL = """# Small

Mine.

```toml
name = "small"
scaling = "v1"
resolution = 4
activation = "relu"
```

| Type / Stride | Filter Shape | Input Size |
|---|---|---|
| Conv / s2 | 3×3×3×32 | 4×4×3 |
| Conv dw / s2 | 3×3×32 dw | 2×2×32 |
"""


def test_what_formulas_are_compared_with_may_not_exist() -> None:
    """Keras' V1 refuses a map of 1 at a strided layer, which half of 4 would give."""
    arch = parse(SMALL, "small.md")
    panel = formulas(ReportNetwork(arch, count(build(arch, impl="keras"))), "net0")

    assert "No depthwise convolution replaces" in panel.caption
    assert "D_K·D_K·M·D_G·D_G" in panel.body


# --- the seam ------------------------------------------------------------------------


def test_everything_but_markup_is_escaped() -> None:
    drawn = element("b", "<i>", element("u", "'\u202e"), title='"&')

    assert drawn == '<b title="&#34;&amp;">&lt;i&gt;<u>&#39;\\u202e</u></b>'


def test_no_text_ends_a_data_block() -> None:
    content = {"</script><!--": "\u2028&<"}
    block = str(data_block("d", content))
    body = block.removeprefix('<script type="application/json" id="d">')

    assert not set("<>&\u2028") & set(body.removesuffix("</script>"))
    assert json.loads(body.removesuffix("</script>")) == content


def test_the_picture_is_well_formed_and_asks_for_nothing(site: Path) -> None:
    picture = (site / reports.PICTURE).read_text("utf-8")
    root = ElementTree.fromstring(picture)

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "href" not in picture
    assert "<script" not in picture
    assert "url(" not in picture


# --- the same bytes ------------------------------------------------------------------


def test_reports_are_what_the_command_writes(site: Path) -> None:
    """mnprofile report v1 v2 v3-large v3-small -o reports"""
    for name in (reports.MARKDOWN, reports.PICTURE):
        assert (site / name).read_bytes() == (ROOT / "reports" / name).read_bytes()


def test_bytes_do_not_depend_on_surroundings(tmp_path: Path) -> None:
    """Hash seed, folder, time zone and locale do not change any page."""
    table = (tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    seen = set()
    for seed, zone, locale in (("0", "UTC", "C"), ("1", "Asia/Tokyo", "C.UTF-8")):
        folder = tmp_path / f"folder-{seed}"
        folder.mkdir()
        (folder / "own.md").write_text(table)
        (folder / "mnprofile.toml").write_text(
            '[[budget]]\nname = "b"\narch = "own.md"\nmax-macs = "400M"\n'
            'max-increase = "1%"\n'
        )
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": seed,
            "TZ": zone,
            "LC_ALL": locale,
            "HOME": str(folder),
        }
        commands = [
            ["report", str(folder / "own.md"), "v1", "-o", "site"],
            ["diff", str(folder / "own.md"), "v1", "-o", "site/diff.html"],
            ["ci", "--write-baseline", "--html", "site/ci.html", "--junit", "site/x"],
        ]
        script = f"from mnprofile.cli import main; exit(any(map(main, {commands})))"
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        pages = sorted((folder / "site").iterdir())
        seen.add(b"".join(path.read_bytes() for path in pages))
        assert len(pages) == 6

    assert len(seen) == 1
    assert str(tmp_path).encode() not in seen.pop()


def test_every_plot_of_a_network_has_its_table(site: Path) -> None:
    """A panel that draws has a table of its numbers; layers have the layer table."""
    page = (site / reports.PAGE).read_text("utf-8")
    panels = re.findall(
        r'<div class="panel" id="(net\d-\w+)">(.*?)\n</div>', page, re.S
    )
    drawing = {name for name, body in panels if 'role="img"' in body}
    tables = {name for name, body in panels if "<tbody>" in body}

    assert len(panels) == 4 * 7
    assert drawing - tables == {f"net{index}-layers" for index in range(4)}
    assert {f"net{index}-memory" for index in range(4)} <= drawing
    assert {f"net{index}-formulas" for index in range(4)} <= tables


def test_the_markdown_names_each_peak(site: Path) -> None:
    text = (site / reports.MARKDOWN).read_text("utf-8")

    assert re.findall(r"peak at [^(]*\(([0-9,]+) bytes\) at ([^:]+):", text) == [
        ("1,204,224", "block1.pointwise"),
        ("1,505,280", "block2.depthwise"),
        ("1,003,520", "block2.expand"),
        ("351,232", "stem"),
    ]


# --- what was run --------------------------------------------------------------------


def test_the_cross_check_is_in_the_report(tmp_path: Path) -> None:
    """--check: fvcore and FlopCounterMode leave nothing unexplained of V3-Small."""
    pytest.importorskip("torch")
    pytest.importorskip("fvcore")
    assert main(["report", "v3-small", "--check", "-o", str(tmp_path)]) == 0
    page = (tmp_path / reports.PAGE).read_text("utf-8")
    panel = page[page.index('id="crosscheck"') : page.index('id="sources"')]

    assert "1 of 1 networks agree" in panel
    assert panel.count('<td class="n" data-n="0">0</td>') == 2


# --- the command ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["v9", "-o", "x"], 2, 'no architecture is called "v9"'),
        (["v1", "v1@0.5", "-o", "x"], 2, '"mobilenet_v1" is given twice'),
        (["v1"], 2, "-o"),
        (["-o", "x"], 2, "ARCH"),
        (["v1", "-o", "file/x"], 4, "file"),
    ],
)
def test_bad_usage(
    arguments: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")

    assert main(["report", *arguments]) == code
    assert words in capsys.readouterr().err


def test_help_loads_neither_jinja_nor_numpy() -> None:
    """Every command is imported by --help; a page's packages only by a page."""
    script = (
        "import sys; from mnprofile.cli import main; main(['--help']);"
        "print([n for n in ('jinja2', 'markupsafe', 'numpy', 'pandas', 'plotly')"
        " if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip().endswith("[]")
