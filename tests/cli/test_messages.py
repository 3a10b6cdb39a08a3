"""What a wrong word on the command line is answered with."""

from pathlib import Path

import pytest

from tests.conftest import Run, spoiled

pytestmark = pytest.mark.usefixtures("elsewhere")
ROOT = Path(__file__).parents[2]

MESSAGES = [
    ("count v3", 'Did you mean "v3-large" or "v3-small"?'),
    ("count v3-smal", 'Did you mean "v3-small"?'),
    ("count v2 --size 96", 'Did you mean "--res"?'),
    ("count v2 --resolution x", '--res: "x" is not a resolution'),
    ("list --resolution 96", 'unknown option "--res'),
    ("count v2 --width 0.5", 'Did you mean "--alpha"?'),
    ("count v2 --elementwis", 'Did you mean "--elementwise"?'),
    ("count v2 --alpha 0,75", '--alpha: "0,75" is not a number: write 0.75'),
    ("count v2 --alpha x", '--alpha: "x" is not a number'),
    ("count v2 --classes x", '--classes: "x" is not a whole number'),
    ("count v2 --by foo", "Accepted: layer, block, stage, type"),
    ("count v2 --impl kears", 'Did you mean "keras"?'),
    ("count v2 --res -5", "resolution: -5 is out of range\nAccepted: 1 to 8192"),
    (
        f"count v2 --res {'9' * 20}",
        f"resolution: {'9' * 20} is out of range\nAccepted: 1 to 8192",
    ),
    ("count v2 --res 0", "resolution: 0 is out of range\nAccepted: 1 to 8192"),
    ("count", "ARCH is missing\nAccepted: an alias"),
    ("count v2 v1", "Accepted: mnprofile count [OPTIONS] ARCH"),
    ("report v2", "--output is missing"),
    ("diff v1 v2 --top 5000", "--top: 5000 is out of range\nAccepted: 0 to 1000"),
    ("find --min-top1 0.7", "--min-top1: 0.7 is a share, where percent are meant"),
    ("find --min-top1 0.7", 'Did you mean "70"?'),
    ("diff v1 v2 --table 2", "Accepted: FILE#N or FILE#LABEL among the networks"),
    ("sweep v1 --set classes=2", "Accepted: the settings in the file"),
    ("report v1 -o site --head ssd", "Accepted: NETWORK+HEAD among the networks"),
    ("diff v1 v2 --res 96", "--res: this command takes several networks"),
    ("count nets.py", "Accepted: nets.py:CALLABLE"),
    ("count model.onnx", "model.onnx: no such file"),
    ("count paper.tex", "paper.tex: no such file"),
]


@pytest.mark.parametrize(("arguments", "words"), MESSAGES)
def test_the_answer(run: Run, arguments: str, words: str) -> None:
    result = run(*arguments.split())

    assert (result.code, result.out) == (2, "")
    assert words in result.err
    assert not result.err[0].isupper() or result.err.startswith("ARCH")


def test_resolution_is_another_word_for_res(run: Run) -> None:
    said = run("count", "v2", "--resolution", "96", "--format", "csv")

    assert said.code == 0
    assert said == run("count", "v2", "--res=96", "--format", "csv")
    assert (
        run("sweep", "v2", "--resolution", "96", "--alpha", "1", "--no-plot").code == 0
    )


def test_an_error_in_json_has_one_suggestion(run: Run) -> None:
    result = run("count", "v3", "--format", "json")

    assert '"suggestion": "v3-large or v3-small"' in result.err


# --- tables --------------------------------------------------------------------------


def v2(*changes: tuple[str, str]) -> str:
    text = (ROOT / "tables" / "mobilenet_v2.md").read_text("utf-8")
    Path("own.md").write_text(spoiled(text, *changes), "utf-8")
    return "own.md"


def test_a_last_row_of_1000_outputs_mentions_k(run: Run) -> None:
    err = run("count", v2(("| k ", "| 1000 "))).err

    assert '"-" in a row with 1000 outputs' in err
    assert "Accepted: 1; or k in place of 1000, if this is the classifier" in err


def test_pooling_of_another_size_says_which_is_accepted(run: Run) -> None:
    err = run("count", v2(("avgpool 7x7", "avgpool 6x6"))).err

    assert "pooling 6x6 on a map of 7x7" in err
    assert "Accepted: 7x7" in err


# --- budgets -------------------------------------------------------------------------


def test_a_budget_of_memory(run: Run) -> None:
    """V2: 112x112x96 + 56x56x96 at the first strided block is 1,505,280 elements."""
    text = '[[budget]]\nname = "b"\narch = "v2"\nmax-memory = '
    for limit, code in (
        ("1505280", 0),
        ("1505279", 1),
        ('"1.5MiB"', 0),
        ('"1MiB"', 1),
        ('"1505280"\nbits = 16', 1),
        ('"1.5M"', 2),
        ('"2MiB"\nbits = 12', 2),
        ("-1", 2),
    ):
        Path("mnprofile.toml").write_text(f"{text}{limit}\n")
        result = run("ci")

        assert result.code == code, (limit, result)
    Path("mnprofile.toml").write_text(
        '[[budget]]\nname = "b"\narch = "v2"\nmax-macs = 1\nbits = 8\n'
    )
    assert "bits: there is neither max-memory" in run("ci").err


# --- how much it says ----------------------------------------------------------------


@pytest.mark.parametrize("command", ["count v2", "sweep v2 --no-plot --format csv"])
def test_quiet_and_verbose(run: Run, command: str) -> None:
    plain = run(*command.split())
    quiet = run(*command.split(), "-q")
    loud = run(*command.split(), "--verbose")

    assert quiet.out == plain.out == loud.out
    assert quiet.err == ""
    assert loud.err.startswith(plain.err)
    assert " s\n" in loud.err


def test_help_names_every_exit_code_and_cuts_no_summary(run: Run) -> None:
    out = run("--help").out

    assert "..." not in out.replace("[ARGS]...", "")
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "70", "130", "141", "143"):
        assert f"\n    {code}" in out
    assert "usage or input rejected, or no such file" in out
