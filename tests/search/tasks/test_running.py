"""Tasks run in processes that can be lost."""

import random
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from mnprofile.search.tasks import running
from mnprofile.search.tasks.running import outcomes, processes
from mnprofile.search.tasks.task import Outcome, Task

SAMPLES = "tests.search.tasks.samples"


def task(name: str, **arguments: Any) -> Task:
    return Task(f"{SAMPLES}:{name}", arguments, {"name": name})


def run(tasks: list[Task], workers: int = 2, timeout: float = 60) -> list[Outcome]:
    found: Mapping[int, Outcome] = {}
    with processes(workers) as executor:
        found = dict(outcomes(tasks, executor, timeout))
    assert sorted(found) == list(range(len(tasks)))
    return [found[index] for index in range(len(tasks))]


def test_a_task_gives_its_columns_beside_those_known_before() -> None:
    (one,) = run([task("add", a=2, b=3)])
    assert one.row == {"name": "add", "sum": 5, "error": None}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("crash", "the process ended with signal 11"),
        ("leave", "the process ended with exit code 7: the last words"),
        ("fail", "RuntimeError: first line"),
        ("use_up_memory", "out of memory"),
        ("not_json", "TypeError: Object of type set is not JSON serializable"),
        ("missing", "AttributeError: module 'tests.search.tasks.samples' has no"),
    ],
)
def test_a_task_that_fails_is_a_row_with_the_reason(name: str, reason: str) -> None:
    before, failed, after = run(
        [task("add", a=1, b=1), task(name), task("add", a=4, b=4)]
    )
    assert failed.error.startswith(reason)
    assert failed.row == {"name": name, "error": failed.error}
    assert (before.row["sum"], after.row["sum"]) == (2, 8)


def test_a_task_that_hangs_ends_at_the_timeout_and_the_next_one_runs() -> None:
    begin = time.monotonic()
    with processes(1) as executor:
        ((_, hung),) = outcomes([task("hang")], executor, timeout=0.5)
        ((_, after),) = outcomes([task("add", a=1, b=2)], executor)
    assert hung.error == "no result after 0.5 s"
    assert after.row["sum"] == 3
    assert time.monotonic() - begin < 10


def test_what_a_task_prints_is_not_its_answer() -> None:
    (one,) = run([task("noisy", a=9)])
    assert one.row["sum"] == 9


def test_processes_killed_at_random_moments_lose_no_row() -> None:
    tasks = [task("add", a=index, b=1, seconds=0.02) for index in range(50)]
    chance = random.Random(18)
    running.ATTEMPTS, attempts = 60, running.ATTEMPTS
    killed = 0

    def kill() -> None:
        nonlocal killed
        while killed < 20 and not over.is_set():
            time.sleep(chance.uniform(0.02, 0.08))
            alive = [child for child in running._children.copy() if child.runs]
            if alive:
                chance.choice(alive).stop()
                killed += 1

    over = threading.Event()
    killer = threading.Thread(target=kill)
    try:
        killer.start()
        rows = [one.row for one in run(tasks)]
    finally:
        over.set()
        killer.join()
        running.ATTEMPTS = attempts
    assert killed >= 8
    assert [row["sum"] for row in rows] == [index + 1 for index in range(50)]
    assert not any(row["error"] for row in rows)


def test_no_process_outlives_the_run() -> None:
    with processes(2) as executor:
        list(outcomes([task("add", a=1, b=1)] * 4, executor))
        children = running._children.copy()
        assert 1 <= len(children) <= 2
    for child in children:
        child._process.wait(10)
