"""Progress bars on stderr, if it is a terminal."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mnprofile.base.units import short
from mnprofile.cli.output import is_quiet
from mnprofile.evidence.profilers.readings import Progress

SHORT_WORK = 1_000_000  # configurations; fewer are counted too fast for a bar


@contextmanager
def step_bar() -> Iterator[Progress]:
    """A bar of named steps; none in a CI run."""
    if is_quiet() or not sys.stderr.isatty() or os.environ.get("CI"):
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("")

    def update(label: str, done: int, total: int) -> None:
        # At once: the next step may be over before the bar's own refresh.
        bar.update(task, description=label, completed=done, total=total, refresh=True)

    with bar:
        yield update


@contextmanager
def size_bar(size: int) -> Iterator[Callable[[int], None]]:
    """A bar of many configurations, with rate and time left."""
    if is_quiet() or not sys.stderr.isatty() or size < SHORT_WORK:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.fields[seen]}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size, seen="", rate="")

        def advance(count: int) -> None:
            bar.advance(task, count)
            now = bar.tasks[0]
            bar.update(
                task,
                seen=f"{short(int(now.completed))} of {short(size)}",
                rate=f"{short(int(now.speed or 0))}/s",
            )

        yield advance


@contextmanager
def task_bar(total: int, done: int) -> Iterator[Callable[[bool], None]]:
    """A bar of configurations that are run, with failures, rate and time left.

    It begins at those that are ``done``; advance it with whether one has failed.
    """
    if is_quiet() or not sys.stderr.isatty() or total < 2:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.completed} of {task.total}"),
        BarColumn(),
        TextColumn("{task.fields[failed]}{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, completed=done, failed="", rate="")
        failures = 0

        def advance(has_failed: bool) -> None:
            nonlocal failures
            failures += has_failed
            bar.advance(task)
            speed = bar.tasks[0].speed or 0
            failed = f"{failures} failed, " if failures else ""
            bar.update(task, failed=failed, rate=f"{speed:.1f}/s")

        yield advance
