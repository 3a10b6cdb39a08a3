"""Files that are not what they should be: a clear error, and nothing lost."""

import fcntl
import json
import os
import subprocess
import sys
import time
from itertools import combinations, product
from pathlib import Path

import pytest

import mnprofile.cli
from mnprofile.base.files import write_text
from mnprofile.evidence.literature.sources import COLUMNS
from tests.conftest import GOOD_V2, Run, spoiled
from tests.sampling import sampled

pytestmark = pytest.mark.usefixtures("elsewhere")
BUDGET = '[[budget]]\nname = "b"\narch = "v2"\nmax-macs = "1G"\n'


# --- what cannot be read -------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("count", "loop.md"),
        ("diff", "loop.json", "v2"),
        ("ci", "--config", "loop.toml"),
        ("reproduce", "loop.csv"),
        ("count", "v2", "-o", "loop.json"),
        ("report", "v2", "-o", "loop.md"),
        ("sweep", "v2", "--no-plot", "-o", "loop.csv"),
    ],
)
def test_links_in_a_loop_are_a_file_error(run: Run, arguments: tuple[str, ...]) -> None:
    for suffix in ("md", "json", "toml", "csv"):
        Path(f"loop.{suffix}").symlink_to(f"loop.{suffix}")
    result = run(*arguments)

    assert result.code in (2, 4), result.err
    assert "loop." in result.err
    assert "Internal error" not in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("count", "pipe.md"),
        ("diff", "pipe.json", "v2"),
        ("ci", "--config", "pipe.toml"),
        ("reproduce", "pipe.csv"),
    ],
)
@pytest.mark.usefixtures("ends")
def test_a_named_pipe_is_not_waited_for(run: Run, arguments: tuple[str, ...]) -> None:
    os.mkfifo(next(one for one in arguments if one.startswith("pipe")))
    result = run(*arguments)

    assert result.code == 2
    assert "this is a named pipe" in result.err


LONG, HEX = "9" * 4_400, "0x" + "f" * 4_400
SOURCE = """title = "A blog"
[[convention]]
tables = ["Table 1"]
quantity = "macs"
count = { macs = 1 }
classes = 1000
rounding = "nearest"
reason = "as the paper"
"""


@pytest.mark.parametrize("number", [LONG, HEX])
def test_a_long_whole_number_is_refused_everywhere(run: Run, number: str) -> None:
    Path("own.md").write_text(
        spoiled(GOOD_V2, ("resolution = 32", f"resolution = {number}")), "utf-8"
    )
    Path("mnprofile.toml").write_text(BUDGET.replace('"1G"', number))
    Path("blog.csv").write_text(
        ",".join(COLUMNS) + "\nTable 1,p,V2,v2,v2,,,,ImageNet,,macs,300,M,,\n"
    )
    Path("blog.toml").write_text(SOURCE.replace("macs = 1 }", f"macs = {number} }}"))
    for arguments in (
        ("count", "own.md"),
        ("ci",),
        ("reproduce", str(Path("blog.csv").absolute())),
    ):
        result = run(*arguments)

        assert (result.code, result.out) == (2, "")
        assert "a whole number of more than 64 bits" in result.err


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('title = "A blog"', "[" * 3_000, "not TOML"),
        ('title = "A blog"', 'title = "A"\narchitectures = [1]', "architectures has 1"),
        ('["Table 1"]', "[1]", "tables has 1"),
        ("[[convention]]", "[convention]", "convention is"),
        ("{ macs = 1 }", "{ macs = [1] }", "count: macs = [1]"),
    ],
)
def test_a_wrong_type_in_a_source_is_named(
    run: Run, old: str, new: str, words: str
) -> None:
    Path("blog.csv").write_text(
        ",".join(COLUMNS) + "\nTable 1,p,V2,v2,v2,,,,ImageNet,,macs,300,M,,\n"
    )
    Path("blog.toml").write_text(spoiled(SOURCE, (old, new)))
    result = run("reproduce", str(Path("blog.csv").absolute()), "--all")

    assert result.code == 2
    assert words in result.err


@pytest.mark.parametrize("alpha", ["٠.٧٥", "1_0", "nan", "1e-1"])
def test_a_source_has_only_plain_digits(run: Run, alpha: str) -> None:
    row = f"Table 1,p,V2,v2,v2,{alpha},١٦٠,,ImageNet,,macs,300,M,,"
    for name, text, words in (
        ("a.csv", row, "is not a width multiplier"),
        ("b.csv", row.replace(alpha, "1"), "is not a size"),
    ):
        path = Path(name).absolute()  # read once per process
        path.write_text(f"{','.join(COLUMNS)}\n{text}\n", "utf-8")
        path.with_suffix(".toml").write_text(SOURCE)

        assert words in run("reproduce", str(path)).err


def test_a_baseline_with_a_nul_in_its_name(run: Run) -> None:
    Path("mnprofile.toml").write_text('baseline = "a\\u0000b"\n' + BUDGET)
    result = run("ci", "--write-baseline")

    assert result.code == 4
    assert "this is not a file name" in result.err


# --- nothing lost, nothing half done -------------------------------------------------


def test_a_baseline_is_not_overwritten_by_the_report_about_it(run: Run) -> None:
    Path("mnprofile.toml").write_text(
        BUDGET.replace('"1G"', '"1G"\nmax-increase = "1%"')
    )
    assert run("ci", "--write-baseline").code == 0
    before = Path("mnprofile-baseline.json").read_bytes()

    for more in ((), ("--write-baseline",)):
        result = run("ci", "-o", "mnprofile-baseline.json", *more)
        assert result.code == 2
        assert Path("mnprofile-baseline.json").read_bytes() == before


def test_ci_writes_all_of_its_files_or_none(run: Run) -> None:
    Path("mnprofile.toml").write_text(BUDGET)
    result = run("ci", "--html", "h.html", "-o", "mnprofile.toml")

    assert result.code == 2
    assert sorted(path.name for path in Path().iterdir()) == ["mnprofile.toml"]


def test_ci_writes_nothing_if_a_folder_is_missing(run: Run) -> None:
    Path("mnprofile.toml").write_text(BUDGET)
    outputs = ("--summary", "s.md", "--html", "h.html", "--junit", "none/j.xml")
    result = run("ci", "--write-baseline", *outputs)

    assert result.code == 4
    assert "none/j.xml: cannot write: No such file or directory" in result.err
    assert sorted(path.name for path in Path().iterdir()) == ["mnprofile.toml"]


def test_report_writes_all_of_its_files_or_none(run: Run) -> None:
    Path("rr").mkdir()
    Path("rr/report.md").write_text(GOOD_V2, "utf-8")
    result = run("report", "rr/report.md", "-o", "rr")

    assert result.code == 2
    assert "report.md is an input of this command" in result.err
    assert [path.name for path in Path("rr").iterdir()] == ["report.md"]


def test_what_a_killed_run_left_is_cleared_by_the_next() -> None:
    stale, other, held = (
        Path(name)
        for name in (".a.json.abcdefgh.tmp", ".a.json.x.tmp", ".b.12345678.tmp")
    )
    for path in (stale, other, held):
        path.write_text("half")
        old = time.time() - 60
        os.utime(path, (old, old))
    write_text(Path("a.json"), "whole")
    assert not stale.exists()
    assert other.exists()

    with held.open("rb") as file:  # another run is still writing
        fcntl.flock(file, fcntl.LOCK_EX)
        write_text(Path("b"), "whole")
        assert held.exists()
    write_text(Path("b"), "whole")
    assert not held.exists()


def test_counts_of_any_size_are_read_back(run: Run) -> None:
    """65,536 channels at 8192 x 8192: 65,536² x 8,192² and more, over 2^63."""
    Path("vast.md").write_text(
        spoiled(
            GOOD_V2,
            ("resolution = 32", "resolution = 8192"),
            (
                "32²×3  | conv2d      | - | 8  | 1 | 2",
                "8192²×3 | conv2d | - | 65536 | 1 | 1",
            ),
            (
                "| 16²×8  | bottleneck  | 6 | 16 | 2 | 2 |",
                "| 8192²×65536 | bottleneck | 64 | 65536 | 1 | 1 |",
            ),
            (
                "8²×16  | conv2d 1x1  | - | 32 | 1 | 1",
                "8192²×65536 | conv2d 1x1 | - | 32 | 1 | 1",
            ),
            ("8²×32  | avgpool 8x8", "8192²×32  | avgpool 8192x8192"),
        ),
        "utf-8",
    )
    assert run("count", "vast.md", "-o", "vast.json").code == 0
    assert json.loads(Path("vast.json").read_text())["totals"]["macs"] > 1 << 63
    assert run("diff", "vast.json", "vast.json").code == 0

    Path("mnprofile.toml").write_text(
        '[[budget]]\nname = "b"\narch = "vast.md"\nmax-increase = "1%"\n'
    )
    assert run("ci", "--write-baseline").code == 0
    assert run("ci").code == 0


# --- errors that are ours, and those of the machine ----------------------------------


def test_an_internal_error_is_json_where_json_was_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("mnprofile.cli.count.count", broken)
    result = run("count", "v2", "--format", "json")

    assert (result.code, result.out) == (70, "")
    error = json.loads(result.err)["error"]
    assert error["kind"] == "internal"
    assert error["message"] == "Internal error: ZeroDivisionError: by zero"
    assert "This is a bug in mnprofile" in run("count", "v2").err


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (MemoryError(), "memory ran out"),
        (ImportError("\n\nIMPORTANT: read this\n", name="numpy"), "IMPORTANT: read"),
    ],
)
def test_what_the_machine_lacks_is_not_a_bug(
    run: Run, monkeypatch: pytest.MonkeyPatch, fault: Exception, words: str
) -> None:
    def broken(*_: object) -> None:
        raise fault

    monkeypatch.setattr("mnprofile.cli.count.count", broken)
    result = run("count", "v2")

    assert result.code == 3
    assert words in result.err
    assert "bug" not in result.err


@pytest.mark.parametrize("kib", [60_000, 100_000, 150_000])
def test_too_little_address_space_is_exit_3(kib: int) -> None:
    """OpenBLAS would end the process with 1, which is a verdict."""
    done = subprocess.run(
        [
            "bash",
            "-c",
            f'ulimit -v {kib}; exec "$0" -m mnprofile sweep v2 --no-plot',
            sys.executable,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert done.returncode == 3, done.stderr
    assert "ulimit -v" in done.stderr


# --- pairs of options ----------------------------------------------------------------

OPTIONS = {
    "--alpha": ("0.5",),
    "--res": ("96",),
    "--rho": ("0.5",),
    "--t": ("4",),
    "--depth": ("1",),
    "--phi": ("1",),
    "--head": ("lraspp",),
    "--classes": ("0",),
    "--impl": ("timm",),
    "--output-stride": ("16",),
    "--by": ("stage",),
    "--elementwise": (),
    "--deploy": (),
    "--bits": ("16",),
    "--fields": ("receptive",),
    "--format": ("json",),
    "--strict": (),
    # Of networks that are no shipped table: refused, in every company.
    "--input": ("1x3x96x96",),
    "--arg": ("width=0.5",),
    "--train": (),
    "--table": ("1",),
    "--set": ("resolution=96",),
}
ELSEWHERE = ("--output", "--quiet", "--verbose", "--help-all")
FORMATS = ("table", "json", "csv", "md")


def test_the_options_of_count_are_all_tried() -> None:
    command = mnprofile.cli.cli.get_command(None, "count")  # type: ignore[arg-type]
    assert command is not None
    names = {one.opts[-1] for one in command.params} - {"arch"}

    assert names - {*ELSEWHERE} == {*OPTIONS}


PAIRS = [*product(combinations(OPTIONS, 2), FORMATS)]


@pytest.mark.parametrize(("pair", "format_"), sampled(PAIRS, 3))
def test_every_pair_of_options_of_count(
    run: Run, pair: tuple[str, str], format_: str
) -> None:
    """The suite has every pair in at least one format."""
    arguments = [word for name in pair for word in (name, *OPTIONS[name])]
    if "--format" not in pair:
        arguments += ["--format", format_]
    result = run("count", "v3-small", *arguments)

    assert result.code in (0, 2), result.err
    assert (result.code == 0) == bool(result.out)
    if result.code == 0 and "json" in arguments:
        json.loads(result.out)
