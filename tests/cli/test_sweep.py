"""`mnprofile sweep` and `mnprofile find` as a shell sees them."""

import csv
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnprofile import cli
from mnprofile.cli import output


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    code = cli.main(arguments)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test runs in its own folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_arguments_print_the_frontier_and_write_the_plot(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    code, out, err = run(capsys, "sweep")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "Frontier of top-1 over multiply-adds"
    assert lines[3].split() == [
        "mobilenet_v2",
        "0.35",
        "96",
        "11934128",
        "1677128",
        "45.5",
    ]
    assert err == "Plots: reports/sweep.html\n"
    assert (folder / "reports" / "sweep.html").stat().st_size > 1_500_000


def test_no_plot(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, _, err = run(capsys, "sweep", "--no-plot")
    assert (code, err, list(folder.iterdir())) == (0, "", [])


def test_csv_file_and_plot(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, err = run(
        capsys, "sweep", "v1", "v2", "-o", "sweep.csv", "--plot", "sweep.html"
    )
    assert (code, out) == (0, "")
    rows = list(csv.DictReader(io.StringIO((folder / "sweep.csv").read_text())))
    assert len(rows) == 16 + 30
    assert rows[0]["model"] == "mobilenet_v1"
    assert err.endswith("Plots: sweep.html\n")
    assert "leave-one-out" in err


def test_markdown_of_a_grid(capsys: pytest.CaptureFixture[str]) -> None:
    """21 alphas, 5 resolutions, 3 t."""
    code, out, _ = run(
        capsys,
        *("sweep", "v2", "--alpha", "0.35:1.35:0.05", "--res", "96:224:32"),
        *("--t", "1,3,6", "--format", "md"),
    )
    assert code == 0
    assert out.count("| mobilenet\\_v2 |") == 21 * 5 * 3


def test_json_of_a_sweep(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, _, _ = run(capsys, "sweep", "v2@0.75/160", "-o", "one.json")
    record = json.loads((folder / "one.json").read_text())
    assert code == 0
    assert (record["schema"], record["schema_version"]) == ("mnprofile/sweep", 1)
    assert record["count"] == 1
    assert record["rows"][0]["macs"] == 107_295_200
    assert record["rows"][0]["top1_kind"] == "published"


def test_standard_output_takes_csv() -> None:
    done = mnprofile("sweep", "v2@0.75/160", "--format", "csv")
    assert done.returncode == 0
    assert b"mobilenet_v2,paper,0.75,160,0.7142857142857143,,1000,107295200," in (
        done.stdout
    )


def test_limits_filter(capsys: pytest.CaptureFixture[str]) -> None:
    """Of V2's published networks five cost at most 20 M... and have 45 % or more."""
    code, out, _ = run(
        capsys,
        *("sweep", "v2", "--max-macs", "20M", "--min-top1", "50", "--format", "md"),
    )
    assert code == 0
    rows = [line for line in out.splitlines() if line.startswith("| mobilenet")]
    assert len(rows) == 1  # 0.5/96: 18.9 M, 51.2 %
    assert "| 51.2 |" in rows[0]


def test_people_see_memory_where_they_ask_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = ("sweep", "v2@1/224")
    assert "Peak bytes" not in run(capsys, *one)[1]
    for asked, peak in (
        (("--bits", "16"), "3010560"),
        (("--max-memory", "1.5MiB"), "1505280"),
        (("--where", "act_peak_bytes<=1505280"), "1505280"),
    ):
        _, out, _ = run(capsys, *one, *asked)
        assert out.splitlines()[1].split()[-2:] == [peak, "71.8"]
        assert f"Peak bytes: live activations at {8 + 8 * (peak[0] == '3')} bits" in out
    out = run(capsys, *one, "--max-memory", "1MB")[1]
    assert "No configuration satisfies the conditions." in out


def test_files_say_the_bits_of_their_peaks(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    run(capsys, "sweep", "v2@1/224", "--bits", "32", "-o", "one.json")
    record = json.loads((folder / "one.json").read_text())
    assert (record["bits"], record["rows"][0]["act_peak_bytes"]) == (32, 6_021_120)
    _, _, err = run(capsys, "sweep", "v2@1/224", "-o", "one.csv")
    assert "act_peak_bytes: live activations at 8 bits" in err


def test_memory_fits_80_columns_of_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "terminal_width", lambda: 80)
    monkeypatch.setenv("NO_COLOR", "1")
    for command in (
        ("sweep", "--no-plot", "--bits", "32"),
        ("find", "--max-memory", "256KiB"),
    ):
        _, out, _ = run(capsys, *command)
        assert "…" not in out
        assert any("Peak bytes" in line for line in out.splitlines())
        assert max(map(len, out.splitlines())) <= 80


def test_estimates_are_marked_and_their_error_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "sweep", "v2", "--alpha", "0.5,0.6", "--res", "224")
    assert code == 0
    published, estimate = out.splitlines()[1:3]
    assert published.split()[-1] == "65.4"
    assert estimate.split()[-1].startswith("~6")
    assert "off by 0.4 points on average, 1.6 at worst (leave-one-out)" in out


def test_nothing_passes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "sweep", "v2", "--max-macs", "1K")
    assert code == 0
    assert "No configuration satisfies the conditions." in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["v2", "--alpha", ""], 2, "is not a number or a range"),
        (["v2", "--alpha", "1.4:0.35:0.05"], 2, "leads away"),
        (["v2", "--alpha", "0.35:1.4:0"], 2, "step is zero"),
        (["v2", "--alpha", "0.35:1.4:0.1"], 2, "never land on 1.4"),
        (["v2", "--alpha", "nan"], 2, "is not a number"),
        (["v2", "--alpha=-1"], 2, "out of range"),
        (["v2", "--alpha", "1e9"], 2, "out of range"),
        (["v2", "--res", "0"], 2, "out of range"),
        (["v2", "--res", "96", "--rho", "1"], 2, "together"),
        (["v1", "--t", "6"], 2, "no expansion factor"),
        (["v2", "--impl", "nobody"], 2, 'unknown implementation "nobody"'),
        (["v2", "--where", "cost<1"], 2, 'unknown column "cost"'),
        (["v2", "--max-macs", "much"], 2, "is not a count"),
        (["v2", "--max-memory", "256K"], 2, "KiB, MiB, GiB (binary)"),
        (["v2", "--max-memory", ""], 2, "--max-memory"),
        (["v2", "--max-memory=-1"], 2, "is not an amount of memory"),
        (["v2", "--bits", "0"], 2, "--bits"),
        (["v2", "--where", "act_peak_bytes<=much"], 2, "is not an amount of memory"),
        (["v2", "--where", "act_peak_byte<=1"], 2, 'Did you mean "act_peak_bytes"'),
        (["v2", "--x", "speed"], 2, "is not an axis"),
        (["v2", "--plot", "a.html", "--no-plot"], 2, "together"),
        (["v2", "--format", "parquet"], 2, "--output FILE.parquet"),
        (["v2", "-o", "rows.xlsx"], 2, ".parquet"),
        (["v2", "-o", "nowhere/rows.csv"], 4, "nowhere/rows.csv: cannot write"),
        (["v2", "--plot", "nowhere/a.html"], 4, "nowhere: no such folder"),
        (["v2", "--alpha", "0.1:2:0.001", "--res", "32:512:4"], 2, "230,021"),
        (
            [
                *("v2", "--alpha", "0.0001:10:0.0001", "--res", "1:1000:1"),
                *("--t", "1:2:0.001", "--pareto"),
            ],
            2,
            "100,100,000,000 configurations",
        ),
    ],
)
def test_bad_input(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    given, out, err = run(capsys, "sweep", *arguments)
    assert (given, out) == (code, "")
    assert says in err
    assert len(err.splitlines()) <= 6


def test_too_many_rows_pass(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Known only while it runs: no file is left."""
    code, _, err = run(
        capsys,
        *("sweep", "v2", "--alpha", "0.1:2:0.001", "--res", "32:512:4"),
        *("--max-macs", "1G", "-o", "rows.md"),
    )
    assert code == 2
    assert "more than 5,000 rows pass" in err
    assert list(folder.iterdir()) == []


def test_a_folder_is_not_a_target(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "rows.csv").mkdir()
    code, _, err = run(capsys, "sweep", "v2", "-o", "rows.csv")
    assert code == 4
    assert "this is a directory" in err


def test_a_read_only_folder(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal is simulated, since root may write anywhere."""

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("mnprofile.base.files._private", refuse)
    code, _, err = run(capsys, "sweep", "v2", "-o", "rows.csv")
    assert code == 4
    assert "rows.csv: cannot write: Permission denied" in err
    assert list(folder.iterdir()) == []


def mnprofile(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "mnprofile", *arguments],
        capture_output=True,
        check=False,
        timeout=60,
    )


LONG = ("sweep", "v2", "--alpha", "0.1:2:0.0001", "--res", "32:512:4")


def test_a_closed_pipe_is_silent() -> None:
    rows = ("sweep", "v2", "--alpha", "0.1:2:0.001", "--format", "csv")
    process = subprocess.Popen(
        [sys.executable, "-m", "mnprofile", *rows],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert b"Traceback" not in err
    assert b"Error" not in err


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_sweep_leaves_no_file_of_that_name(
    folder: Path, sign: signal.Signals
) -> None:
    # A job in the background inherits an interrupt that is ignored.
    heeding = "import signal as s; s.signal(s.SIGINT, s.default_int_handler);"
    code = f"{heeding} from mnprofile.cli import main; raise SystemExit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *LONG, "-o", "rows.csv"],
        stderr=subprocess.DEVNULL,
    )
    while not list(folder.glob(".rows.csv.*")):
        assert process.poll() is None, "it ended before it wrote a row"
        time.sleep(0.02)
    process.send_signal(sign)
    assert process.wait(timeout=60) != 0
    assert not (folder / "rows.csv").exists()
    if sign is not signal.SIGKILL:
        assert list(folder.iterdir()) == []


# --- find ----------------------------------------------------------------------------


def test_find_prints_the_ranking_and_what_binds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(
        capsys, "find", "--max-macs", "100M", "--max-params", "3M", "--top", "1"
    )
    assert code == 0
    assert out.splitlines()[3].split() == [
        "mobilenet_v3_large",
        "0.5",
        "224",
        "69247600",
        "2689520",
        "68.8",
    ]
    assert "Next better: mobilenet_v3_small@1.25/224, top-1 70.4 %" in out
    assert "it breaks params <= 3,000,000 by 646.0 K" in out


def test_find_where_nothing_fits(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "find", "v2", "--max-macs", "1M")
    assert code == 1
    assert "fits." in out
    assert "Nearest: mobilenet_v2@0.35/96" in out


def test_find_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(
        capsys, "find", "v2", "--max-macs", "100M", "--published", "--format", "json"
    )
    record = json.loads(out)
    assert code == 0
    assert record["published"][0]["top1"] == 65.4
    assert record["next_better"]["resolution"] == 160
    assert record["binding"] == ["macs <= 100,000,000"]


def test_find_within_memory(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "find", "--max-memory", "256KiB", "--top", "1")
    assert code == 0
    assert out.splitlines()[3].split() == [
        "mobilenet_v3_large",
        "1.0",
        "96",
        "43060160",
        "5483032",
        "184320",
        "63.3",
    ]
    assert "184.3 kB peak." in out
    assert "it breaks act_peak_bytes <= 262,144 by 65.5 kB" in out
    _, out, _ = run(capsys, "find", "--bits", "16", "--top", "1", "--format", "json")
    assert json.loads(out)["bits"] == 16


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--min-top1", "x"], "is not a percentage"),
        (["--min-top1", "nan"], "is not a percentage"),
        (["--min-top1", "101"], "is not a percentage"),
        (["--max-macs", "0"], "is not a valid limit"),
        (["--max-macs=-5"], "is not a count"),
        (["--max-memory", "0"], "is not a valid limit"),
        (["--max-memory", "1 Mb/s"], "is not an amount of memory"),
        (["--bits", "12"], "--bits"),
        (["--top", "0"], "--top"),
        (["v9"], "no architecture"),
        (["--alpha", "0.1:2:0.0001", "--res", "96:224:1"], "to rank"),
    ],
)
def test_find_bad_input(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    code, out, err = run(capsys, "find", *arguments)
    assert (code, out) == (2, "")
    assert says in err


@pytest.mark.parametrize("command", ["sweep", "find"])
def test_help_is_light_and_fits_80_columns(command: str) -> None:
    script = (
        "import sys; from mnprofile import cli; code = cli.main([sys.argv[1], '-h']);"
        "heavy = {'numpy', 'pandas', 'plotly', 'jinja2', 'torch'} & set(sys.modules);"
        "sys.exit(code or len(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, command],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert all(len(line) <= 80 for line in done.stdout.decode().splitlines())
