"""What it costs to send work to processes: python -m tests.benchmarks.task_speed

One worker against two on every published configuration, the overhead of a task, and
10,000 short tasks on a dask cluster of two workers.
"""

import logging
import time
from importlib import import_module
from typing import Any

from mnprofile.networks.catalog import architectures
from mnprofile.search.tasks.checks import check_tasks, published_grids
from mnprofile.search.tasks.running import cluster, outcomes, processes
from mnprofile.search.tasks.task import Task

STYLE = {"pooling": "functional", "activations": "module", "counters": []}
ADD = "tests.search.tasks.samples:add"


def published(workers: int) -> float:
    """Seconds for the published configurations of the MobileNets."""
    archs = [arch for arch in architectures() if arch.name.startswith("mobilenet_v")]
    tasks = check_tasks(published_grids(archs, "paper"), STYLE)
    begin = time.perf_counter()
    with processes(workers) as executor:
        rows = [one.row for _, one in outcomes(tasks, executor)]
    seconds = time.perf_counter() - begin
    agree = sum(bool(row["error"] is None and row["agrees"]) for row in rows)
    print(f"{workers} workers: {agree} of {len(rows)} agree, {seconds:.1f} s")
    return seconds


def overhead() -> None:
    """Milliseconds that a task costs beyond its work, in one process."""
    tasks = [Task(ADD, {"a": 1, "b": 1}, {}) for _ in range(1000)]
    with processes(1) as executor:
        list(outcomes(tasks[:1], executor))  # starts the process
        begin = time.perf_counter()
        list(outcomes(tasks, executor))
        seconds = time.perf_counter() - begin
    print(f"overhead: {seconds:.3f} ms per task")


def many() -> None:
    """10,000 short tasks on a cluster of two workers."""
    distributed: Any = import_module("distributed")
    tasks = [Task(ADD, {"a": index, "b": 1}, {}) for index in range(10_000)]
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
    ) as local:
        begin = time.perf_counter()
        with cluster(local.scheduler_address) as executor:
            found = dict(outcomes(tasks, executor))
        seconds = time.perf_counter() - begin
    assert all(found[index].row["sum"] == index + 1 for index in range(10_000))
    print(f"10,000 tasks on a cluster: {seconds:.1f} s")


if __name__ == "__main__":
    overhead()
    many()
    one, two = published(1), published(2)
    print(f"two workers are {one / two:.2f} times as fast as one")
