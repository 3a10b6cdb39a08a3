"""The verdicts on budgets, and the exit code of each."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from mnprofile.cli import main
from mnprofile.costs.budgets.baseline import NetworkCosts
from mnprofile.costs.budgets.evaluation import check_budgets
from mnprofile.costs.budgets.reading import Budget, BudgetFile
from mnprofile.costs.comparison.sides import (
    Costs,
)
from mnprofile.networks.configuration import Request
from tests.costs.budgets.projects import PHONE, limits, project

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_within_every_limit_is_exit_0(capsys: pytest.CaptureFixture[str]) -> None:
    project(PHONE)

    assert main(["ci"]) == 0
    assert "Passed: 3 limits checked, 3 within budget." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("limit", "code"), [(107_295_199, 1), (107_295_200, 0), (107_295_201, 0)]
)
def test_limits_are_inclusive_and_exact(limit: int, code: int) -> None:
    project(limits(max_macs=limit))

    assert main(["ci"]) == code


def test_over_a_limit_is_exit_1_and_says_by_how_much(
    capsys: pytest.CaptureFixture[str],
) -> None:
    project(limits(max_params="2636.423K"))

    assert main(["ci"]) == 1
    out = capsys.readouterr().out
    assert "Failed: 1 limit checked, 1 over budget." in out
    assert "2636424  2636423        -1" in out


def test_an_unknown_key_is_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    project(limits(max_mac="1M"))

    assert main(["ci"]) == 2
    err = capsys.readouterr().err
    assert "pyproject.toml:4: budget[0].max-mac: unknown key" in err
    assert 'Did you mean "max-macs"?' in err


@pytest.mark.parametrize(
    "text",
    ["[project]\nname = 'app'\n", limits(arch="nets/*.md", max_macs=1)],
    ids=["no budget", "nothing matches"],
)
def test_nothing_measured_is_exit_3(text: str) -> None:
    project(text)

    assert main(["ci"]) == 3


def test_a_missing_baseline_is_exit_3(capsys: pytest.CaptureFixture[str]) -> None:
    project(limits(max_increase="2%"))

    assert main(["ci"]) == 3
    assert "there is no baseline file" in capsys.readouterr().out


def test_a_baseline_without_the_budget_is_exit_3() -> None:
    project(limits(max_increase="2%"))
    assert main(["ci", "--write-baseline"]) == 0
    project(limits(max_increase="2%").replace('"b"', '"c"'))

    assert main(["ci"]) == 3


def test_an_unreadable_file_is_exit_4(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()

    assert main(["ci"]) == 4


@pytest.mark.parametrize(
    "option", ["--junit", "--summary", "--output", "--baseline", "--html"]
)
def test_a_failing_write_is_exit_4(option: str) -> None:
    project(PHONE)

    assert main(["ci", option, "no/such/folder.json", "--write-baseline"]) == 4


def test_a_crash_is_exit_70_never_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("planted")

    project(PHONE)
    monkeypatch.setattr("mnprofile.cli.ci.check_budgets", crash)

    assert main(["ci"]) == 70


def test_over_budget_outweighs_not_measured() -> None:
    """A limit that is certainly exceeded is a verdict, whatever else is unknown."""
    project(limits(max_macs=1, max_increase="1%"))

    assert main(["ci"]) == 1


# --- tables and patterns -------------------------------------------------------------


def test_tables_are_found_beside_the_budget_file(tmp_path: Path) -> None:
    """A name in a budget is relative to its file, not to where the command runs."""
    from mnprofile.networks.catalog import tables_folder

    sub = tmp_path / "sub"
    sub.mkdir()
    table = (tables_folder() / "mobilenet_v2.md").read_text()
    (sub / "net.md").write_text(table.replace("mobilenet_v2", "net"))
    path = project(limits(arch="*.md@0.75/160", max_macs=107_295_200), "sub/b.toml")

    assert main(["ci", "--config", str(path)]) == 0
    path.write_text(limits(arch="net.md", max_macs=107_295_200))
    assert main(["ci", "--config", str(path)]) == 1


def test_every_table_of_a_pattern_is_judged(capsys: pytest.CaptureFixture[str]) -> None:
    from mnprofile.networks.catalog import tables_folder

    project(limits(arch=f"{tables_folder()}/mobilenet_v1*.md", max_macs="569M"))

    assert main(["ci", "--format", "json"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert [(one["state"], one["measured"]) for one in record["verdicts"]] == [
        ("over", 4_867_293_184),
        ("ok", 568_740_352),
        ("ok", 307_323_392),
    ]


def increase(base: int, now: int, share: str) -> str:
    """The state of a network that went from one figure to another."""
    budget = Budget("b", "v2", Request(), {}, Fraction(share) / 100, "", {})
    file = BudgetFile(Path("x.toml"), (budget,), Path("b.json"))

    def of(value: int) -> NetworkCosts:
        return NetworkCosts("n", "n", {"s2": Costs(value, value, value)})

    return (
        check_budgets(file, {"b": (of(now),)}, {"b": {"n": of(base)}}).verdicts[0].state
    )


@pytest.mark.parametrize(
    ("base", "now", "share", "state"),
    [
        (100, 102, "2", "ok"),
        (100, 103, "2", "over"),
        (99, 100, "2", "ok"),  # 2 % of 99 is 1.98: 100 is within, 101 is not
        (99, 101, "2", "over"),
        (100, 100, "0", "ok"),
        (100, 101, "0", "over"),
        (0, 0, "2", "ok"),
        (0, 1, "2", "over"),
        (10**15, 10**15 + 10**13, "1", "ok"),
        (10**15, 10**15 + 10**13 + 1, "1", "over"),
        (300, 301, "0.3", "over"),
        (1000, 1003, "0.3", "ok"),
    ],
)
def test_max_increase_is_exact(base: int, now: int, share: str, state: str) -> None:
    assert increase(base, now, share) == state


@pytest.mark.parametrize(
    ("arch", "device", "limit", "code", "said"),
    [
        # Predicted 29.3 ms (printed: 30.4).
        ("v2@0.75/160", "Pixel 1", "30ms", 0, "1 within budget"),
        ("v2@0.75/160", "Pixel 1", "0.029s", 1, "on Pixel 1, predicted"),
        (
            "v2@0.75/160",
            "Pixel 3",
            "30ms",
            3,
            "Pixel 3 is not calibrated for MobileNetV2",
        ),
        ("v2@2.0/160", "Pixel 1", "30ms", 3, "outside the calibration: alpha 2"),
        ("v2@0.75/160", "Pixl 1", "30ms", 2, 'unknown device "Pixl 1"'),
        ("v2@0.75/160", "no.toml", "30ms", 2, "no such file"),
        ("v2@0.75/160", None, "30ms", 2, "device: missing"),
        ("v2@0.75/160", "Pixel 1", None, 2, "device: there is no max-latency"),
        ("v2@0.75/160", "Pixel 1", "soon", 2, 'max-latency: "soon" is not a time'),
        ("v2@0.75/160", "Pixel 1", 30, 2, "max-latency: not a time"),
    ],
)
def test_a_limit_on_latency(
    capsys: pytest.CaptureFixture[str],
    arch: str,
    device: str | None,
    limit: object,
    code: int,
    said: str,
) -> None:
    others = {"max_macs": "900M"} if limit is None else {}
    project(limits(arch=arch, device=device, max_latency=limit, **others))

    assert main(["ci"]) == code
    printed = capsys.readouterr()
    assert said in printed.out + printed.err


@pytest.mark.parametrize(
    ("limit", "state"),
    [
        ({"max_memory": 768_000}, "ok"),
        ({"max_memory": 767_999}, "over"),
        ({"max_memory": "1.5MB", "bits": 16}, "over"),
        ({"max_weight_bytes": 2_723_344}, "ok"),
        ({"max_weight_bytes": "2.7MB"}, "over"),
    ],
)
def test_limits_in_bytes(
    limit: dict[str, object], state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """V2 0.75/160: the peak is block2's depthwise convolution, 80x80x96 + 40x40x96 =
    768,000 elements. 2,608,784 weights, 14,320 biases of 4 bytes, and 14,320 scales."""
    project(limits(**limit))
    code = main(["ci", "--format", "json"])
    verdict = json.loads(capsys.readouterr().out)["verdicts"][0]

    assert (code, verdict["state"]) == ({"ok": 0, "over": 1}[state], state)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"max_memory": "1.5 apples"}, "max-memory"),
        ({"max_memory": True}, "256KiB"),
        ({"max_memory": "1MB", "bits": 7}, "8, 16, 32"),
        ({"max_macs": "1G", "bits": 8}, "there is neither max-memory"),
    ],
)
def test_wrong_limits_in_bytes_are_refused(
    more: dict[str, object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project(limits(**more))

    assert main(["ci"]) == 2
    assert words in capsys.readouterr().err
