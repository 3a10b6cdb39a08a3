"""Files are written to a temporary name in the same folder, then renamed.

Within one run of the command line no output may take the place of an input, nor of
another output: ``run`` begins and ends it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mnprofile.base.errors import FileError, Place, UsageError

_taken: dict[Path, str] | None = None  # what a path is to this run; None outside of one


@contextmanager
def run() -> Iterator[None]:
    """One run of the command line."""
    global _taken  # noqa: PLW0603 - a run is a process' own
    _taken = {}
    try:
        yield
    finally:
        _taken = None


def note_input(path: Path) -> None:
    """Keep an input from being written over by this run."""
    if _taken is not None:
        _taken[path.resolve()] = "an input of this command"


def _note_output(path: Path) -> None:
    if _taken is not None:
        _taken[path] = "already an output of this command"


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that takes the name ``path`` when the block ends well.

    Where it does not, the earlier file stays as it was and nothing is left behind. A
    device or pipe is written to, never replaced, and a link's target is, not the link.
    Raises FileError naming the path, and UsageError for a name that this run has taken.
    """
    import tempfile  # 7 ms that only a command with a file should pay

    temporary: str | None = None
    try:
        path = path.resolve()
        if path.is_dir():
            raise IsADirectoryError(21, "this is a directory")
        if _taken is not None and path in _taken:
            raise UsageError(f"{path.name} is {_taken[path]}", accepted="another name")
        if path.exists() and not path.is_file():
            with open(path, "wb") as special:
                yield special
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(
            prefix=f".{path.name[:80]}.", suffix=".tmp", dir=path.parent
        )
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
        temporary = None
        _note_output(path)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise FileError(f"cannot write: {reason}", place=Place(str(path))) from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                Path(temporary).unlink()


def write_text(path: Path, text: str) -> None:
    """Replace a file's text, all or nothing. Raises FileError."""
    with replacing(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
