"""A ``conv2d`` row with n > 1: the name, width and stride of each repeat."""

import pytest

import mnprofile
from mnprofile.costs.counting import Layer
from tests.conftest import GOOD_V2, spoiled

# n is 2 in the first row, 3 in between, 2 before the pooling and 2 after it. Printed
# sizes follow: only the first of each group strides.
HEAD, _ = GOOD_V2.split("| 32²×3")
REPEATED = (
    HEAD
    + """\
| 32²×3  | conv2d      | - | 32  | 2 | 2 |
| 16²×32 | conv2d      | - | 64  | 3 | 2 |
| 8²×64  | bottleneck  | 6 | 48  | 1 | 2 |
| 4²×48  | conv2d      | - | 24  | 1 | 1 |
| 4²×24  | conv2d 1x1  | - | 80  | 2 | 1 |
| 4²×80  | avgpool 4x4 | - | -   | 1 | - |
| 1²×80  | conv2d 1x1  | - | 160 | 2 | 1 |
| 1²×160 | conv2d 1x1  | - | k   | - | - |
"""
)
STRIDED_BY_8 = (
    HEAD.replace("resolution = 32", "resolution = 64")
    + """\
| 64²×3 | conv2d | - | 8  | 2 | 2 |
| 32²×8 | conv2d | - | 16 | 3 | 8 |
| 4²×16 | conv2d | - | 16 | 1 | 1 |
"""
)
NAMES = [
    *("stem", "conv1"),
    *("conv2", "conv3", "conv4"),
    *("block1.expand", "block1.depthwise", "block1.project"),
    "conv5",
    *("last_conv", "conv6"),
    *("fc1", "fc2"),
    "classifier",
]


def layers(scaling: str = "v2", **chosen: object) -> tuple[Layer, ...]:
    page = spoiled(REPEATED, ('"v2"', f'"{scaling}"'))
    graph = mnprofile.build(mnprofile.parse(page), **chosen)  # type: ignore[arg-type]
    return mnprofile.count(graph).layers


def widths(scaling: str, **chosen: object) -> dict[str, int]:
    """Output channels by layer, without the block."""
    return {
        layer.name: layer.out_shape.c
        for layer in layers(scaling, **chosen)
        if not layer.name.startswith("block")
    }


def test_each_repeat_is_a_layer_and_a_block_with_the_next_free_name() -> None:
    assert [layer.name for layer in layers()] == NAMES
    assert [layer.block for layer in layers()] == [
        name.partition(".")[0] for name in NAMES
    ]


def test_the_row_strides_once() -> None:
    found = {layer.name: (layer.stride, layer.out_shape.h) for layer in layers()}

    assert (found["stem"], found["conv1"]) == ((2, 16), (1, 16))
    assert [found[f"conv{n}"] for n in (2, 3, 4)] == [(2, 8), (1, 8), (1, 8)]
    assert (found["last_conv"], found["conv6"]) == ((1, 4), (1, 4))


def test_the_stages_follow_the_strides() -> None:
    stages = {layer.name: layer.stage for layer in layers()}

    assert [stages[name] for name in ("stem", "conv1", "conv2", "conv3", "conv4")] == [
        *("s2", "s2"),
        *("s4", "s4", "s4"),
    ]
    assert (stages["conv6"], stages["fc2"]) == ("s8", "head")


def test_with_an_output_stride_repeats_get_the_dilation_of_the_first() -> None:
    """2 x 8 = 16 is more than 8: the stride of 8 dilates the layers after it by 8."""
    graph = mnprofile.build(mnprofile.parse(STRIDED_BY_8), output_stride=8)
    found = [
        (layer.stride, layer.dilation, layer.out_shape.h)
        for layer in mnprofile.count(graph).layers
    ]

    assert found == [(2, 1, 32), *[(1, 1, 32)] * 2, *[(1, 8, 32)] * 3]


def test_a_repeat_of_the_first_row_is_as_wide_as_a_layer_in_between() -> None:
    """Keras' V3 has a stem of fixed width, all else scales: 32 x 0.5 = 16."""
    found = widths("v3", alpha=0.5, impl="keras")

    assert (found["stem"], found["conv1"]) == (32, 16)
    assert [found[f"conv{n}"] for n in (2, 3, 4)] == [32, 32, 32]


def test_repeats_before_the_pooling_are_as_wide_as_the_first_of_them() -> None:
    """V2 narrows no layer before the pooling: 80 at 0.5, and 80 x 1.5 = 120."""
    narrow, wide = widths("v2", alpha=0.5), widths("v2", alpha=1.5)

    assert (narrow["last_conv"], narrow["conv6"], narrow["conv5"]) == (80, 80, 16)
    assert (wide["last_conv"], wide["conv6"], wide["conv5"]) == (120, 120, 40)


def test_repeats_after_the_pooling_are_as_wide_as_the_first_of_them() -> None:
    """V3 in TF-slim narrows no layer of the head, in torchvision all of them."""
    paper = widths("v3", alpha=0.5)
    torchvision = widths("v3", alpha=0.5, impl="torchvision")

    assert (paper["fc1"], paper["fc2"]) == (160, 160)
    assert (torchvision["fc1"], torchvision["fc2"]) == (80, 80)


@pytest.mark.parametrize("impl", ["keras", "torchvision"])
def test_a_repeat_before_the_pooling_has_the_first_as_its_input(impl: str) -> None:
    """Both scale the last convolution of V3 from its input: 80/24 of 16 is 53.3 -> 56.

    The second has 56 channels as input and prints as many as it has: 56 again.
    """
    found = widths("v3", alpha=0.5, impl=impl)

    assert (found["conv5"], found["last_conv"], found["conv6"]) == (16, 56, 56)
