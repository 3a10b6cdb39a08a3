"""The formula of a layer or block in the papers' symbols, and its value.

The symbols pass through the operators' own rules (``op.out_shape``, ``op.weights``), so
a formula says exactly what is counted. The letters are those of the MobileNetV1 paper
(D_K, D_F, D_G, M, N, alpha, rho) and of V2 (t).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

from mnprofile.costs.formula import Formula, Meaning, number_text, values_of
from mnprofile.graph.graph import Node
from mnprofile.graph.operators.convolution import Conv
from mnprofile.graph.operators.op import Shape
from mnprofile.graph.symbols import Expr, Symbol, as_expr, of_atom, symbol

# Common factors that are taken out of a sum are written in this order.
_SIDES, _CHANNELS, _T, _KERNEL, _LAST = range(5)


class LayerTerms(NamedTuple):
    """Multiply-adds and weights of one layer, as expressions.

    ``own`` is its formula where its letters are not those of the layers around it.
    """

    name: str
    macs: Expr
    weights: Expr
    own: Formula | None = None


class Derivation(NamedTuple):
    """Consecutive layers in symbols.

    ``separable`` is the cost of the depthwise layers, each with the projection after
    it, ``standard`` that of one standard convolution instead of each such pair; None
    without one.
    """

    layers: tuple[LayerTerms, ...]
    meanings: tuple[Meaning, ...]
    separable: Expr | None
    standard: Expr | None

    @property
    def saving(self) -> Expr | None:
        """``separable`` divided by ``standard``, if these are of one pair."""
        if self.separable is None or self.standard is None:
            return None
        ((factor, _), *more) = self.standard.terms
        return None if factor != 1 or more else self.separable / self.standard

    @property
    def macs(self) -> Expr:
        return sum((layer.macs for layer in self.layers), start=Expr())

    @property
    def weights(self) -> Expr:
        return sum((layer.weights for layer in self.layers), start=Expr())


class Multipliers(NamedTuple):
    """How alpha and rho enter a formula: their values, and what alpha narrows."""

    alpha: Fraction
    rho: Fraction
    narrows_input: bool
    narrows_output: bool


def derive(
    nodes: tuple[Node, ...],
    scale: Multipliers | None = None,
    apart: Mapping[str, bool] = {},
) -> Derivation:
    """Pass symbols through the rules of some consecutive operators.

    With ``scale``, channels and sides have alpha and rho as factors: the textbook form,
    in which nothing is rounded. ``apart`` has the layers inside that alpha narrows
    though not what they read, or the other way round, as the heads of attention: they
    are no factor of their input. It says whether alpha narrows them.
    """
    return _Derivation(nodes, scale, apart).run()


def set_apart(base: tuple[Node, ...], probe: tuple[Node, ...]) -> dict[str, bool]:
    """What ``derive`` takes as ``apart``, from networks of two widths."""
    other = {node.name: node for node in probe}
    found = {}
    for node in base:
        if there := other.get(node.name):
            taken = node.in_shape.c != there.in_shape.c
            made = node.out_shape.c != there.out_shape.c
            if taken != made:
                found[node.name] = made
    return found


@dataclass
class _Derivation:
    """Defines symbols while it follows the shapes."""

    nodes: tuple[Node, ...]
    scale: Multipliers | None
    apart: Mapping[str, bool]
    meanings: dict[Symbol, Meaning] = field(default_factory=dict)
    sides: dict[Expr, Expr] = field(default_factory=dict)

    def run(self) -> Derivation:
        first = self.nodes[0]
        shapes: dict[str, Shape] = {}
        layers: dict[str, LayerTerms] = {}
        depthwise: tuple[Any, Shape, Expr] | None = None
        separable: Expr | None = None
        standard: Expr | None = None
        for node in self.nodes:
            if node.inputs[0] not in shapes:
                shapes[node.inputs[0]] = self.input_shape(first)
            x = shapes[node.inputs[0]]
            if node.op.products(node.in_shape, *node.other_shapes):
                # Attention: each query sees each key, and each weight each value.
                keys = shapes.get(node.inputs[1], node.other_shapes[0])
                attended = as_expr(x.positions * keys.positions * (x.c + x.c))
                layers[node.layer] = LayerTerms(node.layer, attended, Expr())
                shapes[node.name] = x
                continue
            op: Any = self.symbolic(node, x)
            # Maps that are added have one shape; those that are joined add up.
            joined = node.inputs[1:] if op.takes is None else ()
            others = [shapes.get(name, x) for name in joined]
            made = op.out_shape(x, *others)
            if node.out_shape[1:] == node.in_shape[1:]:  # however it is padded
                made = _shape(made.c, x.h, x.w)
            y = self.named(made, node.out_shape)
            shapes[node.name] = y
            if not op.is_counted:
                continue
            weights = as_expr(op.weights(x))
            macs = as_expr(weights * op.positions(x, y))
            layers[node.layer] = LayerTerms(node.layer, macs, weights)
            if not op.mixes_channels:
                depthwise = (op, x, macs)
            elif depthwise and node.type != "SE":
                slow, before, cost = depthwise
                full = Conv(op.out, slow.kernel)
                instead = as_expr(full.weights(before)) * y.positions
                standard = instead if standard is None else standard + instead
                separable = (
                    cost + macs if separable is None else separable + cost + macs
                )
                depthwise = None
        return Derivation(
            tuple(layers.values()), tuple(self.meanings.values()), separable, standard
        )

    # --- shapes ----------------------------------------------------------------------

    def input_shape(self, first: Node) -> Shape:
        x = first.in_shape
        if first.type == "SE":
            channels = self.squeezed_input(first)
        else:
            narrows = self.scale is not None and self.scale.narrows_input
            channels = self.channels("M", "input channels", x.c, narrows=narrows)
        letters = ("D_F", "D_F") if x.h == x.w else ("H", "W")
        return _shape(
            channels,
            *(
                self.side(letter, "input map", Fraction(size)) if size > 1 else size
                for letter, size in zip(letters, (x.h, x.w), strict=True)
            ),
        )

    def squeezed_input(self, first: Node) -> Expr:
        """Squeeze-excite by itself: C input channels, or what C was reduced to."""
        full = max(first.in_shape.c, self.nodes[-1].out_shape.c)
        narrows = self.scale is not None
        whole = self.channels("C", "channels of the map", full, narrows=narrows)
        if first.in_shape.c == full:
            return whole
        return whole / self.reduction(Fraction(full, first.in_shape.c))

    def named(self, shape: Shape, built: Shape) -> Shape:
        """The shape with a letter for each side that an operator made smaller."""
        letters = ("D_G", "D_G") if built.h == built.w else ("H_G", "W_G")
        sides = [
            self.output_side(letter, side, size)
            for letter, side, size in zip(
                letters, (shape.h, shape.w), (built.h, built.w), strict=True
            )
        ]
        return _shape(shape.c, *sides)

    def output_side(self, letter: str, side: Any, size: int) -> Any:
        if not isinstance(side, Expr) or side.atom in self.meanings:
            return side
        if side not in self.sides:
            value = side.evaluate(values_of(tuple(self.meanings.values())))
            if any(one.text.lstrip("ρ") == letter for one in self.meanings):
                letter += "2"  # a second strided layer in one block
            built = value / self.scale.rho if self.scale else value
            self.sides[side] = self.side(letter, "output map", built, side)
        return self.sides[side]

    # --- operators -------------------------------------------------------------------

    def symbolic(self, node: Node, x: Shape) -> Any:
        """The node's operator with symbols for its kernel and output channels."""
        op: Any = node.op
        kernel = getattr(op, "kernel", 1)
        if isinstance(kernel, int) and kernel > 1:
            op = replace(op, kernel=self.kernel(kernel))
        if getattr(op, "groups", 1) > 1:
            groups = Fraction(op.groups)
            letter = self.free("g", groups)
            op = replace(op, groups=self.define(letter, "groups", groups, rank=_LAST))
        if hasattr(op, "out"):
            op = replace(op, out=self.out_channels(node, x))
        return op

    def out_channels(self, node: Node, x: Shape) -> Any:
        out = node.out_shape.c
        main = [one for one in self.nodes if one.op.mixes_channels and one.type != "SE"]
        channels: Any = x.c
        if node.type == "SE":
            if node.name == next(one for one in self.nodes if one.type == "SE").name:
                if sum(one.op.is_counted for one in self.nodes) == 1:
                    return self.squeeze_alone(node, channels)
                return channels / self.reduction(Fraction(node.in_shape.c, out))
            (power,) = (s for s in self.meanings if s.text == "r")
            return channels * of_atom(power)
        if node.name == main[-1].name:
            narrows = self.scale is not None and self.scale.narrows_output
            return self.channels("N", "output channels", out, narrows=narrows)
        return self.inner_channels(node, channels)

    def inner_channels(self, node: Node, channels: Any) -> Any:
        """The input's times t, or with a letter of their own where alpha sets them
        apart."""
        out = node.out_shape.c
        if node.name in self.apart:
            narrows = self.scale is not None and self.apart[node.name]
            letter = self.free("C", Fraction(out))
            return self.channels(letter, "inner channels", out, narrows=narrows)
        factor = Fraction(out, node.in_shape.c)
        if factor == 1:
            return channels
        letter = self.free("t", factor)
        return channels * self.define(letter, "expansion factor", factor, rank=_T)

    def squeeze_alone(self, node: Node, channels: Any) -> Any:
        """One squeeze-excite layer by itself: C to C/r, or C/r back to C."""
        if node.out_shape.c <= node.in_shape.c:
            ratio = Fraction(node.in_shape.c, node.out_shape.c)
            return channels / self.reduction(ratio)
        (whole,) = (s for s in self.meanings if s.text.endswith("C"))
        return of_atom(whole)

    def free(self, letter: str, value: Fraction) -> str:
        """The letter, or with a number after it where it stands for another value."""
        known = {one.text: meaning for one, meaning in self.meanings.items()}
        name, at = letter, 1
        while name in known and known[name].value != value:
            at += 1
            name = f"{letter}_{at}"
        return name

    # --- symbols ---------------------------------------------------------------------

    def channels(self, letter: str, text: str, built: int, *, narrows: bool) -> Expr:
        if not narrows:
            return self.define(letter, text, Fraction(built), rank=_CHANNELS)
        assert self.scale is not None
        return self.define(
            f"α{letter}",
            f"{text}, times alpha",
            self.scale.alpha * built,
            rank=_CHANNELS,
            latex=rf"\alpha {letter}",
            number=f"{number_text(self.scale.alpha)}·{built}",
        )

    def side(
        self, letter: str, what: str, built: Fraction, definition: Expr | None = None
    ) -> Expr:
        text = f"side of the {what}"
        if self.scale is None:
            return self.define(letter, text, built, rank=_SIDES, definition=definition)
        rho = self.scale.rho
        return self.define(
            f"ρ{letter}",
            f"{text}, times rho",
            rho * built,
            rank=_SIDES,
            latex=rf"\rho {_latex(letter)}",
            number=f"{number_text(rho)}·{number_text(built)}",
            definition=definition,
        )

    def kernel(self, size: int) -> Expr:
        for meaning in self.meanings.values():
            if meaning.text.startswith("kernel") and meaning.value == size:
                return of_atom(meaning.symbol)
        taken = any(one.text == "D_K" for one in self.meanings)
        letter = "D_L" if taken else "D_K"
        return self.define(letter, "kernel side", Fraction(size), rank=_KERNEL)

    def reduction(self, ratio: Fraction) -> Expr:
        return self.define("r", "squeeze-excite reduction", ratio, rank=_LAST)

    def define(
        self,
        letter: str,
        text: str,
        value: Fraction,
        *,
        rank: int,
        latex: str | None = None,
        number: str | None = None,
        definition: Expr | None = None,
    ) -> Expr:
        made = symbol(letter, latex or _latex(letter), rank)
        atom = made.atom
        assert isinstance(atom, Symbol)
        shown = number_text(value) if number is None else number
        meaning = Meaning(atom, text, value, shown, definition)
        known = self.meanings.setdefault(atom, meaning)
        assert known.value == value, f"{letter} stands for two values"
        return made


def _latex(letter: str) -> str:
    """D_K -> D_{K}."""
    head, _, index = letter.partition("_")
    return f"{head}_{{{index}}}" if index else head


def _shape(c: Any, h: Any, w: Any) -> Shape:
    return Shape(c, h, w)
