"""Budgets in CI: reading them, judging by them, and saying so."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mnprofile.cli import main
from mnprofile.costs.budgets.evaluation import Judgement, Measured, Verdict, judge
from mnprofile.costs.budgets.reading import Budget, BudgetFile, read_budgets
from mnprofile.costs.comparison import Sums
from mnprofile.networks.configuration import Request
from mnprofile.views.github import annotations, append_summary, junit, summary

# V2 0.75/160 costs 107,295,200 macs and 2,636,424 params.
PHONE = """\
[project]
name = "app"

[[tool.mnprofile.budget]]
name = "phone"
arch = "v2@0.75/160"        # or a table file
max-macs = "110M"
max-params = "2.7M"
max-activations = "4M"
"""
HOSTILE = 'a|b`<img src=x onerror=alert(1)>\r\n::error::forged,x:%0A\x1b[31m\u202e"'


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In an empty folder, off GitHub, wherever the suite itself runs."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


def project(text: str, name: str = "pyproject.toml") -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def limits(**values: object) -> str:
    lines = "\n".join(
        f"{key.replace('_', '-')} = {json.dumps(value)}"
        for key, value in {"name": "b", "arch": "v2@0.75/160", **values}.items()
        if value is not None
    )
    return f"[[tool.mnprofile.budget]]\n{lines}\n"


# --- every exit code -----------------------------------------------------------------


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
    monkeypatch.setattr("mnprofile.cli.ci.judge", crash)

    assert main(["ci"]) == 70


def test_over_budget_outweighs_not_measured() -> None:
    """A limit that is certainly exceeded is a verdict, whatever else is unknown."""
    project(limits(max_macs=1, max_increase="1%"))

    assert main(["ci"]) == 1


# --- reading -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (limits(max_macs="110 MB"), ':4: budget[0].max-macs: "110 MB" is not a count'),
        (limits(max_macs="1Mi"), ':4: budget[0].max-macs: "1Mi" is not a count'),
        (limits(max_macs="1.5"), ':4: budget[0].max-macs: "1.5" is not a count'),
        (limits(max_macs=1.5), ":4: budget[0].max-macs: not a count"),
        (limits(max_macs=-1), ":4: budget[0].max-macs: not a count"),
        (limits(max_macs=True), ":4: budget[0].max-macs: not a count"),
        (limits(max_increase="2"), ":4: budget[0].max-increase: not a percentage"),
        (limits(max_increase="-2%"), ":4: budget[0].max-increase: not a percentage"),
        (limits(), ":1: budget[0]: it sets no limit"),
        (limits(name=None, max_macs=1), ":1: budget[0].name: missing"),
        (limits(name="", max_macs=1), ":2: budget[0].name: not a text"),
        (limits(arch=3, max_macs=1), ":3: budget[0].arch: not a text"),
        (limits(max_macs=1) * 2, ':6: budget[1].name: two budgets are called "b"'),
        (limits(res="x", max_macs=1), ':4: budget[0].res: "x" is not a resolution'),
        (limits(res=160, max_macs=1), ":4: res: arch already says it"),
        (limits(alpha="1", max_macs=1), ":4: budget[0].alpha: not a number"),
        (limits(classes=1.5, max_macs=1), ":4: budget[0].classes: not a whole number"),
        (limits(arch="v9", max_macs=1), ':3: budget "b": no architecture is called'),
        (limits(arch="a.md", max_macs=1), ':3: budget "b": a.md: no such file'),
        (limits(arch="v2@99", max_macs=1), ':3: budget "b": alpha: 99 is out of'),
        (limits(arch="-", max_macs=1), ':3: budget "b": standard input'),
        ("[tool.mnprofile]\nbudgets = 1\n", ":2: budgets: unknown key"),
        ("[tool.mnprofile]\nbaseline = 1\n", ":2: baseline: not a file name"),
        ("[tool.mnprofile]\nbudget = 1\n", ":2: budget: not a list of tables"),
        ("[tool.mnprofile]\nbudget = [1]\n", ":2: budget[0]: not a table"),
        ("[tool]\nmnprofile = 1\n", ": mnprofile: not a table"),
        ("[tool\n", ":1:6: not valid TOML"),
        ("a = " + "[" * 10_000, ": not valid TOML"),
    ],
)
def test_bad_input_names_file_and_line(
    text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    project(text)

    assert main(["ci"]) == 2
    err = capsys.readouterr().err
    assert f"pyproject.toml{words}" in err
    assert len(err.splitlines()) <= 6


def test_no_budget_file_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ci"]) == 2
    assert "there is no budget file here" in capsys.readouterr().err
    assert main(["ci", "--config", "other.toml"]) == 2
    assert "other.toml: no such file" in capsys.readouterr().err


def test_mnprofile_toml_has_the_same_keys_without_the_prefix() -> None:
    project(limits(max_macs=1))
    project(limits(max_macs="110M").replace("tool.mnprofile.", ""), "mnprofile.toml")

    assert main(["ci"]) == 0


def test_lines_are_found_beside_multi_line_strings() -> None:
    """A budget's header inside a string is text."""
    path = project('x = """\n[[tool.mnprofile.budget]]\n"""\n' + limits(max_macs=1))

    assert read_budgets(path).budgets[0].line("max-macs") == 7


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


# --- the baseline --------------------------------------------------------------------


def increase(base: int, now: int, share: str) -> str:
    """The state of a network that went from one figure to another."""
    budget = Budget("b", "v2", Request(), {}, Fraction(share) / 100, "", {})
    file = BudgetFile(Path("x.toml"), (budget,), Path("b.json"))

    def of(value: int) -> Measured:
        return Measured("n", "n", {"s2": Sums(value, value, value)})

    return judge(file, {"b": (of(now),)}, {"b": {"n": of(base)}}).verdicts[0].state


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


def test_the_baseline_file_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    project(PHONE + 'max-increase = "2%"\n')
    assert main(["ci", "--write-baseline"]) == 0
    first = (tmp_path / "mnprofile-baseline.json").read_bytes()
    assert main(["ci", "--write-baseline", "--baseline", "again.json"]) == 0

    assert (tmp_path / "again.json").read_bytes() == first
    assert json.loads(first)["budgets"]["phone"]["mobilenet_v2"]["totals"] == {
        "activations": 2_988_400,
        "macs": 107_295_200,
        "params": 2_636_424,
    }


def test_growth_names_the_stage_that_grew_most(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """V2 from alpha 0.75 to 1: most of the new params are in the last blocks."""
    project(limits(max_increase="2%"))
    assert main(["ci", "--write-baseline"]) == 0
    project(limits(max_increase="2%").replace("@0.75/160", "@1.0/160"))
    capsys.readouterr()

    assert main(["ci"]) == 1
    assert "s32 grew by" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ({"schema": "mnprofile/count"}, 2),
        ({"extra": 1}, 2),
        ({"budgets": {"b": {"n": {"stages": {}, "totals": {}}}}}, 2),
        ({"budgets": {"b": {"n": {"stages": {"s2": 3}}}}}, 2),
        ({"schema_version": 2}, 3),
        ({"convention": "bias counted"}, 3),
    ],
)
def test_a_damaged_baseline_is_refused(
    damage: dict[str, object], code: int, tmp_path: Path
) -> None:
    project(limits(max_increase="2%"))
    assert main(["ci", "--write-baseline"]) == 0
    path = tmp_path / "mnprofile-baseline.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))

    assert main(["ci"]) == code


# --- GitHub --------------------------------------------------------------------------


def judged(many: int, name: str = "b", message: str = "") -> Judgement:
    budget = Budget(name, "v2", Request(), {}, None, message, {"": 3})
    return Judgement(
        tuple(
            Verdict("over", budget, f"{name}{n}", "max-macs", "macs", 2 + n, 1)
            for n in range(many)
        ),
        {},
        None,
    )


FILE = BudgetFile(Path("pyproject.toml"), (), Path("b.json"))


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    return tmp_path / "summary.md"


def test_on_github_the_summary_grows_and_the_line_is_annotated(
    github: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    github.write_text("before\n")
    project(PHONE.replace("110M", "100M"))

    assert main(["ci", "--format", "json"]) == 1
    out, err = capsys.readouterr()
    json.loads(out)
    assert "::error file=pyproject.toml,line=7,title=budget phone::" in err
    assert github.read_text().startswith("before\n### Failed: 3 limits checked, 1 over")


def test_off_github_nothing_is_annotated(capsys: pytest.CaptureFixture[str]) -> None:
    project(PHONE.replace("110M", "100M"))

    assert main(["ci"]) == 1
    assert "::error" not in "".join(capsys.readouterr())


def test_an_unwritable_summary_is_exit_4(
    github: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(github.parent / "no" / "s.md"))
    project(PHONE)

    assert main(["ci"]) == 4


@pytest.mark.parametrize(("failed", "shown"), [(10, 10), (11, 10), (500, 10)])
def test_at_most_ten_annotations(failed: int, shown: int) -> None:
    """GitHub drops more than ten of a step; the tenth says how many are left."""
    lines = annotations(judged(failed), FILE, None)

    assert len(lines) == shown
    if failed > 10:
        assert f"{failed - 9} more limits failed" in lines[-1]


def test_annotations_cannot_be_forged() -> None:
    lines = annotations(judged(1, HOSTILE, HOSTILE), FILE, None)

    assert len(lines) == 1
    assert lines[0].isprintable()
    head, _, message = lines[0].removeprefix("::error ").partition("::")
    assert [part.split("=")[0] for part in head.split(",")] == ["file", "line", "title"]
    assert "%0D%0A" in message
    assert "%250A" in message


@pytest.mark.parametrize(
    ("path", "told"), [("sub/b.toml", "sub/b.toml"), ("../x/b.toml", "../x/b.toml")]
)
def test_annotated_files_are_relative_to_the_repository(
    path: str, told: str, tmp_path: Path
) -> None:
    file = BudgetFile(Path(path), (), Path("b.json"))
    line = annotations(judged(1), file, tmp_path)[0]

    assert line.startswith(f"::error file={told},")


def test_the_summary_shows_twenty_rows_and_folds_the_rest() -> None:
    text = summary(judged(25))

    assert text.index("b19") < text.index("<details><summary>5 more</summary>")
    assert text.index("<details>") < text.index("b24")


def test_the_summary_is_at_most_900_kib(tmp_path: Path) -> None:
    """GitHub drops a summary above 1,024 KiB; omitted rows are said, not lost."""
    text = summary(judged(20_000))

    assert len(text.encode()) <= 900 << 10
    assert "rows omitted" in text
    path = tmp_path / "s.md"
    path.write_bytes(b"x" * (899 << 10))
    append_summary(judged(200), path)
    append_summary(judged(200), path)
    assert path.stat().st_size <= 900 << 10


def test_a_hostile_name_stays_one_cell_of_the_summary() -> None:
    rows = [line for line in summary(judged(1, HOSTILE)).split("\n") if "over" in line]
    row = rows[-1]

    assert "<img" not in row.replace("\\<", "")
    assert row.replace("\\|", "").count("|") == 9
    assert row.isprintable()


def test_junit_has_a_case_a_limit() -> None:
    budget = Budget(HOSTILE, "v2", Request(), {}, None, "", {})
    states: list[Callable[[], Verdict]] = [
        lambda: Verdict("over", budget, "n", "max-macs", "macs", 2, 1),
        lambda: Verdict("unmeasured", budget, "n", "arch", reason="no \x00 table"),
        lambda: Verdict("ok", budget, "n", "max-macs", "macs", 1, 1),
    ]
    suite = ElementTree.fromstring(
        junit(Judgement(tuple(make() for make in states), {}, None))
    )

    assert suite.attrib["failures"] == suite.attrib["errors"] == "1"
    assert [[child.tag for child in case] for case in suite] == [
        ["failure"],
        ["error"],
        [],
    ]


# --- the action ----------------------------------------------------------------------


def test_the_action_passes_inputs_through_the_environment() -> None:
    """An expression inside a script would run what a pull request writes into it."""
    yaml = pytest.importorskip("yaml")
    root = Path(__file__).parents[2]
    action = yaml.safe_load((root / "action.yml").read_text())

    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert len(step["uses"].partition("@")[2]) == 40


def test_the_actions_script_gives_the_verdict(tmp_path: Path) -> None:
    """The script of action.yml, run here: exit 1, and every file is written."""
    yaml = pytest.importorskip("yaml")
    root = Path(__file__).parents[2]
    action = yaml.safe_load((root / "action.yml").read_text())
    script = next(s["run"] for s in action["runs"]["steps"] if s.get("id") == "ci")
    project(PHONE.replace("110M", "100M"))
    folder = tmp_path / "mnprofile" / "bin"
    folder.mkdir(parents=True)
    command = folder / "mnprofile"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mnprofile "$@"\n')
    command.chmod(0o755)
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(root),
            "RUNNER_TEMP": str(tmp_path),
            "CONFIG": "",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert "over budget" in done.stdout
    written = {path.name for path in tmp_path.glob("mnprofile-budgets.*")}
    assert written == {"mnprofile-budgets.html", "mnprofile-budgets.xml"}
