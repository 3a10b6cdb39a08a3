"""The same tasks on a dask cluster, two workers of which one is lost."""

import logging
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from mnprofile.base.errors import UnmeasuredError
from mnprofile.search.tasks import running
from mnprofile.search.tasks.running import cluster, outcomes
from tests.search.tasks.test_running import task

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # dask's own, when workers are lost


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    """One for all tests: it replaces workers that are lost."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
    ) as made:
        yield made


def test_a_cluster_gives_the_rows_that_a_process_gives(local: Any) -> None:
    tasks = [task("add", a=1, b=2), task("crash"), task("fail"), task("add", a=5, b=6)]
    with cluster(local.scheduler_address) as executor:
        there = dict(outcomes(tasks, executor))
    with running.processes(1) as executor:
        here = dict(outcomes(tasks, executor))
    assert there == here
    assert here[3].row["sum"] == 11


def test_a_worker_killed_in_the_middle_loses_no_row(local: Any) -> None:
    tasks = [task("add", a=index, b=1, seconds=0.05) for index in range(40)]
    victim = next(iter(local.workers.values())).pid
    rows = {}
    with cluster(local.scheduler_address) as executor:
        for index, outcome in outcomes(tasks, executor):
            rows[index] = outcome.row
            if len(rows) == 5:
                os.kill(victim, signal.SIGKILL)
    assert {index: row["sum"] for index, row in rows.items()} == {
        index: index + 1 for index in range(40)
    }
    assert not any(row["error"] for row in rows.values())


def test_no_scheduler_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CONNECT_S", 0.2)
    with (
        pytest.raises(UnmeasuredError, match=r"no scheduler at tcp://127\.0\.0\.1:9:"),
        cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_an_address_that_is_none_is_a_clear_error() -> None:
    with (
        pytest.raises(UnmeasuredError, match="no scheduler at"),
        cluster("nonsense://x"),
    ):
        pass


def test_workers_of_another_version_are_refused(
    local: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "__version__", "99")
    with (
        pytest.raises(UnmeasuredError, match=r"has mnprofile 0\..*, not 99"),
        cluster(local.scheduler_address),
    ):
        pass


def test_a_scheduler_that_disappears_ends_the_run_and_keeps_what_was_done(
    local: Any,
) -> None:
    """The last test: it ends the cluster."""
    tasks = [task("add", a=index, b=1, seconds=0.1) for index in range(50)]
    done = []

    def run() -> None:
        with cluster(local.scheduler_address) as executor:
            for index, _ in outcomes(tasks, executor):
                done.append(index)
                if len(done) == 3:
                    local.close()

    with pytest.raises(UnmeasuredError, match="the scheduler is gone"):
        run()
    assert 3 <= len(done) < 50
