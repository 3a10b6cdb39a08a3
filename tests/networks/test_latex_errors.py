"""What a LaTeX file cannot say: each error gives line and column of the .tex file."""

import pytest

import mnprofile
from mnprofile.base import extras
from mnprofile.base.errors import MissingExtraError, MnprofileError

GOOD = """\
% mnprofile: scaling = "v2"
% mnprofile: activation = "relu6"
\\begin{tabular}{cccccc}
Input & Operator & t & c & n & s \\\\ \\hline
$32^2\\times 3$ & conv2d & - & 8 & 1 & 2 \\\\
$16^2\\times 8$ & bottleneck & 6 & 16 & 2 & 2 \\\\
$8^2\\times16$ & avgpool 8x8 & - & - & 1 & - \\\\
$1^2\\times16$ & conv2d 1x1 & - & k & - & - \\\\
\\end{tabular}
"""


def fault_of(
    text: str, file: str = "my.tex", table: int | str | None = None
) -> MnprofileError:
    with pytest.raises(MnprofileError) as caught:
        mnprofile.parse(text, file, table)
    return caught.value


def test_the_file_to_change_is_accepted() -> None:
    assert mnprofile.count(mnprofile.build(mnprofile.parse(GOOD, "my.tex"))).totals.macs


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        # cells: the readers' own errors, at the cell
        ("& 8 &", "& x &", '5:31, column "c"', ["channel count", "65536"]),
        ("$16^2\\times 8$", "$15^2\\times 8$", '6:2, column "Input"', ["16x16"]),
        ("bottleneck", "botleneck", '6:18, column "Operator"', ['"bottleneck"']),
        ("8 & 1 & 2 \\\\", "8 & 1 \\\\", '5:37, column "s"', ["a missing cell"]),
        ("& 6 & 16", "& 6 & 6 & 16", "6:48", ["a surplus cell", "7 cells under 6"]),
        ("& t &", "& tt &", "4:20", ['unknown column "tt"', '"t"']),
        ("& 2 & 2", "& \\multirow{2}{*}{2} & 2", '7:39, column "n"', ["2 1"]),
        # commands and LaTeX
        ("conv2d &", "\\conv2d &", "5:18", ["unknown command \\conv"]),
        ("conv2d &", "\\textbff{conv2d} &", "5:18", ["\\textbff", '"textbf"']),
        ("conv2d &", "\\textbf\\emph{conv2d} &", "5:25", ["\\emph", "braces"]),
        ("conv2d &", "{conv2d & ", "5:18", ["not readable as LaTeX"]),
        ("conv2d &", "conv2d} & ", "5:24", ["not readable as LaTeX"]),
        ("conv2d &", "$conv2d & ", "8:13", ["not readable as LaTeX"]),
        ("conv2d &", "{conv2d & 3} & ", "5:26", ["& inside a group"]),
        ("conv2d &", "{\\multirow{2}{*}{x}} &", "5:19", ["\\multirow inside"]),
        ("conv2d &", "\\multirow{x}{*}{y} &", "5:28", ['\\multirow over "x"']),
        ("conv2d &", "\\multicolumn{0}{c}{y} &", "5:31", ['over "0"']),
        ("conv2d &", "\\multicolumn{99}{c}{y} &", "5:31", ['over "99"', "64"]),
        ("conv2d &", "\\begin{center}x\\end{center} &", "5:18", ["center"]),
        (
            "$8^2",
            "\\multicolumn{6}{c}{The head} \\\\ $8^2",
            "7:20",
            ["one cell across all columns", "The head"],
        ),
        # environments and settings
        ("\\end{tabular}", "", "3:1", ["never closed"]),
        ("\\end{tabular}", "\\end{tabular*}", "9:1", ["\\end{tabular*}", "tabular"]),
        ("\\begin{tabular}", "% \\begin{tabular}", None, ["no tabular"]),
        ("relu6", "relu7", "2:27", ['"relu"']),
        ("activation", "activatoin", "2:14", ["activatoin", '"activation"']),
        ('scaling = "v2"', "", "3", ['the setting "scaling" is missing', "--set"]),
        ('"v2"', '"v2', "1:27", ["not valid TOML"]),
        ("\\end{tabular}", "\\end{tabular}\n% mnprofile: a = 1", "10:13", ["after"]),
    ],
)
def test_where_and_what(
    old: str, new: str, place: str | None, words: list[str]
) -> None:
    changed = GOOD.replace(old, new, 1)
    assert changed != GOOD
    told = str(fault_of(changed))

    for word in words:
        assert word in told, told
    if place is not None:
        assert told.startswith(f"my.tex:{place}: "), told


def errata(*lines: str) -> str:
    more = "".join(f"% mnprofile: {line}\n" for line in lines)
    return GOOD.replace("\\begin", f"{more}\\begin", 1)


WHOLE = ("[[errata]]", "row = 1", 'column = "c"', 'printed = "8"')


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("[[errata]]", "row = 1"), ["my.tex:3", "errata.column: missing"]),
        (("errata = 3",), ["my.tex:3", "not an erratum"]),
        (("[[errata]]", 'row = "1"'), ["my.tex:3", "errata.row", "whole number"]),
        (("[[errata]]", "rwo = 1"), ["my.tex:3", "rwo", '"row"']),
        (
            (*WHOLE, 'read-as = "9"', 'why = ""'),
            ["my.tex:3:1", "without a reason"],
        ),
        (
            (*WHOLE[:3], 'printed = "7"', 'read-as = "9"', 'why = "so"'),
            ["my.tex:3:1", '"7" is printed in row 1, but the table has "8"'],
        ),
    ],
)
def test_errata_in_comments(lines: tuple[str, ...], words: list[str]) -> None:
    told = str(fault_of(errata(*lines)))

    for word in words:
        assert word in told, told


def two(first: str = "", second: str = "") -> str:
    def table(number: int, inside: str) -> str:
        return (
            f"\\begin{{table}}\\caption{{The \\emph{{{number}}}. table}}"
            f"\\label{{tab:no{number}}}\n{inside}\\begin{{tabular}}{{c}}\n"
            "A \\\\\n\\end{tabular}\n\\end{table}\n"
        )

    return table(1, first) + table(2, second)


def test_a_file_with_several_tabulars_lists_them() -> None:
    fault = fault_of(two())

    assert str(fault) == (
        "my.tex: 2 tabulars, and --table does not say which one to read\n"
        "Accepted: --table with a number or label (or FILE#N):\n"
        "  1:  line 2  tab:no1  The 1. table\n"
        "  2:  line 7  tab:no2  The 2. table"
    )


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("3", ['none of 2 tabulars is called "3"', "2:  line 7"]),
        ("0", ['none of 2 tabulars is called "0"']),
        ("tab:n2", ['called "tab:n2"', 'Did you mean "tab:no2"?']),
        ("", ['called ""']),
    ],
)
def test_an_unknown_key_lists_them_too(key: str, words: list[str]) -> None:
    told = str(fault_of(two(), table=key))

    for word in words:
        assert word in told


def test_a_file_has_at_most_20_000_lines() -> None:
    lines = 20_000 - GOOD.count("\n")

    assert mnprofile.parse(GOOD + "\n" * (lines - 1), "my.tex").name == "my"
    assert "my.tex:20001: " in str(fault_of(GOOD + "\n" * lines))


@pytest.mark.parametrize(
    ("choose", "line"), [(1, 2), (2, 7), ("2", 7), ("tab:no1", 2), ("tab:no2", 7)]
)
def test_a_number_or_label_chooses(choose: int | str, line: int) -> None:
    fault = fault_of(two(), table=choose)

    assert str(fault).startswith(f"my.tex:{line}: ")
    assert "scaling" in str(fault)


def test_the_only_tabular_with_settings_is_chosen() -> None:
    setting = '% mnprofile: scaling = "v2"\n'

    assert str(fault_of(two(second=setting))).startswith("my.tex:9:1: unknown column")
    assert "2 tabulars" in str(fault_of(two(setting, setting)))


def test_labels_in_captions_and_of_several_tabulars_in_one_float() -> None:
    one = "\\begin{tabular}{c} A \\\\ \\end{tabular}\n"
    text = f"\\begin{{table*}}\n{one}{one}\\caption{{\\label{{x}}Both}}\\end{{table*}}"

    assert '2 of 2 tabulars is called "x"' in str(fault_of(text, table="x"))
    assert "1:  line 2  x  Both\n" in str(fault_of(text))


@pytest.mark.parametrize(
    "hidden",
    [
        "% \\begin{tabular}{c} A \\\\ \\end{tabular}\n",
        "\\begin{verbatim}\n\\begin{tabular}{c}\n\\end{verbatim}\n",
        "\\begin{comment}\n\\begin{tabular}{c}\n\\end{comment}\n",
        "\\begin{lstlisting}\n\\begin{tabular}{c}\n\\end{lstlisting}\n",
        "\\iffalse \\begin{tabular}{c} A \\end{tabular} \\fi\n",
        "\\newcommand{\\two}[2]{\\begin{tabular}{c}#1\\\\#2\\end{tabular}}\n",
        "$\\begin{array}{c} A \\end{array}$\n",
    ],
)
def test_what_the_paper_does_not_print_as_a_table_is_none(hidden: str) -> None:
    assert mnprofile.parse(hidden + GOOD, "my.tex").rows[0].line == 5 + hidden.count(
        "\n"
    )


def test_nothing_after_the_document_is_read() -> None:
    mnprofile.parse(f"{GOOD}\\end{{document}}\n{GOOD}", "my.tex")


def test_included_files_are_named_where_no_tabular_is_found() -> None:
    told = str(fault_of("\\input{tables/v2}\n\\include{more}\n"))

    assert "this one includes tables/v2, more" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("\n" * 30_000, "empty"),
        ("\n" * 30_000 + GOOD, "too many lines"),
        (GOOD.replace("conv2d", "{" * 60 + "}" * 60, 1), "nested too deeply"),
        (GOOD.replace("conv2d", "x" * 40_000, 1), "a tabular of 40"),
        (GOOD.replace("conv2d", "x" * 300, 1), "a cell of 300 characters"),
        (GOOD.replace("conv2d", "& " * 70, 1), "too many cells"),
        (GOOD.replace("conv2d", "\\multicolumn{60}{c}{x} " * 2, 1), "inside a group"),
        (GOOD.replace("\\hline", "\\\\ " * 1100, 1), "too many cells"),
        ("\\begin{table}" * 9 + GOOD, "too many floats"),
        ("\\begin{tabular}{c}\\end{tabular}", "an empty tabular"),
        (
            "\\newcommand{\\a}{\\a\\a}" + GOOD.replace("conv2d", "\\a", 1),
            "defined by too much",
        ),
        (
            "\\newcommand{\\a}{" + "x" * 20000 + "}" + GOOD.replace("conv2d", "\\a", 1),
            "defined by too much",
        ),
    ],
)
def test_limits(text: str, words: str) -> None:
    assert words in str(fault_of(text))


def test_deep_brackets_end_in_an_error() -> None:
    deep = GOOD.replace("\\hline", "\\\\[" * 5000, 1)

    assert "deep" in str(fault_of(deep)) or "LaTeX" in str(fault_of(deep))


def test_a_missing_extra_has_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda name: name != "pylatexenc")
    fault = fault_of(GOOD)

    assert isinstance(fault, MissingExtraError)
    assert fault.exit_code == 3
    assert extras.install_line("latex") in str(fault)


@pytest.mark.parametrize(
    ("text", "file", "is_latex"),
    [
        (GOOD, "my.TEX", True),
        (GOOD, "<stdin>", True),
        (GOOD, "my.md", False),
        (f"# A\n```toml\n```\n{GOOD}", "<stdin>", False),
        ("# A\n", "<stdin>", False),
        ("# A\n", "my.tex", True),
    ],
)
def test_markdown_and_latex_are_told_apart(
    text: str, file: str, *, is_latex: bool
) -> None:
    told = str(fault_of(f"{text}\\begin{{table}}" * 9, file))

    assert ("too many floats" in told or "no tabular" in told) == is_latex


def test_a_table_in_a_markdown_page() -> None:
    assert "holds one table" in str(fault_of("# A\n", "my.md", 2))
