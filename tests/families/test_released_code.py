"""Tables of networks that only released code prints, against runs of that code.

The numbers were taken once, with torch 2.13.0: FlopCounterMode, the weights of the
convolutions and fully connected layers, the channels of batch norm, and a digest of the
sequence of layers without their biases (the code has biases before batch norm).

- dmasking: facebookresearch/mobile-vision at 723224f, ``FBNet("dmasking_f1")``
"""

import hashlib

import pytest

from mnprofile.costs.counting import count
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import load
from mnprofile.networks.configuration import Request, configure
from tests.families.networks import Layers, layers_of

MEASURED = {
    # table: multiply-adds, weights, batch-norm channels, layers, digest
    "dmasking-f1": (56_096_264, 5_992_970, 10_108, 60, "b381c7a943d9829a"),
    "dmasking-f4": (235_134_434, 6_991_688, 11_372, 75, "70c972fcd1c43462"),
    "dmasking-l2-hs": (417_763_592, 8_492_858, 17_060, 101, "b0fdcbfd46c596a1"),
    "dmasking-l3": (751_122_890, 9_394_060, 19_688, 106, "e4fd4afe2a64f079"),
}


def without_biases(layers: Layers) -> str:
    """A digest of (in, out) of fully connected layers, all but bias of others."""
    kept = [one[:2] if len(one) == 3 else (*one[:9], *one[10:]) for one in layers]
    text = "\n".join(" ".join(map(str, layer)) for layer in kept)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", MEASURED)
def test_a_table_gives_the_network_of_the_code(name: str) -> None:
    arch = load(name)
    graph = build_rows(arch, configure(arch, Request()))
    totals = count(graph).totals
    layers = layers_of(graph)

    assert (
        totals.macs,
        totals.weights,
        totals.buffers // 2,
        len(layers),
        without_biases(layers),
    ) == MEASURED[name]
