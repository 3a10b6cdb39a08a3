"""Exact arithmetic on symbols: sums of products, as the operators' rules make them.

Given an ``Expr`` in place of a channel count or a size, an operator's rule returns the
formula of what it counts. Floor division is kept unevaluated and printed as a floor or,
in the form -(-a // b), as a ceiling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import NamedTuple

Values = Mapping["Symbol", Fraction | int]


class Symbol(NamedTuple):
    """A letter of a formula. ``rank`` orders the factors of a factored product."""

    text: str
    latex: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Rounded:
    """numerator / divisor rounded up or down."""

    numerator: Expr
    divisor: Expr | int
    up: bool
    rank: int = 0


Atom = Symbol | Rounded
Powers = tuple[tuple[Atom, int], ...]  # of one product, in the order they are written


@dataclass(frozen=True, slots=True)
class Expr:
    """A sum of products with whole coefficients, in the order they are written.

    Powers may be negative. Use ``symbol`` and arithmetic to make one.
    """

    terms: tuple[tuple[int, Powers], ...] = ()

    def __add__(self, other: Expr | int) -> Expr:
        return _summed((*self.terms, *as_expr(other).terms))

    __radd__ = __add__

    def __neg__(self) -> Expr:
        return Expr(tuple((-factor, powers) for factor, powers in self.terms))

    def __sub__(self, other: Expr | int) -> Expr:
        return self + -as_expr(other)

    def __rsub__(self, other: Expr | int) -> Expr:
        return as_expr(other) + -self

    def __mul__(self, other: Expr | int) -> Expr:
        return _summed(
            (a * b, _merged(p, q))
            for a, p in self.terms
            for b, q in as_expr(other).terms
        )

    def __rmul__(self, other: int) -> Expr:
        return self * other

    def __truediv__(self, other: Expr) -> Expr:
        """Division by one product with the coefficient 1."""
        ((factor, powers),) = other.terms
        if factor != 1:
            raise ValueError("division by a product with a coefficient")
        return self * Expr(((1, tuple((atom, -power) for atom, power in powers)),))

    def __pow__(self, exponent: int) -> Expr:
        product = Expr(((1, ()),))
        for _ in range(exponent):
            product *= self
        return product

    def __floordiv__(self, divisor: Expr | int) -> Expr:
        if divisor == 1:
            return self
        if isinstance(divisor, Expr) and isinstance(divisor.atom, Symbol):
            return self / divisor  # channels divide into their groups without a rest
        if all(factor < 0 for factor, _ in self.terms):
            return -of_atom(Rounded(-self, divisor, up=True))
        return of_atom(Rounded(self, divisor, up=False))

    def __ge__(self, other: int) -> bool:
        """Always true: the sizes of a layer that was built are large enough."""
        return True

    def __mod__(self, groups: int) -> int:
        """0: the channels of a layer that was built divide into its groups."""
        return 0

    @property
    def atom(self) -> Atom | None:
        """The symbol or rounded quotient that this consists of, or None."""
        match self.terms:
            case ((1, ((atom, 1),)),):
                return atom
        return None

    def evaluate(self, values: Values) -> Fraction:
        """The exact value. Raises KeyError for a symbol without one."""
        total: int | Fraction = 0
        for factor, powers in self.terms:
            product: int | Fraction = factor
            for atom, power in powers:
                product *= _power(_value(atom, values), power)
            total += product
        return Fraction(total)

    def write(
        self,
        name: Callable[[Symbol], str],
        *,
        latex: bool = False,
        factored: bool = False,
    ) -> str:
        """The formula, with each symbol written by ``name``.

        ``factored`` takes common factors out of the sum, those of lower rank first.
        """
        return _Writer(name, latex).sum(self.terms, factored=factored)


def symbol(text: str, latex: str | None = None, rank: int = 0) -> Expr:
    """One symbol as an expression."""
    return of_atom(Symbol(text, latex or text, rank))


def of_atom(atom: Atom) -> Expr:
    """A symbol or rounded quotient as an expression."""
    return Expr(((1, ((atom, 1),)),))


def as_expr(value: Expr | int) -> Expr:
    """A number as an expression."""
    return value if isinstance(value, Expr) else Expr(((value, ()),) if value else ())


def _merged(first: Powers, second: Powers) -> Powers:
    powers = dict(first)
    for atom, power in second:
        powers[atom] = powers.get(atom, 0) + power
    return tuple((atom, power) for atom, power in powers.items() if power)


def _summed(terms: Iterable[tuple[int, Powers]]) -> Expr:
    """Add up like products, in the order in which each first appears."""
    total: dict[frozenset[tuple[Atom, int]], tuple[int, Powers]] = {}
    for factor, powers in terms:
        key = frozenset(powers)
        before, written = total.get(key, (0, powers))
        total[key] = (before + factor, written)
    return Expr(tuple((factor, powers) for factor, powers in total.values() if factor))


def _power(value: Fraction, power: int) -> int | Fraction:
    """A power; of an integer as an integer, which is several times as fast."""
    if value.denominator == 1 and power > 0:
        return int(value.numerator**power)
    return value**power


def _value(atom: Atom, values: Values) -> Fraction:
    if isinstance(atom, Symbol):
        value = values[atom]
        return value if isinstance(value, Fraction) else Fraction(value)
    quotient = atom.numerator.evaluate(values) / as_expr(atom.divisor).evaluate(values)
    return Fraction(-floor(-quotient) if atom.up else floor(quotient))


@dataclass(frozen=True)
class _Writer:
    name: Callable[[Symbol], str]
    latex: bool

    def sum(self, terms: tuple[tuple[int, Powers], ...], *, factored: bool) -> str:
        if not factored or len(terms) < 2:
            parts = [self.product(factor, powers) for factor, powers in terms]
            return " + ".join(parts).replace("+ -", "- ") or "0"
        common = _common(terms)
        if common:
            rest = _divided(terms, common)
            outside = tuple(sorted(common, key=lambda pair: pair[0].rank))
            return (
                self.product(1, outside)
                + (r" \cdot " if self.latex else "·")
                + self.bracketed(self.sum(rest, factored=True))
            )
        shared = _most_shared(terms)
        if shared is None:
            return self.sum(terms, factored=False)
        inside = tuple(term for term in terms if shared in dict(term[1]))
        outside_terms = tuple(term for term in terms if shared not in dict(term[1]))
        parts = [self.sum(inside, factored=True)]
        if outside_terms:
            parts.append(self.sum(outside_terms, factored=True))
            if terms[0] not in inside:
                parts.reverse()
        return " + ".join(parts)

    def product(self, factor: int, powers: Powers) -> str:
        dot = r" \cdot " if self.latex else "·"
        above = [self.atom(atom) for atom, power in powers for _ in range(power)]
        below = [self.atom(atom) for atom, power in powers for _ in range(-power)]
        if abs(factor) != 1 or not above:
            above.insert(0, str(abs(factor)))
        sign = "-" if factor < 0 else ""
        if not below:
            return sign + dot.join(above)
        if self.latex:
            return rf"{sign}\frac{{{dot.join(above)}}}{{{dot.join(below)}}}"
        under = dot.join(below)
        return (
            sign + dot.join(above) + "/" + (f"({under})" if len(below) > 1 else under)
        )

    def atom(self, atom: Atom) -> str:
        if isinstance(atom, Symbol):
            return self.name(atom)
        inside = self.sum(atom.numerator.terms, factored=False)
        divisor = self.sum(as_expr(atom.divisor).terms, factored=False)
        if self.latex:
            left, right = ("lceil", "rceil") if atom.up else ("lfloor", "rfloor")
            quotient = rf"\frac{{{inside}}}{{{divisor}}}"
            return rf"\left\{left} {quotient} \right\{right}"
        left, right = "⌈⌉" if atom.up else "⌊⌋"
        if len(atom.numerator.terms) > 1:
            inside = f"({inside})"
        return f"{left}{inside}/{divisor}{right}"

    def bracketed(self, inside: str) -> str:
        return rf"\left({inside}\right)" if self.latex else f"({inside})"


def _common(terms: tuple[tuple[int, Powers], ...]) -> Powers:
    """The powers that all products have in common."""
    first, *others = (dict(powers) for _, powers in terms)
    lowest = {
        atom: min([power, *(other.get(atom, 0) for other in others)])
        for atom, power in first.items()
    }
    return tuple((atom, power) for atom, power in lowest.items() if power > 0)


def _divided(
    terms: tuple[tuple[int, Powers], ...], common: Powers
) -> tuple[tuple[int, Powers], ...]:
    inverse = tuple((atom, -power) for atom, power in common)
    return tuple((factor, _merged(powers, inverse)) for factor, powers in terms)


def _most_shared(terms: tuple[tuple[int, Powers], ...]) -> Atom | None:
    """The factor of the lowest rank that two or more products share."""
    counts: dict[Atom, int] = {}
    for _, powers in terms:
        for atom, power in powers:
            counts[atom] = counts.get(atom, 0) + (power > 0)
    shared = [atom for atom, count in counts.items() if count > 1]
    return min(shared, key=lambda atom: (atom.rank, -counts[atom]), default=None)
