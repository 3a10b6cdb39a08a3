"""Options of commands that run something for each configuration, and the run itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from mnprofile.base.errors import UsageError
from mnprofile.cli.options import together
from mnprofile.cli.progress import task_bar

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from mnprofile.search.tasks.task import Outcome, Task

keep_options = together(
    click.option(
        "--timeout",
        type=click.FloatRange(0, 86_400, min_open=True),
        metavar="SECONDS",
        help="Give up on a configuration after this time. [default: 600]",
    ),
    click.option(
        "--results",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Keep finished configurations in this file, as they come.",
    ),
    click.option(
        "--resume",
        is_flag=True,
        help="Go on with --results: run only what is not in it.",
    ),
)
task_options = together(
    click.option(
        "--workers",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Run N processes on this machine. [default: one]",
    ),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Run on a dask cluster, such as tcp://host:8786.",
    ),
    keep_options,
)
KEEP_OPTIONS = ("timeout", "results", "resume")
TASK_OPTIONS = ("workers", "scheduler", *KEEP_OPTIONS)

# Options of a configuration that take one value, or several, which make a grid.
AXES = ("alpha", "resolution", "rho", "t", "classes", "impl")


def is_many(value: object) -> bool:
    """Whether a value of an option is a list or a range of values."""
    return isinstance(value, str) and ("," in value or ":" in value)


class OneOrMany(click.ParamType[Any]):
    """A value as the given type reads it, or a list or range of them as text."""

    def __init__(self, one: click.ParamType[Any]) -> None:
        self.one, self.name = one, one.name

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        return value if is_many(value) else self.one.convert(value, param, ctx)


def take_many(command: click.Command, axes: Sequence[str] = AXES) -> None:
    """Let the options ``axes`` of a command take lists and ranges too."""
    for param in command.params:
        if param.name in axes:
            param.type = OneOrMany(param.type)


@dataclass(frozen=True)
class TaskRun:
    """How tasks are run; the fields are the options above."""

    workers: int | None = None
    scheduler: str | None = None
    timeout: float | None = None
    results: Path | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        if self.workers is not None and self.scheduler is not None:
            raise UsageError("--workers and --scheduler cannot be used together")
        if self.resume and self.results is None:
            raise UsageError("--resume needs --results FILE")

    @property
    def is_default(self) -> bool:
        return self == TaskRun()


def run_tasks(
    tasks: Sequence[Task], how: TaskRun, also: Mapping[str, str] = MappingProxyType({})
) -> tuple[Outcome, ...]:
    """Run every task that is not in the results file; outcomes in the tasks' order.

    ``also`` are versions that an outcome depends on, besides those of our packages.
    Raises whatever ends the run as a whole; what is finished by then stays in the
    results file.
    """
    from mnprofile.search.tasks import running
    from mnprofile.search.tasks.results import Results
    from mnprofile.search.tasks.versions import versions

    with Results(how.results, {**versions(), **also}, resume=how.resume) as results:
        found = results.known(tasks)
        waiting = [index for index in range(len(tasks)) if index not in found]
        some = [tasks[index] for index in waiting]
        with task_bar(len(tasks), len(found)) as advance, _executor(how) as executor:
            for at, outcome in running.outcomes(
                some, executor, how.timeout or running.TIMEOUT_S
            ):
                results.add(outcome)
                found[waiting[at]] = outcome
                advance(bool(outcome.error))
    return tuple(found[index] for index in range(len(tasks)))


@contextmanager
def _executor(how: TaskRun) -> Iterator[Executor]:
    from mnprofile.search.tasks import running

    if how.scheduler is not None:
        with running.cluster(how.scheduler) as executor:
            yield executor
    else:
        with running.processes(how.workers or 1) as executor:
            yield executor
