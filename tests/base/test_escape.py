"""Untrusted text in every output: shown as written, never acted on."""

import csv
import io
import json
from pathlib import Path

import pytest

from mnprofile.base import escape
from tests.conftest import GOOD_V2, Run, spoiled

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "a|b`c*d_e~f#g@h$i\\j",
    "\x1b[31mred\x1b]0;title\x07",
    "abc\u202egnp.exe",
    "m[/x] [bold]slug[/bold]",
    "::error::forged",
    "&lt;b&gt; & %{x}",
    "- 1. http://evil.example",
)


def page(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "hostile.md"
    text = spoiled(
        GOOD_V2, ('"tiny"', json.dumps(name)), ("# Tiny", "# " + one_line(name))
    )
    path.write_text(text, encoding="utf-8")
    return path


def one_line(text: str) -> str:
    return "".join(c for c in text if c >= " " or c == "\x1b")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("format_", ["table", "md", "csv", "json", "mermaid", "dot"])
def test_no_control_character_reaches_an_output(
    run: Run, tmp_path: Path, name: str, format_: str
) -> None:
    result = run("show", str(page(tmp_path, name)), "--format", format_)

    assert result.code == 0
    for text in (result.out, result.err):
        assert not [c for c in text if c in "\x1b\x07\u202e"]


@pytest.mark.parametrize("name", HOSTILE)
def test_json_gives_the_name_back_exactly(run: Run, tmp_path: Path, name: str) -> None:
    result = run("count", str(page(tmp_path, name)), "--format", "json")

    assert json.loads(result.out)["model"]["name"] == name


@pytest.mark.parametrize("name", HOSTILE)
def test_the_table_shows_the_name_as_written(
    run: Run, tmp_path: Path, name: str
) -> None:
    result = run("count", str(page(tmp_path, name)))

    assert escape.no_command(escape.visible(name)) in result.out


def test_visible_shows_what_hides_or_reorders() -> None:
    assert (
        escape.visible("a\u202eb\x00\ufeff\u200d") == "a\\u202eb\\u0000\\ufeff\\u200d"
    )
    assert escape.visible("naïve ✓ 日本 α×ρ²") == "naïve ✓ 日本 α×ρ²"


def test_markdown_neither_marks_up_nor_links() -> None:
    assert escape.markdown("<b>[a](b)|`c`") == "\\<b\\>\\[a\\](b)\\|\\`c\\`"
    assert "://" not in escape.markdown("http://evil.example")


@pytest.mark.parametrize("text", ["=1+1", "+1", "@x", "-x"])
def test_a_formula_is_quoted_in_csv(text: str) -> None:
    assert escape.csv_cell(text) == "'" + text


def test_a_dash_alone_is_no_formula() -> None:
    assert escape.csv_cell("-") == "-"


def test_csv_keeps_its_rows_whatever_the_cells(run: Run, tmp_path: Path) -> None:
    result = run("show", str(page(tmp_path, HOSTILE[0])), "--format", "csv")

    assert len(list(csv.reader(io.StringIO(result.out)))) == 6


@pytest.mark.parametrize("letter", ["\u3164", "\u034f", "\u2800", "\uffa0", "\u115f"])
def test_letters_that_draw_nothing_are_shown(letter: str) -> None:
    assert escape.visible(f"a{letter}b") == f"a\\u{ord(letter):04x}b"


def test_visible_letters_stay() -> None:
    text = "MobileNetV1·α ρ, 224×224, 日本語, émigré"

    assert escape.visible(text) == text


@pytest.mark.parametrize(
    "cell", [" =1+1", "＝1+1", "\u00a0@x", "＋1", "－1", "＠x", "  -1"]
)
def test_a_formula_is_one_after_spaces_and_full_width_too(cell: str) -> None:
    assert escape.csv_cell(cell) == f"'{cell}"


def test_a_bare_www_is_no_link() -> None:
    assert escape.markdown("see www.evil.example") == "see www&#46;evil.example"


@pytest.mark.parametrize("name", ["::add-mask::secret", "  ::error::x", "##[group]x"])
@pytest.mark.parametrize("format_", ["table", "md", "csv", "json"])
@pytest.mark.usefixtures("elsewhere")
def test_ci_prints_no_workflow_command(run: Run, name: str, format_: str) -> None:
    """GitHub reads a line of a step that begins with "::", and "##[" anywhere."""
    Path("mnprofile.toml").write_text(
        f'[[budget]]\nname = "{name}"\narch = "v2"\nmax-macs = "1M"\nmessage = "no"\n'
    )
    result = run("ci", "--format", format_)

    assert result.code == 1
    for line in (result.out + result.err).split("\n"):
        assert not line.strip().startswith("::")
        assert "##[" not in line
    if format_ == "json":
        assert json.loads(result.out)["verdicts"][0]["budget"] == name
