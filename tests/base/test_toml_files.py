"""Errors in TOML are reported with line and column."""

import pytest

from mnprofile.base import toml_files
from mnprofile.base.errors import MnprofileError


class WrongError(MnprofileError):
    """What a caller raises."""


def refused(text: str, **how: object) -> str:
    with pytest.raises(WrongError) as caught:
        toml_files.parse(text, "a.toml", WrongError, **how)  # type: ignore[arg-type]
    return str(caught.value)


def test_the_content() -> None:
    assert toml_files.parse('a = 1\n[b]\nc = "x"', "a.toml", WrongError) == {
        "a": 1,
        "b": {"c": "x"},
    }


def test_line_and_column_stand_before_the_message() -> None:
    """tomllib's own message ends in "(at line 2, column 5)"."""
    assert refused("a = 1\nb = ?") == ("a.toml:2:5: not valid TOML: Invalid value")


def test_lines_are_counted_from_the_top_of_the_file() -> None:
    assert refused("a = 1\nb = ?", above=7, fault="these settings").startswith(
        "a.toml:9:5: these settings: "
    )


def test_the_end_of_the_text_has_no_column() -> None:
    assert refused('a = """', above=7).startswith("a.toml:7: not valid TOML: ")
    assert refused('a = """').startswith("a.toml: not valid TOML: ")


def test_text_nested_too_deeply_is_refused() -> None:
    assert refused("a = " + "[" * 10_000).startswith("a.toml: not valid TOML: ")


def test_a_key_of_many_parts_is_refused_before_it_is_parsed() -> None:
    deep = ".".join("a" * 34) + " = 1"

    assert refused(f"x = 1\n{deep}") == ("a.toml:2: not valid TOML: more than 32 dots")
    assert toml_files.parse(f"# {'.' * 70}\nx = 1", "a.toml", WrongError) == {"x": 1}
