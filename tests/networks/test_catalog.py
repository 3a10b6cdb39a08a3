"""Which tables are shipped, and which are a user's own."""

import re
from pathlib import Path

import pytest

from mnprofile.networks import catalog
from mnprofile.search.grids import published_axes


def copied(name: str, folder: Path) -> Path:
    """A copy of a shipped table, byte for byte."""
    path = folder / f"{name}.md"
    path.write_bytes((catalog.tables_folder() / path.name).read_bytes())
    return path


@pytest.mark.parametrize("name", ["v2", "V2", "mobilenet_v2", "MobileNet_V2"])
def test_a_shipped_table_is_known_by_its_names(name: str) -> None:
    assert catalog.is_shipped(catalog.load(name))


def test_a_copy_of_a_shipped_table_is_the_users_own(tmp_path: Path) -> None:
    """It is equal in all that it builds, but the next edit makes it another network."""
    ours = catalog.load("v2")
    copy = catalog.load(copied("mobilenet_v2", tmp_path))

    assert copy == ours
    assert not catalog.is_shipped(copy)


def test_a_copy_is_swept_like_any_own_table_of_its_family(tmp_path: Path) -> None:
    """V3-Small is not published at 192; V3-Large, which stands in for others, is."""
    copy = catalog.load(copied("mobilenet_v3_small", tmp_path))

    assert 192 not in published_axes(catalog.load("v3-small"))[1]
    assert published_axes(copy) == published_axes(catalog.load("v3-large"))


def test_a_shipped_table_can_have_width_rules_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mobilenet_v1", "mobilenet_v3_small"):
        copied(name, tmp_path)
    text = (catalog.tables_folder() / "mobilenet_v2.md").read_text("utf-8")
    own = text.replace('scaling = "v2"', 'scaling = { like = "v2", last = "kept" }')
    (tmp_path / "own.md").write_text(own, encoding="utf-8")
    monkeypatch.setattr(catalog, "tables_folder", lambda: tmp_path)
    catalog.index.cache_clear()
    try:
        assert catalog.names() == ["v1", "v2", "v3-small"]
    finally:
        catalog.index.cache_clear()


def test_every_shipped_network_has_a_title_of_its_own() -> None:
    """A page has several networks; a report of two of them must tell them apart."""
    titles = [catalog.load(name).title for name in catalog.names()]

    assert len(set(titles)) == len(titles)
    named = {name: catalog.load(name).title for name in ("resnet-18", "resnet-50")}
    assert named == {"resnet-18": "ResNet-18", "resnet-50": "ResNet-50"}


def test_a_variant_without_a_title_is_called_by_its_name() -> None:
    """Not by the heading of the page, which is what its first network is called."""
    text = (catalog.tables_folder() / "resnet.md").read_text("utf-8")
    own = re.sub(r"(?m)^title = .*\n", "", text)

    assert catalog.parse(own, "own.md", variant="resnet-50").title == "resnet-50"
    assert catalog.parse(own, "own.md").title == "ResNet"
