"""The width rules of Keras, against the networks that Keras builds.

``tests/data/keras_counts.csv`` holds what ``tests/families/keras_networks.py`` measured
on Keras 3.15.1: multiply-adds, parameters, moving statistics and a digest of the
sequence of layers.
"""

import csv
from pathlib import Path

import pytest

from mnprofile.costs.counting import count
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import load, names
from mnprofile.networks.configuration import Request, configure, parse_spec, with_spec
from mnprofile.networks.widths import SCALINGS
from tests.families.keras_networks import NETWORKS, KerasCount, measure
from tests.families.networks import NETWORKS as OTHERS
from tests.families.networks import Measured, layers_of

DATA = Path(__file__).parent.parent / "data" / "keras_counts.csv"
with open(DATA, encoding="utf-8", newline="") as lines:
    RECORDED = list(csv.DictReader(lines))


def ours(table: str) -> KerasCount:
    name, spec = parse_spec(table)
    arch = load(name)
    graph = build_rows(arch, configure(arch, with_spec(spec, Request(impl="keras"))))
    totals = count(graph).totals
    found = Measured(totals.macs, totals.params, layers_of(graph))
    return KerasCount(found, totals.buffers)


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: row["table"])
def test_a_table_gives_the_network_of_keras(row: dict[str, str]) -> None:
    """Multiply-adds, parameters, statistics and the sequence of layers, exactly."""
    found, buffers = ours(row["table"])

    assert found.macs == int(row["macs"])
    assert found.params == int(row["params"])
    assert buffers == int(row["buffers"])
    assert len(found.layers) == int(row["layers"])
    assert found.digest == row["digest"]


def test_every_network_of_the_list_is_recorded() -> None:
    listed = [(name, table) for name, _, table in NETWORKS]

    assert listed == [(row["network"], row["table"]) for row in RECORDED]


def test_the_counts_of_keras_are_those_that_it_publishes() -> None:
    """Its older list prints whole numbers (keras-io, applications)."""
    totals = {
        row["network"]: int(row["params"]) + int(row["buffers"])
        for row in RECORDED
        if not row["arguments"]
    }

    assert totals["VGG16"] == 138_357_544
    assert totals["VGG19"] == 143_667_240
    assert totals["ResNet50"] == 25_636_712
    assert totals["EfficientNetB0"] + 7 == 5_330_571  # with mean, variance and count


# Rules that come with a table's other variants, where the library has no such network.
WITHOUT = {
    ("resnet-18", "keras"),
    ("resnet-34", "keras"),
    ("vgg-11", "keras"),
    ("vgg-13", "keras"),
}
# timm's first fully connected layers are convolutions of 7x7: measured as the others.
TIMM_VGG = {
    "vgg-11": (7_609_090_048, 132_863_336),
    "vgg-13": (11_308_466_176, 133_047_848),
    "vgg-16": (15_470_264_320, 138_357_544),
    "vgg-19": (19_632_062_464, 143_667_240),
}


@pytest.mark.parametrize("name", TIMM_VGG)
def test_vgg_has_the_counts_of_timm(name: str) -> None:
    arch = load(name)
    totals = count(build_rows(arch, configure(arch, Request(impl="timm")))).totals

    assert (totals.macs, totals.params) == TIMM_VGG[name]


def test_every_width_rule_of_a_library_is_checked_on_its_network() -> None:
    """Every table and implementation, but for the rules of v1, v2 and v3 themselves."""
    checked = {
        *((load(parse_spec(table)[0]).name, "keras") for _, _, table in NETWORKS),
        *((load(parse_spec(table)[0]).name, impl) for *_, table, impl in OTHERS),
        *((load(name).name, "timm") for name in TIMM_VGG),
    }
    claimed = {
        (arch.name, impl)
        for arch in map(load, names())
        if arch.scaling is not SCALINGS.get(arch.family)
        for impl in arch.scaling
        if impl != "paper"
    }

    assert claimed - checked == WITHOUT


@pytest.mark.parametrize("at", range(0, len(NETWORKS), 12))
def test_the_recorded_networks_are_those_that_keras_makes_today(at: int) -> None:
    """Every twelfth one, layer by layer, where Keras is installed."""
    pytest.importorskip("keras")
    name, settings, table = NETWORKS[at]

    assert ours(table) == measure(name, settings, int(table.rpartition("/")[2]))
