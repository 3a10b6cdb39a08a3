"""One configuration that something must be run for, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnprofile.base.errors import UsageError

MAX_TASKS = 100_000
Row = Mapping[str, Any]  # plain JSON values by column


@dataclass(frozen=True, slots=True)
class Task:
    """A function, as "module:name", and its arguments as plain JSON values.

    It returns the columns of the result, plain JSON values too (``work`` has such
    functions). ``row`` holds the columns that are known before it runs; they are in the
    result even where the work fails.
    """

    work: str
    arguments: Mapping[str, Any]
    row: Row

    def key(self, versions: Mapping[str, str]) -> str:
        """A name for this task with these versions of the packages it runs."""
        text = json.dumps([self.work, self.arguments, versions], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task gave: its columns, or the reason why it has none."""

    task: Task
    figures: Row
    error: str = ""

    @property
    def row(self) -> dict[str, Any]:
        """All columns; ``error`` is None where the task succeeded."""
        return {**self.task.row, **self.figures, "error": self.error or None}


def check_number(count: int) -> None:
    """Raise UsageError for more tasks than one run takes."""
    if count > MAX_TASKS:
        raise UsageError(
            f"the grid has {count:,} configurations to run",
            accepted=f"up to {MAX_TASKS:,}: larger steps or fewer values",
        )
