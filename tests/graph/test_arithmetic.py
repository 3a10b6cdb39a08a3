"""The arithmetic gives one number and an array of numbers the same answers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnprofile.graph import arithmetic as numeric
from mnprofile.graph.arithmetic import SplitError, decide

POSITIVE = st.floats(min_value=0, max_value=1e7)


def alike(rule: object, *values: float) -> None:
    """The rule of each value equals the rule of the array of values, type included."""
    assert callable(rule)
    together = rule(np.array(values))
    one_by_one = [rule(value) for value in values]
    assert together.tolist() == one_by_one


@given(st.lists(POSITIVE, min_size=1, max_size=20))
@example([0.49999999999999994, 0.5, 1.5, 2.5, 7.9999999999999996])
def test_rules_on_arrays_are_the_rules_elementwise(values: list[float]) -> None:
    for rule in (numeric.half_even, numeric.whole):
        alike(rule, *values)
    for divisor in (1, 5, 8):
        alike(lambda value: numeric.multiple_of(divisor, value, 8), *values)  # noqa: B023
    alike(lambda value: numeric.at_least(value, 1.0), *values)
    alike(lambda value: numeric.at_least(numeric.whole(value), 8), *values)


@given(POSITIVE)
@example(0.49999999999999994)
@example(2.5)
def test_half_even_is_round(value: float) -> None:
    assert numeric.half_even(value) == round(value)


@given(st.floats(min_value=0, max_value=16), st.integers(0, 1000))
def test_at_least_is_max(value: float, floor: int) -> None:
    assert numeric.at_least(value, 1) == max(value, 1)
    assert numeric.at_least(floor, 8) == max(floor, 8)


@given(st.lists(st.integers(1, 8192), min_size=1), st.integers(1, 8))
def test_ceil_div_on_arrays(values: list[int], divisor: int) -> None:
    array: Any = np.array(values)
    together: Any = numeric.ceil_div(array, divisor)
    assert together.tolist() == [numeric.ceil_div(value, divisor) for value in values]


def test_decide_gives_the_one_answer_of_an_array() -> None:
    assert decide(np.array([[True], [True]])) is True
    assert decide(np.array([[False], [False]])) is False
    assert decide(3 > 2) is True


def test_decide_refuses_two_answers() -> None:
    with pytest.raises(SplitError) as caught:
        decide(np.array([[True], [False]]))
    assert caught.value.mask.tolist() == [[True], [False]]
