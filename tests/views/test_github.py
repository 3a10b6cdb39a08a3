"""Verdicts on GitHub: the step summary, annotations, and JUnit XML."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mnprofile.cli import main
from mnprofile.costs.budgets.evaluation import BudgetCheck, LimitCheck
from mnprofile.costs.budgets.reading import Budget, BudgetFile
from mnprofile.networks.configuration import Request
from mnprofile.views.github import annotations, append_summary, junit, summary
from tests.costs.budgets.projects import PHONE, project

pytestmark = pytest.mark.usefixtures("elsewhere")

HOSTILE = 'a|b`<img src=x onerror=alert(1)>\r\n::error::forged,x:%0A\x1b[31m\u202e"'


def judged(many: int, name: str = "b", message: str = "") -> BudgetCheck:
    budget = Budget(name, "v2", Request(), {}, None, message, {"": 3})
    return BudgetCheck(
        tuple(
            LimitCheck("over", budget, f"{name}{n}", "max-macs", "macs", 2 + n, 1)
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
    """GitHub drops all beyond ten of a step; the tenth says how many are left."""
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
    """GitHub drops a summary above 1,024 KiB; omitted rows are reported."""
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


def test_junit_has_one_case_per_limit() -> None:
    budget = Budget(HOSTILE, "v2", Request(), {}, None, "", {})
    states: list[Callable[[], LimitCheck]] = [
        lambda: LimitCheck("over", budget, "n", "max-macs", "macs", 2, 1),
        lambda: LimitCheck("unmeasured", budget, "n", "arch", reason="no \x00 table"),
        lambda: LimitCheck("ok", budget, "n", "max-macs", "macs", 1, 1),
    ]
    suite = ElementTree.fromstring(
        junit(BudgetCheck(tuple(make() for make in states), {}, None))
    )

    assert suite.attrib["failures"] == suite.attrib["errors"] == "1"
    assert [[child.tag for child in case] for case in suite] == [
        ["failure"],
        ["error"],
        [],
    ]
