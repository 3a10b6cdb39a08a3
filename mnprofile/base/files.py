"""Files of a run: inputs are read up to a limit, outputs are replaced atomically.

Within one run of the command line, an output cannot overwrite an input or another
output. ``run`` marks where a run begins and ends.
"""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from mmap import ACCESS_READ, mmap
from pathlib import Path
from stat import S_ISREG
from typing import IO, NamedTuple

from mnprofile.base.errors import FileError, MnprofileError, Place, UsageError

_taken: dict[Path, str] | None = None  # how this run uses each path; None outside a run


@contextmanager
def run() -> Iterator[None]:
    """One run of the command line."""
    global _taken  # noqa: PLW0603 - there is one run per process
    _taken = {}
    try:
        yield
    finally:
        _taken = None


def note_input(path: Path) -> None:
    """Refuse to write to a file from here on: this run has read it. Raises OSError."""
    if _taken is not None:
        _taken[_resolved(path)] = "an input of this command"


def note_output(path: Path) -> None:
    """Refuse to write to a file again, by its path without symbolic links."""
    if _taken is not None:
        _taken[path] = "already an output of this command"


def _resolved(path: Path) -> Path:
    """The path without symbolic links. Raises OSError."""
    loop = OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    try:
        path = path.resolve()
    except RuntimeError:  # as Python 3.11 and 3.12 say it
        raise loop from None
    if path.is_symlink():  # later ones leave the link
        raise loop
    return path


def _target(path: Path) -> Path:
    """Where a path leads, if this run may write there.

    Raises OSError for what is no file, UsageError for a path that this run has used.
    """
    try:
        path = _resolved(path)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "this is a directory")
    except ValueError:
        raise OSError(errno.EINVAL, "this is not a file name") from None
    if _taken is not None and path in _taken:
        raise UsageError(f"{path.name} is {_taken[path]}", accepted="another name")
    return path


MAX_PIPED = 1 << 28  # bytes of a pipe that is read as a whole
# Pipes that the shell opened for this process.
_OPEN_PIPES = ("/dev/fd/", "/dev/stdin", "/proc/")


class Input(NamedTuple):
    """A kind of input file: its maximum size, and the error if it is not accepted.

    ``error`` is raised for anything that is not such a file, FileError where a file
    cannot be read. ``pipe`` is what the error for a named pipe suggests instead.
    """

    noun: str  # "Markdown file"
    error: type[MnprofileError]
    limit: int  # bytes
    pipe: str | None = None

    def read(self, path: Path, *, is_input: bool = True) -> bytes:
        """The bytes of a file, which this run then refuses to overwrite.

        Without ``is_input`` it may: the file is read to be written again.
        """
        with self._opened(path, is_input=is_input) as file:
            return self.bounded(file, str(path))

    def mapped(self, path: Path) -> memoryview:
        """The bytes of a file, of which only those that are looked at are read.

        Those of a pipe are read as a whole.
        """
        with self._opened(path) as file:
            status = os.fstat(file.fileno())
            if not S_ISREG(status.st_mode):
                piped = self._replace(limit=min(self.limit, MAX_PIPED))
                return memoryview(piped.bounded(file, str(path)))
            self._check_size(status.st_size, str(path))
            if status.st_size == 0:  # which cannot be mapped
                return memoryview(b"")
            return memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))

    @contextmanager
    def _opened(self, path: Path, *, is_input: bool = True) -> Iterator[IO[bytes]]:
        place = Place(str(path))
        try:
            if path.is_char_device() or path.is_block_device() or path.is_socket():
                raise self.error("this is not a regular file", place=place)
            if path.is_fifo() and not str(path).startswith(_OPEN_PIPES):
                # Opening it would wait for a writer, forever if there is none.
                raise self.error(
                    "this is a named pipe", place=place, accepted=self.pipe
                )
            if is_input:
                note_input(path)
            with open(path, "rb") as file:
                yield file
        except OSError as fault:
            if fault.errno in (errno.ENOENT, errno.ENOTDIR):
                raise self.error("no such file", place=place) from None
            raise FileError(fault.strerror or str(fault), place=place) from None
        except ValueError:  # a NUL in the path
            raise self.error("this is not a file name", place=place) from None

    def text(self, path: Path) -> str:
        """The text of a UTF-8 file, which this run then refuses to overwrite."""
        return self.decoded(self.read(path), str(path))

    def bounded(self, stream: IO[bytes], name: str) -> bytes:
        """All bytes of a stream; ``name`` is what errors call it."""
        data = stream.read(self.limit + 1)
        self._check_size(len(data), name)
        return data

    def _check_size(self, size: int, name: str) -> None:
        if size > self.limit:
            limit = f"{self.limit >> 20} MiB"
            raise self.error(
                f"the file is larger than {limit}",
                place=Place(name),
                accepted=f"up to {limit}",
            )

    def decoded(self, data: bytes, name: str) -> str:
        """UTF-8 bytes as text; an error gives line and column of the faulty byte."""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as fault:
            line = data.count(b"\n", 0, fault.start) + 1
            column = fault.start - data.rfind(b"\n", 0, fault.start)
            raise self.error(
                "not UTF-8 text",
                place=Place(name, line, column),
                accepted=f"a UTF-8 encoded {self.noun}",
            ) from None


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that replaces ``path`` when the block ends without an error.

    Otherwise the earlier file is unchanged and nothing is left behind. A device or pipe
    is written to, never replaced; a symbolic link is kept and its target replaced.
    Raises FileError naming the path, and UsageError for a path that this run has used.
    """
    temporary: Path | None = None
    try:
        path = _target(path)
        if path.exists() and not path.is_file():
            with open(path, "wb") as special:
                yield special
            return
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        prefix = f".{path.name[:80]}."
        _clear_stale(path.parent, prefix)
        # Named before it is made: a signal in between must not leave it behind.
        random = os.urandom(_RANDOM // 2).hex()
        temporary = path.parent / f"{prefix}{random}{_TEMPORARY}"
        with open(temporary, "xb", opener=_private) as file:
            _lock(file)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(mode)
        temporary.replace(path)
        temporary = None
        note_output(path)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise FileError(f"cannot write: {reason}", place=_place(path)) from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


def _private(name: str, flags: int) -> int:
    """Open a file that only its owner can read, until it has its mode."""
    return os.open(name, flags, 0o600)


def write_text(path: Path, text: str) -> None:
    """Replace a file's text, completely or not at all. Raises FileError."""
    write_texts({path: text})


def write_texts(texts: Mapping[Path, str] | Mapping[Path, str | bytes]) -> None:
    """Replace what is in several files: in all, or in none if one cannot be written.

    Raises FileError, and UsageError for a path that this run has used.
    """
    check_targets(texts)
    with ExitStack() as stack:
        for path, text in texts.items():
            file = stack.enter_context(replacing(path))
            if isinstance(text, bytes):
                file.write(text)
            else:
                file.write(text.encode("utf-8", "backslashreplace"))
            file.flush()  # what the disk has no room for fails before any is replaced


def check_targets(paths: Iterable[Path | None], *, makes_folders: bool = False) -> None:
    """Check the names of a command's outputs before the first of them is written.

    None and "-" (standard output) are left out, with ``makes_folders`` also whether
    their folders are there. Raises FileError, and UsageError for a
    path that this run has used, or that is there twice.
    """
    seen: set[Path] = set()
    for path in paths:
        if path is None or str(path) == "-":
            continue
        try:
            target = _target(path)
            if not (makes_folders or target.parent.is_dir()):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        except OSError as fault:
            reason = fault.strerror or str(fault)
            raise FileError(f"cannot write: {reason}", place=_place(path)) from None
        if target in seen:
            raise UsageError(
                f"{target.name} is already an output of this command",
                accepted="another name",
            )
        if target.is_file() or not target.exists():
            seen.add(target)


_TEMPORARY = ".tmp"
_RANDOM = 8  # characters between the name and that
_STALE_AFTER_S = 1.0  # a younger one may be about to be locked


def _clear_stale(folder: Path, prefix: str) -> None:
    """Remove what an earlier run for the same name left behind when it was killed.

    A run that is still writing holds a lock on its file.
    """
    import time

    length = len(prefix) + _RANDOM + len(_TEMPORARY)
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if not (name.startswith(prefix) and name.endswith(_TEMPORARY)):
                continue
            with suppress(OSError):
                if len(name) != length or not entry.is_file(follow_symlinks=False):
                    continue
                if time.time() - entry.stat().st_mtime < _STALE_AFTER_S:
                    continue
                with open(entry.path, "rb") as file:
                    if _lock(file):
                        Path(entry.path).unlink()


def _lock(file: IO[bytes]) -> bool:
    """Whether nobody else holds the lock on an open file, and we now do."""
    try:
        import fcntl
    except ImportError:  # not on this system, where nothing is cleared either
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _place(path: Path) -> Place:
    return Place(str(path).replace("\0", "\\0"))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
