"""Arithmetic that works on one number and on an array of numbers.

A rule written with these runs on integers for a count and on numpy arrays for a sweep,
where channels are columns ``[K, 1]`` (one row per width and expansion) and sizes are
rows ``[1, R]`` (one column per resolution). numpy is never imported here.
"""

from typing import Any, TypeVar

N = TypeVar("N", int, float)


class SplitError(Exception):
    """A yes-or-no question whose answer differs within an array.

    The sweep catches it, splits the array where ``mask`` says, and asks each part.
    """

    def __init__(self, mask: Any) -> None:
        super().__init__("the answer differs within the array")
        self.mask = mask


def decide(answer: Any) -> bool:
    """One bool from a bool or an array of them.

    Raises SplitError if an array contains both answers.
    """
    if not hasattr(answer, "all"):
        return bool(answer)
    if answer.all():
        return True
    if not answer.any():
        return False
    raise SplitError(answer)


def single(value: Any) -> int:
    """One integer from an integer or an array of equal ones.

    Raises SplitError if an array contains several.
    """
    if not hasattr(value, "all"):
        return int(value)
    first = value.flat[0]
    decide(value == first)
    return int(first)


def whole(value: float) -> int:
    """Cut off the fraction of a non-negative value, as int() does."""
    array: Any = value
    return array.astype("int64") if hasattr(array, "astype") else int(value)


def at_least(value: N, floor: N) -> N:
    """The larger of the two."""
    return value + (floor - value) * (value < floor)


def ceil_div(value: int, divisor: int) -> int:
    """Division rounded up, in integers."""
    return -(-value // divisor)


def half_even(value: float) -> int:
    """Nearest integer, ties to the even one, as Python's round() does."""
    up = (value + 0.5) // 1
    return whole(up - (up == value + 0.5) * (up % 2))


def multiple_of(divisor: int, value: float, minimum: int) -> int:
    """The nearest multiple (halves up), at least ``minimum``, never under 0.9 x value.

    With multiples of 8 and a minimum of 8 this is ``make_divisible`` of the authors'
    code, copied by every implementation.
    """
    rounded = at_least((value + divisor / 2) // divisor * divisor, minimum)
    return whole(rounded + divisor * (rounded < 0.9 * value))
