"""For any LaTeX text, the reader returns a table or raises an error of its own.

``python -m tests.networks.test_latex_properties 100000`` runs that many inputs, and
names the slowest.
"""

import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mnprofile
from mnprofile.base.errors import MnprofileError
from mnprofile.networks.notation.latex.commands import COMMANDS, TABULARS

MAX_SECONDS = 1.0
LATEX = Path(__file__).parent.parent / "data" / "latex"
SEEDS = tuple(path.read_text("utf-8") for path in sorted(LATEX.glob("*.tex")))
WORDS = (
    *(f"\\{name}" for name in COMMANDS),
    *(f"\\begin{{{name}}}" for name in TABULARS),
    *(f"\\end{{{name}}}" for name in TABULARS),
    *("{", "}", "[", "]", "(", ")", "$", "&", "~", "^", "_", "#", "%", "-", "|", "--"),
    *("\\", "\\\\", "\\\\[", "\\ ", "k", "0", "1", "7", "99999", "1e9", "²", "×", "✓"),
    *("\n", "\r", "\t", "\x00", "\u202e", "\u2009", "\ufeff"),
    "\\newcommand{\\a}{",
    "\\newcommand{\\a}[2]{#1\\a#2}",
    "\\def\\a{\\a}",
    "\\a",
    "\\a{\\a}{\\a}",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "$$",
    "{,}",
    "\\multirow{2}{*}{",
    "\\multirow{-3}{*}{x}",
    "\\multicolumn{3}{c}{",
    "\\begin{verbatim}",
    "\\begin{table}",
    "\\end{table}",
    "\\caption{",
    "\\label{a}",
    "\\iffalse",
    "\\cmidrule(lr){1-2}",
    "\\verb|%|",
    "\\left(",
    "% mnprofile: ",
    "% mnprofile: [[errata]]\n",
    "% mnprofile: name = 1\n",
    "\\end{document}",
)
PIECES = st.one_of(st.sampled_from(WORDS), st.text(max_size=6))


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A readable file with one to six splices."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        inserted = draw(PIECES) * draw(st.sampled_from((1, 1, 1, 2, 50)))
        text = text[:start] + inserted + text[end:]
    return text


@st.composite
def tabulars(draw: st.DrawFn) -> str:
    """A tabular of arbitrary pieces."""
    inside = "".join(draw(st.lists(PIECES, max_size=30)))
    repeated = draw(st.sampled_from((1, 1, 1, 20, 500)))
    setting = '% mnprofile: scaling = "v2"\n'
    return f"{setting}\\begin{{tabular}}{{cc}}{inside * repeated}\\end{{tabular}}"


def read(text: str, table: str | None) -> tuple[float, MnprofileError | None]:
    """The seconds that reading takes, and the error that it ends in."""
    start = time.process_time()
    try:
        arch = mnprofile.parse(text, "my.tex", table)
    except MnprofileError as fault:
        return time.process_time() - start, fault
    taken = time.process_time() - start
    assert mnprofile.count(mnprofile.build(arch)).totals.macs >= 0
    return taken, None


def answers(text: str, table: str | None = None) -> float:
    """The seconds that reading takes; fails on anything but an error with a place."""
    taken, fault = read(text, table)
    if taken > MAX_SECONDS / 2:  # perhaps Python collected garbage meanwhile
        taken = min(taken, read(text, table)[0])
    assert fault is None or fault.place is not None
    assert taken < MAX_SECONDS, f"{taken:.2f} s"
    return taken


TEXTS = st.one_of(
    mutations(),
    tabulars(),
    st.lists(PIECES, max_size=60).map("".join),
    st.text(st.characters(codec=None), max_size=300),
)
KEYS = st.sampled_from((None, "1", "2", "tab:small", "", "x"))


# As large as they are read, where a reader with a loop too many takes minutes.
LARGE = (
    ("\\begin{tabular}{c}" + "{" * 5000 + "\\end{tabular}", None),
    ("\\begin{tabular}{c}" + "\\\\[" * 9000 + "\\end{tabular}", None),
    ("\\begin{tabular}{c}" + "\\textbf" * 4500 + "\\end{tabular}", None),
    ("\\begin{tabular}{c}" + "\\textbf%\n" * 3500 + "\\end{tabular}", None),
    ("\\begin{tabular}{c}" + "$x$ & " * 10 + "$x$ " * 8000 + "\\end{tabular}", None),
    ("\\begin{tabular}{c}" + "{\\bf x} & y \\\\" * 900 + "\\end{tabular}", None),
    ("\\begin{tabular}{c}" + "\\multirow{99}*{x}\\\\" * 900 + "\\end{tabular}", None),
    ("\\begin{tabular}{c}" * 60_000, None),
    ("\\begin{table}\\caption{" * 45_000, None),
    ("\\begin{table}\\label{x}\\end{table}" * 30_000, "x"),
    ("\\newcommand{\\a}{" * 60_000, None),
    (
        "\\newcommand{\\a}[1]{"
        + "#1" * 9000
        + "}\\begin{tabular}{c}\\a{"
        + "x" * 30_000
        + "}\\end{tabular}",
        None,
    ),
    (
        "\\newcommand{\\a}{$x$}\\begin{tabular}{c}" + "\\a " * 9000 + "\\end{tabular}",
        None,
    ),
    (
        "".join(
            f"\\def\\a{chr(97 + n % 26)}{'b' * (n % 40)}{{x}}" for n in range(30_000)
        )
        + "\\begin{tabular}{c}x\\end{tabular}",
        None,
    ),
    ("\\newcommand" + " " * 1_000_000, None),
    ("\\begin{table}" + "\\label{a}" * 110_000, "a"),
    ("\\begin{tabular}{c}x\\end{tabular}" * 30_000, "tab:nine"),
    ("% mnprofile: a" + "\n" * 19_000 + "% mnprofile: = ", None),
    (("% mnprofile: " + "x." * 30 + "y=1\n") * 12_000, None),
    ("\\begin{verbatim}" * 60_000, None),
    ("{" * 1_000_000 + "\\caption{x}", None),
    ("%" * 1_000_000, None),
    ("\\iffalse" * 120_000, None),
)


def test_large_texts() -> None:
    for text, table in LARGE:
        answers(text, table)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, KEYS)
def test_any_text(text: str, table: str | None) -> None:
    answers(text, table)


def main(count: int) -> None:
    slowest = (0.0, "")

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(TEXTS, KEYS)
    def run(text: str, table: str | None) -> None:
        nonlocal slowest
        slowest = max(slowest, (answers(text, table), text[:200]))

    run()
    print(f"{count} inputs; the slowest took {slowest[0]:.3f} s: {slowest[1]!r}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
