"""One family of errors: each says what is wrong, where, and what would be accepted.

The exit code of a failed command is the ``exit_code`` of the error that ended it.
"""

from collections.abc import Sequence
from typing import NamedTuple

OK, VERDICT, REJECTED, UNMEASURED, IO_FAILED, BUG = 0, 1, 2, 3, 4, 70
INTERRUPTED, READER_GONE, TERMINATED = 130, 141, 143  # 128 and the signal

EXIT_CODES = {
    OK: "fine",
    VERDICT: "a verdict went against you (a check disagreed, a budget was exceeded)",
    REJECTED: "usage or input rejected, or no such file",
    UNMEASURED: "could not be measured (a missing extra, no baseline)",
    IO_FAILED: "reading or writing failed",
    BUG: "an internal bug (--debug shows the traceback)",
    INTERRUPTED: "interrupted (Ctrl-C)",
    READER_GONE: "the reader of a pipe went away",
    TERMINATED: "ended by SIGTERM",
}
MAX_MESSAGE = 1000  # characters: a message quotes input of any length


class Place(NamedTuple):
    """Where in an input something is wrong. Lines and columns count from 1."""

    file: str
    line: int | None = None
    column: int | None = None
    header: str | None = None  # the printed header of the table column

    def __str__(self) -> str:
        where = ":".join(
            str(part) for part in (self.file, self.line, self.column) if part
        )
        return where + (f', column "{self.header}"' if self.header else "")


class MnprofileError(Exception):
    """Base class of the errors that a user's input or environment can cause."""

    exit_code = REJECTED
    kind = "error"

    def __init__(
        self,
        message: str,
        *,
        place: Place | None = None,
        accepted: str | None = None,
        suggestion: str | Sequence[str] | None = None,
    ) -> None:
        if len(message) > MAX_MESSAGE:
            message = message[: MAX_MESSAGE - 1] + "…"
        super().__init__(message)
        self.message = message
        self.place = place
        self.accepted = accepted
        if suggestion is not None and not isinstance(suggestion, str):
            suggestion = '" or "'.join(suggestion)
        self.suggestion: str | None = suggestion

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.message}" if self.place else self.message]
        if self.accepted:
            lines.append(f"Accepted: {self.accepted}")
        if self.suggestion:
            lines.append(f'Did you mean "{self.suggestion}"?')
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """The error as the JSON object that ``--format json`` prints."""
        place = self.place or Place("")
        return {
            "error": {
                "kind": self.kind,
                "message": self.message,
                "file": place.file or None,
                "line": place.line,
                "column": place.column,
                "header": place.header,
                "accepted": self.accepted,
                "suggestion": self.suggestion and self.suggestion.replace('"', ""),
                "exit_code": self.exit_code,
            }
        }


class UsageError(MnprofileError):
    """An option, argument or combination of them that is not accepted."""

    kind = "usage"


class TableError(MnprofileError):
    """A table file that cannot be read as an architecture."""

    kind = "table"


class FiguresError(MnprofileError):
    """A file of published figures or of their conventions that cannot be used."""

    kind = "figures"


class FileError(MnprofileError):
    """A file that cannot be read or written."""

    kind = "file"
    exit_code = IO_FAILED


class UnmeasuredError(MnprofileError):
    """Something that could not be measured, so there is no verdict."""

    kind = "unmeasured"
    exit_code = UNMEASURED


class MissingExtraError(MnprofileError):
    """A command needs a package of an extra that is not installed."""

    kind = "missing-extra"
    exit_code = UNMEASURED


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known spelling closest to ``word``, or None when none is near."""
    import difflib  # 15 ms that only a failing run should pay

    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower()[:80], by_lower, n=1, cutoff=0.5)
    return by_lower[found[0]] if found else None
