"""Heads: tables of named rows on taps of a backbone."""

from collections.abc import Sequence

import pytest

import mnprofile
from mnprofile.base.errors import TableError, UsageError
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import load, parse
from mnprofile.networks.configuration import Request, configure
from mnprofile.networks.heads import read_head, with_head
from mnprofile.networks.notation.markdown import read_table
from tests.conftest import GOOD_V2, spoiled, words_missing

PAGE = """\
# Small

```toml
name = "small"
resolution = 64
classes = 3
```

| Name | From | Operator | #out | NL | s | d |
|---|---|---|---|---|---|---|
| reduce | last | conv2d 1x1 | 16 | R6 | 1 | - |
| far | s8 | dwconv 3x3 | - | RE | 2 | 4 |
| inner | s16.expand | conv2d 1x1, plain | 8 | - | 1 | - |
| boxes | reduce | conv2d 1x1, NBN | 4k | - | 1 | - |
| raised | far, s4 | upsample | - | - | - | - |
"""

PAGE_ON_S4 = PAGE[: PAGE.index("| far |")].replace("| last |", "| s4 |")


def head(text: str = PAGE) -> list[tuple[str, str, tuple[str, ...]]]:
    """The layers of the head on MobileNetV2: name, output, and what its first reads."""
    arch = with_head(load("v2"), read_head(read_table(text, "head.md")))
    graph = build_rows(arch, configure(arch, Request()))
    nodes = [node for node in graph if node.stage == "head"]
    firsts = {node.layer: node for node in reversed(nodes)}
    lasts = {node.layer: node for node in nodes}
    return [
        (name, str(lasts[name].out_shape), firsts[name].inputs)
        for name in dict.fromkeys(node.layer for node in nodes)
    ]


def test_rows_read_rows_and_taps() -> None:
    """MobileNetV2 at 64 pixels: 24 channels at stride 4, 32 at 8, 576 inside the block
    after 96 at 16, and 1280 before the pooling (Table 2)."""
    assert head() == [
        ("small.reduce", "2x2x16", ("last_conv.act",)),
        ("small.far", "4x4x32", ("block6.add",)),
        ("small.inner", "4x4x8", ("block14.expand.act",)),
        ("small.boxes", "2x2x12", ("small.reduce.act",)),
        ("small.raised", "16x16x32", ("small.far.act",)),
    ]


def test_rows_that_no_row_reads_are_the_outputs() -> None:
    arch = with_head(load("v2"), read_head(read_table(PAGE, "head.md")))
    graph = build_rows(arch, configure(arch, Request()))

    assert graph.outputs == ("small.inner.conv", "small.boxes.conv", "small.raised")


@pytest.mark.parametrize("alpha", [0.5, 1.4])
def test_the_width_multiplier_leaves_the_head_alone(alpha: float) -> None:
    arch = with_head(load("v2"), read_head(read_table(PAGE, "head.md")))
    graph = build_rows(arch, configure(arch, Request(alpha=alpha, output_stride=16)))
    shapes = {node.name: node.out_shape.c for node in graph}

    assert (shapes["small.reduce.conv"], shapes["small.boxes.conv"]) == (16, 12)


def test_the_output_stride_is_that_of_the_backbone() -> None:
    """300 / 8 gives 38 positions; SSD's four strides then 19, 10, 5 and 3."""
    arch = load("v2+ssd")
    graph = build_rows(arch, configure(arch, Request(output_stride=8)))
    shapes = {node.name: str(node.out_shape) for node in graph}

    assert [shapes[f"ssd.extra{at}.act"] for at in (1, 2, 3, 4)] == [
        "19x19x512",
        "10x10x256",
        "5x5x256",
        "3x3x128",
    ]


def test_torchvisions_lraspp_parameters() -> None:
    """torchvision's lraspp_mobilenet_v3_large: 3,221,538 parameters, 2.086 G."""
    totals = mnprofile.count(
        mnprofile.build("v3-large+lraspp", impl="torchvision", resolution=520)
    ).totals

    assert totals.params == 3_221_538
    assert round(totals.macs / 1e9, 3) == 2.086


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("| Name | From |", "| Name | Input |", ["a head's table with the columns"]),
        ("| reduce | last", "| reduce | lats", ["neither a row above nor a tap", "s8"]),
        ("| reduce | last", "| reduce | input", ["neither a row above nor a tap"]),
        ("| reduce | last", "| reduce | boxes", ['"boxes" stands below']),
        ("| far |", "| s8 |", ['"s8" cannot name a row']),
        ("| far |", "| reduce |", ['two rows are called "reduce"']),
        ("conv2d 1x1 | 16", "conv2d 1x1 | -", ['"-" is not a channel count']),
        ("| far, s4 | upsample", "| far | upsample", ["this operator reads 2 maps"]),
        ("upsample | -", "upsample | 8", ['"8" where this operator has no']),
        ("dwconv 3x3 | -", "bottleneck 3x3 | 8", ["without its expansion"]),
        ("| RE | 2 | 4 |", "| RE | 2 | 99 |", ["dilation 99 is out of range"]),
        ("classes = 3", "classes = 0", ["classes: out of range"]),
        ("classes = 3", "width = 3", ["width: unknown key"]),
    ],
)
def test_what_is_refused(old: str, new: str, words: Sequence[str]) -> None:
    with pytest.raises(TableError) as caught:
        read_head(read_table(spoiled(PAGE, (old, new)), "head.md"))

    assert not words_missing(f"{caught.value.message} {caught.value.accepted}", words)
    assert str(caught.value.place).startswith("head.md:")


def test_a_tap_that_the_backbone_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="the backbone has no tap s64") as caught:
        head(PAGE.replace("s16.expand", "s64"))
    assert caught.value.accepted == "s2, s4, s8, s16, s32, last"


def test_the_named_rows_of_a_backbone_are_blocks() -> None:
    text = GOOD_V2.replace("| s |", "| s | Name |").replace("---|\n", "---|---|\n")
    lines = [
        f"{line} {'wide' if '16²×8' in line else '-'} |"
        if line.startswith("|") and "²" in line
        else line
        for line in text.splitlines()
    ]
    arch = with_head(
        parse("\n".join(lines)), read_head(read_table(PAGE_ON_S4, "head.md"))
    )
    nodes = {node.name: node for node in build_rows(arch, configure(arch))}

    assert nodes["small.reduce.conv"].inputs == ("wide.2.add",)


@pytest.mark.parametrize("name", ["v2+ssdlite", "v3-large+lraspp"])
def test_a_head_needs_classes(name: str) -> None:
    with pytest.raises(UsageError, match="classes: 0 is out of range") as caught:
        configure(load(name), Request(classes=0))
    assert caught.value.accepted == "1 to 1000000"
