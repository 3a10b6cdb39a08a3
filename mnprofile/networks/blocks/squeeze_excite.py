"""Squeeze-excite, a part of other blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Scale
from mnprofile.graph.operators.pooling import GlobalPool

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder


def squeeze_excite(to: Builder, name: str, activation: ActivationKind) -> None:
    """Pool, reduce, expand, scale the map by the result (V3 paper, 5.3)."""
    tape = to.tape
    features, full = tape.last, tape.shape.c
    tape.move(layer=f"{name}.pool")
    tape.add(f"{name}.pool", GlobalPool())
    tape.move(type="SE")
    reduced = to.rules.squeezed.rounded(full / 4)
    for part, out, function in (
        ("reduce", reduced, activation),
        ("expand", full, "hardsigmoid"),
    ):
        op = to.conv(out, 1, bias=True)
        to.convolution(f"{name}.{part}", op, function, batch_norm=False)
    tape.move(type=None, layer=f"{name}.scale")
    factors, tape.last = tape.last, features
    tape.add(f"{name}.scale", Scale(), factors)
