"""Plots as files: literal colours, three formats, and a figure in Python."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.base.extras import install_line
from mnprofile.cli import main
from mnprofile.networks.catalog import build, tables_folder
from mnprofile.views.plots.picture import PictureStyle, picture, to_svg
from mnprofile.views.plots.plotting import KINDS, OF_NETWORKS, figure_of

SVG = "{http://www.w3.org/2000/svg}"
COLOURS = ("fill", "stroke")


def drawn(kind: str, **style: object) -> ElementTree.Element:
    what = ["v2", "v3-large"] if kind in ("accuracy", "expansion") else "v2"
    look = PictureStyle(**style)  # type: ignore[arg-type]
    return ElementTree.fromstring(to_svg(figure_of(what, kind), look))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_colour_is_literal(kind: str, theme: str) -> None:
    """No style sheet, class, variable or link: every program can draw it."""
    root = drawn(kind, theme=theme)

    colours = [
        node.get(name) for node in root.iter() for name in COLOURS if node.get(name)
    ]
    assert len(colours) > 20
    assert all(re.fullmatch("#[0-9a-f]{6}|none", str(colour)) for colour in colours)
    names = {name for node in root.iter() for name in node.attrib}
    assert not names & {"class", "style", "href", "id", "onload"}
    tags = {node.tag.removeprefix(SVG) for node in root.iter()}
    assert tags <= {"svg", "rect", "line", "text", "path"}


@pytest.mark.parametrize("kind", KINDS)
def test_axis_titles_and_legend_stand_alone(kind: str) -> None:
    texts = [node.text for node in drawn(kind).iter(f"{SVG}text")]

    assert any("ultiply-adds" in str(text) or "bytes" in str(text) for text in texts)
    if kind in ("accuracy", "expansion"):
        assert {"MobileNetV2", "MobileNetV3-Large"} <= set(texts)
    if kind in ("stages", "layers"):
        assert {"Conv 1x1", "Conv DW"} <= set(texts)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_leaves_the_picture(kind: str) -> None:
    root = drawn(kind, width=640, height=360)

    assert (root.get("width"), root.get("height")) == ("640", "360")
    for node in root.iter(f"{SVG}text"):
        if node.get("x"):
            assert 0 <= float(str(node.get("x"))) <= 640
            assert 0 <= float(str(node.get("y"))) <= 360


def test_a_bar_is_as_tall_as_its_value() -> None:
    """V2: s4 has 54,942,720 multiply-adds, s16 96,601,344; bars are drawn to scale."""
    heights: dict[str, float] = {}
    for node in drawn("stages").iter(f"{SVG}rect"):
        if node.get("x") and float(str(node.get("width"))) > 30:
            at = str(node.get("x"))
            heights[at] = heights.get(at, 0) + float(str(node.get("height")))
    by_place = [heights[at] for at in sorted(heights, key=float)]

    assert by_place[1] / by_place[3] == pytest.approx(54_942_720 / 96_601_344, rel=1e-3)


def test_a_heat_map_has_a_cell_for_each_count() -> None:
    texts = [node.text for node in drawn("heat").iter(f"{SVG}text")]

    assert "107 M" in texts  # V2 0.75/160: 107,295,200


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("svg", b"<svg "), ("png", b"\x89PNG\r\n"), ("pdf", b"%PDF-")],
)
def test_three_formats(suffix: str, start: bytes) -> None:
    if suffix != "svg":
        pytest.importorskip("vl_convert", reason="renders PNG and PDF")

    assert picture(figure_of("v2", "stages"), suffix, PictureStyle()).startswith(start)


def test_the_same_picture_has_the_same_bytes() -> None:
    pytest.importorskip("vl_convert", reason="renders PNG")
    figure = figure_of("v2", "accuracy")

    for suffix in ("svg", "png"):
        one, two = (picture(figure, suffix, PictureStyle()) for _ in range(2))
        assert one == two


def test_a_hostile_name_is_text(tmp_path: Path) -> None:
    table = (tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    mine = tmp_path / "mine.md"
    title = "<script>alert(1)</script> %{x} </text>"
    mine.write_text(table.replace("# MobileNetV2", f"# {title}", 1))
    root = ElementTree.fromstring(to_svg(figure_of(str(mine), "expansion")))

    assert title in [node.text for node in root.iter(f"{SVG}text")]
    assert not [node for node in root.iter() if "script" in node.tag]


# --- the command line ----------------------------------------------------------------


def test_a_sweep_writes_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "p.svg"
    rows = str(tmp_path / "rows.csv")
    style = ["--size", "800x450", "--theme", "dark"]
    assert main(["sweep", "v2", "-o", rows, "--plot", str(path), *style]) == 0
    root = ElementTree.parse(path).getroot()

    assert (root.get("width"), root.get("height")) == ("800", "450")
    assert root[0].get("fill") == "#14171b"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--plot", "p.gif"], "p.gif: not a suffix of a picture"),
        (["--plot", "p"], "p: not a suffix of a picture"),
        (["--plot", "p.svg", "--size", "big"], '--size: "big" is not'),
        (["--plot", "p.svg", "--size", "5x5"], "size: 5 is out of range"),
    ],
)
def test_what_is_refused(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["sweep", "v2", "-o", "rows.csv", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_png_without_its_renderer_is_a_missing_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mnprofile.base.extras.is_installed", lambda package: False)
    out = ["-o", str(tmp_path / "r.csv"), "--plot", str(tmp_path / "p.png")]

    assert main(["sweep", "v2", *out]) == 3
    assert install_line("pictures") in capsys.readouterr().err


def test_a_report_writes_every_plot(tmp_path: Path) -> None:
    """The accuracies, and of each network two plots of three quantities, and memory."""
    folder = tmp_path / "plots"
    assert (
        main(["report", "v1", "v2", "-o", str(tmp_path), "--plots", str(folder)]) == 0
    )

    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 1 + 2 * 7
    assert names[:2] == ["accuracy.svg", "layers-activations-1-mobilenet-v1.svg"]
    for path in folder.iterdir():
        ElementTree.parse(path)


# --- Python --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_plot_in_python_is_a_plotly_figure(kind: str) -> None:
    import plotly.graph_objects as go

    found = mnprofile.plot("v2", kind, theme="dark")

    assert isinstance(found, go.Figure)
    assert found.layout.paper_bgcolor == "#14171b"
    assert len(found.data) > 0


@pytest.mark.parametrize("kind", OF_NETWORKS)
def test_a_graph_and_a_count_can_be_plotted(kind: str) -> None:
    graph = build("v2", alpha=0.75)

    assert mnprofile.plot(graph, kind) == mnprofile.plot(mnprofile.count(graph), kind)


@pytest.mark.parametrize(
    ("what", "kind", "words"),
    [
        ("v2", "pie", 'kind: "pie" is not a plot'),
        ("v1", "expansion", "none of these tables has an expansion factor"),
        (["v1", "v2"], "heat", "heat: 2 networks given"),
        (["v1", "v2"], "stages", "stages: 2 networks given"),
    ],
)
def test_what_cannot_be_plotted(what: object, kind: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        mnprofile.plot(what, kind)  # type: ignore[arg-type]


def test_a_larger_picture_is_drawn_larger_as_a_whole() -> None:
    """Twice a slide: the same drawing, so its texts and marks are twice as large."""
    figure = figure_of("v2", "accuracy")
    slide, large = to_svg(figure), to_svg(figure, PictureStyle(1920, 1080))

    assert 'width="1920" height="1080" viewBox="0 0 960 540"' in large
    assert slide.partition("<rect")[2] == large.partition("<rect")[2]


def test_a_plot_in_python_has_a_size() -> None:
    pytest.importorskip("plotly")
    drawn = mnprofile.plot("v2", "stages", size=(640, 360))

    assert (drawn.layout.width, drawn.layout.height) == (640, 360)
    with pytest.raises(UsageError, match="size: 50 is out of range"):
        mnprofile.plot("v2", "stages", size=(50, 360))
