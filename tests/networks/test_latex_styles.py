"""Every shipped table, written in LaTeX, is the same network: no style is left out."""

import re

import pytest

import mnprofile
from mnprofile.networks.catalog import tables_folder
from mnprofile.networks.notation.architecture import styles
from mnprofile.networks.notation.table import Cell
from tests.sampling import sampled

PAGES = {page.stem: page for page in sorted(tables_folder().glob("*.md"))}
# What a LaTeX source has for characters of the shipped pages.
TYPED = {
    "²": "$^2$",
    "×": "$\\times$",
    "✓": "\\checkmark",
    "#": "\\#",
    "%": "\\%",
    "&": "\\&",
    "_": "\\_",
    "{": "\\{",
    "}": "\\}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}


def typed(cell: Cell) -> str:
    if cell.text == "-":
        return "--"
    return "".join(TYPED.get(letter, letter) for letter in cell.text)


def as_latex(text: str) -> str:
    """A page as a LaTeX file: its settings and errata as comments."""
    table = mnprofile.parse(text, "page.md").table
    (toml,) = re.findall("```toml\n(.*?)\n```", text, re.DOTALL)
    lines = toml.split("\n")
    for erratum in table.errata:
        lines += ["[[errata]]", f"row = {erratum.row}"]
        for key, value in (
            ("column", erratum.column),
            ("printed", erratum.printed),
            ("read-as", erratum.read_as),
            ("why", erratum.why),
        ):
            lines.append(f"{key} = '{value}'")
    rows = [table.printed.headers, *table.printed.rows]
    return "\n".join(
        [
            *(f"% mnprofile: {line}" for line in lines),
            f"\\begin{{tabular}}{{{'c' * len(rows[0])}}}",
            *(" & ".join(map(typed, row)) + " \\\\" for row in rows),
            "\\end{tabular}",
        ]
    )


# One page of each style, and some more of blocks and settings of their own.
KEPT = (
    *("alexnet", "efficientnet_lite", "efficientnet_v2_b3", "fbnet_a", "ghostnet"),
    *("googlenet", "mnasnet_a1", "mobilenet_v1", "mobilenet_v2", "mobilenet_v3_large"),
    *("mobilenet_v4_hybrid_medium", "resnet", "squeezenet", "vgg"),
    *("dmasking_l3", "shufflenet_oneshot", "shufflenet_v2"),
)


def test_no_style_is_left_out() -> None:
    kept = {mnprofile.parse(PAGES[name].read_text("utf-8")).style.name for name in KEPT}

    assert kept == {one.name for one in styles()}


@pytest.mark.parametrize("page", sampled(PAGES, keep=KEPT))
def test_every_shipped_table_in_latex(page: str) -> None:
    text = PAGES[page].read_text("utf-8")
    known = mnprofile.parse(text, f"{page}.md")
    arch = mnprofile.parse(as_latex(text), "paper.tex")

    assert arch.rows == known.rows
    assert arch.scaling == known.scaling
    assert mnprofile.build(arch).nodes == mnprofile.build(known).nodes
