"""What profilers count for one call of einsum: by its equation, not by what it runs.

fvcore and calflops take what ``numpy.einsum_path`` prints for the cheapest order, which
has four digits; torchprofile takes the sizes of all indices.
"""

from collections.abc import Iterator
from itertools import combinations
from math import prod
from string import ascii_letters

from mnprofile.graph.written import Einsum

# Equations that fvcore counts by itself, exactly, with the letters in order.
_EXACT = ("abc,abd->acd", "abc,adc->adb")
_ELLIPSIS = "..."
Sets = tuple[frozenset[str], ...]


def einsum_counts(call: Einsum) -> dict[str, int]:
    """The quantities of a ledger that a call has."""
    terms, output, sizes = _parsed(call)
    every = prod(sizes.values())
    printed = int(float(f"{_cheapest(terms, output, sizes) + 1:.3e}"))
    is_exact = _renamed(call.equation) in _EXACT
    return {
        "einsum_printed": printed,
        "einsum_halved": every if is_exact else printed // 2,
        "einsum_indices": 0 if _ELLIPSIS in call.equation else every,
    }


def _parsed(call: Einsum) -> tuple[Sets, frozenset[str], dict[str, int]]:
    """The indices of each operand and of the output, and their sizes."""
    given, arrow, output = call.equation.partition("->")
    terms = given.split(",")
    free = [one for one in ascii_letters if one not in call.equation]
    hidden = [
        len(dims) - len(term.replace(_ELLIPSIS, "")) if _ELLIPSIS in term else 0
        for term, dims in zip(terms, call.dims, strict=True)
    ]
    most = max(hidden)
    written = [
        term.replace(_ELLIPSIS, "".join(free[most - rank : most]))
        for term, rank in zip(terms, hidden, strict=True)
    ]
    sizes: dict[str, int] = {}
    for term, dims in zip(written, call.dims, strict=True):
        for index, size in zip(term, dims, strict=True):
            sizes[index] = max(size, sizes.get(index, 1))
    if not arrow:
        text = "".join(written)
        once = [index for index in sizes if text.count(index) == 1]
        output = "".join((*free[:most], *once))
    output = output.replace(_ELLIPSIS, "".join(free[:most]))
    return tuple(map(frozenset, written)), frozenset(output), sizes


def _renamed(equation: str) -> str:
    """The equation with a, b, c ... in the order in which its letters come."""
    letters = dict.fromkeys(one for one in equation if one.isalpha())
    return equation.translate(
        {ord(one): ascii_letters[at] for at, one in enumerate(letters)}
    )


def _cheapest(terms: Sets, output: frozenset[str], sizes: dict[str, int]) -> int:
    """The operations of the cheapest order of products of two operands.

    No product in between may have more elements than the largest operand or the output.
    """
    if len(terms) <= 2 or frozenset().union(*terms) == output:
        return _cost(terms, output, sizes)
    most = max(_size(one, sizes) for one in (*terms, output))
    orders = [(0, terms)]
    while len(orders[0][1]) > 1:
        longer = [
            (cost + _cost(pair, output.union(*others), sizes), (*others, made))
            for cost, left in orders
            for pair, others in _pairs(left)
            if _size(made := frozenset().union(*pair) & output.union(*others), sizes)
            <= most
        ]
        if not longer:
            return min(cost + _cost(left, output, sizes) for cost, left in orders)
        orders = longer
    return min(cost for cost, _ in orders)


def _pairs(terms: Sets) -> Iterator[tuple[Sets, Sets]]:
    for chosen in combinations(range(len(terms)), 2):
        others = [one for at, one in enumerate(terms) if at not in chosen]
        yield tuple(terms[at] for at in chosen), tuple(others)


def _cost(terms: Sets, kept: frozenset[str], sizes: dict[str, int]) -> int:
    """The operations of one product: one per factor after the first, one per sum."""
    indices = frozenset().union(*terms)
    factors = max(1, len(terms) - 1) + bool(indices - kept)
    return factors * _size(indices, sizes)


def _size(indices: frozenset[str], sizes: dict[str, int]) -> int:
    return prod(sizes[one] for one in indices)
