"""Several values of an argument in one text."""

import pytest

from mnprofile.base.errors import UsageError
from mnprofile.search.tasks.values import argument_grid, argument_values, split


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5", [0.5]),
        ("a,b", ["a", "b"]),
        ("1,2,2,1.0", [1, 2, 1.0]),
        ("0.35:0.5:0.05", [0.35, 0.4, 0.45, 0.5]),
        ("1:7:2,9", [1, 3, 5, 7, 9]),
        ("[1,2],[3]", [[1, 2], [3]]),
        ("(1,2),{'a': 1, 'b': 2}", [(1, 2), {"a": 1, "b": 2}]),
        ("'a,b',c", ["a,b", "c"]),
        ("a:b:c", ["a:b:c"]),
        ("1:2:x", ["1:2:x"]),
        ("1:2", ["1:2"]),
        ("True,None", [True, None]),
        ("timm:create_model", ["timm:create_model"]),
        ("", [""]),
    ],
)
def test_values_are_read_as_for_one_network(text: str, values: list[object]) -> None:
    found = list(argument_values("key", text))
    assert found == values
    assert list(map(type, found)) == list(map(type, values))


def test_brackets_that_do_not_match_stay_text() -> None:
    assert split("a),b") == ["a)", "b"]
    assert split("(a,b") == ["(a,b"]
    assert split("'a,b") == ["'a,b"]


def test_a_grid_is_every_combination_the_last_argument_fastest() -> None:
    assert argument_grid(["a=1,2", "b=x,y"]) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert argument_grid([]) == [{}]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a=1", "a=2"], "--arg: a is given twice"),
        (["a"], '--arg: "a" is not an argument'),
        (["a=1:2:0"], "the step is zero"),
        (["a=1:2:0.3"], "never land on 2"),
    ],
)
def test_what_is_not_a_grid_is_refused(texts: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        argument_grid(texts)
