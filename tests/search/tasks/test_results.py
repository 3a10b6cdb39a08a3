"""The file that keeps finished tasks, and going on with it."""

from pathlib import Path

import pytest

from mnprofile.base.errors import FileError, UsageError
from mnprofile.search.tasks.results import Results
from mnprofile.search.tasks.task import Outcome, Task

VERSIONS = {"torch": "2.13.0"}
ONE, TWO, THREE = (Task("m:f", {"n": n}, {"n": n}) for n in (1, 2, 3))


def write(path: Path, *outcomes: Outcome, resume: bool = False) -> None:
    with Results(path, VERSIONS, resume=resume) as results:
        for outcome in outcomes:
            results.add(outcome)


def known(path: Path, versions: dict[str, str] = VERSIONS) -> dict[int, Outcome]:
    with Results(path, versions, resume=True) as results:
        return results.known([ONE, TWO, THREE])


def test_finished_tasks_are_known_and_failed_ones_are_not(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    write(file, Outcome(TWO, {"sum": 5}), Outcome(ONE, {}, "it failed"))
    assert known(file) == {1: Outcome(TWO, {"sum": 5})}


def test_other_versions_know_nothing(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    write(file, Outcome(TWO, {"sum": 5}))
    assert known(file, {"torch": "2.14.0"}) == {}


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_broken_last_line_is_dropped_and_the_next_begins_a_new_line(
    tmp_path: Path, cut: int
) -> None:
    file = tmp_path / "r.jsonl"
    write(file, Outcome(ONE, {"sum": 1}), Outcome(TWO, {"sum": 2}))
    file.write_bytes(file.read_bytes()[:-cut])
    write(file, Outcome(THREE, {"sum": 3}), resume=True)
    assert known(file) == {0: Outcome(ONE, {"sum": 1}), 2: Outcome(THREE, {"sum": 3})}


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text("mine\n")
    with pytest.raises(UsageError, match="is there already"):
        write(file, Outcome(ONE, {}))
    assert file.read_text() == "mine\n"


@pytest.mark.parametrize(
    "text",
    ["mine\n", "[]\n", '{"key": "a"}\n', "[" * 100_000 + "\n", '{"key": 1, "x": 2}\n'],
)
def test_another_kind_of_file_is_refused_with_its_line(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"r\.jsonl:1: this line is not a result"):
        known(file)
    assert file.read_text() == text


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot write: No such file"):
        write(tmp_path / "no" / "r.jsonl")
