"""mnprofile explain on the command line."""

import json
import re

import pytest
from click.shell_completion import ShellComplete

from mnprofile.cli import cli
from tests.conftest import Run, words_missing


def test_a_block_ends_in_its_count(run: Run) -> None:
    out = run("explain", "v2", "block3").out

    assert "D_F·D_F·M·t·(M + D_K·D_K + N)" in out
    assert "= 56·56·24·6·(24 + 3·3 + 24)" in out
    assert "= 25740288" in out


def test_a_pair_is_compared_with_one_standard_convolution(run: Run) -> None:
    """V2's block 3: the pair is a part of the block."""
    lines = run("explain", "v2", "block3").out.split("\n")

    (pair,) = [line for line in lines if line.startswith("Depthwise and projection")]
    assert pair.endswith("  D_K·D_K·M·t·D_F·D_F + M·t·N·D_F·D_F")
    assert "Ratio of these two" in "".join(lines)
    assert "Depthwise and" not in run("explain", "v1", "block3").out


def test_a_network_has_one_line_per_block_and_its_saving(run: Run) -> None:
    """569 M against 4,867 M: a factor of 8.56."""
    out = run("explain", "v1").out
    lines = [line.split() for line in out.split("\n")]

    assert ["block1", "D_K·D_K·M·D_F·D_F", "+", "M·N·D_F·D_F", "29302784"] in lines
    assert ["total", "568740352"] in lines
    assert "(568,740,352) against 4.9 G (4,867,293,184) with standard conv" in out
    assert "11.68 %, 8.56 times less" in out


def test_textbook_ratios_are_shown_with_exact_ones(run: Run) -> None:
    lines = [line.split() for line in run("explain", "v1@0.75").out.split("\n")]

    assert ["0.75", "224", "325400448", "0.5721", "0.5625", "0.6110", "0.5625"] in lines


def test_the_json_of_a_block_has_formulas_symbols_and_layers(run: Run) -> None:
    record = json.loads(run("explain", "v3-large", "block4", "--format", "json").out)

    assert (record["schema"], record["schema_version"]) == ("mnprofile/explain", 1)
    assert record["kind"] == "inverted residual with squeeze-excite"
    assert record["macs"]["value"] == 9091584
    assert sum(layer["value"] for layer in record["layers"]) == 9091584
    assert [one["symbol"] for one in record["symbols"]] == [
        *("M", "D_F", "t", "D_K", "D_G", "r", "N")
    ]


def test_the_json_of_a_network_has_its_blocks(run: Run) -> None:
    record = json.loads(run("explain", "v1", "--format", "json").out)

    assert sum(block["macs"]["value"] for block in record["blocks"]) == 568740352
    assert sum(block["standard_macs"] for block in record["blocks"]) == 4867293184
    assert record["standard_macs"] == 4867293184


def test_csv_has_symbols_and_numbers(run: Run) -> None:
    out = run("explain", "v1", "block1.depthwise", "--format", "csv").out

    assert out.startswith("quantity,formula,numbers,value\n")
    assert "Multiply-adds,D_K·D_K·M·D_F·D_F,3·3·32·112·112,3612672\n" in out


@pytest.mark.parametrize("layer", ["", "block2", "block2.depthwise", "stem"])
def test_markdown_has_math_that_github_renders(run: Run, layer: str) -> None:
    """Dollars in pairs, braces and brackets balanced, no Markdown characters within."""
    out = run("explain", "v2@0.75/160", *filter(None, [layer]), "--format", "md").out

    displayed = re.findall(r"^\$\$\n(.*?)\n\$\$$", out, re.DOTALL | re.MULTILINE)
    rest = re.sub(r"^\$\$\n.*?\n\$\$$", "", out, flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"\$([^$\n]+)\$", rest)
    assert "$" not in re.sub(r"\$[^$\n]+\$", "", rest)
    assert len(displayed) >= 2 if layer else len(inline) > 10
    for math in (*displayed, *inline):
        assert math.count("{") == math.count("}")
        assert math.count(r"\left") == math.count(r"\right")
        assert not re.search(r"[*|`<>]", math)
        assert not re.search(r"(^|\s)_", math)


def test_a_table_s_name_cannot_write_markup(run: Run, tmp_path: object) -> None:
    from pathlib import Path

    from tests.conftest import GOOD_V2, spoiled

    path = Path(str(tmp_path)) / "x.md"
    path.write_text(spoiled(GOOD_V2, ('name = "tiny"', 'name = "t_i_n_y"')), "utf-8")

    out = run("explain", str(path), "--format", "md").out
    assert r"**t\_i\_n\_y" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("v2", "blok3"), ("blok3", 'Did you mean "block3"?')),
        (("v2", "block3.add"), ("block3.add", "multiply-adds")),
        (("v2", "pool"), ("pool", "multiply-adds")),
        (("nothing",), ("nothing",)),
        (("v2", ""), ('called ""',)),
        (("v2", "\x1b[31m"), ("\\u001b",)),
    ],
)
def test_bad_input_is_answered(
    run: Run, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    result = run("explain", *arguments)

    assert (result.code, result.out) == (2, "")
    assert words_missing(result.err, words) == []
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "incomplete", "expected"),
    [
        (["v2"], "block3.", ["block3.expand", "block3.depthwise", "block3.project"]),
        (["v1@0.5/160"], "cl", ["classifier"]),
        (["v3-large"], "block4.se", ["block4.se", *(f"block4.se.{x}" for x in SE)])
        if (SE := ("reduce", "expand"))
        else (),
        (["no-such-network"], "b", []),
    ],
)
def test_layer_names_complete_for_the_architecture(
    arguments: list[str], incomplete: str, expected: list[str]
) -> None:
    shell = ShellComplete(cli, {}, "mnprofile", "_MNPROFILE_COMPLETE")
    found = shell.get_completions(["explain", *arguments], incomplete)

    assert [item.value for item in found] == expected
