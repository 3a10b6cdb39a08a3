"""Numbers to text and back."""

import pytest

from mnprofile.base import units
from mnprofile.base.errors import UsageError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0 K"),
        (999_949, "999.9 K"),
        (999_950, "1.0 M"),
        (107_295_200, "107.3 M"),
        (4_867_293_184, "4.9 G"),
        (10**15, "1,000.0 T"),
    ],
)
def test_short(value: int, text: str) -> None:
    assert units.short(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 5, "0.00 %"),
        (5, 5, "100.00 %"),
        (1, 10**9, "< 0.01 %"),
        (10**9 - 1, 10**9, "> 99.99 %"),
        (10_838_016, 568_740_352, "1.91 %"),
        (1, 0, "-"),
    ],
)
def test_percent_shows_0_and_100_only_where_exact(
    part: int, whole: int, text: str
) -> None:
    assert units.percent(part, whole) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100M", 100_000_000),
        ("1.5G", 1_500_000_000),
        ("512K", 512_000),
        ("2.7m", 2_700_000),
        ("42", 42),
        ("1.50M", 1_500_000),
        ("0", 0),
    ],
)
def test_quantities_are_decimal_si(text: str, value: int) -> None:
    assert units.parse_quantity(text, "--max-macs") == value


@pytest.mark.parametrize(
    "text",
    ["", "M", "1.5", "-3", "1e6", "100 Mi", "1,000", "nan", "inf", "0.0001K", "²"],
)
def test_other_quantities_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--max-macs"):
        units.parse_quantity(text, "--max-macs")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("262144", 262_144),
        ("262144B", 262_144),
        ("256KiB", 262_144),
        ("256 kib", 262_144),
        ("256kB", 256_000),
        ("256KB", 256_000),
        ("1.5MiB", 1_572_864),
        ("1.50 MB", 1_500_000),
        ("0.5KiB", 512),
        ("2GiB", 2_147_483_648),
        ("1TB", 10**12),
        ("0", 0),
    ],
)
def test_memory_is_decimal_or_binary(text: str, size: int) -> None:
    assert units.parse_memory(text, "--max-memory") == size


@pytest.mark.parametrize(
    "text",
    ["", "B", "KiB", "256K", "256Ki", "1iB", "1.5", "0.1KiB", "-1", "1e6", "nan", "²B"],
)
def test_other_amounts_of_memory_are_refused(text: str) -> None:
    """256K could be either; 0.1 KiB is not a whole number of bytes."""
    with pytest.raises(UsageError, match="is not an amount of memory"):
        units.parse_memory(text, "--max-memory")


def test_resolutions() -> None:
    assert units.parse_resolution("160") == (160, 160)
    assert units.parse_resolution("320x240") == (320, 240)
    for text in ("", "x", "160x", "1x2x3", "1.5", "²"):
        with pytest.raises(UsageError, match="320x240"):
            units.parse_resolution(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.1**3, "1.331"),
        (1.2**3, "1.728"),
        (1.1**0.5, "1.04881"),
        (0.35, "0.35"),
        (1.0, "1.0"),
        (6, "6"),
    ],
)
def test_people_see_six_digits_of_a_factor(value: float, text: str) -> None:
    assert units.factor(value) == text
    assert float(units.plain(value)) == value
