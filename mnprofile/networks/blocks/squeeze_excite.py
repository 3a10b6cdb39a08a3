"""Squeeze-excite, a part of other blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Scale
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.networks.notation.cells import SqueezeExcite

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder


def squeeze_excite(
    to: Builder,
    name: str,
    kind: SqueezeExcite,
    activation: ActivationKind,
    block_input: int | None = None,
) -> None:
    """Pool, reduce, expand, scale the map by the result (V3 paper, 5.3).

    ``activation`` is the block's, where ``kind`` has none; ``block_input`` the channels
    that ``kind`` may reduce from, instead of the map's own.
    """
    tape = to.tape
    features, full = tape.last, tape.shape.c
    tape.layer(f"{name}.pool", GlobalPool())
    tape.move(type="SE")
    base = full if block_input is None or not kind.of_input else block_input
    reduced = to.rules.squeezed.rounded(base * kind.ratio)
    for part, out, function in (
        ("reduce", reduced, kind.activation or activation),
        ("expand", full, kind.gate),
    ):
        op = to.conv(out, 1, bias=True)
        to.convolution(f"{name}.{part}", op, function, batch_norm=False)
    tape.move(type=None, layer=f"{name}.scale")
    factors, tape.last = tape.last, features
    tape.add(f"{name}.scale", Scale(), factors)
