"""Values of a mapping: of the right type, or refused with the key and place."""

from collections.abc import Callable

import pytest

from mnprofile.base.errors import MnprofileError, Place
from mnprofile.base.records import Record


class WrongError(MnprofileError):
    """What a caller raises."""


LINES = {"": 1, "name": 2, "size": 3, "inner": 4}


def record(**content: object) -> Record:
    return Record(content, WrongError, lambda key: Place("a", LINES.get(key)), "top")


def refused(read: Callable[[], object]) -> str:
    with pytest.raises(WrongError) as caught:
        read()
    return str(caught.value)


def test_values_of_the_right_type() -> None:
    read = record(name="x", size=3, inner={"a": {"size": 0}}, list=[{"size": 1}])

    assert (read.text("name"), read.count("size")) == ("x", 3)
    assert read.record("inner").record("a").count("size") == 0
    assert [one.count("size") for one in read.records("list")] == [1]
    assert list(read.record("inner").members()) == ["a"]


@pytest.mark.parametrize("value", [-1, 1.0, True, "1", None])
def test_only_counts_are_counts(value: object) -> None:
    assert refused(lambda: record(size=value).count("size")) == (
        "a:3: top.size: not a count\nAccepted: a whole number, 0 or more"
    )


def test_a_missing_key_and_a_wrong_type() -> None:
    assert refused(lambda: record().text("name")) == "a:2: top.name: missing"
    assert refused(lambda: record(name=1).text("name")) == "a:2: top.name: not a string"


def test_an_unknown_key_suggests_the_nearest() -> None:
    assert refused(lambda: record(nam=1).only("name", "size")) == (
        'a: top.nam: unknown key\nAccepted: name, size\nDid you mean "name"?'
    )


def test_errors_name_the_keys_that_lead_to_a_value() -> None:
    read = record(inner={"list": [{}, 3]})

    assert refused(lambda: read.record("inner").records("list")) == (
        "a:1: top.inner.list[1]: not an object"
    )
    assert refused(lambda: read.record("inner").record("list")) == (
        "a:1: top.inner.list: not an object"
    )
    assert refused(lambda: record(inner=1).records("inner")) == (
        "a:4: top.inner: not a list"
    )


def test_the_whole_is_refused_by_its_path() -> None:
    assert refused(lambda: record().refuse("", "empty")) == "a:1: top: empty"
