"""Arithmetic on small constants: what exporters write to compute a shape.

Elements are plain numbers in row order. Whatever is not known here stays a constant of
unknown value; nothing depends on it but a shape, and then the reader asks elsewhere.
"""

import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import ceil, prod

from mnprofile.networks.readers.files.program import MAX_VALUES, Dims, Stored, Values

Number = int | float


def _divide(a: Number, b: Number) -> Number:
    """Integers are cut off towards zero, as ONNX does."""
    if isinstance(a, int) and isinstance(b, int):
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return a / b


BINARY: dict[str, Callable[[Number, Number], Number]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": _divide,
    "Mod": operator.mod,
    "Min": min,
    "Max": max,
    "Equal": operator.eq,
    "Greater": operator.gt,
    "Less": operator.lt,
    "GreaterOrEqual": operator.ge,
    "LessOrEqual": operator.le,
    "And": lambda a, b: a and b,
    "Or": lambda a, b: a or b,
}
UNARY: dict[str, Callable[[Number], Number]] = {
    "Neg": operator.neg,
    "Abs": abs,
    "Floor": lambda a: float(a // 1),
    "Ceil": lambda a: float(ceil(a)),
    "Not": lambda a: int(not a),
}
REDUCED: dict[str, Callable[[Values], Number]] = {
    "ReduceProd": prod,
    "ReduceSum": sum,
    "ReduceMax": max,
    "ReduceMin": min,
}


def combined(name: str, dims: Dims, parts: list[Stored]) -> Stored:
    """A function of constants, element by element; its value where it is small."""
    roots = tuple(dict.fromkeys(root for one in parts for root in one.roots))
    scales = tuple(dict.fromkeys(scale for one in parts for scale in one.scales))
    values: Values | None = None
    if prod(dims) <= MAX_VALUES and all(one.values is not None for one in parts):
        try:
            values = _evaluated(name, dims, parts)
        except (ArithmeticError, ValueError):
            values = None
    return Stored(dims, roots, values, scales)


def _evaluated(name: str, dims: Dims, parts: list[Stored]) -> Values | None:
    if name in REDUCED and len(parts) == 1 and prod(dims) == 1:
        return _plain((REDUCED[name](parts[0].values or ()),))
    rows = [_spread(one, dims) for one in parts]
    if any(row is None for row in rows):
        return None
    columns = list(zip(*(row for row in rows if row is not None), strict=True))
    if name in BINARY and len(parts) == 2:
        return _plain(BINARY[name](a, b) for a, b in columns)
    if name in UNARY and len(parts) == 1:
        return _plain(UNARY[name](a) for (a,) in columns)
    if name == "Where" and len(parts) == 3:
        return _plain(a if test else b for test, a, b in columns)
    return None


def _plain(values: Iterable[Number]) -> Values:
    """Numbers of a moderate size only: a product of shapes can grow without end."""
    found = tuple(int(one) if isinstance(one, bool) else one for one in values)
    if any(abs(one) >= 1 << 62 for one in found):
        raise OverflowError
    return found


def _spread(one: Stored, dims: Dims) -> Values | None:
    """The elements of a constant repeated to some dimensions: from one, or as is."""
    values = one.values or ()
    if len(values) == 1:
        return values * prod(dims)
    return values if len(values) == prod(dims) else None


def picked(values: Values, dims: Dims, parts: Sequence[Iterable[int]]) -> Values:
    """The elements at some places along each dimension, in row order."""
    steps = [prod(dims[at + 1 :]) for at in range(len(dims))]
    return _plain(
        values[sum(map(operator.mul, place, steps))] for place in product(*parts)
    )


def turned(values: Values, dims: Dims, order: Dims) -> Values:
    """The elements of a transposed constant, in row order."""
    steps = [prod(dims[at + 1 :]) for at in order]
    places = product(*(range(dims[at]) for at in order))
    return _plain(values[sum(map(operator.mul, place, steps))] for place in places)
