"""The data of the plots and the figures, which are plain plotly dictionaries."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from mnprofile.base import escape
from mnprofile.base.errors import UsageError
from mnprofile.networks import catalog
from mnprofile.search.grids import Grid, grid, grids_for
from mnprofile.search.stream import stream
from mnprofile.views.html import sweep_page
from mnprofile.views.html.markup import data_block
from mnprofile.views.html.shell import asset
from mnprofile.views.plots import accuracy_plotly, accuracy_svg, expansion, heat
from mnprofile.views.plots.accuracy import AccuracyPlot, sweep_caption, x_axis
from mnprofile.views.plots.palette import styles
from mnprofile.views.plots.plotly_layout import CONFIG, THEMES, PlotlyFigure
from mnprofile.views.plots.sample import MAX_ESTIMATES, Sample
from mnprofile.views.plots.scales import MAX_SHOWN, linear_ticks, log_ticks

MARKUP = "<b>x</b><a href='https://example.org'>y</a>"


def sample_of(grids: tuple[Grid, ...], x: str = "macs") -> Sample:
    sample = Sample(x_axis(x))
    for rows in stream(grids):
        sample.add(rows)
    return sample


@pytest.fixture(scope="module")
def v2_plot() -> AccuracyPlot:
    """V2 over its published grid, and alpha 0.6 between."""
    return sample_of(
        grids_for("v2", alpha=[0.35, 0.5, 0.6, 0.75, 1.0, 1.3, 1.4])
    ).plot()


def themed(figure: PlotlyFigure, theme: str) -> PlotlyFigure:
    """The figure with the colours of a theme, as the page's script puts them in."""
    text = json.dumps(figure)
    for token, color in THEMES[theme].items():
        text = text.replace(f'"{token}"', f'"{color}"')
    made: PlotlyFigure = json.loads(text)
    return made


def marks(figure: PlotlyFigure) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace.get("mode") == "markers"]


def test_every_known_accuracy_is_a_point(v2_plot: AccuracyPlot) -> None:
    """22 published, and alpha 0.6 at the five resolutions."""
    assert sum(point.is_published for point in v2_plot.points) == 22
    assert sum(not point.is_published for point in v2_plot.points) == 5


def test_published_are_filled_and_estimates_hollow(
    v2_plot: AccuracyPlot,
) -> None:
    published, estimates = marks(accuracy_plotly.figure(v2_plot))
    assert (published["marker"]["symbol"], len(published["x"])) == ("square", 22)
    assert (estimates["marker"]["symbol"], len(estimates["x"])) == ("square-open", 5)
    assert estimates["name"] == "MobileNetV2, estimates"


def test_area_is_parameters(v2_plot: AccuracyPlot) -> None:
    """V2 1.0/224: 300,774,272 multiply-adds and 3,504,872 parameters."""
    (published, _) = marks(accuracy_plotly.figure(v2_plot))
    assert published["marker"]["sizemode"] == "area"
    size = dict(zip(published["x"], published["marker"]["size"], strict=True))
    assert size[300_774_272] == 3_504_872


def test_the_frontier_is_stepped_and_rises(v2_plot: AccuracyPlot) -> None:
    line = accuracy_plotly.figure(v2_plot)["data"][0]
    assert line["line"]["shape"] == "hv"
    assert line["x"] == sorted(line["x"])
    assert line["y"] == sorted(line["y"])


def test_points_off_the_frontier_are_faint(v2_plot: AccuracyPlot) -> None:
    front = {(point.x, point.top1) for point in v2_plot.frontier}
    for trace in marks(accuracy_plotly.figure(v2_plot)):
        faint = trace["marker"]["opacity"]
        for x, y, opacity in zip(trace["x"], trace["y"], faint, strict=True):
            assert (opacity > 0.9) == ((x, y) in front)


def test_the_hover_says_the_configuration_the_source_and_the_command() -> None:
    (point,) = sample_of(grids_for("v2@0.75/160")).plot().points
    assert accuracy_plotly.hover(point).split("<br>") == [
        "<b>MobileNetV2</b>",
        "α 0.75, 160",
        "107,295,200 multiply-adds (214.6 M flops)",
        "2,636,424 parameters",
        "top-1 66.4 % (published: TF-slim mobilenet/README.md, float)",
        "30.4 ms on Pixel 1 (mobile CPU)",
        "mnprofile count mobilenet_v2 --alpha 0.75 --res 160",
    ]


def test_both_drawings_show_the_same(v2_plot: AccuracyPlot) -> None:
    """Axes, labels and marks of the report's SVG and of the plotly figure."""
    drawn, figure = str(accuracy_svg.scatter(v2_plot)), accuracy_plotly.figure(v2_plot)
    xaxis, yaxis = figure["layout"]["xaxis"], figure["layout"]["yaxis"]

    assert [10**end for end in xaxis["range"]] == pytest.approx([10_000_000, 1e9])
    assert xaxis["tickvals"] == [1e7, 2e7, 5e7, 1e8, 2e8, 5e8, 1e9]
    ticks = re.findall(r'text-anchor="middle">(\d+)<', drawn)
    assert ticks == ["10", "20", "50", "100", "200", "500", "1000"]
    assert yaxis["range"] == [45, 80]
    assert re.findall(r">(\d+) %", drawn) == [str(n) for n in range(45, 81, 5)]
    told = {text for trace in marks(figure) for text in trace["hovertext"]}
    titles = re.findall(r"<title>(.*?)</title>", drawn)
    assert {"; ".join(re.sub("</?b>", "", one).split("<br>")) for one in told} == {
        *titles
    }


def test_the_four_networks_keep_their_looks() -> None:
    """Petroff's palette; a table of another name gets its own look."""
    looks = styles(["mobilenet_v2", "mine", "mobilenet_v1", "yours"])
    found = {name: (one.color, one.marker.symbol) for name, one in looks.items()}
    assert found["mobilenet_v1"] == ("#5790fc", "circle")
    assert found["mobilenet_v2"] == ("#f89c20", "square")
    assert len(set(found.values())) == 4


def test_a_variant_has_the_colour_of_its_family_and_a_marker_of_its_own() -> None:
    """Only next to its family; alone it looks like the family."""
    (alone,) = styles(["mobilenet_v1_conv"]).values()
    looks = styles(["mobilenet_v1_conv", "mobilenet_v1", "mobilenet_v1_shallow"])
    assert alone == looks["mobilenet_v1"]
    assert {one.color for one in looks.values()} == {"#5790fc"}
    assert len({one.marker for one in looks.values()}) == 3


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (9e6, 6e8, [1e7, 2e7, 5e7, 1e8, 2e8, 5e8]),
        (4.5, 140, [5, 10, 20, 50, 100]),
    ],
)
def test_log_ticks_are_1_2_5(low: float, high: float, ticks: list[float]) -> None:
    assert log_ticks(low, high) == ticks


def test_heat_map_cells_are_the_counts() -> None:
    """V2: 0.75/160 is 107,295,200 and 1.0/224 is 300,774,272 multiply-adds."""
    data = heat.heat_of(grid(catalog.load("v2")))
    cell = data.values[data.alphas.index(0.75)][data.resolutions.index("160")]
    assert cell == 107_295_200
    figure = heat.figure(data)
    row = figure["data"][0]["text"][data.alphas.index(1.0)]
    assert row[data.resolutions.index("224")] == "301 M"


def luminance(color: str) -> float:
    """Relative luminance, by WCAG 2.2."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", THEMES)
def test_numbers_can_be_read_on_every_colour_of_a_heat_map(theme: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of at least 4.5, at both ends of the scale."""
    figure = themed(heat.figure(heat.heat_of(grid(catalog.load("v2")))), theme)
    (trace,) = figure["data"]
    text = luminance(trace["textfont"]["color"])

    for _, color in trace["colorscale"]:
        dark, light = sorted((text, luminance(color)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_large_heat_map_is_thinned_and_says_so() -> None:
    made = grid(catalog.load("v2"), alphas=[n / 100 for n in range(35, 141)])
    data = heat.heat_of(made)
    assert len(data.alphas) == MAX_SHOWN
    assert (data.alphas[0], data.alphas[-1]) == (0.35, 1.4)
    assert data.left_out == 106 - MAX_SHOWN


def test_expansion_at_the_table_s_t_is_the_table() -> None:
    data = expansion.expansion_of(grid(catalog.load("v2")))
    assert data is not None
    assert data.as_printed == 300_774_272
    assert data.macs[data.at.index(6.0)] == 300_774_272


def test_v1_has_no_expansion_to_draw() -> None:
    assert expansion.expansion_of(grid(catalog.load("v1"))) is None


def test_latency_as_the_axis() -> None:
    """Only published latencies: V2 has 22 on a Pixel 1, two on a Pixel 2."""
    grids = grids_for("v2", alpha=[0.35, 0.4, 0.5, 0.75, 1.0, 1.3, 1.4])
    assert len(sample_of(grids, "latency:Pixel 1").plot().points) == 22
    plot = sample_of(grids, "latency:Pixel 2").plot()
    assert sorted(point.x for point in plot.points) == [19.6, 76.0]
    assert plot.frontier


@pytest.mark.parametrize("text", ["speed", "latency", "latency:Nokia", "macs:x", ""])
def test_axes_that_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not an axis"):
        x_axis(text)


def test_many_estimates_are_thinned_and_the_frontier_kept() -> None:
    grids = grids_for("v2", alpha="0.35:1:0.005", resolution="96:224:1")
    sample = sample_of(grids)
    plot = sample.plot()
    points = plot.points
    assert sample.seen_count == 131 * 129
    assert len(points) < MAX_ESTIMATES + 400
    assert sum(point.is_published for point in points) == 20
    front = [(one.x, one.top1) for one in plot.frontier]
    cheapest = min(point.x for point in points)
    assert front[0][0] == cheapest
    assert all(a[1] < b[1] for a, b in itertools.pairwise(front))


# --- escaping, themes, bytes ---------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (MARKUP, "&lt;b&gt;x&lt;/b&gt;&lt;a href='https://example.org'&gt;y&lt;/a&gt;"),
        ('a"b', 'a"b'),
        ("a\u202eb", "a\\u202eb"),
        ("&lt;", "&amp;lt;"),
    ],
)
def test_plotly_text_is_drawn_as_written(text: str, shown: str) -> None:
    assert escape.plotly(text) == shown


def test_long_text_is_cut() -> None:
    assert len(escape.plotly("x" * 500)) == 120


@pytest.mark.parametrize("at", [0, 1])
def test_plots_have_the_paper_of_their_pages(at: int) -> None:
    """Reports and pages of plots have the same style; light comes first in it."""
    paper = re.findall(r"--paper: (#\w+);", asset("theme.css"))[at]
    drawn = themed(expansion.figure([]), ("light", "dark")[at])["layout"]

    assert drawn["paper_bgcolor"] == ("#ffffff" if paper == "#fff" else paper)
    assert drawn["plot_bgcolor"] == drawn["paper_bgcolor"]
    for own in ("sweep.css", "plot.css", "style.css"):
        assert "--paper:" not in asset(own)


def test_themes_differ_in_their_tokens_only() -> None:
    figure = expansion.figure([])
    light, dark = themed(figure, "light"), themed(figure, "dark")
    assert light["layout"]["paper_bgcolor"] == "#ffffff"
    assert dark["layout"]["paper_bgcolor"] == "#14171b"
    assert "theme:" not in json.dumps(light)


def test_json_cannot_end_its_script() -> None:
    block = str(data_block("d", {"a": "</script><!-- & \u2028"}))
    text = block.removeprefix('<script type="application/json" id="d">')
    text = text.removesuffix("</script>")
    assert "<" not in text
    assert ">" not in text
    assert json.loads(text) == {"a": "</script><!-- & \u2028"}


def page_of(*archs: Any) -> str:
    grids = grids_for(list(archs))
    return sweep_page.TablePlots(sample_of(grids), grids, ["a note"]).page()


def test_the_same_sweep_gives_the_same_bytes() -> None:
    assert page_of("v1", "v2") == page_of("v1", "v2")


def test_no_button_sends_the_chart_anywhere() -> None:
    assert CONFIG["showSendToCloud"] is False
    assert "sendChartToCloud" in CONFIG["modeBarButtonsToRemove"]
    assert CONFIG["plotlyServerURL"] == ""


def test_figures_are_valid_plotly(v2_plot: AccuracyPlot) -> None:
    """plotly's own validation takes them."""
    import plotly.graph_objects as go

    made = grid(catalog.load("v2"))
    data = expansion.expansion_of(made)
    assert data is not None
    for figure in (
        accuracy_plotly.figure(v2_plot),
        heat.figure(heat.heat_of(made)),
        expansion.figure([data]),
    ):
        go.Figure(themed(figure, "light"))


def test_a_hostile_name_is_escaped_in_figures_and_page(tmp_path: Path) -> None:
    text = (catalog.tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    mine = tmp_path / "mine.md"
    named = text.replace('name = "mobilenet_v2"', f'name = "{MARKUP}"')
    mine.write_text(named.replace("# MobileNetV2", f"# {MARKUP}", 1))
    page = page_of(mine)
    assert "<a href='https" not in page
    assert "&lt;a href=&#39;https" in page
    data = expansion.expansion_of(grid(catalog.load(mine)))
    assert data is not None
    (line, _) = expansion.figure([data])["data"]
    assert line["name"].startswith("&lt;b&gt;x")


def test_sizes_in_a_caption_are_counted() -> None:
    sample = sample_of(grids_for("v2"))
    caption = sweep_caption(sample.plot(), sample.seen_count)
    assert caption.startswith("22 configurations with a known top-1; 22 networks")
    assert "22 published (filled) and 0 estimated" in caption


def test_nice_steps() -> None:
    """At most five of them make the largest value."""
    steps = [linear_ticks(most).step for most in (4, 5, 6, 15, 300_000_000)]
    assert steps == [1, 1, 2, 5, 100_000_000]
