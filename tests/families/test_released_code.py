"""Tables of networks that only released code prints, against runs of that code.

The numbers were taken once, with torch 2.13.0: FlopCounterMode, the weights of the
convolutions and fully connected layers, the channels of batch norm, and a digest of the
sequence of layers without their biases (the code has biases before batch norm).

- dmasking: facebookresearch/mobile-vision at 723224f, ``FBNet("dmasking_f1")``
- shufflenet, detnas: megvii-model/ShuffleNet-Series at aa91feb, ``network.py``
- mcunet, proxyless: mit-han-lab/mcunet at 9c164f8, ``build_from_config`` of the files
  that it downloads (in0 and in1 as in mit-han-lab/tinyml at e899b1b, the others as in
  Eaglewzw/GD_Net at 0f68315)
- ofa: mit-han-lab/once-for-all at f03b267, ``MobileNetV3.build_net_via_cfg``, with the
  kernels, factors and depths of open-mmlab/mmrazor, ``OFA_SUBNET_NOTE8_*.yaml``
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
    "mcunet-in0": (6_364_224, 735_176, 6_832, 46, "a2357e16f21a5ff6"),
    "mcunet-in1": (12_790_096, 623_216, 6_008, 43, "6b611246f65b80e6"),
    "mcunet-in2": (67_287_200, 712_904, 7_744, 55, "a086429ab4acf1a9"),
    "mcunet-in3": (81_785_520, 721_032, 7_688, 55, "f826b1fe1e9080c2"),
    "mcunet-in4": (125_874_400, 1_710_232, 10_704, 52, "9bb622b835941106"),
    "mcunet-vww0": (5_958_400, 358_744, 5_112, 43, "08920718a77758f4"),
    "mcunet-vww2": (55_771_280, 621_032, 9_112, 67, "9877392940d605f3"),
    "proxyless-w0.3": (38_282_216, 741_680, 5_800, 62, "e792bc511d476b7e"),
    "ofa-note8-22": (67_196_888, 4_284_632, 7_904, 48, "cb74587ba2f4bd40"),
    "ofa-note8-31": (100_520_248, 4_568_128, 11_056, 66, "e5807ff27c7ab8d3"),
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
