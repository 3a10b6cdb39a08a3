"""The Python functions: the command line's names and values, and results to look at."""

import inspect
import pickle
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import mnprofile
from mnprofile.base.shown import Shown
from mnprofile.views.notebook import VIEWS
from tests.typing.consumer import main


def test_a_project_uses_every_function(tmp_path: Path) -> None:
    """block2.expand: 80 x 80 x 16 x 96 multiply-adds. The change is the 154,083,200 of
    1.0/160 (154 M in TF-slim's README) less 107,295,200. The ledger's 119,244,800 is
    what thop 0.1.1 printed."""
    found = main(tmp_path)

    assert found == {
        "within": True,
        "largest": "block2.expand",
        "refused": 'usage: v2@0.75/160x: "160x" is not a resolution',
        "best": "mobilenet_v3_large@1.0/96",
        "rows": 2,
        "blocks": 20,
        "formula": "M·t·(M·D_F·D_F + D_G·D_G·(D_K·D_K + N))",
        "change": 46_788_000,
        "page": "index.html",
        "names": ["mobilenet_v1", "mobilenet_v1_conv"],
        "peak": 768000,
        "thop": 119244800,
        "bytes": 2723344,
        "field": 3,
        "explained": True,
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "accuracy.svg",
        "index.html",
        "report.md",
    ]


def test_a_spec_is_the_same_configuration() -> None:
    assert mnprofile.build("v2@0.75/160") == mnprofile.build(
        "v2", alpha=0.75, resolution=160
    )
    assert mnprofile.count("v2@0.75/160").totals.macs == 107_295_200
    assert mnprofile.count("v2@0.75/160").totals.params == 2_636_424
    assert mnprofile.build("v2", rho=0.5).config.resolution == (112, 112)


def test_the_package_says_that_it_is_typed() -> None:
    assert files("mnprofile").joinpath("py.typed").is_file()
    assert sorted(mnprofile.__all__) == mnprofile.__all__
    assert all(hasattr(mnprofile, name) for name in mnprofile.__all__)


@pytest.mark.parametrize(
    "call",
    [
        lambda: mnprofile.build("v2@0.75/160", alpha=0.5),
        lambda: mnprofile.build("v9"),
        lambda: mnprofile.build(5),  # type: ignore[arg-type]
        lambda: mnprofile.build("v2", resolution="160"),  # type: ignore[arg-type]
        lambda: mnprofile.count(None),  # type: ignore[arg-type]
        lambda: mnprofile.count("v2").by("kind"),  # type: ignore[arg-type]
        lambda: mnprofile.activation_memory("v2").by("kind"),  # type: ignore[arg-type]
        lambda: mnprofile.activation_memory("v2", bits=7),
        lambda: mnprofile.deploy(mnprofile.count("v2"), bits=7),
        lambda: mnprofile.find(max_macs="100 apples"),
        lambda: mnprofile.find(max_macs=[]),  # type: ignore[arg-type]
        lambda: mnprofile.explain("v2", "block99"),
        lambda: mnprofile.explain(mnprofile.build("v2"), "block2", alpha=0.5),
        lambda: mnprofile.ledger("v2")["nothing"],
        lambda: mnprofile.report(["v2", "v2@0.5"], "somewhere"),
        lambda: mnprofile.diff("v2", "no_such_table"),
    ],
)
def test_errors_are_the_package_s_own(call: Callable[[], object]) -> None:
    with pytest.raises(mnprofile.MnprofileError):
        call()


RESULTS: dict[str, Callable[[], Any]] = {
    "Graph": lambda: mnprofile.build("v2@0.75/160"),
    "Architecture": lambda: mnprofile.load("v3-large"),
    "Count": lambda: mnprofile.count("v2@0.75/160"),
    "Memory": lambda: mnprofile.activation_memory("v2"),
    "Deployed": lambda: mnprofile.deploy(mnprofile.count("v2"), 8),
    "Fields": lambda: mnprofile.receptive_fields("v2"),
    "Explanation": lambda: mnprofile.explain("v2", "block2"),
    "NetworkExplanation": lambda: mnprofile.explain("v2"),
    "Ledger": lambda: mnprofile.ledger("v2"),
    "Comparison": lambda: mnprofile.diff("v1", "v2"),
    "Found": lambda: mnprofile.find(max_macs="100M"),
    "Reproduction": lambda: mnprofile.reproduce("paper-v1"),
    "Check": lambda: mnprofile.check("v2@0.35/96"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_shows_itself_in_ten_lines_a_page_and_a_frame(name: str) -> None:
    result = RESULTS[name]()

    lines = repr(result).split("\n")
    assert lines[0].startswith(f"{name}: ")
    assert 2 <= len(lines) <= 10
    assert max(map(len, lines)) <= 130
    html = result._repr_html_()
    assert html.startswith("<div")
    assert "<table" in html
    assert len(result.to_frame()) > 1


def test_every_result_has_a_view() -> None:
    """A class that inherits from Shown without one would fail when it is shown."""
    assert {*RESULTS} == {*VIEWS}
    shown = {one.__name__ for one in Shown.__subclasses__()}
    assert shown <= {*VIEWS}


def test_a_short_result_is_shown_whole_and_a_long_one_says_what_it_leaves_out() -> None:
    """V2 0.75/160 by type, and its 151 operators: 7 and 144 of them."""
    assert repr(mnprofile.count("v2@0.75/160")).endswith(
        "total                53      107295200  100.00 %  2636424"
    )
    assert repr(mnprofile.build("v2@0.75/160")).endswith("... 144 more rows")


def test_a_hostile_name_is_escaped_in_a_notebook() -> None:
    graph = mnprofile.build("v2")
    config = graph.config._replace(name="<script>alert(1)</script>")
    html = replace(graph, config=config)._repr_html_()

    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_a_graph_survives_a_worker_process() -> None:
    graph = mnprofile.build("v2@0.75/160")

    assert pickle.loads(pickle.dumps(graph)) == graph


def test_public_functions_say_what_they_do() -> None:
    for name in mnprofile.__all__:
        thing = getattr(mnprofile, name)
        assert name == "__version__" or inspect.getdoc(thing), name


def test_parameters_have_the_same_names_everywhere() -> None:
    """alpha, resolution, rho, t, classes and impl are the command line's words."""
    known = {"alpha", "resolution", "rho", "t", "classes", "impl"}
    assert known <= {*inspect.signature(mnprofile.build).parameters}
    assert known <= {*inspect.signature(mnprofile.sweep).parameters}
    assert {"alpha", "resolution"} <= {*inspect.signature(mnprofile.find).parameters}
