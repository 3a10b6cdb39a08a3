"""Squeeze-excite, a part of other blocks."""

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Scale
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import SqueezeExcite


def squeeze_excite(
    to: Builder,
    name: str,
    kind: SqueezeExcite,
    activation: ActivationKind,
    block_input: int | None = None,
    *,
    batch_norm: bool = False,
) -> None:
    """Pool, reduce, expand, scale the map by the result (V3 paper, 5.3).

    ``activation`` is the block's, where ``kind`` has none; ``block_input`` the channels
    that ``kind`` may reduce from, instead of the map's own. With ``batch_norm`` it
    follows the reduction, and there are no biases.
    """
    tape = to.tape
    features, full = tape.last, tape.shape.c
    tape.layer(f"{name}.pool", GlobalPool())
    tape.move(type="SE")
    base = full if block_input is None or not kind.of_input else block_input
    reduced = to.rules.squeezed.rounded(base * kind.ratio)
    bias = not batch_norm
    inside = kind.activation or activation
    op = to.conv(reduced, 1, bias=bias)
    to.convolution(f"{name}.reduce", op, inside, batch_norm=batch_norm)
    op = to.conv(full, 1, bias=bias)
    to.convolution(f"{name}.expand", op, kind.gate, batch_norm=False)
    tape.move(type=None)
    factors, tape.last = tape.last, features
    tape.layer(f"{name}.scale", Scale(), factors)
