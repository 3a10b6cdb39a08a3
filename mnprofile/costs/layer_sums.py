"""Formulas of layers that are not maps, and of modules as sums of their layers.

What a table calls a block has one formula in common letters (``formulas``). Layers on
tokens, matrix products and recurrent layers have letters of their own, so a module that
holds them is a sum of its layers: each layer's name is a symbol whose number is that
layer's formula with its numbers put in.
"""

import re
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import Any

from mnprofile.costs.formula import Formula, Meaning, values_of
from mnprofile.costs.formulas import Derivation, LayerTerms, derive
from mnprofile.graph.graph import Node
from mnprofile.graph.operators.op import GraphError, TensorShape
from mnprofile.graph.symbols import Expr, Symbol, as_expr, symbol


class _Letters:
    """Symbols and their meanings, as a formula needs them."""

    def __init__(self) -> None:
        self.meanings: list[Meaning] = []

    def __call__(
        self, letter: str, text: str, value: int, number: str | None = None
    ) -> Expr:
        made = symbol(letter, _latex(letter))
        atom = made.atom
        assert isinstance(atom, Symbol)
        shown = str(value) if number is None else number
        self.meanings.append(Meaning(atom, text, Fraction(value), shown))
        return made


def derived(nodes: tuple[Node, ...]) -> Derivation:
    """The formula of some layers in common letters, or else as a sum of the layers.

    A sum is used where no common letters give what is counted.
    """
    counted = [node for node in nodes if node.op.is_counted]
    if len(counted) == 1:
        return _of_one(counted[0])
    if not any(_is_tensor(node) for node in nodes):
        found = _in_common_letters(nodes, sum(node.macs for node in counted))
        if found is not None:
            return found
    return _sum_of(counted)


def _in_common_letters(nodes: tuple[Node, ...], macs: int) -> Derivation | None:
    """A formula in common letters; None where none gives these multiply-adds."""
    try:
        found = derive(nodes)
    except (AssertionError, GraphError, KeyError, TypeError, ValueError):
        return None
    return found if found.macs.evaluate(values_of(found.meanings)) == macs else None


def _of_one(node: Node) -> Derivation:
    if not _is_tensor(node) and not node.op.products(node.in_shape, *node.other_shapes):
        found = _in_common_letters((node,), node.macs)
        if found is not None:
            return found
    letters = _Letters()
    macs, weights = _terms(node, letters)
    terms = LayerTerms(node.layer, macs, weights)
    return Derivation((terms,), tuple(letters.meanings), None, None)


def _is_tensor(node: Node) -> bool:
    shapes = (node.in_shape, node.out_shape, *node.other_shapes)
    return any(isinstance(one, TensorShape) for one in shapes)


# --- one layer -----------------------------------------------------------------------


def _terms(node: Node, letters: _Letters) -> tuple[Expr, Expr]:
    """Multiply-adds and weights of one layer, as letters; its figures if none fit."""
    op, x = node.op, node.in_shape
    if op.products(x, *node.other_shapes):
        return _products(node, letters), Expr()
    weights = _weights(node, letters)
    positions = op.positions(x, node.out_shape)
    dims = [one for one in node.out_shape.spatial if one > 1] or [positions]
    number = "·".join(map(str, dims)) if prod(dims) == positions else str(positions)
    macs = weights
    if positions != 1:
        macs *= letters(
            "P", "positions at which each weight is used", positions, number
        )
    if node.times != 1:
        macs *= letters("R", "runs of the loop that the layer is in", node.times)
    return macs, weights


def _weights(node: Node, letters: _Letters) -> Expr:
    op: Any = node.op
    total = op.weights(node.in_shape)
    if hasattr(op, "hidden"):
        taken = letters("M", "input channels", node.in_shape.c)
        hidden = letters("H", "channels of the state", op.hidden)
        made = replace(op, hidden=hidden).weights(TensorShape((taken,)))  # type: ignore[arg-type] # letters, not numbers
        return made if isinstance(made, Expr) else as_expr(total)
    out = getattr(op, "out", None)
    if out is None:
        return letters("W", "weights", total)
    groups = op.groups_on(node.in_shape)
    area = getattr(op, "kernel", 1)
    area = prod(area) if isinstance(area, tuple) else area * area
    channels = total // (out * area)
    made = letters("M", "input channels" + " of a group" * (groups > 1), channels)
    made *= letters("N", "output channels", out)
    if area == 1:
        return made
    kernel = op.kernel if isinstance(op.kernel, tuple) else (op.kernel, op.kernel)
    return letters("K", "sides of the kernel", area, "·".join(map(str, kernel))) * made


def _products(node: Node, letters: _Letters) -> Expr:
    """A matrix product, or attention: B matrices or heads each."""
    macs, (rows, inner) = node.macs, node.in_shape.dims[-2:] or (1, 1)
    dims = [one.dims for one in node.other_shapes]
    if len(dims) == 2:  # queries, keys, values
        keys, values = dims[0][-2], dims[1][-1]
        heads = Fraction(macs, rows * keys * (inner + values))
        if heads.denominator == 1:
            common = (
                letters("B", "heads", int(heads))
                * letters("Q", "queries", rows)
                * letters("S", "keys", keys)
            )
            each = letters("D", "channels of a key", inner)
            return common * each + common * letters("E", "channels of a value", values)
    elif len(dims) == 1:
        columns = node.out_shape.dims[-1]
        matrices = Fraction(macs, rows * inner * columns)
        if matrices.denominator == 1:
            return (
                letters("B", "pairs of matrices", int(matrices))
                * letters("Q", "rows", rows)
                * letters("M", "columns of the first, rows of the second", inner)
                * letters("N", "columns of the second", columns)
            )
    return letters("A", "multiply-adds of the operator", macs)


# --- several -------------------------------------------------------------------------


def _sum_of(counted: list[Node]) -> Derivation:
    letters = _Letters()
    shared = _shared([node.layer for node in counted])
    terms = []
    for node in counted:
        one = _of_one(node)
        own = Formula(one.macs, one.meanings)
        letter = node.layer[len(shared) :]
        letter = letter if letter[:1].isalpha() else node.layer
        made = letters(letter, f"{node.type}: {own.text}", node.macs, own.numbers)
        weights = as_expr(node.op.weights(node.in_shape))
        terms.append(LayerTerms(node.layer, made, weights, own))
    return Derivation(tuple(terms), tuple(letters.meanings), None, None)


def _shared(names: list[str]) -> str:
    """The modules that all the names begin with: "layer1.0."."""
    first, last = min(names), max(names)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[: first.rfind(".", 0, same) + 1]


def _latex(letter: str) -> str:
    if len(letter) == 1:
        return letter
    plain = re.sub(r"[^A-Za-z0-9.#_-]", "?", letter)
    return r"\text{" + plain.replace("_", r"\_").replace("#", r"\#") + "}"
