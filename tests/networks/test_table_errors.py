"""Every kind of bad table: the error names the place and what is accepted."""

import os
import time
from pathlib import Path

import pytest

import mnprofile
from mnprofile.base.errors import FileError, MnprofileError, TableError, UsageError
from tests.conftest import GOOD_V1, GOOD_V2, GOOD_V3, Run, spoiled, words_missing

ERRATA = """
## Errata

| Row | Column | Printed | Read as | Why |
|---|---|---|---|---|
| 2 | s | 2 | 2 | a reason |
"""


def message_of(page: str) -> str:
    with pytest.raises(TableError) as caught:
        mnprofile.parse(page, "my.md")
    return str(caught.value)


@pytest.mark.parametrize("page", [GOOD_V1, GOOD_V2, GOOD_V3, GOOD_V2 + ERRATA])
def test_the_pages_that_are_spoiled_below_are_good(page: str) -> None:
    assert mnprofile.count(mnprofile.build(mnprofile.parse(page))).totals.macs > 0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        # headers
        ("Operator ", "Operatr  ", ["my.md:12:12", '"Operatr"', 'mean "Operator"']),
        ("| t |", "| n |", ["my.md:12:35", '"n" appears twice']),
        # operators
        (
            "bottleneck ",
            "botleneck  ",
            ["my.md:15:12", 'column "Operator"', "unknown operator"],
        ),
        ("bottleneck ", "botleneck  ", ["bottleneck, bneck", 'mean "bottleneck"']),
        # cells
        ("| 16 | 2 | 2 |", "| 16 | 2 |", ["my.md:15", 'column "s"', "missing cell"]),
        ("| 2 | 2 |", "| 2 | 2 | 9 |", ["my.md:15", "surplus cell", "7 cells under 6"]),
        ("| 6 | 16", "|   | 16", ["my.md:15", 'column "t"', "empty cell", "written -"]),
        (
            "| 6 | 16",
            "| six | 16",
            ["my.md:15:26", 'column "t"', '"six"', "at most 64"],
        ),
        ("| 16 | 2", "| 16.5 | 2", ["my.md:15", 'column "c"', "whole number"]),
        (
            "| 6 | 16 | 2 | 2",
            "| 6 | 16 | 2 | 9",
            ['column "s"', "out of range", "1 to 8"],
        ),
        ("| 16 | 2 | 2", "| 16 | 999 | 2", ['column "n"', "out of range", "1 to 200"]),
        ("16²×8 ", "16-8  ", ["my.md:15:3", 'column "Input"', "not a size"]),
        # what does not follow
        ("16²×8 ", "15²×8 ", ["my.md:15:3", "15²×8", "16x16x8", "Errata"]),
        ("16²×8 ", "16²×9 ", ["my.md:15:3", "16²×9", "16x16x8"]),
        ("8²×32 ", "8²×16 ", ["my.md:17:3", "8x8x32"]),
        ("avgpool 8x8", "avgpool 7x7", ["my.md:17", "7x7 on a map of 8x8"]),
        # order
        (
            "avgpool 8x8 | - | -  | 1 | -",
            "conv2d 1x1  | - | 32 | 1 | 1",
            ["before the pool"],
        ),
        (
            "conv2d 1x1  | - | 32 | 1 | 1",
            "conv2d 1x1  | - | k  | 1 | 1",
            ["before the pool"],
        ),
        (
            "conv2d 1x1  | - | k ",
            "conv2d 3x3  | - | k ",
            ["my.md:18", "cannot be the classifier"],
        ),
        (
            "conv2d 1x1  | - | k  | - | -",
            "bottleneck | 1 | 4 | 1 | 1",
            ["can follow the pool"],
        ),
        # settings
        (
            'name = "tiny"',
            'nome = "tiny"',
            ["my.md:6", 'unknown setting "nome"', 'mean "name"'],
        ),
        ('name = "tiny"', "", ['"name" is missing']),
        ('name = "tiny"', "name = 3", ["my.md:6", "not a name"]),
        ('scaling = "v2"', 'scaling = "v9"', ["my.md:7", '"v9"', "v1, v2, v3"]),
        ('scaling = "v2"', 'scaling = "v1"', ["my.md:7", "expansion of a bottleneck"]),
        ("resolution = 32", "resolution = 33", ["my.md:8", "33", "32x32"]),
        ("resolution = 32", 'resolution = "32"', ["my.md:8", "not a whole number"]),
        ("resolution = 32", "resolution = true", ["my.md:8", "not a whole number"]),
        ("resolution = 32", "resolution = 99999", ["my.md:8", "out of range", "8192"]),
        ("resolution = 32", "resolution = nan", ["my.md:8", "not a whole number"]),
        ('"relu6"', '"relu5"', ["my.md:9", '"relu5"', "relu, relu6", 'mean "relu']),
        ('activation = "relu6"', "", ['"activation" is missing']),
        ('activation = "relu6"', "classes = 0", ['"activation" is missing']),
        (
            'activation = "relu6"',
            'activation = "relu6"\nclasses = 0',
            ["my.md:10", "1 to"],
        ),
        ('name = "tiny"', 'name = "tiny', ["my.md:6", "not valid TOML"]),
        ("```toml", "```tml", ["no settings", "```toml"]),
        ("```\n\n|", "\n|", ["my.md:5:1", "never closed"]),
    ],
)
def test_a_mistake_in_a_v2_table(old: str, new: str, words: list[str]) -> None:
    assert words_missing(message_of(spoiled(GOOD_V2, (old, new))), words) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "Conv / s2",
            "Convv / s2",
            ["my.md:12:3", 'unknown type "Convv"', 'mean "Conv"'],
        ),
        ("Conv / s2", "Conv", ["my.md:12:3", "not a type and stride", "Conv dw / s1"]),
        ("Conv / s2", "Conv / s9", ["my.md:12:3", "stride 9", "1 to 8"]),
        ("3x3x3x8", "3x3x4x8", ["my.md:12:15", "for 4 channels on an input of 3"]),
        ("3x3x8 dw", "3x3x8", ["my.md:13", "not a filter shape", "3x3x64 dw"]),
        ("3x3x8 dw", "4x4x8 dw", ["my.md:13", "kernel 4x4", "odd"]),
        ("1x1x8x8", "1x1x9x8", ["my.md:14", "for 9 channels on an input of 8"]),
        (
            "2x Conv / s1",
            "3x Conv / s1",
            [],
        ),  # two groups of one row each: still follows
        ("2x Conv / s1 | 1x1x8x8", "2x Conv / s1 | 1x1x8x9", ["my.md:13", "16x16x9"]),
        ("Avg Pool / s1", "Avg Pool / s2", ["my.md:15", "stride 1"]),
        ("Pool 16x16", "Pool 16x8", ["my.md:15", "square"]),
        ("Pool 16x16", "Pool 8x8", ["my.md:15", "8x8 on a map of 16x16"]),
        ("8x10", "9x10", ["my.md:16", "for 9 channels on an input of 8"]),
        ("1x1x10", "1x1x11", ["my.md:17", "1x1x11", "1x1x10"]),
        ('"relu"', '"relu"\nclasses = 11', ["my.md:8", "classes = 11", "prints 10"]),
        ("| FC / s1 | 8x10 | 1x1x8 |\n", "", ["softmax without a classifier"]),
        (
            "| Softmax",
            "| Conv / s1 | 1x1x10x10 | 1x1x10 |\n| Softmax",
            ["after the class"],
        ),
    ],
)
def test_a_mistake_in_a_v1_table(old: str, new: str, words: list[str]) -> None:
    page = spoiled(GOOD_V1, (old, new))
    if not words:
        assert mnprofile.parse(page).name == "tiny_v1"
        return
    assert words_missing(message_of(page), words) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("| RE |", "| RELU |", ["my.md:12", 'column "NL"', "RE, HS", 'mean "RE"']),
        ("| RE |", "| - |", ["my.md:12", 'column "NL"']),
        ("| ✓ |", "| x |", ["my.md:12", 'column "SE"', "✓, yes or -"]),
        ("| 64 |", "| - |", ["my.md:12", 'column "exp size"', "channel count"]),
        ("| - | 96 |", "| 5 | 96 |", ["my.md:13", 'column "exp size"', "-"]),
        (
            "resolution = 32",
            'resolution = 32\nactivation = "relu"',
            ["has an NL column"],
        ),
        ("| - | k | - | - |", "| - | k | ✓ | - |", ["my.md:16", 'column "SE"']),
        ("| SE |", "| SSE |", ['"SSE"', 'mean "SE"']),
        (
            "| - | 32 | - |",
            "| - | 32 | ✓ |",
            ["my.md:15", 'column "SE"', "after the pool"],
        ),
        ("32²×3 ", "32x16x3 ", ["my.md:11:3", "32x16", "square"]),
        (
            "| - | - | - | - | 1 |",
            "| - | - | - | HS | 1 |",
            ["my.md:14", 'column "NL"'],
        ),
    ],
)
def test_a_mistake_in_a_v3_table(old: str, new: str, words: list[str]) -> None:
    assert words_missing(message_of(spoiled(GOOD_V3, (old, new))), words) == []


def test_a_missing_column_is_named() -> None:
    page = "\n".join(
        "|".join(line.split("|")[:-2]) + "|" if line.startswith("|") else line
        for line in GOOD_V3.split("\n")
    )

    assert words_missing(message_of(page), ["my.md:9", 'column "s" is missing']) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("| 2 | s |", "| 9 | s |", ["my.md:24", 'column "Row"', "1 to 5"]),
        ("| 2 | s |", "| 2 | ss |", ["my.md:24", 'column "Column"', 'mean "s"']),
        (
            "| s | 2 |",
            "| s | 1 |",
            ["my.md:24", 'column "Printed"', 'the table has "2"'],
        ),
        ("| a reason |", "| |", ["without a reason"]),
        ("| 2 | s | 2 | 2 |", "| 2 | s | 2 | 1 |", ["my.md:16", "8²×16", "16x16x16"]),
        ("| Why |", "| Reason |", ["my.md:22", "Row, Column, Printed, Read as, Why"]),
        (
            "| a reason |",
            "| a reason |\n| 2 | s | 2 | 2 | again |",
            ["my.md:25", "corrected twice"],
        ),
    ],
)
def test_a_mistake_in_the_errata(old: str, new: str, words: list[str]) -> None:
    assert words_missing(message_of(spoiled(GOOD_V2 + ERRATA, (old, new))), words) == []


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("", ["my.md: the file is empty"]),
        ("\n \n", ["the file is empty"]),
        ("# Title\n\nprose\n", ["no settings"]),
        (GOOD_V2.split("| Input")[0], ["no table"]),
        (spoiled(GOOD_V2, ("|--------|", "|xxxxxxxx|")), ["my.md:12:1", "|---|"]),
        (
            spoiled(GOOD_V2, ("|--------|-", "|-")),
            ["my.md:13:1", "delimiter row has 5"],
        ),
        (GOOD_V2 + "\n" + GOOD_V2.split("```\n")[1], ["my.md:21:3", "a second table"]),
        (GOOD_V2 + "\n```toml\n```\n", ["second ```toml block"]),
        (GOOD_V2.split("| 32²×3")[0], ["my.md:12:3", "a table without rows"]),
        (GOOD_V2 + "| " + "x" * 201 + " | | | | | |\n", ["my.md:19", "at most 200"]),
        (GOOD_V2 + "| 1 | 2 | 3 | 4 | 5 | 6 |\n" * 1001, ["too many rows", "1000"]),
    ],
)
def test_a_page_that_is_no_table(page: str, words: list[str]) -> None:
    assert words_missing(message_of(page), words) == []


def test_a_row_outside_of_the_table_is_not_dropped() -> None:
    """A blank line ends a table, on GitHub too."""
    page = spoiled(GOOD_V2, ("\n| 8²×16 ", "\n\n| 8²×16 "))
    without_pipes = spoiled(GOOD_V2 + "\n1 | 2 | 3 | 4 | 5 | 6\n", ("By", "By"))
    empty_errata = GOOD_V2 + ERRATA.replace("|\n| 2", "|\n\n| 2")

    for text, line in ((page, 17), (without_pipes, 20), (empty_errata, 25)):
        words = [f"my.md:{line}:1", "outside of the table"]
        assert words_missing(message_of(text), words) == []


def test_a_table_of_pooling_alone_has_nothing_to_count() -> None:
    head, _ = GOOD_V2.split("| 32²×3")
    page = head + "| 32²×3 | avgpool 32x32 | - | - | 1 | - |\n"

    assert words_missing(message_of(page), ["my.md:14", "nothing to count"]) == []


def test_prose_with_a_pipe_is_no_row() -> None:
    assert mnprofile.parse(spoiled(GOOD_V2, ("By hand.", "By hand | by me."))).rows


def test_a_comment_ends_the_table() -> None:
    assert len(mnprofile.parse(GOOD_V2 + "<!-- end -->\n").rows) == 5


def test_repeats_are_bounded_as_a_whole() -> None:
    rows = "| 8²×16 | bottleneck | 6 | 16 | 200 | 1 |\n" * 6
    page = spoiled(GOOD_V2, ("| 8²×16  | conv2d", rows + "| 8²×16  | conv2d"))

    assert words_missing(message_of(page), ["more than 1000 blocks"]) == []


def test_operators_are_bounded_as_a_whole() -> None:
    """9 per block: three convolutions with batch norm, two ReLU6 and an addition."""
    rows = "| 8²×16 | bottleneck | 6 | 16 | 1 | 1 |\n"
    old = "| 8²×16  | conv2d"
    assert len(mnprofile.parse(spoiled(GOOD_V2, (old, rows * 490 + old))).rows) == 495
    page = spoiled(GOOD_V2, (old, rows * 510 + old))

    assert words_missing(message_of(page), ["more than 4500 operators"]) == []


def test_a_comment_or_an_escaped_pipe_is_no_cell() -> None:
    page = spoiled(GOOD_V2, ("By hand.", "<!-- | a | b |\n|---|---|\n-->"))

    assert mnprofile.parse(page).rows == mnprofile.parse(GOOD_V2).rows


# --- files ---------------------------------------------------------------------------


def error_of(path: str | Path) -> MnprofileError:
    with pytest.raises(MnprofileError) as caught:
        mnprofile.load(str(path))
    return caught.value


def test_no_such_file(tmp_path: Path) -> None:
    error = error_of(tmp_path / "none.md")

    assert isinstance(error, TableError)
    assert "none.md: no such file" in str(error)


def test_a_directory(tmp_path: Path) -> None:
    assert "this is a directory" in str(error_of(tmp_path))


def test_not_utf_8_names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "latin.md"
    path.write_bytes(b"# Title\nna\xefve\n")

    assert "latin.md:2:3: not UTF-8" in str(error_of(path))


def test_larger_than_1_mib(tmp_path: Path) -> None:
    path = tmp_path / "large.md"
    path.write_bytes(b"x" * (1024 * 1024 + 1))

    assert "larger than 1 MiB" in str(error_of(path))


def test_a_named_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.md"
    os.mkfifo(pipe)

    assert "this is a named pipe" in str(error_of(pipe))


def test_an_endless_device_is_refused_at_once() -> None:
    assert "not a regular file" in str(error_of("/dev/zero"))


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal is simulated, since root can read everything."""
    path = tmp_path / "secret.md"
    path.write_text(GOOD_V2, encoding="utf-8")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("builtins.open", refuse)
    error = error_of(path)

    assert isinstance(error, FileError)
    assert error.exit_code == 4
    assert "secret.md: Permission denied" in str(error)


def test_an_unknown_name_suggests_the_nearest() -> None:
    error = error_of("v3-lage")

    assert isinstance(error, UsageError)
    assert words_missing(str(error), ["v3-lage", "v3-small", 'mean "v3-large"']) == []


@pytest.mark.parametrize("key", ["scaling", "activation"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0x" + "f" * 20_000, "more than 64 bits"),  # Python does not print it
        ("7", "not a text"),
        ("[1.5]", "not a text"),
        ('"' + "v" * 60_000 + '"', "vvvv…"),
    ],
    ids=len,
)
def test_a_setting_of_any_size_and_type_is_refused_in_a_few_words(
    key: str, value: str, words: str
) -> None:
    before = {"scaling": '"v2"', "activation": '"relu6"'}[key]
    page = spoiled(GOOD_V2, (f"{key} = {before}", f"{key} = {value}"))
    error = message_of(page)

    assert words in error
    assert len(error) < 1_500


@pytest.mark.parametrize(
    "page",
    [
        "| a |\n|---|\n" + "| b |\n" * 170_000,
        "|-|\n" * 260_000,
        "`" * 1_000_000,
        "```toml\n" + "[" * 1_000_000 + "\n```\n",
        "```toml\na = " + "[" * 100_000 + "\n```\n|a|\n|-|\n",
        "```toml\na = " + "9" * 5_000 + "\n```\n|a|\n|-|\n",
        "#" * 1_000_000,
        "-" + " " * 1_000_000 + "x\n",
        "|" * 1_000_000 + "\n|-|",
        "\n" * 1_000_000 + "|",
        "```toml\n" + "".join(f"a{n}.b=1\n" for n in range(19_000)) + "```\n|a|\n|-|\n",
        "```toml\n" + "a." * 30_000 + "a = 1\n```\n|a|\n|-|\n",
        ("```toml\n" + ("." * 32 + "a = 1\n").replace(".", "a.") * 14_000)
        + "```\n|a|\n|-|\n",
        "<!--" * 250_000,
        "| a |\n|" + "-|" * 500_000,
        "# " + "# " * 500_000,
    ],
    ids=len,
)
def test_a_hostile_page_is_refused_within_a_second(page: str) -> None:
    """A hang takes many seconds; the limit only separates it from slowness."""
    start = time.process_time()
    with pytest.raises(TableError):
        mnprofile.parse(page[: 1024 * 1024])

    assert time.process_time() - start < 1


def test_a_bad_table_exits_with_2_and_prints_nothing_on_stdout(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "bad.md"
    path.write_text(spoiled(GOOD_V2, ("bottleneck ", "botleneck  ")), encoding="utf-8")
    result = run("count", str(path))

    assert (result.code, result.out) == (2, "")
    assert f"{path}:15:12" in result.err
    assert "Traceback" not in result.err
    assert len(result.err.strip().split("\n")) <= 6
