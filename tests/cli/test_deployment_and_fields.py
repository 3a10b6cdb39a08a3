"""mnprofile count --deploy and --fields receptive."""

import csv
import io
import json

import pytest

from tests.conftest import Run, words_missing


def test_deployed_bytes_are_shown_with_those_of_training(run: Run) -> None:
    out = run("count", "v2", "--deploy", "--by", "stage").out
    lines = [line.split() for line in out.split("\n")]

    assert ["total", "3487816", "3614208", "3504872", "14155936"] in lines
    sizes = "1 byte per weight, 4 per bias (int32), 4 for the scale of each output"
    assert sizes in out


@pytest.mark.parametrize("by", ["layer", "block", "stage", "type"])
def test_csv_columns_add_up(run: Run, by: str) -> None:
    """V2 at 16 bits: 2 x 3,487,816 bytes."""
    out = run(
        *("count", "v2", "--deploy", "--bits", "16", "--by", by, "--format", "csv")
    ).out
    rows = list(csv.DictReader(io.StringIO(out)))

    assert sum(int(row["deployed_bytes"]) for row in rows) == 2 * 3487816
    assert sum(int(row["macs"]) for row in rows) == 300774272


def test_json_has_both_only_on_request(run: Run) -> None:
    plain = json.loads(run("count", "v1", "--format", "json").out)
    record = json.loads(
        run(
            *("count", "v1", "--deploy", "--fields", "receptive", "--format", "json")
        ).out
    )

    assert "deploy" not in plain
    assert "receptive" not in plain["layers"][0]
    assert record["deploy"]["bytes"] == 4304640
    assert record["layers"][-2]["receptive"] == {
        "field": [315, 315],
        "effective_stride": [32, 32],
        "padding": [126, 126],
        "sees_all": False,
    }
    assert sum(layer["deploy"]["bytes"] for layer in record["layers"]) == 4304640


def test_receptive_fields_are_one_line_per_layer(run: Run) -> None:
    """V1 as published: 315, stride 32, padding 126."""
    out = run("count", "v1", "--fields", "receptive").out
    lines = [line.split() for line in out.split("\n")]

    assert ["block13.pointwise", "315", "32", "126"] in lines


def test_unlike_axes_show_both(run: Run) -> None:
    out = run("count", "v1", "--res", "224x321", "--fields", "receptive").out
    lines = [line.split() for line in out.split("\n")]

    assert ["block13.pointwise", "315", "32", "126x157"] in lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--bits", "8"), ("--bits", "with --deploy")),
        (("--deploy", "--bits", "0"), ("--bits", '"0"')),
        (("--fields", "receptive", "--by", "stage"), ("--fields", "--by layer")),
        (("--fields", "depth"), ("--fields", "receptive")),
    ],
)
def test_bad_input_is_answered(
    run: Run, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    result = run("count", "v2", *arguments)

    assert (result.code, result.out) == (2, "")
    assert words_missing(result.err, words) == []
