"""Files are replaced all or nothing; devices and pipes are written to."""

import os
import stat
import threading
from pathlib import Path

import pytest

from mnprofile import files
from mnprofile.errors import FileError


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    """A rename over it would leave a regular file (over /dev/null, on the machine)."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    files.write_text(pipe, "rows\n")
    reader.join(timeout=10)
    assert read == [b"rows\n"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_failed_write_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("earlier")

    def fail_half_way() -> None:
        with files.replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert path.read_text() == "earlier"
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.csv"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nowhere/rows\.csv: cannot write"):
        files.write_text(tmp_path / "nowhere" / "rows.csv", "")
