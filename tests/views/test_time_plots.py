"""The plots about time: what is drawn, and that names in them are only text."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from mnprofile import build, count, load
from mnprofile.costs.latency.devices import device_of
from mnprofile.costs.latency.prediction import predict
from mnprofile.views.html.panels import ReportNetwork
from mnprofile.views.html.report_page import pictures, report_page
from mnprofile.views.html.time_panels import time_page, time_panel
from mnprofile.views.plots import log_log
from mnprofile.views.plots.log_log import svg
from mnprofile.views.plots.time_plots import latency, roofline
from tests.conftest import Run

PIXEL = device_of("Pixel 1")


@pytest.mark.parametrize(
    ("name", "family", "device"),
    [
        ("v2", "v2", "Pixel 1"),
        ("v3-small", "v3", "Pixel 1"),
        ("v3-large", "v3", "Pixel 3"),
    ],
)
def test_every_counted_layer_lies_below_its_roofs(
    name: str, family: str, device: str
) -> None:
    graph = build(name)
    found = predict(graph, family, device_of(device))
    plot = roofline(found)
    assert len(plot.dots) == len(count(graph).layers)
    prices = found.calibration.prices
    bytes_ = [prices[term] for term in ("map_byte", "weight_byte") if prices[term]]
    for dot in plot.dots:
        price = prices["depthwise_mac" if dot.key == "dw" else "dense_mac"]
        if price:
            assert dot.y <= 1 / price * (1 + 1e-9)
        if bytes_:
            assert dot.y <= dot.x / min(bytes_) * (1 + 1e-9)
    names = [line.name for line in plot.lines]
    assert any("GMAC/s" in name for name in names)
    assert any("GB/s" in name for name in names) == bool(bytes_)


def test_the_stem_of_v2_by_hand() -> None:
    """10,838,016 multiply-adds; 4 bytes for 150,528 + 401,408 elements, 864 weights."""
    found = predict(build("v2"), "v2", PIXEL)
    (stem,) = [dot for dot in roofline(found).dots if dot.told.startswith("stem ")]
    assert stem.x == pytest.approx(10_838_016 / (4 * 552_800))
    # 0.1981 ns a multiply-add, 0.3296 a byte of maps, 0.1538 of weights (pixel_1.toml).
    ns = 10_838_016 * 0.1981 + 4 * 551_936 * 0.3296 + 4 * 864 * 0.1538
    assert stem.y == pytest.approx(10_838_016 / ns, rel=1e-3)


def test_the_figures_of_a_calibration_and_the_one_that_is_asked_for() -> None:
    found = PIXEL.calibration("v3")
    assert found is not None
    plot = latency(found, "Pixel 1", "mobilenet_v3_large", 1.0, 224)
    assert len(plot.dots) == 19
    (mine,) = [dot for dot in plot.dots if dot.key == "kxk"]
    assert mine.x == 51.2  # V3 paper, Table 9
    assert sum(dot.is_filled for dot in plot.dots) == 10  # the large ones
    band = [line for line in plot.lines if line.is_dashed]
    assert len(band) == 2


def test_svg_and_plotly_draw_the_same_marks_and_escape_names() -> None:
    hostile = '<img src=x onerror="alert(1)">'
    found = predict(build("v2"), "v2", replace(PIXEL, name=hostile))
    plot = roofline(found)
    drawn, figure = str(svg(plot)), log_log.figure(plot)
    assert "<img" not in drawn
    assert drawn.count("<title>") == len(plot.dots)
    marks = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert sum(len(trace["x"]) for trace in marks) == len(plot.dots)
    page = time_page(found)
    assert "<img" not in page.split("</script>")[-1]
    data = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', page)
    assert data
    assert "<img" not in "".join(data)
    assert json.loads(data[0])["figures"].keys() == {"mnp-roofline", "mnp-latency"}


def network(name: str) -> ReportNetwork:
    return ReportNetwork(load(name), count(build(name)))


def test_a_report_has_the_time_only_if_a_device_is_asked_for() -> None:
    networks = [network("v2"), network("v1")]
    plain, timed = report_page(networks), report_page(networks, device=PIXEL)
    assert "net0-time" not in plain
    assert "Predicted 76.3\u00a0ms on Pixel 1" in timed
    assert "Pixel 1 is not calibrated for MobileNetV1" in timed
    assert timed == report_page(networks, device=PIXEL)


def test_a_refused_family_says_what_is_needed() -> None:
    panel = time_panel(network("v1"), "net0", PIXEL)
    assert panel.caption.startswith(
        "Pixel 1 is not calibrated for MobileNetV1: 1 figure"
    )
    assert "Needed:" in panel.body


def test_a_plot_needs_a_device(run: Run) -> None:
    result = run("time", "v2", "--plot", "x.html")
    assert (result.code, result.out) == (2, "")
    assert "--plot draws a prediction" in result.err


def test_the_roofline_is_a_picture_too(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "roofline.svg"
    assert run("time", "v2", "--device", "Pixel 1", "--plot", str(path)).code == 0
    drawn = path.read_text("utf-8")
    assert "at most 6.5 GB/s" in drawn  # 1 / 0.1538 ns, the price of a weight's byte
    assert "5.05 GMAC/s" in drawn  # 1 / 0.1981 ns
    refused = run("time", "v2", "--device", "Pixel 1", "--plot", "x.gif")
    assert refused.code == 2


def test_pictures_of_a_report_have_those_of_the_device() -> None:
    networks = [network("v2"), network("v1")]
    more = set(pictures(networks, PIXEL)) - set(pictures(networks))
    assert more == {"roofline-1-mobilenet-v2", "latency-1-mobilenet-v2"}
