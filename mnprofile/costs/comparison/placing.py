"""Where layers belong whose names say nothing: matched by order and what they compute.

A table, code and a model file name the layers of one network differently, and a file
without the names of modules knows no blocks. There a layer is like another of the same
kind at the same reduction of the image, best of the same type with the same costs.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log2

from mnprofile.costs.comparison.sides import Part, Side

Pairs = Sequence[tuple[Part | None, Part | None]]


def is_renamed(base: Side, head: Side) -> bool:
    """Whether the names of two networks say nothing about which layers match.

    So it is if one is a table and the other is not, or if less than half of the layers
    of two networks that are none have the same names.
    """
    if not base.reader and not head.reader:
        return False
    if bool(base.reader) != bool(head.reader):
        return True
    names = [{layer.name for layer in side.layers} for side in (base, head)]
    return 2 * len(names[0] & names[1]) < min(map(len, names))


def kind_of(layer: Part) -> str:
    """Convolution, depthwise convolution or the layer's own type."""
    if layer.type.startswith("Conv DW"):
        return "depthwise"
    return "conv" if layer.type.startswith("Conv") else layer.type


def reductions(layers: Sequence[Part]) -> list[int]:
    """How often each layer's map is halved relative to that of the first one.

    0 for what has no map, such as a classifier.
    """
    found: list[int] = []
    first = 0
    for layer in layers:
        is_map = layer.type.startswith("Conv")
        weights = layer.form.weights if layer.form and is_map else 0
        positions = layer.costs.macs // weights if weights else 0
        first = first or positions
        halved = round(log2(first / positions) / 2) if positions else 0
        found.append(halved)
    return found


def placed_like(
    base: Side, head: Side, align: Callable[[Sequence[Part], Sequence[Part]], Pairs]
) -> Side:
    """The head with its layers in the stages and blocks of the layers they match.

    A layer without a match belongs where the one before it does.
    """
    place = {id(b): a for a, b in align(base.layers, head.layers) if a and b}
    first = next((place[id(one)] for one in head.layers if id(one) in place), None)
    if first is None:
        return head
    last, placed = first, []
    for layer in head.layers:
        last = place.get(id(layer), last)
        own = id(layer) in place
        block = last.block if own else layer.block
        placed.append(replace(layer, stage=last.stage, block=block))
    return replace(head, layers=tuple(placed))
