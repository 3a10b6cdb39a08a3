"""A formula: an expression, and what its symbols stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from mnprofile.graph.symbols import Expr, Symbol


class Meaning(NamedTuple):
    """What a symbol stands for. ``definition`` is set where it follows from others."""

    symbol: Symbol
    text: str
    value: Fraction
    number: str  # the value as it is put into a formula
    definition: Expr | None = None


@dataclass(frozen=True)
class Formula:
    """An expression, and the values of its symbols."""

    expr: Expr
    meanings: tuple[Meaning, ...]
    factored: bool = False

    @cached_property
    def value(self) -> Fraction:
        return self.expr.evaluate(values_of(self.meanings))

    def at(self, **letters: int | Fraction) -> Fraction:
        """The value for other values of the symbols, given by their letters.

        Symbols with a definition follow from the others. Raises KeyError if one is
        missing.
        """
        values: dict[Symbol, Fraction] = {}
        for one in self.meanings:
            values[one.symbol] = (
                Fraction(letters[one.symbol.text])
                if one.definition is None
                else one.definition.evaluate(values)
            )
        return self.expr.evaluate(values)

    @property
    def text(self) -> str:
        """In symbols: D_K·D_K·M·D_F·D_F."""
        return self._written(lambda one: one.text)

    @property
    def numbers(self) -> str:
        """With the numbers put in: 3·3·32·112·112."""
        return self._written(self._numbers.__getitem__)

    @property
    def latex(self) -> str:
        return self._written(lambda one: one.latex, latex=True)

    @property
    def latex_numbers(self) -> str:
        numbers, dot = self._numbers, r" \cdot "
        return self._written(lambda one: numbers[one].replace("·", dot), latex=True)

    @cached_property
    def _numbers(self) -> dict[Symbol, str]:
        return {meaning.symbol: meaning.number for meaning in self.meanings}

    def _written(self, name: Callable[[Symbol], str], *, latex: bool = False) -> str:
        return self.expr.write(name, latex=latex, factored=self.factored)


def values_of(meanings: tuple[Meaning, ...]) -> dict[Symbol, Fraction]:
    return {meaning.symbol: meaning.value for meaning in meanings}


def number_text(value: Fraction) -> str:
    """A value as formulas write it: 6, 0.75, or (11/3) without a short decimal."""
    if value.denominator == 1:
        return str(value)
    decimal = f"{float(value):.6g}"
    return decimal if Fraction(decimal) == value else f"({value})"
