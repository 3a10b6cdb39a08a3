"""A LaTeX tabular, typed as in a paper's source, is read as the table it prints."""

from pathlib import Path

import pytest

import mnprofile
from mnprofile.base.errors import TableError
from mnprofile.networks.notation.latex.reader import read_latex

LATEX = Path(__file__).parent.parent / "data" / "latex"

HEAD = """\
% mnprofile: scaling = "v2"
% mnprofile: activation = "relu6"
\\begin{tabular}{cccccc}
Input & Operator & $t$ & $c$ & $n$ & $s$ \\\\
"""
TAIL = "\\end{tabular}\n"


def cells_of(rows: str, before: str = "") -> list[tuple[str, ...]]:
    """The texts of the rows of a tabular with the columns of MobileNetV2."""
    table = read_latex(before + HEAD + rows + TAIL, "my.tex")
    return [tuple(cell.text for cell in row) for row in table.grid.rows]


def cell_of(latex: str, before: str = "") -> str:
    """What one cell prints."""
    ((_, text, *_),) = cells_of(f"x & {latex} & 1 & 1 & 1 & 1 \\\\\n", before)
    return text


# The figures are those that the shipped tables are tested to have.
@pytest.mark.parametrize(
    ("file", "table", "macs", "params"),
    [
        ("efficientnet.tex", None, 385_814_752, 5_288_548),
        ("mobilenet_v1.tex", None, 568_740_352, 4_231_976),
        ("mobilenet_v2.tex", 2, 300_774_272, 3_504_872),
        ("mobilenet_v3.tex", 1, 216_589_760, 5_483_032),
        ("mobilenet_v3.tex", "tab:small", 56_510_400, 2_542_856),
    ],
)
def test_a_paper_s_table_counts_as_published(
    file: str, table: int | str | None, macs: int, params: int
) -> None:
    arch = mnprofile.load(LATEX / file, table=table)
    totals = mnprofile.count(mnprofile.build(arch)).totals

    assert (totals.macs, totals.params) == (macs, params)


@pytest.mark.parametrize(
    ("file", "shipped"),
    [
        ("mobilenet_v1.tex", "v1"),
        ("mobilenet_v2.tex#tab:v2", "v2"),
        ("mobilenet_v3.tex#1", "v3-large"),
        ("mobilenet_v3.tex#2", "v3-small"),
    ],
)
def test_it_is_built_as_the_shipped_table(file: str, shipped: str) -> None:
    ours = mnprofile.load(f"{LATEX}/{file}")
    theirs = mnprofile.load(shipped)

    assert ours.rows == theirs.rows
    assert ours.scaling == theirs.scaling
    assert [(e.row, e.column) for e in ours.errata] == [
        (e.row, e.column) for e in theirs.errata
    ]
    for alpha, resolution in ((0.35, 96), (1.4, 320)):
        mine = mnprofile.build(ours, alpha=alpha, resolution=resolution)
        known = mnprofile.build(theirs, alpha=alpha, resolution=resolution)
        assert mnprofile.count(mine).totals == mnprofile.count(known).totals


def test_rows_cells_title_and_errata_have_their_places() -> None:
    arch = mnprofile.load(LATEX / "mobilenet_v1.tex")
    lines = (LATEX / "mobilenet_v1.tex").read_text("utf-8").split("\n")

    assert arch.title == "MobileNet Body Architecture"
    assert arch.source == "tabular 1 tab:body"
    for row in arch.table.grid.rows:
        first = row[0]
        assert lines[first.line - 1][first.column - 1 :].startswith(
            ("Conv", "\\multirow", "Avg", "FC", "Softmax", "\\hspace", "5")
        )
    assert arch.rows[13].line == 33  # the row of the \multirow
    assert arch.rows[14].line == 35  # the row below it
    assert arch.errata[0].line == 39


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("$224^2 \\times 3$", "224^2×3"),
        ("$224^{2}{\\times}3$", "224^2×3"),
        ("$224$\\textsuperscript{2}$\\times$3", "224^2×3"),
        ("224²×3", "224²×3"),
        ("$3 \\times 3 \\times 32$ dw", "3×3×32 dw"),
        ("$3 \\times 3 \\times 32 \\text{ dw}$", "3×3×32 dw"),
        ("\\texttt{conv2d}", "conv2d"),
        ("\\textbf{conv2d,~3x3}", "conv2d, 3x3"),
        ("{\\bf conv2d} \\footnotesize{3x3}", "conv2d 3x3"),
        ("$\\mathrm{conv2d}$", "conv2d"),
        ("\\textcolor{red}{16}", "16"),
        ("\\cellcolor{gray!20}16", "16"),
        ("\\cellcolor[HTML]{FFFFFF} 16", "16"),
        ("\\checkmark", "✓"),
        ("$\\checkmark$", "✓"),
        ("\\ding{51}", "✓"),
        ("\\ding{55}", "✗"),
        ("\\cmark", "✓"),
        ("--", "-"),
        ("---", "-"),
        ("$-$", "-"),
        ("–", "-"),
        ("", "-"),
        ("{}", "-"),
        ("~", "-"),
        ("%\n", "-"),
        ("1\\,280", "1280"),
        ("1{,}280", "1280"),
        ("$1{,}280$", "1280"),
        ("1{,}28", "1 28"),
        ("3\\,x\\,3", "3 x 3"),
        ("\\num{1280}", "1280"),
        ("\\#out", "#out"),
        ("a \\& b \\_ c \\%", "a & b _ c %"),
        ("16\\footnote{as in \\cite{x}, \\emph{not} 24}", "16"),
        ("16$^{*}$", "16"),
        ("16$^\\dagger$", "16"),
        ("16\\textsuperscript{\\ddag}", "16"),
        ("16\\tnote{a}", "16"),
        ("16$^a$", "16"),
        ("bneck$^{1}$", "bneck"),
        ("16$^1$", "16^1"),  # a footnote, or a power: the reader refuses it
        ("\\begin{tabular}[c]{@{}c@{}}exp\\\\ size\\end{tabular}", "exp size"),
        ("\\makecell[l]{exp \\\\ size}", "exp size"),
        ("\\shortstack{exp\\\\size}", "exp size"),
        ("\\nicefrac{1}{4}", "1/4"),
        ("DW $K_1$", "DW K1"),
        ("conv$_{3\\times 3}$", "conv3×3"),
        ("a\\_1", "a_1"),
        ("$\\frac14$", "1/4"),
        ("\\rule{0pt}{2.6ex}16", "16"),
        ("\\scalebox{0.8}{16}", "16"),
        ("16 % the width\n", "16"),
        ("16\\%", "16%"),
        ("\\hspace{1em}16\\hspace*{2pt}", "16"),
        ("{\\,16\\,}", "16"),
    ],
)
def test_what_a_cell_prints(latex: str, text: str) -> None:
    assert cell_of(latex) == text


@pytest.mark.parametrize(
    ("defined", "latex", "text"),
    [
        ("\\newcommand{\\bn}{bneck}", "\\bn, 3x3", "bneck, 3x3"),
        ("\\newcommand\\bn{bneck}", "{\\bn}", "bneck"),
        ("\\def\\bn{bneck}", "\\textbf{\\bn}", "bneck"),
        ("\\newcommand{\\sq}[2]{$#1^2\\times #2$}", "\\sq{7}{16}", "7^2×16"),
        ("\\newcommand{\\x}{\\times}", "$3\\x3$", "3×3"),
        ("\\renewcommand*{\\y}[1]{\\emph{#1}}", "\\y{\\y{16}}", "16"),
        ("\\newcommand{\\a}{\\b}\\newcommand{\\b}{16}", "\\a", "16"),
        ("\\newcommand{\\yes}{\\ding{52}}", "\\yes", "✔"),
    ],
)
def test_a_command_that_the_file_defines(defined: str, latex: str, text: str) -> None:
    assert cell_of(latex, defined + "\n") == text


@pytest.mark.parametrize(
    "rule",
    [
        "\\hline",
        "\\hline\\hline",
        "\\toprule \\midrule[0.5pt]",
        "\\cmidrule(lr){2-3} \\cmidrule{4-5}",
        "\\cline{2-3}",
        "\\addlinespace[2pt]",
        "\\specialrule{1pt}{0pt}{0pt}",
        "\\noalign{\\vskip 2pt}",
        "\\rowcolor{gray!10}",
        "\\rowcolor[gray]{.9} %",
        "\\Xhline{2\\arrayrulewidth}",
    ],
)
def test_rules_print_nothing(rule: str) -> None:
    rows = (
        f"a & b & 1 & 2 & 3 & 4 \\\\[2pt] {rule}\nc & d & 5 & 6 & 7 & 8 \\\\*\n{rule}\n"
    )

    assert cells_of(rows) == [("a", "b", "1", "2", "3", "4"), tuple("cd5678")]


def test_the_last_row_needs_no_end() -> None:
    assert cells_of("a & b & 1 & 2 & 3 & 4\n") == [tuple("ab1234")]


def test_rows_that_print_nothing_are_no_rows() -> None:
    assert cells_of("\\\\[-2ex]\na & b & 1 & 2 & 3 & 4 \\\\ \\\\ & & & & & \\\\\n") == [
        tuple("ab1234")
    ]


def test_multirow_is_printed_in_every_row_that_it_spans() -> None:
    rows = (
        "a & \\multirow{2}{*}{b} & 1 & \\multirow{3}*{6} & 3 & 4 \\\\\n"
        "c & & 1 & & 3 & 4 \\\\\n"
        "d & e & 1 & & 3 & 4 \\\\\n"
        "f & g & 1 & 7 & 3 & 4 \\\\\n"
    )

    assert cells_of(rows) == [
        tuple("ab1634"),
        tuple("cb1634"),
        tuple("de1634"),
        tuple("fg1734"),
    ]


def test_multirow_upwards_and_past_the_end() -> None:
    rows = (
        "a & & 1 & 2 & \\multirow{9}{*}{3} & 4 \\\\\n"
        "c & \\multirow{-2}{*}{b} & 1 & 2 & & 4 \\\\\n"
    )

    assert cells_of(rows) == [tuple("ab1234"), tuple("cb1234")]


def test_multirow_before_the_cell_s_own_text() -> None:
    rows = (
        "\\multirow{2}{*}{5$\\times$} a & b & 1 & 2 & 3 & 4 \\\\\n"
        "c & d & 1 & 2 & 3 & 4 \\\\\n"
    )

    assert [row[0] for row in cells_of(rows)] == ["5× a", "5× c"]


def test_multicolumn_is_printed_in_every_column_that_it_spans() -> None:
    rows = "a & b & \\multicolumn{3}{c|}{-} & \\multicolumn{1}{c}{4} \\\\\n"

    assert cells_of(rows) == [("a", "b", "-", "-", "-", "4")]


def test_multirow_within_multicolumn() -> None:
    rows = (
        "a & b & \\multicolumn{2}{c}{\\multirow{2}{*}{7}} & 3 & 4 \\\\\n"
        "c & d & \\multicolumn{2}{c}{} & 5 & 6 \\\\\n"
    )

    assert cells_of(rows) == [tuple("ab7734"), tuple("cd7756")]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("\\multicolumn{3}{c}{A title} \\\\ \\hline A & B & C \\\\", ["A", "B", "C"]),
        (
            "\\multirow{2}{*}{A} & \\multicolumn{2}{c}{DW} \\\\\n"
            "\\cmidrule(lr){2-3} & K1 & K2 \\\\",
            ["A", "DW K1", "DW K2"],
        ),
        ("& \\multicolumn{2}{c}{DW} \\\\ A & K1 & K2 \\\\", ["A", "DW K1", "DW K2"]),
        ("A & \\multicolumn{2}{c}{DW} \\\\ \\hline", ["A", "DW", "DW"]),
        (
            "A & B & C \\\\ $i$ & $\\hat{\\mathcal{F}}_i$ & $\\hat{H}_i$ \\\\ \\hline",
            ["A", "B", "C"],
        ),
        ("\\multirow{2}{*}{A} & B & C\\\\ & b & c \\\\ \\hline", ["A", "B b", "C c"]),
    ],
)
def test_headers_of_one_and_of_two_rows(header: str, expected: list[str]) -> None:
    text = f"\\begin{{tabular}}{{ccc}}\n{header}\n1 & 2 & 3 \\\\\n\\end{{tabular}}"
    table = read_latex(text, "my.tex", given={"scaling": "v2"})

    assert [cell.text for cell in table.grid.headers] == expected
    assert [[cell.text for cell in row] for row in table.grid.rows] == [["1", "2", "3"]]


@pytest.mark.parametrize(
    "begin",
    [
        "tabular*}{\\columnwidth}{@{\\extracolsep{\\fill}}cc",
        "tabularx}{\\linewidth}{>{\\raggedright\\arraybackslash}Xc",
        "tabulary}{1.0\\textwidth}{LC",
        "longtable}[c]{cc",
        "tabular}[t]{c|c",
    ],
)
def test_other_environments_for_tables(begin: str) -> None:
    name = begin.partition("}")[0]
    text = f"\\begin{{{begin}}}\nA & B \\\\\n1 & 2 \\\\\n\\end{{{name}}}"
    table = read_latex(text, "my.tex", given={"scaling": "v2"})

    assert [[cell.text for cell in row] for row in table.grid.rows] == [["1", "2"]]


def test_a_header_repeated_on_every_page_is_one_header() -> None:
    rows = (
        "\\endfirsthead\nInput & Operator & t & c & n & s \\\\ \\endhead\n"
        "a & b & 1 & 2 & 3 & 4 \\\\\n"
    )

    assert cells_of(rows) == [tuple("ab1234")]


def test_settings_come_from_comments_and_are_replaced_by_given_ones() -> None:
    text = HEAD + TAIL
    table = read_latex(text, "a/b/net.tex", given={"scaling": "v3"})

    assert table.settings == {"name": "net", "scaling": "v3", "activation": "relu6"}
    assert str(table.setting_place("activation")) == "a/b/net.tex:2:27"


def test_the_resolution_is_the_printed_one() -> None:
    row = "$48^2\\times 3$ & conv2d & - & 8 & 1 & 2 \\\\\n"
    assert mnprofile.parse(HEAD + row + TAIL, "my.tex").resolution == 48

    wrong = f"% mnprofile: resolution = 64\n{HEAD}{row}{TAIL}"
    with pytest.raises(TableError, match=r"my.tex:1:27: .*64.*48x48"):
        mnprofile.parse(wrong, "my.tex")
