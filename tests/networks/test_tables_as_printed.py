"""The shipped tables hold the papers' cells, misprints included."""

import csv
from pathlib import Path

import pytest

from mnprofile.graph.operators.op import Shape
from mnprofile.networks import catalog
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.notation.rows import Architecture

DATA = Path(__file__).parent.parent / "data"
COLUMNS = {
    "v1": ("type_stride", "filter_shape", "input_size"),
    "v2": ("input", "operator", "t", "c", "n", "s"),
    "v3": ("input", "operator", "exp_size", "out", "SE", "NL", "s"),
}


def plain(cell: str) -> str:
    """A cell without the typography in which copies of a paper differ."""
    tight = cell.replace("×", "x").replace("²", "^2").replace("✓", "yes")
    return tight or "-"


@pytest.mark.parametrize(
    ("alias", "file", "table"),
    [
        ("v1", "paper_v1_arch.csv", None),
        ("v2", "paper_v2_arch.csv", None),
        ("v3-large", "paper_v3_arch.csv", "Table 1 V3-Large"),
        ("v3-small", "paper_v3_arch.csv", "Table 2 V3-Small"),
        ("v3-small-1280", "paper_v3_arch.csv", "Table 2 V3-Small (other version)"),
    ],
)
def test_cells_are_those_of_the_paper(alias: str, file: str, table: str | None) -> None:
    arch = catalog.load(alias)
    with open(DATA / file, encoding="utf-8", newline="") as lines:
        printed = [
            tuple(plain(row[column]) for column in COLUMNS[arch.style.name])
            for row in csv.DictReader(lines)
            if table is None or row["table"] == table
        ]
    ours = [tuple(plain(c.text) for c in row) for row in arch.table.printed.rows]

    assert ours == printed
    headers = tuple(c.text for c in arch.table.printed.headers)
    assert headers == arch.style.headers


def test_the_v1_table_keeps_the_misprinted_stride_and_corrects_it() -> None:
    arch = catalog.load("v1")

    assert arch.table.printed.rows[17][0].text == "Conv dw / s2"
    assert arch.table.grid.rows[17][0].text == "Conv dw / s1"
    assert [(e.row, e.column) for e in arch.errata] == [(18, "Type / Stride")]


def test_v3_small_keeps_the_se_tick_on_the_576_convolution_and_corrects_it() -> None:
    arch = catalog.load("v3-small")
    row = arch.rows[12]

    assert arch.table.printed.rows[12][4].text == "✓"
    assert isinstance(row, ConvRow)
    assert row.out == 576
    assert not row.squeeze_excite


def test_the_catalog_lists_the_tables_by_alias() -> None:
    assert catalog.names()[:12] == [
        "v1",
        "v1-conv",
        "v1-shallow",
        "v2",
        "v2-scaled-last",
        "v3-large",
        "v3-small",
        "v3-small-1280",
        "v3-large-reduced",
        "v3-small-reduced",
        "v3-large-minimalistic",
        "v3-small-minimalistic",
    ]


def test_every_table_has_a_title_and_a_source() -> None:
    lacking = [
        one.name for one in catalog.architectures() if not (one.title and one.source)
    ]

    assert lacking == []


def shapes(arch: Architecture, impl: str) -> list[Shape]:
    return [node.out_shape for node in catalog.build(arch, impl=impl)]


def test_alpha_1_gives_the_printed_channels_in_every_implementation() -> None:
    found = {
        (arch.name, impl): shapes(arch, impl) == shapes(arch, "paper")
        for arch in catalog.architectures()
        for impl, rules in arch.scaling.items()
        if impl != "paper" and not (rules.expands_always or rules.strides_late)
        if rules.even_halves == arch.scaling["paper"].even_halves
    }

    assert len(found) > 100
    assert [pair for pair, is_same in found.items() if not is_same] == []
