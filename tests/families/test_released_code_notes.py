"""Outputs that rest on released code, because a paper does not say enough, say so."""

import json
import re
from pathlib import Path

import pytest

import mnprofile
from mnprofile.base.errors import TableError
from mnprofile.cli import main
from mnprofile.networks import catalog
from mnprofile.networks.catalog import tables_folder
from tests.conftest import GOOD_V2

PAGES = sorted(tables_folder().rglob("*.md"))
# What the code of others does otherwise, or what no number rests on.
ONLY_MENTIONED = {"resnet.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_that_names_code_declares_what_is_from_it(page: Path) -> None:
    text = page.read_text("utf-8")
    prose = re.sub("```.*?```|^[|][^\n]*", "", text, flags=re.DOTALL | re.MULTILINE)
    names_code = re.search(r"\bcode\b|torchvision|TF-slim|[a-z]+/[a-z]+", prose)

    if page.name not in ONLY_MENTIONED:
        assert ("released-code = " in text) == bool(names_code)


def test_variants_have_what_is_theirs() -> None:
    assert catalog.load("efficientnet-b0").from_code == ()
    assert catalog.load("efficientnet-b3").from_code == (
        "width, depth and resolution (tensorflow/tpu, efficientnet_builder.py)",
    )


def test_count_and_show_say_it_of_backbone_and_head(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    blocks = "the blocks (facebookresearch/mobile-vision, fbnet_modeldef_cls_fbnet.py)"
    head = "all layers (torchvision, models/detection)"
    for command in ("count", "show"):
        assert main([command, "fbnet-a+ssdlite"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert f"from released code, not printed: {blocks}" in lines
        assert f"from released code, not printed: {head}" in lines

        target = tmp_path / f"{command}.json"
        assert main([command, "fbnet-a+ssdlite", "-o", str(target)]) == 0
        assert json.loads(target.read_text())["released_code"] == [blocks, head]


def test_a_table_that_its_paper_prints_whole_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["count", "v2"]) == 0
    assert "released code" not in capsys.readouterr().out


def test_it_is_a_text() -> None:
    page = GOOD_V2.replace("```toml\n", "```toml\nreleased-code = 3\n")

    with pytest.raises(TableError, match="released-code: not a string"):
        mnprofile.parse(page)
