"""A LaTeX file wherever the command line takes an ARCH."""

import io
import json
from pathlib import Path

import pytest

import mnprofile
from mnprofile.base import extras
from mnprofile.base.errors import UsageError
from tests.conftest import Run

LATEX = Path(__file__).parent.parent / "data" / "latex"
V2, V3 = str(LATEX / "mobilenet_v2.tex"), str(LATEX / "mobilenet_v3.tex")
V2_MACS, V3_SMALL_MACS = 300_774_272, 56_510_400


def macs_in(out: str) -> int:
    macs = json.loads(out)["totals"]["macs"]
    assert isinstance(macs, int)
    return macs


def without_settings() -> str:
    lines = Path(V2).read_text("utf-8").split("\n")
    return "\n".join(line for line in lines if "mnprofile:" not in line)


@pytest.mark.parametrize(
    "arguments",
    [
        (V3, "--table", "2"),
        (V3, "--table", "tab:small"),
        (f"{V3}#2",),
        (f"{V3}#tab:small",),
        (f"{V3}#2@1.0/224",),
    ],
)
def test_count_reads_the_chosen_tabular(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("count", *arguments, "--format", "json")

    assert result.code == 0
    assert macs_in(result.out) == V3_SMALL_MACS


def test_the_only_table_with_settings_needs_no_choice(run: Run) -> None:
    assert macs_in(run("count", V2, "--format", "json").out) == V2_MACS


def test_settings_as_options(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "paper.tex"
    file.write_text(without_settings(), "utf-8")
    asked = ("count", str(file), "--table", "2", "--set", "scaling=v2")
    missing = run(*asked)
    result = run(*asked, "--set", 'activation="relu6"', "--format", "json")

    assert missing.code == 2
    assert f'{file}:22: the setting "activation" is missing' in missing.err
    assert macs_in(result.out) == V2_MACS
    assert json.loads(result.out)["model"]["name"] == "paper-2"


def test_set_replaces_a_setting_of_a_markdown_page(run: Run, tmp_path: Path) -> None:
    page = Path(mnprofile.load("v2").table.file)
    file = tmp_path / "copy.md"
    file.write_text((Path(__file__).parents[2] / page).read_text("utf-8"), "utf-8")
    result = run("count", str(file), "--set", "name=mine", "--format", "json")

    assert json.loads(result.out)["model"]["name"] == "mine"


def test_several_tabulars_are_listed(run: Run) -> None:
    result = run("count", V3)

    assert result.code == 2
    assert result.out == ""
    assert result.err.split("\n")[1:4] == [
        "Accepted: --table with a number or label (or FILE#N):",
        "  1:  line 9  tab:large  Specification for MobileNetV3-Large. NBN denotes no"
        " batch no",
        "  2:  line 42  tab:small  Specification for MobileNetV3-Small.",
    ]


def test_an_error_in_json_has_the_line_and_the_column(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "paper.tex"
    file.write_text(Path(V2).read_text("utf-8").replace("& 96 &", "& x &"), "utf-8")
    result = run("count", str(file), "--format", "json")
    error = json.loads(result.err)["error"]

    assert result.code == 2
    assert (error["line"], error["column"], error["header"]) == (34, 41, "c")


@pytest.mark.parametrize("choice", [(), ("--table", "2"), ("--table", "tab:v2")])
def test_standard_input(
    run: Run, monkeypatch: pytest.MonkeyPatch, choice: tuple[str, ...]
) -> None:
    class Stdin:
        buffer = io.BytesIO(Path(V2).read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin())

    assert macs_in(run("count", "-", *choice, "--format", "json").out) == V2_MACS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("v2", "--table", "2"), "--table: v2 is a shipped table"),
        (("v2", "--set", "name=x"), "--set: v2 is a shipped table"),
        ((f"{V3}#2", "--table", "1"), "already says which one"),
        ((V2, "--set", "name"), '"name" is not a setting'),
        ((V2, "--set", "=3"), '"=3" is not a setting'),
        ((V2, "--set", "nmae=x"), 'unknown setting "nmae"'),
        ((V2, "--set", "scaling=v9"), '"v9" is not accepted'),
        (("no.tex#2",), "no.tex: no such file"),
        (("v2#2",), 'no architecture is called "v2#2"'),
    ],
)
def test_what_is_refused(run: Run, arguments: tuple[str, ...], words: str) -> None:
    result = run("count", *arguments)

    assert result.code == 2
    assert words in result.err


def test_a_missing_extra_exits_with_3(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda name: name != "pylatexenc")
    result = run("count", V2)

    assert result.code == 3
    assert result.err == (
        f"pylatexenc is not installed\nAccepted: {extras.install_line('latex')}\n"
    )


def test_show_prints_the_cells_as_they_are_read(run: Run) -> None:
    out = run("show", V3, "--table", "tab:small").out

    assert "Specification for MobileNetV3-Small (mobilenet_v3_small_tex)." in out
    assert "64  7^2×96 " in out  # the line in the file, and the cell


def test_sweep_diff_and_explain_take_a_tabular(run: Run) -> None:
    swept = run("sweep", f"{V3}#2", "v3-small", "--res", "224", "--format", "csv")
    diff = run("diff", "v3-small", f"{V3}#tab:small", "--format", "json")
    explained = run("explain", f"{V3}#2@0.75", "block3")

    assert swept.out.count(str(V3_SMALL_MACS)) == 2
    assert json.loads(diff.out)["totals"]["macs"]["delta"] == 0
    assert "block3.expand" in explained.out


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("arch", ["nets/v3.tex#2", "nets/*.tex#tab:small"])
def test_budgets(run: Run, tmp_path: Path, arch: str) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "v3.tex").write_bytes(Path(V3).read_bytes())
    (tmp_path / "mnprofile.toml").write_text(
        f'[[budget]]\nname = "small"\narch = "{arch}"\nmax-macs = {V3_SMALL_MACS - 1}\n'
    )
    result = run("ci", "--format", "json")

    assert result.code == 1
    assert str(V3_SMALL_MACS) in result.out


def test_a_file_s_name_may_have_a_number_sign(tmp_path: Path) -> None:
    file = tmp_path / "a#2.tex"
    file.write_bytes(Path(V2).read_bytes())

    assert mnprofile.load(file).name == "mobilenet_v2_tex"
    assert mnprofile.load(f"{file}#tab:v2").name == "mobilenet_v2_tex"


def test_python(tmp_path: Path) -> None:
    arch = mnprofile.load(V3, table=1, settings={"name": "mine"})

    assert arch.name == "mine"
    assert mnprofile.build(f"{V3}#1", alpha=0.5).config.name == "mobilenet_v3_large_tex"
    assert mnprofile.load(arch) is arch
    frame = mnprofile.sweep([f"{V3}#1", arch], alpha=[1.0], resolution=[224])
    assert frame["macs"].tolist() == [216_589_760] * 2
    with pytest.raises(UsageError, match="already says which one"):
        mnprofile.load(f"{V3}#1", table=2)
