"""count shows what is published for exactly its configuration."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mnprofile.cli import main
from mnprofile.evidence.literature.published import published_for
from mnprofile.evidence.literature.sources import figures, figures_about, sources
from mnprofile.networks import catalog


def published(arch: str, **settings: Any) -> list[tuple[str, str, str]]:
    """(source, quantity, printed) of every figure about a configuration."""
    loaded = catalog.load(arch)
    graph = catalog.build(loaded, **settings)
    return [
        (figure.source, figure.quantity, figure.printed)
        for figure in published_for(loaded, graph)
    ]


def test_costs_and_accuracy_of_one_configuration() -> None:
    """TF-slim mobilenet/README.md, and Keras' docstring that copies it."""
    assert published("v2", alpha=0.75, resolution=160) == [
        ("keras", "macs", "107"),
        ("keras", "params", "2.61"),
        ("keras", "top1", "66.4"),
        ("keras", "top5", "87.3"),
        ("slim-v2-v3", "macs", "107"),
        ("slim-v2-v3", "params", "2.61"),
        ("slim-v2-v3", "top1", "66.4"),
        ("slim-v2-v3", "top5", "87.3"),
        ("slim-v2-v3", "latency", "30.4"),
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": 0.8},
        {"resolution": 225},
        {"resolution": (224, 192)},
        {"classes": 10},
        {"classes": 0},
        {"t": 4.0},
        {"output_stride": 16},
    ],
)
def test_nothing_is_published_for_other_configurations(
    settings: dict[str, Any],
) -> None:
    assert published("v2", **settings) == []


@pytest.mark.parametrize("source", sources())
def test_the_figures_about_a_configuration_are_all_that_its_source_has(
    source: str,
) -> None:
    """They are sought line by line, so no cell of a shipped row may hold a break."""
    sought = [one for one in figures(source) if one.alpha and one.resolution]
    for figure in sought:
        assert figure.alpha
        assert figure.resolution
        about = (figure.network,), figure.alpha, figure.resolution
        found = [*figures_about(source, *about)]
        expected = [
            one
            for one in sought
            if ((one.network,), one.alpha, one.resolution) == about
        ]

        assert found == expected
        assert [one.line for one in found] == [one.line for one in expected]


def test_other_datasets_and_single_layers_are_left_out() -> None:
    """Not Stanford Dogs' 83.3 % (Table 10), and not one layer's 29.6 M (Table 3)."""
    found = published("v1", alpha=0.75, resolution=224)

    assert ("paper-v1", "macs", "325") in found
    assert ("slim-v1", "macs", "317") in found
    assert ("paper-v1", "macs", "29.6") not in found
    assert ("paper-v1", "params", "1.9") not in found


def test_a_source_with_other_widths_is_left_out() -> None:
    """V3 0.75 is 155 M in TF-slim, Keras and timm, 140 M in torchvision."""
    settings = {"alpha": 0.75, "resolution": 224}

    assert ("paper-v3", "macs", "155") in published("v3-large", **settings)
    assert ("keras", "macs", "155") in published("v3-large", **settings)
    assert published("v3-large", impl="torchvision", **settings) == []
    assert ("slim-v2-v3", "macs", "209") in published(
        "v2", impl="torchvision", **settings
    )


def test_a_table_of_ones_own_has_no_published_figures(tmp_path: Path) -> None:
    copy = tmp_path / "v2.md"
    shipped = catalog.tables_folder() / "mobilenet_v2.md"
    copy.write_text(shipped.read_text("utf-8"), "utf-8")

    assert published(str(copy), alpha=0.75, resolution=160) == []


def test_the_table_marks_misprints(capsys: pytest.CaptureFixture[str]) -> None:
    main(["count", "v1", "--by", "type"])
    out = capsys.readouterr().out

    assert "Published for this configuration" in out
    assert re.search(r"paper-v1, Table 6 +1\.0 MobileNet-224 +569 +4\.2 +70\.6%", out)
    assert "529*" in out
    assert "* 529 should read 569 (keras, mobilenet.py docstring, widths)" in out


def test_the_json_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    main(["count", "v1@1.0/128", "--format", "json"])
    listed = json.loads(capsys.readouterr().out)["published"]

    assert {
        "source": "keras",
        "table": "mobilenet.py docstring, resolutions",
        "where": "keras-team/keras-applications keras_applications/mobilenet.py"
        " docstring (commit 05ff4705) resolution table row 1.0 MobileNet-128",
        "model": "1.0 MobileNet-128",
        "variant": None,
        "quantity": "macs",
        "printed": "529",
        "unit": "M",
        "device": None,
        "reads": "186",
        "reason": "186,400,768 multiply-adds; the (misread) figure of 224 is printed"
        " for every resolution",
    } in listed
    assert {one["quantity"] for one in listed} == {"macs", "params", "top1", "top5"}


def test_every_alias_and_name_finds_its_table() -> None:
    """Loading one table does not parse the others; the result is the same."""
    for arch in catalog.architectures():
        for name in (arch.name, *arch.aliases, arch.name.upper()):
            assert catalog.load(name) is arch
