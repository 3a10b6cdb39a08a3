"""Every shipped table of another family, against the networks of timm and torchvision.

``tests/data/family_counts.csv`` holds what ``tests/families/networks.py`` measured on
timm 1.0.31 and torchvision 0.28.0 (torch 2.13.0): multiply-adds by FlopCounterMode,
parameters, and a digest of the sequence of layers.
"""

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mnprofile.costs.counting import count
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import load
from mnprofile.networks.configuration import Request, configure, parse_spec, with_spec
from tests.families.networks import NETWORKS, Measured, layers_of, maker, measure

DATA = Path(__file__).parent.parent / "data" / "family_counts.csv"
with open(DATA, encoding="utf-8", newline="") as lines:
    RECORDED = list(csv.DictReader(lines))


def ours(table: str, impl: str) -> Measured:
    name, spec = parse_spec(table)
    arch = load(name)
    graph = build_rows(arch, configure(arch, with_spec(spec, Request(impl=impl))))
    totals = count(graph).totals
    return Measured(totals.macs, totals.params, layers_of(graph))


@pytest.mark.parametrize(
    "row", RECORDED, ids=lambda row: f"{row['library']}-{row['network']}"
)
def test_a_table_gives_the_network_of_the_library(row: dict[str, str]) -> None:
    """Multiply-adds, parameters and the sequence of layers, exactly."""
    found = ours(row["table"], row["impl"])

    assert found.macs == int(row["macs"])
    assert found.params == int(row["params"])
    assert len(found.layers) == int(row["layers"])
    assert found.digest == row["digest"]


def test_every_network_of_the_list_is_recorded() -> None:
    listed = [(library, name, table) for library, name, _, table, _ in NETWORKS]

    assert listed == [(r["library"], r["network"], r["table"]) for r in RECORDED]


@pytest.mark.parametrize("at", range(0, len(NETWORKS), 5))
def test_the_recorded_networks_are_those_that_the_libraries_make_today(at: int) -> None:
    """Every fifth one, layer by layer, where timm and torchvision are installed."""
    for name in ("torch", "torchvision", "timm"):
        if find_spec(name) is None:  # not imported: maker() prepares that
            pytest.skip(f"could not import '{name}'")
    library, name, settings, table, impl = NETWORKS[at]
    side = int(table.rpartition("/")[2])
    theirs: Any = measure(maker(library, name, settings), side)

    assert ours(table, impl) == theirs


@pytest.mark.parametrize(("size", "side"), [("medium", 256), ("large", 384)])
def test_the_hybrids_are_those_of_timm_with_all_that_runs_between(
    size: str, side: int
) -> None:
    """Attention, layer scales and additions too, which are no layers."""
    for name in ("torch", "torchvision", "timm"):
        if find_spec(name) is None:
            pytest.skip(f"could not import '{name}'")
    from mnprofile.evidence.profilers.foreign import check_against

    arch = load(f"mobilenet-v4-hybrid-{size}")
    request = Request(impl="timm", resolution=(side, side))
    graph = build_rows(arch, configure(arch, request))
    outcome = check_against(graph, maker("timm", f"mobilenetv4_hybrid_{size}", {}))

    assert outcome.first is None
    assert outcome.agrees
