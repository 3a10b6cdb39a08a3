"""Tables of networks that only released code prints, against runs of that code.

The numbers were taken once, with torch 2.13.0: FlopCounterMode, the weights of the
convolutions and fully connected layers, the channels of batch norm, and a digest of the
sequence of layers without their biases (the code has biases before batch norm).

- dmasking: facebookresearch/mobile-vision at 723224f, ``FBNet("dmasking_f1")``
- shufflenet, detnas: megvii-model/ShuffleNet-Series at aa91feb, ``network.py``
- mcunet-vww1: ``assets/vww.tflite`` of mit-han-lab/tinyengine at 47bb283
"""

import hashlib

import pytest

from mnprofile.base.errors import TableError
from mnprofile.costs.counting import count
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import load, parse
from mnprofile.networks.configuration import Request, configure
from tests.families.networks import Layers, layers_of

MEASURED = {
    # table: multiply-adds, weights, batch-norm channels, layers, digest
    "dmasking-f1": (56_096_264, 5_992_970, 10_108, 60, "b381c7a943d9829a"),
    "dmasking-f4": (235_134_434, 6_991_688, 11_372, 75, "70c972fcd1c43462"),
    "dmasking-l2-hs": (417_763_592, 8_492_858, 17_060, 101, "b0fdcbfd46c596a1"),
    "dmasking-l3": (751_122_890, 9_394_060, 19_688, 106, "e4fd4afe2a64f079"),
    "shufflenet-v2-plus-large": (
        360_050_704,
        6_740_044,
        14_088,
        104,
        "52200a4d83b8a86c",
    ),
    "shufflenet-v2-plus-medium": (
        222_249_984,
        5_657_664,
        11_088,
        104,
        "da9e114070a26b0b",
    ),
    "shufflenet-v2-plus-small": (
        155_845_008,
        5_118_540,
        9_288,
        104,
        "d45ea23bb64279f4",
    ),
    "shufflenet-oneshot": (327_857_920, 3_407_035, 12_772, 77, "fa73c630bf1d1e8d"),
    "detnas-voc-fpn-300m": (349_524_544, 3_615_904, 16_592, 101, "a27bb75ae016d254"),
    "detnas-voc-retinanet-300m": (
        360_625_984,
        3_447_616,
        14_912,
        98,
        "cabe506bc51ff30c",
    ),
    "detnas-coco-fpn-300m": (321_219_008, 3_500_960, 15_056, 89, "300c12c68ead00dd"),
    "detnas-coco-retinanet-300m": (
        324_342_464,
        3_689_168,
        17_056,
        101,
        "ffa06ddef0557587",
    ),
    "detnas-coco-fpn-1.3g": (
        1_318_374_496,
        10_334_656,
        44_800,
        179,
        "5dba3cd3fc5666c5",
    ),
    # its channels of batch norm are the biases that the file has folded them into
    "mcunet-vww1": (11_578_816, 420_520, 6_112, 46, "1abebee20b5a2132"),
}
# The squeeze-excite after the pooling of ShuffleNetV2+ stands before it in the tables,
# with biases in place of its batch norm of 320 channels.
OTHERWISE = 320


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
    normed = totals.buffers // 2 + (OTHERWISE if "plus" in name else 0)

    assert (
        totals.macs,
        totals.weights,
        normed,
        len(layers),
        without_biases(layers),
    ) == MEASURED[name]


UNIT = """# Units

```toml
name = "units"
scaling = "v2"
resolution = 32
```

| Input   | Operator    | exp size | #out | SE | NL | s |
|---------|-------------|----------|------|----|----|---|
| 32²×3   | conv2d, 3x3 | -        | {c}  | -  | RE | 2 |
| 16²×{c} | {word}, 3x3 | 8        | {out} | -  | RE | {s} |
"""


@pytest.mark.parametrize("word", ["shuffle", "xception"])
@pytest.mark.parametrize(
    ("c", "out", "stride", "fault"),
    [
        (16, 16, 2, "of 16 channels 16 pass by: none are left to make"),
        (16, 8, 1, "of 8 channels 8 pass by: none are left to make"),
        (15, 16, 1, "a unit halves its channels, which are 15"),
    ],
)
def test_a_unit_whose_channels_do_not_fit_is_refused(
    word: str, c: int, out: int, stride: int, fault: str
) -> None:
    text = UNIT.format(word=word, c=c, out=out, s=stride)

    with pytest.raises(TableError, match=fault):
        parse(text, "units.md")
