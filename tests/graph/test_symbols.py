"""Symbols: the arithmetic, and how it is written."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnprofile.graph.arithmetic import ceil_div
from mnprofile.graph.symbols import Expr, Symbol, symbol

A, B, C = symbol("a"), symbol("b"), symbol("c")

# A recipe gives the same value for symbols and for numbers.
leaves = st.sampled_from(["a", "b", "c", 1, 2, 3])
recipes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from("+-*"), inner, inner),
        st.tuples(st.just("ceil"), inner, st.integers(1, 4)),
        st.tuples(st.just("floor"), inner, st.integers(1, 4)),
        st.tuples(st.just("power"), inner, st.integers(0, 3)),
    ),
    max_leaves=8,
)


def made(recipe: Any, values: dict[str, Any]) -> Any:
    match recipe:
        case ("+", x, y):
            return made(x, values) + made(y, values)
        case ("-", x, y):
            return made(x, values) - made(y, values)
        case ("*", x, y):
            return made(x, values) * made(y, values)
        case ("ceil", x, divisor):
            return ceil_div(made(x, values), divisor)
        case ("floor", x, divisor):
            return made(x, values) // divisor
        case ("power", x, exponent):
            return made(x, values) ** exponent
        case str():
            return values[recipe]
    return recipe


def number(name: str) -> Any:
    (term,) = symbol(name).terms
    return term[1][0][0]


@settings(deadline=None)
@given(recipes, st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_symbols_give_what_numbers_give(recipe: Any, a: int, b: int, c: int) -> None:
    numbers = {"a": a, "b": b, "c": c}
    of_symbols = made(recipe, {"a": A, "b": B, "c": C})
    if not isinstance(of_symbols, Expr):
        return
    values = {number(name): value for name, value in numbers.items()}

    assert of_symbols.evaluate(values) == made(recipe, numbers)


@settings(deadline=None)
@given(recipes, st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_what_is_written_reads_as_the_value(
    recipe: Any, a: int, b: int, c: int
) -> None:
    """Factored or not, the text is valid Python once its signs are replaced."""
    of_symbols = made(recipe, {"a": A, "b": B, "c": C})
    if not isinstance(of_symbols, Expr):
        return
    values = {number("a"): a, number("b"): b, number("c"): c}
    for factored in (False, True):
        text = of_symbols.write(lambda one: one.text, factored=factored)
        if "⌈" in text or "⌊" in text:
            continue
        read = eval(text.replace("·", "*"), {"a": a, "b": b, "c": c})
        assert read == of_symbols.evaluate(values)


@pytest.mark.parametrize(
    ("expression", "plain", "factored"),
    [
        (A * B + A * C, "a·b + a·c", "a·(b + c)"),
        (2 * A * A * B + A, "2·a·a·b + a", "a·(2·a·b + 1)"),
        (A + B * C + B, "a + b·c + b", "a + b·(c + 1)"),
        (1 - A, "1 - a", "1 - a"),
        (A / (B * C), "a/(b·c)", "a/(b·c)"),
        (-(-A // 2) * B, "⌈a/2⌉·b", "⌈a/2⌉·b"),
        ((A + 1) // 2, "⌊(a + 1)/2⌋", "⌊(a + 1)/2⌋"),
        (A - A, "0", "0"),
    ],
)
def test_formulas_are_written_as_papers_do(
    expression: Expr, plain: str, factored: str
) -> None:
    name = lambda one: str(one.text)  # noqa: E731

    assert expression.write(name) == plain
    assert expression.write(name, factored=True) == factored


def test_latex_has_fractions_and_brackets_that_grow() -> None:
    text = (A * B / C + A).write(lambda one: one.latex, latex=True, factored=True)

    assert text == r"a \cdot \left(\frac{b}{c} + 1\right)"


def test_division_keeps_fractions_exact() -> None:
    values = {number("a"): 1, number("b"): 3}

    assert (A / B).evaluate(values) == Fraction(1, 3)


def test_division_is_by_one_product_without_coefficient() -> None:
    with pytest.raises(ValueError, match="coefficient"):
        _ = A / (2 * B)


def test_a_symbol_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        A.evaluate({Symbol("z", "z"): 1})
