"""The file in which a run keeps what it has, line by line, to go on from there later.

One JSON object per line: the task's key (which holds its arguments and the versions of
the packages that it ran) and its outcome. A line is written whole when a task ends, so
whatever ends the run, at most the last line is broken, and that one is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from mnprofile.base.errors import FileError, Place, UsageError
from mnprofile.base.files import Input, check_targets, note_output
from mnprofile.search.tasks.task import Outcome, Task

_FILE = Input("results file", UsageError, limit=1 << 30)


class Results:
    """Finished tasks, in a file if there is a path.

    With ``resume``, what the file has is kept and ``known`` says which tasks are in it;
    without, a file that is there is refused. Raises UsageError and FileError.
    """

    def __init__(
        self, path: Path | None, versions: Mapping[str, str], *, resume: bool
    ) -> None:
        self._versions = versions
        self._rows: dict[str, Mapping[str, Any]] = {}
        self._file: IO[bytes] | None = None
        if path is None:
            return
        check_targets([path])
        if path.exists() and not resume:
            raise UsageError(
                f"--results: {path} is there already",
                accepted="--resume to go on with it, or another name",
            )
        whole = self._read(path) if path.exists() else 0
        try:
            self._file = open(path, "ab")  # noqa: SIM115  closed by __exit__
            self._file.truncate(whole)
            note_output(path.resolve())
        except OSError as fault:
            reason = fault.strerror or str(fault)
            raise FileError(f"cannot write: {reason}", place=Place(str(path))) from None

    def _read(self, path: Path) -> int:
        """Read what succeeded; return the number of bytes in whole lines."""
        data = _FILE.read(path)
        whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[:whole].splitlines(), start=1):
            entry = None
            with suppress(ValueError, RecursionError):
                entry = json.loads(line)
            if not (isinstance(entry, dict) and entry.keys() == {"key", "figures"}):
                raise UsageError(
                    "this line is not a result",
                    place=Place(str(path), number),
                    accepted="a file that --results has written",
                )
            self._rows[str(entry["key"])] = entry["figures"]
        return whole

    def known(self, tasks: Sequence[Task]) -> dict[int, Outcome]:
        """The outcomes that are there already, by the index of their task."""
        found = {}
        for index, task in enumerate(tasks):
            figures = self._rows.get(task.key(self._versions))
            if figures is not None:
                found[index] = Outcome(task, figures)
        return found

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome; a failed task is not kept, so that it is tried again."""
        if self._file is None or outcome.error:
            return
        entry = {"key": outcome.task.key(self._versions), "figures": outcome.figures}
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()

    def __enter__(self) -> Results:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
