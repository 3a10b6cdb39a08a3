"""Counts in the form of a printed figure, exactly."""

import pytest

from mnprofile.base.sheet import Column, Sheet, to_text
from mnprofile.base.units import Rounding, printed_like


@pytest.mark.parametrize(
    ("value", "like", "printed"),
    [
        (568_740_352, "569", "569"),
        (568_740_352, "575M", "569M"),
        (300_774_272, "300 million", "301 million"),
        (577_716_736, "0.58 billion", "0.58 billion"),
        (577_716_736, "1.25B", "0.58B"),
        (4_253_864, "4.24", "4.25"),
        (568_740_352, "0.301 G", "0.569 G"),
        (1_605_632, "1600K", "1606K"),
        (996_000_000, "99.6", "996.0"),
    ],
)
def test_the_form_of_the_print(value: int, like: str, printed: str) -> None:
    assert printed_like(value, 1, like, power=6, rounding="nearest") == printed


def test_whole_numbers_keep_their_commas() -> None:
    assert (
        printed_like(4_253_864, 1, "3,538,984", power=0, rounding="floor")
        == "4,253,864"
    )


def test_a_share_is_a_percentage() -> None:
    """V1 Table 2: 10,838,016 of 568,740,352."""
    assert (
        printed_like(10_838_016, 568_740_352, "1.19%", power=-2, rounding="nearest")
        == "1.91%"
    )


@pytest.mark.parametrize(
    ("value", "rounding", "printed"),
    [
        (2_499_999, "nearest", "2"),
        (2_500_000, "nearest", "3"),  # halves up, exactly
        (2_999_999, "floor", "2"),
        (3_000_000, "floor", "3"),
        (2_000_001, "ceil", "3"),
        (2_000_000, "ceil", "2"),
        (10**30 + 499_999, "nearest", str(10**24)),  # floats could not tell
        (10**30 + 500_000, "nearest", str(10**24 + 1)),
    ],
)
def test_rounding_is_exact(value: int, rounding: Rounding, printed: str) -> None:
    assert printed_like(value, 1, "1", power=6, rounding=rounding) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [(1_605_632, "1600"), (62_720, "62"), (2_560, "2"), (100_352, "100")],
)
def test_leading_digits(value: int, printed: str) -> None:
    """V2 Table 3 keeps two digits of the kilobytes, cut off."""
    assert (
        printed_like(value, 1, "1", power=3, rounding="floor", significant=2) == printed
    )


@pytest.mark.parametrize("like", ["", "1/O(1)", "O(1)", "7 multiply adds", "5 kg", "-"])
def test_what_is_no_number_has_no_form(like: str) -> None:
    assert printed_like(1, 1, like, power=6, rounding="nearest") is None


def test_text_off_a_terminal_is_aligned_and_whole() -> None:
    """Text to the left, numbers to the right, two spaces between; wide characters
    count as two."""
    sheet = Sheet(
        (Column("a", "Name"), Column("b", "Count", "count"), Column("c", "As")),
        (("x", 1234567, "y"), ("漢字", 5, "a long text " * 20)),
        ("total", 1234572, None),
        "Title",
        ("note",),
    )

    assert to_text(sheet).splitlines() == [
        "Title",
        "",
        "Name     Count  As",
        "x      1234567  y",
        "漢字         5  " + ("a long text " * 20).rstrip(),
        "total  1234572",
        "",
        "note",
    ]
