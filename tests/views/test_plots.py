"""What the plots are drawn from, and how; figures are plain plotly dictionaries."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import pytest

from mnprofile.base import escape
from mnprofile.base.errors import UsageError
from mnprofile.networks import catalog
from mnprofile.search.grids import Grid, grid, grids_for
from mnprofile.search.stream import stream
from mnprofile.views.html import sweep_page as plotpages
from mnprofile.views.plots import figures as plots
from mnprofile.views.plots import points as samples
from mnprofile.views.plots.points import Point, Sample

MARKUP = "<b>x</b><a href='https://example.org'>y</a>"


def sample_of(grids: tuple[Grid, ...], x: str = "macs") -> Sample:
    sample = Sample(samples.x_axis(x))
    for rows in stream(grids):
        sample.add(rows)
    return sample


@pytest.fixture(scope="module")
def v2_points() -> tuple[Point, ...]:
    """V2 over its published grid, and alpha 0.6 between."""
    return sample_of(
        grids_for("v2", alpha=[0.35, 0.5, 0.6, 0.75, 1.0, 1.3, 1.4])
    ).points()


def marks(figure: plots.Figure) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace.get("mode") == "markers"]


def test_every_known_accuracy_is_a_point(v2_points: tuple[Point, ...]) -> None:
    """22 published, and alpha 0.6 at the five resolutions."""
    assert sum(point.is_published for point in v2_points) == 22
    assert sum(not point.is_published for point in v2_points) == 5


def test_published_are_filled_and_estimates_hollow(
    v2_points: tuple[Point, ...],
) -> None:
    published, estimates = marks(
        plots.accuracy_figure(v2_points, samples.x_axis("macs"))
    )
    assert (published["marker"]["symbol"], len(published["x"])) == ("square", 22)
    assert (estimates["marker"]["symbol"], len(estimates["x"])) == ("square-open", 5)
    assert estimates["name"] == "mobilenet_v2, estimates"


def test_area_is_parameters(v2_points: tuple[Point, ...]) -> None:
    """V2 1.0/224: 300,774,272 multiply-adds and 3,504,872 parameters."""
    (published, _) = marks(plots.accuracy_figure(v2_points, samples.x_axis("macs")))
    assert published["marker"]["sizemode"] == "area"
    size = dict(zip(published["x"], published["marker"]["size"], strict=True))
    assert size[300_774_272] == 3_504_872


def test_the_frontier_is_stepped_and_rises(v2_points: tuple[Point, ...]) -> None:
    line = plots.accuracy_figure(v2_points, samples.x_axis("macs"))["data"][0]
    assert line["line"]["shape"] == "hv"
    assert line["x"] == sorted(line["x"])
    assert line["y"] == sorted(line["y"])


def test_points_off_the_frontier_are_faint(v2_points: tuple[Point, ...]) -> None:
    front = {(point.x, point.top1) for point in v2_points if point.on_frontier}
    for trace in marks(plots.accuracy_figure(v2_points, samples.x_axis("macs"))):
        faint = trace["marker"]["opacity"]
        for x, y, opacity in zip(trace["x"], trace["y"], faint, strict=True):
            assert (opacity > 0.9) == ((x, y) in front)


def test_the_hover_says_the_configuration_the_source_and_the_command() -> None:
    (point,) = sample_of(grids_for("v2@0.75/160")).points()
    assert point.hover().split("<br>") == [
        "<b>mobilenet_v2</b>",
        "α 0.75, 160",
        "107.3 M multiply-adds (214.6 M FLOPs)",
        "2.6 M params",
        "top-1 66.4 % (published: TF-slim mobilenet/README.md, float)",
        "30.4 ms on Pixel 1 (mobile CPU)",
        "mnprofile count mobilenet_v2 --alpha 0.75 --res 160",
    ]


def test_the_four_networks_keep_their_looks() -> None:
    """Petroff's palette; a table of another name gets a look of its own."""
    looks = plots.styles(["mobilenet_v2", "mine", "mobilenet_v1", "yours"])
    assert looks["mobilenet_v1"] == plots.Style("#5790fc", "circle")
    assert looks["mobilenet_v2"] == plots.Style("#f89c20", "square")
    assert len(set(looks.values())) == 4


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (9e6, 6e8, [1e7, 2e7, 5e7, 1e8, 2e8, 5e8]),
        (4.5, 140, [5, 10, 20, 50, 100]),
    ],
)
def test_log_ticks_are_1_2_5(low: float, high: float, ticks: list[float]) -> None:
    assert plots.log_ticks(low, high) == ticks


def test_heat_map_cells_are_the_counts() -> None:
    """V2: 0.75/160 is 107,295,200 and 1.0/224 is 300,774,272 multiply-adds."""
    heat = plots.heat_data(grid(catalog.load("v2")))
    cell = heat.macs[heat.alphas.index(0.75)][heat.resolutions.index("160")]
    assert cell == 107_295_200
    figure = plots.heat_figure(heat)
    row = figure["data"][0]["text"][heat.alphas.index(1.0)]
    assert row[heat.resolutions.index("224")] == "301 M"


def test_a_large_heat_map_is_thinned_and_says_so() -> None:
    made = grid(catalog.load("v2"), alphas=[n / 100 for n in range(35, 141)])
    heat = plots.heat_data(made)
    assert len(heat.alphas) == plots.MAX_SHOWN
    assert (heat.alphas[0], heat.alphas[-1]) == (0.35, 1.4)
    assert heat.left_out == 106 - plots.MAX_SHOWN


def test_expansion_at_the_table_s_t_is_the_table() -> None:
    data = plots.expansion_data(grid(catalog.load("v2")))
    assert data is not None
    assert data.as_printed == 300_774_272
    assert data.macs[data.ts.index(6.0)] == 300_774_272


def test_v1_has_no_expansion_to_draw() -> None:
    assert plots.expansion_data(grid(catalog.load("v1"))) is None


def test_latency_as_the_axis() -> None:
    """Only published latencies: V2 has 22 on a Pixel 1, two on a Pixel 2."""
    grids = grids_for("v2", alpha=[0.35, 0.4, 0.5, 0.75, 1.0, 1.3, 1.4])
    assert len(sample_of(grids, "latency:Pixel 1").points()) == 22
    points = sample_of(grids, "latency:Pixel 2").points()
    assert sorted(point.x for point in points) == [19.6, 76.0]
    assert any(point.on_frontier for point in points)


@pytest.mark.parametrize("text", ["speed", "latency", "latency:Nokia", "macs:x", ""])
def test_axes_that_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no axis"):
        samples.x_axis(text)


def test_many_estimates_are_thinned_and_the_frontier_kept() -> None:
    grids = grids_for("v2", alpha="0.35:1:0.005", resolution="96:224:1")
    sample = sample_of(grids)
    points = sample.points()
    assert sample.seen_count == 131 * 129
    assert len(points) < samples.MAX_ESTIMATES + 400
    assert sum(point.is_published for point in points) == 20
    front = sorted((one.x, one.top1) for one in points if one.on_frontier)
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


def test_themes_differ_in_their_tokens_only() -> None:
    figure = plots.expansion_figure([])
    light, dark = plots.themed(figure, "light"), plots.themed(figure, "dark")
    assert light["layout"]["paper_bgcolor"] == "#ffffff"
    assert dark["layout"]["paper_bgcolor"] == "#0d1117"
    assert "theme:" not in json.dumps(light)


def test_json_cannot_end_its_script() -> None:
    text = plotpages.script_json({"a": "</script><!-- & \u2028"})
    assert "<" not in text
    assert ">" not in text
    assert json.loads(text) == {"a": "</script><!-- & \u2028"}


def page_of(*archs: Any) -> str:
    grids = grids_for(list(archs))
    return plotpages.page(sample_of(grids), grids, ["a note"])


def test_the_same_sweep_gives_the_same_bytes() -> None:
    assert page_of("v1", "v2") == page_of("v1", "v2")


def test_no_button_sends_the_chart_anywhere() -> None:
    assert plots.CONFIG["showSendToCloud"] is False
    assert "sendChartToCloud" in plots.CONFIG["modeBarButtonsToRemove"]
    assert plots.CONFIG["plotlyServerURL"] == ""


def test_figures_are_valid_plotly(v2_points: tuple[Point, ...]) -> None:
    """plotly's own validation takes them."""
    import plotly.graph_objects as go

    made = grid(catalog.load("v2"))
    expansion = plots.expansion_data(made)
    assert expansion is not None
    for figure in (
        plots.accuracy_figure(v2_points, samples.x_axis("macs")),
        plots.heat_figure(plots.heat_data(made)),
        plots.expansion_figure([expansion]),
    ):
        go.Figure(plots.themed(figure, "light"))


def test_a_hostile_name_is_escaped_in_figures_and_page(tmp_path: Path) -> None:
    text = (catalog.tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    mine = tmp_path / "mine.md"
    mine.write_text(text.replace('name = "mobilenet_v2"', f'name = "{MARKUP}"'))
    page = page_of(mine)
    assert "<a href='https" not in page
    assert "&lt;a href=&#39;https" in page
    expansion = plots.expansion_data(grid(catalog.load(mine)))
    assert expansion is not None
    (line, _) = plots.expansion_figure([expansion])["data"]
    assert line["name"].startswith("&lt;b&gt;x")


def test_sizes_in_a_caption_are_counted() -> None:
    sample = sample_of(grids_for("v2"))
    caption = plots.accuracy_caption(sample.points(), sample.axis, sample.seen_count)
    assert caption.startswith("22 configurations with a known top-1; 22 networks")
    assert "22 published (filled) and 0 estimated" in caption


def test_nice_steps() -> None:
    assert [plots._nice_step(x) for x in (0.7, 1, 1.1, 3, 6e7)] == [1, 1, 2, 5, 1e8]
    assert math.isclose(plots._nice_step(0.03), 0.05)
