"""Running tasks on this machine's processes or on a dask cluster.

Both are executors that call ``attempt`` in a thread; the work itself is done by that
thread's own child process, so a task that crashes takes nothing else along.
"""

from __future__ import annotations

import concurrent.futures as cf
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from mnprofile import __version__
from mnprofile.base import extras
from mnprofile.base.errors import UnmeasuredError
from mnprofile.evidence.profilers.measuring import reason_of
from mnprofile.search.tasks.child import Answer, Child
from mnprofile.search.tasks.task import Outcome, Task

TIMEOUT_S = 600.0
ATTEMPTS = 3  # a process may be ended for no fault of its task
CONNECT_S = 10

_of_thread = threading.local()
_children: set[Child] = set()
_is_over = threading.Event()  # children that are lost now are not replaced


def attempt(work: str, arguments: Mapping[str, Any], timeout: float) -> Answer:
    """Do one task in this thread's child process, in a new one if that is lost."""
    answer: Answer = {}
    for _ in range(ATTEMPTS):
        if _is_over.is_set():
            break
        answer = _child().ask(work, arguments, timeout)
        if "lost" not in answer:
            return answer
    return {"error": answer.get("lost", "not run")}


def _child() -> Child:
    """This thread's child process: the one that it has, or a new one."""
    child: Child | None = getattr(_of_thread, "child", None)
    if child is not None and child.runs:
        return child
    if child is not None:
        _children.discard(child)
        child.close()
    _of_thread.child = child = Child()
    _children.add(child)
    return child


@contextmanager
def processes(workers: int) -> Iterator[cf.Executor]:
    """An executor with that many processes on this machine; they end with the block."""
    executor = cf.ThreadPoolExecutor(workers)
    try:
        yield executor
    finally:
        _is_over.set()
        for child in _children.copy():
            child.stop()
        executor.shutdown(cancel_futures=True)
        while _children:
            _children.pop().close()
        _is_over.clear()


@contextmanager
def cluster(address: str) -> Iterator[cf.Executor]:
    """An executor on the dask cluster at an address such as tcp://host:8786.

    Raises UnmeasuredError if it cannot be reached or runs other versions, and
    MissingExtraError without dask.distributed.
    """
    extras.require("distributed", "distributed")
    from distributed import Client

    try:
        client: Any = Client(address, timeout=CONNECT_S)  # type: ignore[no-untyped-call]  # dask declares no types
    except (OSError, ValueError, ImportError) as fault:
        raise UnmeasuredError(
            f"--scheduler: no scheduler at {address}: {reason_of(fault)}",
            accepted="the address that `dask scheduler` prints, tcp://HOST:8786",
        ) from None
    with client:
        _same_versions(client)
        yield client.get_executor(pure=False, retries=ATTEMPTS)


def _same_versions(client: Any) -> None:
    """Raise UnmeasuredError unless every worker runs this version of the package."""
    try:
        found = client.run(_version)
    except Exception as fault:  # a worker without the package cannot unpickle the call
        raise UnmeasuredError(
            f"--scheduler: a worker cannot run mnprofile: {reason_of(fault)}",
            accepted=f"workers with mnprofile {__version__}",
        ) from None
    if not found:
        raise UnmeasuredError("--scheduler: the cluster has no workers")
    for worker, version in found.items():
        if version != __version__:
            raise UnmeasuredError(
                f"--scheduler: {worker} has mnprofile {version}, not {__version__}"
            )


def _version() -> str:
    return __version__


def outcomes(
    tasks: Sequence[Task], executor: cf.Executor, timeout: float = TIMEOUT_S
) -> Iterator[tuple[int, Outcome]]:
    """Run tasks; yields each one's index and outcome, in the order of arrival.

    Raises UnmeasuredError if the cluster is lost.
    """
    try:
        sent = {
            executor.submit(attempt, task.work, dict(task.arguments), timeout): index
            for index, task in enumerate(tasks)
        }
        for future in cf.as_completed(sent):
            index = sent[future]
            answer = future.result()
            yield (
                index,
                Outcome(
                    tasks[index], answer.get("figures", {}), answer.get("error", "")
                ),
            )
    except (cf.CancelledError, OSError) as fault:
        raise UnmeasuredError(
            f"the scheduler is gone: {reason_of(fault)}",
            accepted="the same command with --resume, once it is back",
        ) from None
