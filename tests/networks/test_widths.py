"""Each implementation's channel counts, as its code gives them."""

import pytest

import mnprofile
from mnprofile.base.errors import UsageError
from mnprofile.costs.counting import Count, Layer
from mnprofile.networks.catalog import tables_folder
from tests.conftest import GOOD_V2, GOOD_V3, spoiled


def counted(arch: str, alpha: float, impl: str, **more: object) -> Count:
    return mnprofile.count(mnprofile.build(arch, alpha=alpha, impl=impl, **more))  # type: ignore[arg-type]


def layer(count: Count, name: str) -> Layer:
    return next(layer for layer in count.layers if layer.name == name)


def out(arch: str, alpha: float, impl: str, name: str, **more: object) -> int:
    return layer(counted(arch, alpha, impl, **more), name).out_shape.c


@pytest.mark.parametrize(
    ("impl", "channels"),
    [
        # At 0.35: TF-slim and Keras cut, timm takes multiples of 8.
        ("paper", [11, 22, 44, 89, 179, 358]),
        ("keras", [11, 22, 44, 89, 179, 358]),
        ("timm", [16, 24, 48, 88, 176, 360]),
    ],
)
def test_v1_at_035(impl: str, channels: list[int]) -> None:
    count = counted("v1", 0.35, impl)
    found = [
        layer.out_shape.c for layer in count.layers if "depthwise" not in layer.name
    ]

    assert list(dict.fromkeys(found[:-1])) == channels


def test_v1_never_falls_under_8_in_tf_slim_and_under_1_in_keras() -> None:
    """TF-slim: max(int(32 x 0.1), 8); Keras has no minimum of its own."""
    assert out("v1", 0.1, "paper", "stem") == 8
    assert out("v1", 0.1, "keras", "stem") == 3
    # int(32 x 0.032) = 1, int(32 x 0.031) = 0
    assert out("v1", 0.032, "keras", "stem") == 1
    with pytest.raises(UsageError, match="without a channel"):
        out("v1", 0.031, "keras", "stem")


@pytest.mark.parametrize("impl", ["paper", "torchvision", "keras", "timm"])
@pytest.mark.parametrize(
    ("alpha", "last"),
    # The last convolution never shrinks, and grows above 1: 1664 at 1.3, 1792 at 1.4.
    [(0.35, 1280), (0.5, 1280), (0.75, 1280), (1.3, 1664), (1.4, 1792)],
)
def test_v2_agrees_at_every_published_alpha(alpha: float, last: int, impl: str) -> None:
    ours = counted("v2", alpha, impl)
    paper = counted("v2", alpha, "paper")

    assert ours.totals == paper.totals
    assert layer(ours, "last_conv").out_shape.c == last


@pytest.mark.parametrize("alpha", [0.112, 0.14, 0.42, 0.56, 0.745])
def test_keras_v2_cuts_before_it_rounds(alpha: float) -> None:
    """Five of the few alphas where int() before the multiple of 8 changes a layer."""
    keras, paper = counted("v2", alpha, "keras"), counted("v2", alpha, "paper")

    assert keras.totals != paper.totals


@pytest.mark.parametrize(
    ("alpha", "impl", "stem"),
    [
        (0.35, "paper", 8),
        (0.35, "keras", 16),
        (0.35, "timm", 16),
        (0.75, "timm", 16),
        (1.25, "paper", 24),
        (1.25, "keras", 16),
        (1.25, "timm", 24),
        (2.0, "paper", 32),
        (2.0, "keras", 16),
    ],
)
def test_v3_stem(alpha: float, impl: str, stem: int) -> None:
    assert out("v3-large", alpha, impl, "stem") == stem


@pytest.mark.parametrize(
    ("alpha", "impl", "penultimate"),
    [
        (0.35, "paper", 1280),
        (0.35, "torchvision", 448),
        (0.5, "torchvision", 640),
        (0.75, "torchvision", 960),
        (0.75, "paper", 1280),
        (1.25, "paper", 1600),
        (1.25, "keras", 1600),
        (1.25, "timm", 1280),
    ],
)
def test_v3_large_penultimate_layer(alpha: float, impl: str, penultimate: int) -> None:
    assert out("v3-large", alpha, impl, "fc1") == penultimate


@pytest.mark.parametrize(
    ("alpha", "paper", "keras"), [(0.35, 200, 192), (1.4, 808, 816)]
)
def test_v3_small_last_convolution(alpha: float, paper: int, keras: int) -> None:
    """Scaled from the table by TF-slim, from the last block by Keras."""
    assert out("v3-small", alpha, "paper", "last_conv") == paper
    assert out("v3-small", alpha, "keras", "last_conv") == keras


def test_v3_large_at_05_expands_from_the_input_or_from_the_table() -> None:
    """Block 8 (184 of 80): 40 x 2.3 = 92 -> 96 in TF-slim, 184 x 0.5 -> 96; block 13
    (672 of 112 to 160): 56 x 6 = 336 in both; block 3 (72 of 24): 16 x 3 = 48 against
    72 x 0.5 = 36 -> 40."""
    assert out("v3-large", 0.5, "paper", "block3.expand") == 48
    assert out("v3-large", 0.5, "torchvision", "block3.expand") == 40


def test_squeeze_is_a_quarter_in_multiples_of_8() -> None:
    """V3-Large, block 4: 72 expanded, 18 -> 24."""
    assert out("v3-large", 1.0, "paper", "block4.se.reduce") == 24


@pytest.mark.parametrize(
    ("impl", "expanded"),
    # t = 3.3 on 24 channels: 79.2 -> 80, 79, 79, 80.
    [("paper", 80), ("torchvision", 79), ("keras", 79), ("timm", 80)],
)
def test_t_rounds_to_the_divisor_of_each_implementation(
    impl: str, expanded: int
) -> None:
    assert out("v2", 1.0, impl, "block3.expand", t=3.3) == expanded


def test_t_replaces_every_factor_above_1_and_leaves_the_first_block() -> None:
    """V2, Table 2: block 1 has t = 1, the others 6."""
    names = [layer.name for layer in counted("v2", 1.0, "paper", t=4).layers]

    assert "block1.expand" not in names
    assert out("v2", 1.0, "paper", "block2.expand", t=4) == 64
    assert out("v3-large", 1.0, "paper", "block2.expand", t=4) == 64


def test_t_between_0_and_1_reduces_as_the_classic_bottleneck_does() -> None:
    assert out("v2", 1.0, "paper", "block4.expand", t=0.5) == 16


def test_t_1_leaves_the_expansion_out() -> None:
    names = [layer.name for layer in counted("v2", 1.0, "paper", t=1).layers]

    assert [name for name in names if name.endswith("expand")] == []


def test_t_0_makes_blocks_with_a_shortcut_the_identity() -> None:
    """V2 has 10 shortcuts in 17 blocks; the 6 others with t = 6 keep it."""
    identity = counted("v2", 1.0, "paper", t=0)
    blocks = [group.name for group in identity.by("block") if "block" in group.name]

    assert len(blocks) == 7
    assert out("v2", 1.0, "paper", "block2.expand", t=0) == 96
    assert "10 blocks with a shortcut are the identity" in identity.graph.notes[0]
    assert "block2" in identity.graph.notes[1]


@pytest.mark.parametrize("output_stride", [8, 16, 32])
def test_output_stride_keeps_the_map_and_the_weights(output_stride: int) -> None:
    dense = counted("v3-large", 1.0, "paper", output_stride=output_stride)
    last = layer(dense, "last_conv")

    assert last.in_shape.h == 224 // output_stride
    assert dense.totals.weights == counted("v3-large", 1.0, "paper").totals.weights


def test_output_stride_16_dilates_the_last_three_blocks_of_v3_large() -> None:
    """torchvision: dilated=True gives the last three blocks dilation 2."""
    dense = counted("v3-large", 1.0, "torchvision", output_stride=16)

    assert {
        layer.name: layer.dilation for layer in dense.layers if layer.dilation != 1
    } == {f"block{number}.depthwise": 2 for number in (13, 14, 15)}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"alpha": 0}, "alpha: 0 is out of range"),
        ({"alpha": float("nan")}, "alpha: nan is out of range"),
        ({"alpha": float("inf")}, "alpha: inf is out of range"),
        ({"alpha": 17}, "at most 16"),
        ({"resolution": 0}, "resolution: 0 is out of range"),
        ({"resolution": 10_000}, "1 to 8192"),
        ({"t": -1}, "t: -1 is out of range"),
        ({"t": float("nan")}, "t: nan is out of range"),
        ({"classes": -1}, "classes: -1 is out of range"),
        ({"classes": 10**7}, "0 to 1000000"),
        ({"output_stride": 4}, "8, 16, 32"),
        ({"impl": "pytorch"}, "paper, torchvision, keras, timm"),
    ],
)
def test_factors_out_of_range_are_refused(
    settings: dict[str, object], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        mnprofile.build("v2", **settings)  # type: ignore[arg-type]

    assert words in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"resolution": 160.5},
        {"resolution": "160"},
        {"resolution": (160,)},
        {"resolution": True},
        {"classes": 10.5},
        {"classes": True},
        {"alpha": "1"},
        {"alpha": True},
        {"t": "6"},
    ],
)
def test_factors_of_another_type_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"number|size"):
        mnprofile.build("v2", **settings)  # type: ignore[arg-type]


def test_numpy_scalars_count_as_plain_integers() -> None:
    import numpy as np

    totals = mnprofile.count(
        mnprofile.build("v2", alpha=np.float64(0.75), resolution=np.int64(160))  # type: ignore[arg-type]
    ).totals

    assert type(totals.macs) is int
    assert totals.macs == 107_295_200


def test_v1_has_no_expansion_factor_and_no_torchvision_rules() -> None:
    with pytest.raises(UsageError, match="no expansion factor"):
        mnprofile.build("v1", t=4)
    with pytest.raises(UsageError, match="torchvision has no V1 width rules"):
        mnprofile.build("v1", impl="torchvision")


@pytest.mark.parametrize(
    ("resolution", "last"), [(112, 3), (150, 4), (200, 6), (240, 7), (299, 9), (224, 7)]
)
def test_keras_v1_loses_a_row_of_odd_maps(resolution: int, last: int) -> None:
    """keras.applications.mobilenet pads (0, 1) and runs without padding."""
    count = mnprofile.count(mnprofile.build("v1", resolution=resolution, impl="keras"))

    assert layer(count, "block13.pointwise").out_shape.h == last


def test_keras_v1_refuses_a_resolution_that_leaves_nothing() -> None:
    with pytest.raises(UsageError, match="resolution: 16x16: the map is too small"):
        mnprofile.build("v1", resolution=16, impl="keras")


# --- tables whose channels are not multiples of 8

ODD_V2 = spoiled(
    GOOD_V2,
    ("| - | 8  | 1 | 2 |", "| - | 17 | 1 | 2 |"),
    ("16²×8 ", "16²×17"),
)
ODD_V3 = spoiled(GOOD_V3, ("| 64 |", "| 107 |"))


@pytest.mark.parametrize("impl", ["paper", "torchvision", "keras", "timm"])
def test_at_alpha_1_the_printed_channels_stand_whatever_they_are(impl: str) -> None:
    v2, v3 = mnprofile.parse(ODD_V2), mnprofile.parse(ODD_V3)

    assert (
        layer(mnprofile.count(mnprofile.build(v2, impl=impl)), "stem").out_shape.c == 17
    )
    count = mnprofile.count(mnprofile.build(v3, impl=impl))
    assert layer(count, "block1.expand").out_shape.c == 107


def test_an_expansion_of_107_is_squeezed_to_32_or_in_torchvision_to_24() -> None:
    """107 / 4 = 26.75 -> 24, under nine tenths, so 32; 107 // 4 = 26 -> 24."""
    arch = mnprofile.parse(ODD_V3)
    squeezed = {
        impl: layer(
            mnprofile.count(mnprofile.build(arch, impl=impl)), "block1.se.reduce"
        ).out_shape.c
        for impl in ("paper", "torchvision")
    }

    assert squeezed == {"paper": 32, "torchvision": 24}


def test_the_keras_v2_stem_is_not_cut_first() -> None:
    """32 x 0.278 = 8.896 -> 8, under nine tenths, so 16; cut to 8 it would stay 8."""
    assert out("v2", 0.278, "keras", "stem") == 16


def test_a_stride_that_became_dilation_gets_no_shortcut() -> None:
    """Blocks 1 to 4 stride by 2 each and keep 8 channels; the input is 64."""
    rows = "".join(
        f"| {64 >> n}²×8 | bottleneck | 6 | 8 | 1 | 2 |\n" for n in range(1, 5)
    )
    page = spoiled(
        GOOD_V2,
        ("resolution = 32", "resolution = 64"),
        ("32²×3 ", "64²×3 "),
        ("| 16²×8  | bottleneck  | 6 | 16 | 2 | 2 |\n", rows),
        ("8²×16 ", "2²×8  "),
        ("8²×32  | avgpool 8x8", "2²×32  | avgpool 2x2"),
    )
    graph = mnprofile.build(mnprofile.parse(page), output_stride=8)

    assert [node.name for node in graph if node.op.kind == "add"] == []
    assert [node.out_shape.h for node in graph if node.op.kind == "depthwise"] == (
        [16, 8, 8, 8]
    )


def test_torchvision_v3_scales_the_expansion_of_each_repeat_from_its_own_input() -> (
    None
):
    """t = 6 on 16, then on 24 channels: 96 and 144, at alpha 0.5 48 and 72."""
    page = spoiled(
        GOOD_V2,
        ('"v2"', '"v3"'),
        ("| - | 8  |", "| - | 16 |"),
        ("16²×8 ", "16²×16"),
        ("| 6 | 16 | 2", "| 6 | 24 | 2"),
        ("8²×16 ", "8²×24 "),
    )
    graph = mnprofile.build(mnprofile.parse(page), alpha=0.5, impl="torchvision")
    count = mnprofile.count(graph)

    assert layer(count, "block1.expand").out_shape.c == 48
    assert layer(count, "block2.expand").out_shape.c == 72


@pytest.mark.parametrize("impl", ["paper", "torchvision", "keras", "timm"])
@pytest.mark.parametrize(("printed", "t"), [("1", None), ("6", 1.0)])
def test_a_factor_of_1_has_no_expansion_whatever_the_channels(
    impl: str, printed: str, t: float | None
) -> None:
    page = spoiled(ODD_V2, ("| 6 | 16 | 2", f"| {printed} | 16 | 2"))
    graph = mnprofile.build(mnprofile.parse(page), impl=impl, t=t)

    assert [node.name for node in graph if ".expand" in node.name] == []


def test_the_last_convolution_is_one_without_a_head_too() -> None:
    """V2 without pooling and classifier costs what --classes 0 leaves: 207,789,792."""
    lines = (tables_folder() / "mobilenet_v2.md").read_text("utf-8").split("\n")
    backbone = mnprofile.parse("\n".join(lines[:-3]))
    graph = mnprofile.build(backbone, alpha=0.75)

    assert mnprofile.count(graph).totals.macs == 207_789_792
    assert counted("v2", 0.75, "paper", classes=0).totals.macs == 207_789_792
    assert graph.notes == ("this table has no classifier: no row has k outputs",)


def test_timm_leaves_the_v3_stem_alone_under_075_only() -> None:
    page = spoiled(
        GOOD_V3,
        ("| - | 16 | - | HS | 2", "| - | 32 | - | HS | 2"),
        ("16²×16", "16²×32"),
    )
    arch = mnprofile.parse(page)
    stems = [
        mnprofile.build(arch, alpha=alpha, impl="timm").nodes[0].out_shape.c
        for alpha in (0.74, 0.75)
    ]

    assert stems == [32, 24]
