"""Files are replaced whole or left alone."""

import os
import stat
import threading
from pathlib import Path

import pytest

from mnprofile.errors import FileError
from mnprofile.files import replacing, write_text
from tests.conftest import Run


def test_a_failed_write_leaves_the_earlier_file_and_nothing_else(
    tmp_path: Path,
) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")

    def fail() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


def test_a_full_disk_is_a_file_error(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"

    def fill() -> None:
        with replacing(path):
            raise OSError(28, "No space left on device")

    with pytest.raises(FileError, match="No space left"):
        fill()

    assert list(tmp_path.iterdir()) == []


def test_a_new_file_gets_ordinary_permissions_and_an_old_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    new, old = tmp_path / "new.txt", tmp_path / "old.txt"
    old.write_text("x")
    old.chmod(0o640)
    mask = os.umask(0o022)
    try:
        write_text(new, "y")
        write_text(old, "y")
    finally:
        os.umask(mask)

    assert new.stat().st_mode & 0o777 == 0o644
    assert old.stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    """A rename over it would put a regular file in its place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_text(pipe, "rows\n")
    reader.join(timeout=10)

    assert read == [b"rows\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("before")
    link.symlink_to(target)
    write_text(link, "after")

    assert link.is_symlink()
    assert target.read_text() == "after"


@pytest.mark.parametrize(
    ("target", "words"),
    [("missing/out.json", "No such file"), (".", "--format"), ("out", "--format")],
)
def test_bad_targets(run: Run, tmp_path: Path, target: str, words: str) -> None:
    result = run("count", "v2", "-o", str(tmp_path / target))

    assert result.code in (2, 4)
    assert words in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_directory_as_target_is_exit_4(run: Run, tmp_path: Path) -> None:
    result = run("count", "v2", "--format", "json", "-o", str(tmp_path))

    assert result.code == 4
    assert "this is a directory" in result.err
