"""Files are read up to a limit, and replaced completely or not at all."""

import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from mnprofile.base.errors import FileError, MnprofileError
from mnprofile.base.files import Input, replacing, write_text, write_texts
from mnprofile.evidence.literature.sources import COLUMNS
from tests.conftest import GOOD_V2, Run


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


@pytest.mark.parametrize("full_first", [True, False])
def test_a_full_disk_leaves_all_files_of_a_run(
    tmp_path: Path, full_first: bool
) -> None:
    """/dev/full takes nothing; the file beside it is not replaced, in either order."""
    old, full = tmp_path / "old.md", Path("/dev/full")
    old.write_text("before")
    texts = {old: "after", full: "after"}
    with pytest.raises(FileError, match="/dev/full: cannot write: No space left"):
        write_texts(dict(reversed(texts.items())) if full_first else texts)

    assert old.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["old.md"]


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


def test_no_output_takes_the_place_of_an_input(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "own.md"
    table.write_text(GOOD_V2, encoding="utf-8")
    budget = tmp_path / "budgets.toml"
    budget.write_text('[[budget]]\nname = "b"\narch = "v2"\nmax-macs = "1G"\n')
    source = tmp_path / "blog.csv"
    source.write_text(",".join(COLUMNS) + "\n")
    source.with_suffix(".toml").write_text('title = "A blog"')
    counted = tmp_path / "count.json"
    assert run("count", "v2", "-o", str(counted)).code == 0
    for arguments in (
        ("reproduce", str(source), "-o", str(source)),
        ("diff", str(counted), "v2", "-o", str(counted)),
        ("count", str(table), "-o", str(table)),
        ("diff", str(table), "v2", "-o", str(table)),
        ("ci", "--config", str(budget), "--html", str(budget)),
    ):
        result = run(*arguments)
        assert (result.code, result.out) == (2, "")
        assert "is an input of this command" in result.err
    assert table.read_text("utf-8") == GOOD_V2
    assert budget.read_text().startswith("[[budget]]")


def test_no_output_takes_the_place_of_another(run: Run, tmp_path: Path) -> None:
    target = str(tmp_path / "same.html")
    result = run("sweep", "v2", "--format", "csv", "-o", target, "--plot", target)

    assert result.code == 2
    assert "same.html is already an output of this command" in result.err


def test_a_later_run_may_write_where_an_earlier_one_did(
    run: Run, tmp_path: Path
) -> None:
    path = str(tmp_path / "out.json")

    assert run("count", "v2", "-o", path).code == 0
    assert run("count", "v1", "-o", path).code == 0


# --- reading -------------------------------------------------------------------------


class WrongError(MnprofileError):
    """What a caller raises."""


NOTES = Input("note", WrongError, 1 << 20, pipe="- for a pipe")


def refused(path: Path) -> str:
    with pytest.raises(WrongError) as caught:
        NOTES.text(path)
    return str(caught.value)


def test_a_file_up_to_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * NOTES.limit)
    assert len(NOTES.text(path)) == NOTES.limit

    path.write_bytes(b"x" * (NOTES.limit + 1))
    assert refused(path) == (
        f"{path}: the file is larger than 1 MiB\nAccepted: up to 1 MiB"
    )


def test_bytes_that_are_not_utf_8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one\ntwo \xff")

    assert NOTES.read(path) == b"one\ntwo \xff"
    assert refused(path) == (
        f"{path}:2:5: not UTF-8 text\nAccepted: a UTF-8 encoded note"
    )


def test_what_is_no_regular_file_is_not_opened(tmp_path: Path) -> None:
    """Opening a pipe without a writer would wait forever."""
    pipe, plug = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plug))

    assert refused(pipe) == f"{pipe}: this is a named pipe\nAccepted: - for a pipe"
    assert refused(plug) == f"{plug}: this is not a regular file"
    assert refused(Path("/dev/zero")) == "/dev/zero: this is not a regular file"


def test_a_pipe_that_a_shell_opened_is_read() -> None:
    end, start = os.pipe()
    os.write(start, b"text")
    os.close(start)
    try:
        assert NOTES.text(Path(f"/dev/fd/{end}")) == "text"
    finally:
        os.close(end)


def test_names_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")

    assert refused(tmp_path / "b") == f"{tmp_path}/b: no such file"
    assert refused(tmp_path / "a" / "b") == f"{tmp_path}/a/b: no such file"
    assert refused(Path("a\0b")).endswith("this is not a file name")
    with pytest.raises(FileError, match="Is a directory"):
        NOTES.read(tmp_path)
