"""The files of published figures: adding a source is data, malformed data is named."""

from pathlib import Path

import pytest

from mnprofile.base.errors import FiguresError, FileError, MnprofileError
from mnprofile.cli import main
from mnprofile.evidence.literature.reproduction import Verdict, reproduce
from mnprofile.evidence.literature.sources import COLUMNS

HEADER = ",".join(COLUMNS)
ROW = "Table 1,page 3,V2,v2,v2,0.75,160,,ImageNet,,macs,107.3,M,,"
DECLARED = """
title = "A blog"

[[convention]]
tables = ["Table 1"]
quantity = "macs"
count = { macs = 1 }
classes = 1000
rounding = "nearest"
reason = "as the paper"
"""
ERRATUM = """
[[erratum]]
table = "Table 1"
quantity = "macs"
printed = "107.3"
reads = "107.4"
reason = "misprint"
established = "arithmetic"
"""


def source(folder: Path, *rows: str, header: str = HEADER, toml: str = DECLARED) -> str:
    """Write a source, and return its path."""
    folder.mkdir(exist_ok=True)
    path = folder / "blog.csv"
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    path.with_suffix(".toml").write_text(toml, "utf-8")
    return str(path)


def test_a_source_is_two_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """V2 0.75/160 has 107,295,200 multiply-adds: 107.3 M."""
    assert main(["reproduce", source(tmp_path, ROW), "--all"]) == 0
    assert "A blog: published cost figures and ours" in capsys.readouterr().out


def test_a_wrong_figure_is_unexplained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """107.2 is neither the count nor an erratum, and there is no tolerance."""
    path = source(tmp_path, ROW.replace("107.3", "107.2"))

    assert main(["reproduce", path]) == 1
    assert "we count 107295200, not 107.2" in capsys.readouterr().out


def test_a_figure_without_a_convention_is_unexplained(tmp_path: Path) -> None:
    (one,) = reproduce(source(tmp_path, ROW, toml='title = "A blog"')).results

    assert one.verdict is Verdict.UNEXPLAINED
    assert one.reason == "no convention is declared for macs of Table 1"


def test_an_erratum_must_read_what_we_count(tmp_path: Path) -> None:
    """107.3 would be right, so an erratum that reads 107.4 explains nothing."""
    done = reproduce(source(tmp_path, ROW, toml=DECLARED + ERRATUM))

    assert [one.verdict for one in done.results] == [Verdict.UNEXPLAINED]
    assert "the erratum's correction of 107.3" in done.results[0].reason


AS_108 = DECLARED + ERRATUM.replace("107.3", "108").replace("107.4", "107")
KINDS = [
    # A copy is explained if the place that it names prints it, and rightly.
    ('kind = "copied"', "paper-v2", "Table 4", "does not print 108"),
    ('kind = "copied"', "slim-v2-v3", "V2 table", "does not print 108"),
    ('kind = "last digit"', "", "", ""),
]


@pytest.mark.parametrize(("kind", "origin", "table", "fault"), KINDS)
def test_a_kind_is_accepted_only_if_it_holds(
    tmp_path: Path, kind: str, origin: str, table: str, fault: str
) -> None:
    """V2 0.75/160 is 107.3 M, so 107 where 108 is printed; TF-slim prints 107."""
    toml = f"{AS_108}{kind}\n"
    if origin:
        toml += f'copy_of = {{ source = "{origin}", table = "{table}" }}'
    (one,) = reproduce(source(tmp_path, ROW.replace("107.3", "108"), toml=toml)).results

    assert fault in one.reason
    assert (one.verdict is Verdict.UNEXPLAINED) == bool(fault)


def test_a_copy_of_a_misprint_is_unexplained(tmp_path: Path) -> None:
    """The V2 paper's 585 is itself a misprint, so a copy of it is not right there."""
    row = "Table 1,page 3,V2,v2,v2,1.4,224,,ImageNet,,macs,585,M,,"
    erratum = ERRATUM.replace("107.3", "585").replace("107.4", "582")
    copied = 'kind = "copied"\ncopy_of = { source = "paper-v2", table = "Table 4" }'
    path = source(tmp_path, row, toml=DECLARED + erratum + copied)
    (one,) = reproduce(path).results

    assert one.verdict is Verdict.UNEXPLAINED
    assert "is not right in paper-v2, Table 4 either: misprint" in one.reason


def test_another_version_is_counted_from_its_own_table(tmp_path: Path) -> None:
    """The earlier V3-Small has 56,915,136 with 1001 classes, so 57.9 is not it."""
    toml = DECLARED.replace("1000", "1001") + ERRATUM.replace(
        'reads = "107.4"', 'kind = "other version"\nnetwork = "v3-small-1280"'
    )
    row = "Table 1,page 3,Small,v3-small,v3-small,1.0,224,,ImageNet,,macs,56.9,M,,"
    for printed, verdict in (
        ("56.9", Verdict.OTHER_VERSION),
        ("57.9", Verdict.UNEXPLAINED),
    ):
        path = source(
            tmp_path / printed,
            row.replace("56.9", printed),
            toml=toml.replace("107.3", printed),
        )
        assert [one.verdict for one in reproduce(path).results] == [verdict]


def test_a_row_that_prints_no_size_is_the_table_as_it_is(tmp_path: Path) -> None:
    """V2 at alpha 1 and 224: 300,774,272."""
    row = "Table 1,page 3,V2,v2,v2,,,,ImageNet,,macs,300.77,M,,"
    (one,) = reproduce(source(tmp_path, row)).results

    assert (one.verdict, one.exact) == (Verdict.REPRODUCED, "300774272")


def test_other_networks_and_heads_need_no_convention(tmp_path: Path) -> None:
    rows = [ROW.replace(",v2,v2,", f",v2,{name},") for name in ("other", "head")]
    done = reproduce(source(tmp_path, *rows, toml='title = "A blog"'))

    assert [str(one.verdict) for one in done.results] == [
        "other network",
        "needs a head",
    ]


MALFORMED_ROWS = [
    (ROW + ",", f"{len(COLUMNS) + 1} cells"),
    ("Table 1,page 3", "2 cells"),
    (ROW.replace(",macs,", ",mac,"), 'unknown quantity "mac"'),
    (ROW.replace("0.75", "3/4"), '"3/4" is not a width multiplier'),
    (ROW.replace("160", "large"), '"large" is not a size'),
    (ROW.replace("107.3", ""), 'column "printed": empty'),
    (ROW.replace(",v2,v2,", ",v2,-,"), '"-" is not a network'),
    (ROW.replace(",v2,v2,", ",v2,v9,"), 'no architecture is called "v9"'),
    (ROW.replace(",160,,", ",160,block99,"), 'no part "block99"'),
    (ROW.replace("107.3,M", "107.3,kg"), 'unknown unit "kg"'),
    (ROW.replace("0.75", "99"), "alpha: 99 is out of range"),
    ('Table 1,"page 3', "not CSV"),
]


@pytest.mark.parametrize(("row", "message"), MALFORMED_ROWS)
def test_a_malformed_row_is_named_with_its_line(
    tmp_path: Path, row: str, message: str
) -> None:
    path = source(tmp_path, row)

    with pytest.raises(FiguresError) as caught:
        reproduce(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:2")


def test_a_malformed_row_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reproduce", source(tmp_path, MALFORMED_ROWS[0][0])]) == 2
    assert "Accepted: 15, as the header has" in capsys.readouterr().err


def test_another_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FiguresError, match="the header is table,where"):
        reproduce(source(tmp_path, ROW, header=HEADER.replace(",note", "")))


MALFORMED_TOML = [
    ("title = ", "not TOML"),
    ("", "the file: title is missing"),
    ("title = 1", "title is 1"),
    (DECLARED.replace("rounding", "roundng"), 'unknown key "roundng"'),
    (DECLARED.replace('"nearest"', '"up"'), 'rounding "up" is not known'),
    (DECLARED.replace("{ macs = 1 }", "{ mac = 1 }"), 'count "mac" is not known'),
    (DECLARED.replace("{ macs = 1 }", "{ macs = 0.5 }"), "count: macs = 0.5"),
    (DECLARED.replace("{ macs = 1 }", "{ }"), "count is empty"),
    (DECLARED.replace("1000", "true"), "classes is True"),
    (DECLARED.replace('reason = "as the paper"', ""), "reason is missing"),
    (DECLARED.replace('"Table 1"', '"Table 7"'), 'table "Table 7" has no figures'),
    (DECLARED + DECLARED.split("\n\n", 1)[1], "macs of Table 1 is declared twice"),
    (DECLARED + 'without = ["stm"]', 'without "stm"'),
    (DECLARED + ERRATUM.replace('"107.3"', '"9"'), "not a printed figure: macs 9"),
    (DECLARED + ERRATUM.replace("107.4", "107.3"), "the correction is what is printed"),
    (DECLARED + ERRATUM + ERRATUM, "another erratum already covers macs 107.3"),
    (DECLARED + ERRATUM + 'rows = ["V9"]', "not a printed figure: macs 107.3"),
    (DECLARED + ERRATUM.replace("established", "how"), 'unknown key "how"'),
    (DECLARED + ERRATUM + 'kind = "typo"', 'kind "typo" is not known'),
    (DECLARED + ERRATUM + 'kind = "other version"', "network is missing"),
    (DECLARED + ERRATUM + 'kind = "copied"', "copy_of is missing"),
    (
        DECLARED + ERRATUM + 'kind = "other version"\nnetwork = "v1"',
        "cannot be right for another version and read otherwise",
    ),
    (
        DECLARED + ERRATUM.replace("107.4", "107.1") + 'kind = "last digit"',
        "differs by more than one in the last digit",
    ),
    (DECLARED + ERRATUM + "copy_of = { page = 3 }", "copy_of has page"),
]


@pytest.mark.parametrize(("toml", "message"), MALFORMED_TOML)
def test_a_malformed_declaration_is_named(
    tmp_path: Path, toml: str, message: str
) -> None:
    path = source(tmp_path, ROW, toml=toml)

    with pytest.raises(FiguresError) as caught:
        reproduce(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "blog.toml"))


def test_an_erratum_is_not_about_a_network_that_is_not_counted(tmp_path: Path) -> None:
    other = ROW.replace(",v2,v2,", ",v2,other,")

    with pytest.raises(FiguresError, match="a network that is not counted"):
        reproduce(source(tmp_path, ROW, other, toml=DECLARED + ERRATUM))


def test_the_declaration_must_be_there(tmp_path: Path) -> None:
    path = source(tmp_path, ROW)
    Path(path).with_suffix(".toml").unlink()

    with pytest.raises(FiguresError, match=r"blog\.toml: no such file"):
        reproduce(path)


def test_a_source_must_be_text(tmp_path: Path) -> None:
    path = tmp_path / "blog.csv"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(FiguresError, match="not UTF-8 text"):
        reproduce(str(path))


def test_a_folder_is_not_a_source(tmp_path: Path) -> None:
    (tmp_path / "blog.csv").mkdir()

    with pytest.raises(FileError) as caught:
        reproduce(str(tmp_path / "blog.csv"))
    assert isinstance(caught.value, MnprofileError)
    assert caught.value.exit_code == 4


ASIDE = """
[[aside]]
tables = ["Table 1"]
rows = ["V9"]
reason = "the source does not print the network"
"""


def test_an_aside_says_why_a_figure_is_not_counted(tmp_path: Path) -> None:
    unknown = ROW.replace("V2,v2,v2,0.75,160", "V9,other,other,,")
    done = reproduce(source(tmp_path, ROW, unknown, toml=DECLARED + ASIDE))

    assert [(one.verdict, one.reason) for one in done.results] == [
        (Verdict.REPRODUCED, ""),
        (Verdict.OTHER_NETWORK, "the source does not print the network"),
    ]


def test_without_an_aside_the_data_set_is_named(tmp_path: Path) -> None:
    unknown = ROW.replace("V2,v2,v2,0.75,160", "V8,other,other,,")
    (one,) = reproduce(source(tmp_path, unknown, toml='title = "A blog"')).results

    assert one.reason == "ImageNet"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"V9"', '"V2"'), "aside 1: about no figure set aside"),
        (('"Table 1"]\nrows', '"Table 7"]\nrows'), "about no figure set aside"),
        (("rows", "row"), 'unknown key "row"'),
        (("reason =", "# reason ="), "reason is missing"),
    ],
)
def test_an_aside_is_about_figures_that_are_set_aside(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    unknown = ROW.replace("V2,v2,v2,0.75,160", "V9,other,other,,")
    toml = DECLARED + ASIDE.replace(*change)

    with pytest.raises(FiguresError, match=words):
        reproduce(source(tmp_path, ROW, unknown, toml=toml))
