"""mnprofile memory on the command line."""

import csv
import io
import json

import pytest

from tests.conftest import Run, words_missing


def test_the_table_marks_the_peak(run: Run) -> None:
    result = run("memory", "v2", "--by", "stage")

    assert result.code == 0
    (marked,) = [line for line in result.out.split("\n") if "<- peak" in line]
    assert marked.split() == [
        "s4",
        "block2.depthwise.conv",
        *["112x112x96", "+", "56x56x96"],
        "1505280",
        *["<-", "peak"],
    ]
    assert "Peak 1.5 MB (1,505,280 bytes) at block2.depthwise" in result.out
    assert "Weights and biases at 8 bits: 3.6 MB" in result.out


def test_json_has_every_step_and_what_lives_at_it(run: Run) -> None:
    record = json.loads(run("memory", "v2", "--bits", "16", "--format", "json").out)

    assert (record["schema"], record["schema_version"]) == ("mnprofile/memory", 1)
    assert record["act_peak_bytes"] == 3010560
    assert record["bits"] == 16
    assert record["peak"]["live"][0] == {
        "name": "block2.expand.conv",
        "layer": "block2.expand",
        "shape": [96, 112, 112],
        "bytes": 2408448,
    }
    for step in record["steps"]:
        assert step["bytes"] == sum(one["bytes"] for one in step["live"])
    assert max(step["bytes"] for step in record["steps"]) == 3010560
    assert {"by_layer", "by_block", "by_stage", "by_resolution"} <= set(record)


@pytest.mark.parametrize("view", ["layer", "block", "stage", "resolution"])
def test_csv_has_raw_numbers_by_any_view(run: Run, view: str) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(run("memory", "v1", "--by", view, "--format", "csv").out)
        )
    )

    assert len(rows) > 5
    assert all(row["bytes"].isdecimal() for row in rows)
    assert view in rows[0]


def test_table_3_is_shown_with_ours_and_what_differs(run: Run) -> None:
    out = run("memory", "v2", "--bits", "16", "--by", "resolution").out
    lines = [line.split() for line in out.split("\n")]

    assert ["112x112", "16", "401.4", "96", "2408.4", "16/400"] in lines
    assert ["56x56", "24", "150.5", "144", "903.2", "32/200*"] in lines
    wrong = "* 56x56: the printed 32 channels are the output of the block leaving 56x56"
    assert wrong in out


def test_the_paper_s_misprint_is_named(run: Run) -> None:
    out = run("memory", "v1", "--bits", "16", "--by", "resolution").out

    assert "1024/199*" in out
    assert "* 7x7: 1024 channels are 100.4 kB" in out
    assert out.count("*") == 2


@pytest.mark.parametrize(
    "arguments", [("v2@0.5/224",), ("v2",), ("v3-large",), ("v2", "--classes", "10")]
)
def test_other_networks_have_no_printed_column(
    run: Run, arguments: tuple[str, ...]
) -> None:
    bits = "8" if arguments == ("v2",) else "16"

    assert (
        "Table 3"
        not in run("memory", *arguments, "--bits", bits, "--by", "resolution").out
    )


def test_groups_say_what_they_cost(run: Run) -> None:
    out = run("memory", "v3-large", "--groups", "4", "--by", "stage").out

    assert "ungrouped, the peak is 1.0 MB" in out
    assert "76.4 M multiply-adds are done twice, for squeeze-excite" in out


def test_groups_of_v2_compute_nothing_twice(run: Run) -> None:
    assert "Nothing is computed twice" in run("memory", "v2", "--groups", "max").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--bits", "0"), ("--bits", '"0"', "8, 16, 32")),
        (("--groups", "0"), ("groups: 0", "1 to 32")),
        (("--groups", "99"), ("groups: 99", "32 channels inside stem + block1")),
        (("--groups", "some"), ("--groups", "some", "max")),
        (("--groups", "1" * 5000), ("--groups", "max")),
        (("--groups", "2", "--fuse"), ("groups and fuse together",)),
        (("--by", "row"), ("--by", "resolution")),
    ],
)
def test_bad_input_is_answered(
    run: Run, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    result = run("memory", "v2", *arguments)

    assert (result.code, result.out) == (2, "")
    assert words_missing(result.err, words) == []
    assert "Traceback" not in result.err


def test_the_network_may_be_as_small_as_it_gets(run: Run) -> None:
    result = run("memory", "v2@0.1/1", "--groups", "max", "--format", "json")

    assert result.code == 0
    assert json.loads(result.out)["act_peak_bytes"] > 0
