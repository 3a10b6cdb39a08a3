"""Sheets: made of records, cut to columns, widened, annotated."""

from mnprofile.base.sheet import (
    Change,
    Column,
    Share,
    Sheet,
    noted,
    plain,
    to_csv,
    to_terminal,
    to_text,
)

COLUMNS = (Column("a", "A"), Column("b", "B", "count"))
SHEET = Sheet.of(
    COLUMNS, [{"a": "x", "b": 1, "c": 9}, {"b": 2000}], {"a": "total", "b": 2001}
)


def test_a_column_holds_what_its_key_names() -> None:
    assert SHEET.rows == (("x", 1), (None, 2000))
    assert SHEET.total == ("total", 2001)


def test_a_column_in_place_of_a_key_gives_label_and_kind() -> None:
    shown = SHEET.only(Column("b", "Bees", "number"), "a")

    assert [(one.key, one.label, one.kind) for one in shown.columns] == [
        ("b", "Bees", "number"),
        ("a", "A", "text"),
    ]
    assert shown.rows == ((1, "x"), (2000, None))
    assert shown.total == (2001, "total")


def test_further_columns_are_empty_in_the_total() -> None:
    wide = SHEET.beside([Column("d", "D")], [["y"], ["z"]])

    assert wide.rows == (("x", 1, "y"), (None, 2000, "z"))
    assert wide.total == ("total", 2001, None)
    assert to_csv(wide) == "a,b,d\nx,1,y\n,2000,z\n"


def test_notes_stand_below_the_last_sheet() -> None:
    first, last = noted([SHEET.noted("one"), SHEET.noted("two")], ["three"])

    assert first.notes == ("one",)
    assert last.notes == ("two", "three")
    assert to_text(last).endswith("total  2001\n\ntwo\nthree\n")


def test_machines_read_shares_and_changes_as_numbers() -> None:
    assert plain(Share(1, 4)) == 0.25
    assert plain(Share(0, 0)) == 0
    assert plain(Change(4, 1)) == -0.75
    assert plain(Change(0, 1)) is None
    assert plain("x") == "x"


def test_words_too_long_for_a_terminal_break_after_a_mark() -> None:
    columns = (Column("a", "A"), Column("b", "B"), Column("n", "N", "count"))
    long = "keras, keras-applications README"
    row = {"a": long, "b": "mobilenet_" * 6 + "v2(alpha=1.0)", "n": 10**20}
    drawn = to_terminal(Sheet.of(columns, [row]), width=60, styled=False)
    lines = drawn.splitlines()[2:]
    assert max(map(len, drawn.splitlines())) <= 80
    whole = {"keras,", "applications", "keras-applications", "README", "v2(alpha=1.0)"}
    whole |= {"alpha=1.0)", "1.0)", "100,000,000,000,000,000,000"}
    words = [word for line in lines for word in line.split()]
    assert all(word[-1] in "_(=-" or word in whole for word in words)
