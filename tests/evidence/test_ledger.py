"""What other profilers print. Totals were measured by running each of them, once, on
torchvision's networks at 224x224 and on MobileNetV2 0.75 at 160x160."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.cli import cli
from mnprofile.evidence.profilers.quantities import TALLIED
from mnprofile.evidence.profilers.rules import PROFILERS
from mnprofile.evidence.profilers.totals import Ledger

MEASURED = {
    "fvcore": (314_193_216, 226_033_824, 59_649_536),
    "torchinfo": (300_809_384, 216_621_520, 56_527_424),
    "ptflops-aten": (300_775_272, 216_597_120, 56_515_312),
    "ptflops": (320_300_008, 231_316_416, 60_910_032),
    "ptflops-modules": (320_237_288, 228_356_576, 60_125_440),
    "FlopCounterMode": (601_548_544, 433_179_520, 113_020_800),
    "thop": (327_486_720, 234_838_456, 62_477_944),
    "torchprofile": (307_453_664, 221_591_992, 58_211_416),
    "calflops": (614_967_488, 444_944_056, 116_633_816),
    "calflops-macs": (300_774_272, 216_589_760, 56_510_400),
}
ON_TWO = {"torchscan": (314_130_496, 226_038_840)}
ON_ONE = {"onnx-tool": (319_949_192,)}
CASES = [
    (name, position, total)
    for name, totals in {**MEASURED, **ON_TWO, **ON_ONE}.items()
    for position, total in enumerate(totals)
]


@pytest.fixture(scope="module")
def books() -> list[Ledger]:
    """torchvision pools V2 with a function and V3 with modules."""
    return [
        mnprofile.ledger(mnprofile.build("v2")),
        mnprofile.ledger(mnprofile.build("v3-large"), pooling="module"),
        mnprofile.ledger(mnprofile.build("v3-small"), pooling="module"),
    ]


@pytest.mark.parametrize(("name", "position", "total"), CASES)
def test_the_measured_total_of_torchvisions_networks(
    name: str, position: int, total: int, books: list[Ledger]
) -> None:
    assert books[position][name].total == total


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("FlopCounterMode", 214_590_400),
        ("calflops-macs", 107_295_200),
        ("torchinfo", 107_322_840),
        ("torchprofile", 110_283_880),
        ("fvcore", 113_302_000),
        ("ptflops", 116_026_600),
        ("thop", 119_244_800),
    ],
)
def test_seven_profilers_and_six_totals_of_one_network(name: str, total: int) -> None:
    graph = mnprofile.build("v2", alpha=0.75, resolution=160)

    assert mnprofile.ledger(graph)[name].total == total


@pytest.mark.parametrize(
    ("classes", "total"), [(0, 2_257_984), (21, 2_284_885), (1000, 3_538_984)]
)
def test_keras_prints_parameters_and_buffers(classes: int, total: int) -> None:
    """model.summary() of keras.applications.MobileNetV2; 1000 is in its README."""
    graph = mnprofile.build("v2", classes=classes)

    assert mnprofile.ledger(graph)["keras"].total == total


def test_the_terms_of_mobilenet_v2() -> None:
    """Counted by hooks on torchvision's mobilenet_v2."""
    counts = mnprofile.ledger(mnprofile.build("v2")).counts

    assert counts["macs"] == 300_774_272
    assert counts["linear_bias"] == 1_000
    assert counts["batch_norm"] == 6_678_112
    assert counts["batch_norm_channels"] == 17_056
    assert counts["relu6"] == 6_105_792
    assert (counts["pool_in"], counts["pool_out"]) == (62_720, 1_280)
    assert counts["add"] == 216_384


def test_the_terms_of_mobilenet_v3_large() -> None:
    """Counted by hooks on torchvision's mobilenet_v3_large."""
    counts = mnprofile.ledger(mnprofile.build("v3-large")).counts

    assert (counts["conv_bias"], counts["linear_bias"]) == (5_080, 2_280)
    assert counts["relu"] == 2_315_392
    assert (counts["pool_in"], counts["pool_out"]) == (644_448, 5_016)
    assert counts["scale"] == 597_408


def test_formulas_name_every_term(books: list[Ledger]) -> None:
    assert books[0]["fvcore"].formula == "M + 2 X + P"
    assert books[1]["ptflops"].formula == "M + Bc + Bl + 2 X + 2 R + 2 P"


def test_the_other_way_of_pooling_is_offered(books: list[Ledger]) -> None:
    """ptflops counts a pooling module twice, thop counts modules only."""
    book = books[0]
    other = {one.profiler.name: one.total for one in book.other}
    changed = {
        one.profiler.name: (other[one.profiler.name] or 0) - (one.total or 0)
        for one in book.entries
        if other[one.profiler.name] != one.total
    }

    assert changed == {
        "ptflops": 62_720,
        "ptflops-modules": 62_720,
        "thop": 62_720 + 1_280,
        "torchscan": 62_720 + 1_280,
    }


def test_activations_as_functions_change_two_profilers() -> None:
    """ptflops hooks nn.ReLU as well as F.relu; calflops patches only F.relu6."""
    graph = mnprofile.build("v3-large")
    modules = mnprofile.ledger(graph)
    functions = mnprofile.ledger(graph, activations="functional")

    assert modules["ptflops"].total == (functions["ptflops"].total or 0) + 2_315_392
    assert modules["thop"].total == functions["thop"].total


def test_rules_name_known_quantities_only() -> None:
    for one in PROFILERS:
        assert {*one.rule, *one.hooks, *one.patches} <= set(TALLIED)


def test_an_unknown_profiler_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError) as caught:
        mnprofile.ledger(mnprofile.build("v2"))["trochinfo"]
    assert caught.value.suggestion == "torchinfo"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["ledger", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_json_holds_signed_terms_that_add_up() -> None:
    record = json.loads(run("v2@0.75/160", "--format", "json"))

    assert record["schema"] == "mnprofile/ledger"
    assert record["model"]["alpha"] == 0.75
    assert record["writing"] == {"pooling": "functional", "activations": "module"}
    assert len(record["profilers"]) == len(PROFILERS)
    for profiler in record["profilers"]:
        amounts = [term["amount"] for term in profiler["terms"]]
        assert sum(amounts) == profiler["total"]
    thop = next(p for p in record["profilers"] if p["profiler"] == "thop")
    assert (thop["total"], thop["besides_macs"]) == (119_244_800, 11_949_600)
    assert thop["total_with_other_pooling"] == 119_278_080


def test_csv_has_one_line_per_term() -> None:
    rows = list(csv.DictReader(io.StringIO(run("v2@0.75/160", "--format", "csv"))))
    fvcore = {row["quantity"]: row for row in rows if row["profiler"] == "fvcore"}

    assert set(fvcore) == {"macs", "batch_norm", "pool_in"}
    assert fvcore["batch_norm"]["amount"] == "5974800"


def test_the_table_says_what_it_assumes_and_offers_the_other() -> None:
    text = run("v2@0.75/160")

    assert "Assumes code with pooling as nn.functional calls" in text
    assert "With --pooling module these differ" in text
    assert "119278080" in text


def test_one_profiler_is_broken_down() -> None:
    text = run("v3-large", "--profiler", "thop")

    assert "234188992" in text  # M + 4 X, functional pooling
    assert "With --pooling module it prints 234838456" in text
    assert "torchinfo" not in text


def test_markdown_is_a_table() -> None:
    assert "| thop | 119244800 | 11949600 | M + 4 X |" in run(
        "v2@0.75/160", "--format", "md"
    )


def test_a_bad_profiler_name_exits_with_2() -> None:
    result = CliRunner().invoke(cli, ["ledger", "v2", "--profiler", "x"])

    assert isinstance(result.exception, UsageError)
