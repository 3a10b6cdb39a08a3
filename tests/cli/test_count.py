"""mnprofile count, as a user runs it."""

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from tests.conftest import GOOD_V2, Run


def test_the_main_job(run: Run) -> None:
    result = run("count", "v2", "--alpha", "0.75", "--res", "160")
    lines = [line.split() for line in result.out.split("\n") if line]

    assert (result.code, result.err) == (0, "")
    assert ["total", "107295200", "2636424"] in lines
    assert result.out.startswith(
        "mobilenet_v2, alpha 0.75, 160x160, 1000 classes, impl paper\n"
    )


def test_the_short_form_is_the_same(run: Run) -> None:
    short = run("count", "v2@0.75/160")

    assert short == run("count", "v2", "--alpha", "0.75", "--res", "160")


def test_the_total_is_the_sum_of_the_column(run: Run) -> None:
    out = run("count", "v3-small", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))

    assert sum(int(row["macs"]) for row in rows) == 56_510_400
    assert sum(int(row["params"]) for row in rows) == 2_542_856


def test_json_has_the_contract_s_fields(run: Run) -> None:
    record = json.loads(run("count", "v2@0.75/160", "--format", "json").out)

    assert record["schema"] == "mnprofile/count"
    assert record["schema_version"] == 1
    assert record["tool"]["name"] == "mnprofile"
    assert "2 x macs" in record["convention"]
    assert record["model"] == {
        "name": "mobilenet_v2",
        "impl": "paper",
        "alpha": 0.75,
        "resolution": 160,
        "rho": 160 / 224,
        "t": None,
        "classes": 1000,
        "output_stride": None,
        "depth": 1.0,
    }
    assert record["totals"] == {
        "macs": 107_295_200,
        "flops": 214_590_400,
        "weights": 2_608_784,
        "biases": 1_000,
        "bn_affine": 26_640,
        "other_params": 0,
        "params": 2_636_424,
        "buffers": 26_640,
        "activations": sum(layer["activations"] for layer in record["layers"]),
    }
    assert record["layers"][0] == {
        "name": "stem",
        "block": "stem",
        "stage": "s2",
        "row": 15,
        "op": "conv",
        "type": "Conv 3x3",
        "kernel": 3,
        "stride": 2,
        "dilation": 1,
        "groups": 1,
        "in_shape": [3, 160, 160],
        "out_shape": [24, 80, 80],
        "macs": 4_147_200,
        "flops": 8_294_400,
        "weights": 648,
        "biases": 0,
        "bn_affine": 48,
        "other_params": 0,
        "params": 696,
        "buffers": 48,
        "activations": 153_600,
    }
    assert sum(row["macs_share"] for row in record["by_type"]) == pytest.approx(1)


def test_the_row_of_a_layer_is_its_line_in_the_table_file(run: Run) -> None:
    record = json.loads(run("count", "v2", "--format", "json").out)
    table = Path(__file__).parents[2] / "tables" / "mobilenet_v2.md"
    lines = table.read_text("utf-8").split("\n")

    for layer in record["layers"]:
        printed = lines[layer["row"] - 1]
        assert ("bottleneck" in printed) == layer["block"].startswith("block")


def test_v1_by_type_is_compared_with_table_2_and_the_misprint_marked(run: Run) -> None:
    out = run("count", "v1", "--by", "type").out
    shares = [line.split("  ") for line in out.split("\n") if "1.19 %*" in line]

    assert [cell.strip() for cell in shares[0] if cell.strip()] == [
        "Conv 3x3",
        "1.91 %",
        "1.19 %*",
        "0.02 %",
        "0.02 %",
    ]
    assert "* misprint: two digits swapped" in out
    assert 'printed "Conv dw / s2", read as "Conv dw / s1"' in out


def test_table_2_is_shown_for_the_paper_s_configuration_only(run: Run) -> None:
    assert "Table 2" not in run("count", "v1", "--alpha", "0.5", "--by", "type").out
    assert "Table 2" not in run("count", "v2", "--by", "type").out


def test_table_2_is_shown_for_the_shipped_table_only(run: Run, tmp_path: Path) -> None:
    """A user's table of the same name, with a 5x5 layer that Table 2 does not have."""
    path = tmp_path / "mine.md"
    shipped = (Path(__file__).parents[2] / "tables" / "mobilenet_v1.md").read_text(
        "utf-8"
    )
    path.write_text(shipped.replace("3×3×32 dw", "5×5×32 dw"), encoding="utf-8")
    result = run("count", str(path), "--by", "type")

    assert result.code == 0
    assert "Conv DW 5x5" in result.out
    assert "Table 2" not in result.out


def test_rho_is_a_factor_of_the_table_s_resolution(run: Run) -> None:
    by_rho = run("count", "v2", "--rho", "0.714", "--format", "json")

    assert json.loads(by_rho.out)["model"]["resolution"] == 160


def test_a_resolution_need_not_be_square(run: Run) -> None:
    record = json.loads(run("count", "v2", "--res", "320x240", "--format", "json").out)

    assert record["model"]["resolution"] == [320, 240]
    assert record["model"]["rho"] is None
    assert record["layers"][0]["out_shape"] == [32, 160, 120]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["v2", "--res", "160", "--rho", "0.7"], "--res and --rho together"),
        (["v2@0.75", "--alpha", "0.5"], "--alpha: v2@0.75 already sets it"),
        (["v2@0.75/160", "--res", "192"], "--res: v2@0.75/160 already sets it"),
        (["v2@wide"], '"wide" is not a width multiplier'),
        (["v2@1/"], "not a resolution"),
        (["v2@1_0"], '"1_0" is not a width multiplier'),
        (["v2@1/224", "--rho", "0"], "--rho: v2@1/224 already sets it"),
        (["dir@x/no.md"], "dir@x/no.md: no such file"),
        (["v2", "--impl", "kears"], 'Did you mean "keras"?'),
        (["v2", "--rho", "-1"], "--rho: -1.0 is out of range"),
        (["v2", "--rho", "nan"], "--rho: nan is out of range"),
        (["v2", "--rho", "0.001"], "resolution: 0 is out of range"),
        (["v2", "--res", "big"], '"big" is not a resolution'),
        (["v1", "--t", "4"], "no expansion factor"),
        (["v1", "--impl", "torchvision"], "torchvision has no V1 width rules"),
        (["v2", "--impl", "pytorch"], '--impl: "pytorch" is not accepted'),
        (["v2", "--output-stride", "4"], '--output-stride: "4" is not accepted'),
        (["v2", "--format", "xml"], '--format: "xml" is not accepted'),
        (["v2", "--by", "row"], '--by: "row" is not accepted'),
        (["v2", "--alpha", "x"], '--alpha: "x" is not a number'),
        (["v2", "v1"], "unexpected extra argument"),
        ([], "ARCH is missing"),
        (["v2", "--alhpa", "1"], "--alpha"),
    ],
)
def test_bad_usage_exits_with_2_and_says_why(
    run: Run, arguments: list[str], words: str
) -> None:
    result = run("count", *arguments)

    assert (result.code, result.out) == (2, "")
    assert words in result.err
    assert len(result.err.strip().split("\n")) <= 6


def test_an_error_in_json_is_one_object_on_stderr(run: Run) -> None:
    result = run("count", "v2", "--alpha", "-1", "--format", "json")
    error = json.loads(result.err)["error"]

    assert (result.code, result.out) == (2, "")
    assert error["kind"] == "usage"
    assert error["exit_code"] == 2
    assert "out of range" in error["message"]


def test_a_table_error_in_json_has_file_line_and_column(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "bad.md"
    path.write_text(GOOD_V2.replace("bottleneck ", "botleneck  "), encoding="utf-8")
    error = json.loads(run("count", str(path), "--format", "json").err)["error"]

    assert (error["file"], error["line"], error["column"]) == (str(path), 15, 12)
    assert error["header"] == "Operator"
    assert error["suggestion"] == "bottleneck"


def test_a_user_s_table_from_a_file_and_from_standard_input(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "my_network.md"
    path.write_text(GOOD_V2, encoding="utf-8")
    from_file = run("count", str(path), "--res", "48", "--format", "json")
    with open(path, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        from_stdin = run("count", "-", "--res", "48", "--format", "json")

    assert from_file.code == 0
    assert from_stdin.out == from_file.out
    # Stem 3x3x3x8 at 24x24: 124,416; the rest by hand likewise.
    assert json.loads(from_file.out)["layers"][0]["macs"] == 124_416


def test_the_format_follows_the_suffix(run: Run, tmp_path: Path) -> None:
    for suffix, begins in (
        (".json", "{"),
        (".csv", "name,"),
        (".md", "**"),
        (".txt", "mo"),
    ):
        path = tmp_path / f"out{suffix}"
        result = run("count", "v2", "-o", str(path))

        assert (result.code, result.out) == (0, "")
        assert path.read_text("utf-8").startswith(begins)


@pytest.mark.parametrize("by", ["layer", "block", "stage", "type"])
@pytest.mark.parametrize("format_", ["table", "json", "csv", "md"])
def test_same_input_same_bytes(run: Run, by: str, format_: str) -> None:
    arguments = ("count", "v3-large", "--by", by, "--elementwise", "--format", format_)
    first = run(*arguments)

    assert first.code == 0
    assert first == run(*arguments)


def test_elementwise_totals_are_listed(run: Run) -> None:
    record = json.loads(run("count", "v2", "--elementwise", "--format", "json").out)

    assert record["totals"]["batch_norm_elems"] == 6_678_112
    assert record["totals"]["add_elems"] == 216_384
    assert any(layer["name"] == "block3.add" for layer in record["layers"])
    assert "Additions" in run("count", "v2", "--elementwise").out


@pytest.mark.parametrize("by", ["layer", "block", "stage", "type"])
def test_elementwise_csv_adds_up_to_the_totals(run: Run, by: str) -> None:
    """Counted on torchvision's V3-Small: 313,600 pooled, 285,376 SE elements."""
    arguments = ("count", "v3-small", "--by", by, "--elementwise", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(run(*arguments).out)))

    assert sum(int(row["pool_elems"]) for row in rows) == 313_600
    assert sum(int(row["scale_elems"]) for row in rows) == 285_376
    assert sum(int(row["macs"]) for row in rows) == 56_510_400


@pytest.mark.parametrize("by", ["block", "stage", "type"])
def test_json_and_csv_count_the_same_layers(run: Run, by: str) -> None:
    record = json.loads(run("count", "v3-small", "--format", "json").out)
    out = run("count", "v3-small", "--by", by, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))

    assert sum(group["layers"] for group in record[f"by_{by}"]) == 54
    assert sum(int(row["layers"]) for row in rows) == 54


def test_the_convention_is_at_the_foot(run: Run) -> None:
    last = run("count", "v2").out.rstrip().split("\n")[-1]

    assert "multiply-adds" in last
    assert "flops = 2 x macs" in last


def test_notes_say_which_blocks_are_the_identity_at_t_0(run: Run) -> None:
    assert "are the identity" in run("count", "v2", "--t", "0").out
    as_csv = run("count", "v2", "--t", "0", "--format", "csv")
    assert "are the identity" not in as_csv.out
    assert "are the identity" in as_csv.err
