"""Rows that name what they read: branches, several outputs, dilation, k per anchor."""

from collections.abc import Sequence

import pytest

import mnprofile
from mnprofile.base.errors import TableError
from mnprofile.graph.graph import Graph
from tests.conftest import GOOD_V1, spoiled, words_missing

HEAD = """\
```toml
name = "branches"
scaling = "v2"
resolution = 16
classes = 5
activation = "relu6"
```

| Name | From | Input | Operator | t | c | n | s | Dilation |
|---|---|---|---|---|---|---|---|---|
"""
ROWS = """\
| - | - | 16²×3 | conv2d | - | 8 | 1 | 1 | - |
| low | - | 16²×8 | bottleneck | 1 | 8 | 1 | 1 | - |
| deep | low | 16²×8 | conv2d 3x3 | - | 16 | 1 | 2 | - |
| wide | deep | 8²×16 | conv2d 3x3 | - | 24 | 1 | 1 | 3 |
| mean | deep | 8²×16 | globalpool | - | - | - | - | - |
| gate | mean | 1²×16 | conv2d 1x1, plain | - | 24 | 1 | 1 | - |
| gated | wide, gate | - | multiply | - | - | - | - | - |
| raised | gated, low | - | upsample | - | - | - | - | - |
| joined | raised, low | - | concat | - | - | - | - | - |
| scores | joined | 16²×32 | conv2d 1x1, NBN | - | k | 1 | 1 | - |
| boxes | wide | 8²×24 | dwconv 3x3 | - | - | 1 | 1 | 2 |
| - | - | 8²×24 | conv2d 1x1, NBN | - | 4k | 1 | 1 | - |
"""


def built(rows: str = ROWS, **settings: object) -> Graph:
    return mnprofile.build(mnprofile.parse(HEAD + rows), **settings)  # type: ignore[arg-type]


def refused(rows: str) -> TableError:
    with pytest.raises(TableError) as caught:
        mnprofile.parse(HEAD + rows)
    return caught.value


def test_branches_and_outputs_are_counted() -> None:
    """By hand: weights x positions, layer by layer."""
    counted = mnprofile.count(built())
    macs = {layer.name: layer.figures.macs for layer in counted.layers}

    assert macs == {
        "stem": 27 * 8 * 256,
        "low.depthwise": 72 * 256,
        "low.project": 64 * 256,
        "deep": 9 * 8 * 16 * 64,
        "wide": 9 * 16 * 24 * 64,
        "gate": 16 * 24,
        "scores": 32 * 5 * 256,
        "boxes": 9 * 24 * 64,
        "last_conv": 24 * 20 * 64,
    }


def test_rows_that_no_row_reads_are_the_outputs() -> None:
    graph = built()
    shapes = {node.name: str(node.out_shape) for node in graph}

    assert graph.outputs == ("scores.conv", "last_conv.conv")  # no activation function
    assert [shapes[name] for name in graph.outputs] == ["16x16x5", "8x8x20"]


def test_a_branch_may_leave_before_the_pooling() -> None:
    rows = (
        ROWS
        + """\
| end | deep | 8²×16 | avgpool | - | - | - | - | - |
| - | end | 1²×16 | conv2d 1x1 | - | k | - | - | - |
| more | deep | 8²×16 | conv2d 1x1 | - | 12 | 1 | 1 | - |
"""
    )
    graph = built(rows)
    shapes = {node.name: str(node.out_shape) for node in graph}
    stages = {node.name: node.stage for node in graph}

    assert graph.outputs[2:] == ("classifier.linear", "more.act")
    assert (stages["classifier.linear"], stages["more.conv"]) == ("head", "s2")
    assert (shapes["classifier.linear"], shapes["more.act"]) == ("1x1x5", "8x8x12")


def test_inputs_dilation_and_stages_are_those_of_the_source() -> None:
    nodes = {node.name: node for node in built()}

    assert nodes["joined"].inputs == ("raised", "low.add")
    assert nodes["wide.conv"].inputs == ("deep.act",)
    assert getattr(nodes["wide.conv"].op, "dilation", None) == 3
    assert getattr(nodes["boxes.conv"].op, "dilation", None) == 2
    stages = {name: nodes[name].stage for name in ("low.add", "raised", "boxes.conv")}
    assert stages == {"low.add": "s1", "raised": "s1", "boxes.conv": "s2"}


def test_a_plain_convolution_has_neither_batch_norm_nor_bias() -> None:
    counted = mnprofile.count(built())
    params = {layer.name: layer.figures.params for layer in counted.layers}

    assert params["gate"] == 16 * 24
    assert params["scores"] == 32 * 5 + 5


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.5])
def test_torch_and_fvcore_agree_on_branches(alpha: float) -> None:
    pytest.importorskip("fvcore")

    checked = mnprofile.check(built(alpha=alpha, resolution=(32, 24)))

    assert checked.problems == ()
    assert checked.agrees


def test_torch_runs_both_outputs() -> None:
    torch = pytest.importorskip("torch")
    scores, boxes = mnprofile.to_torch(built())(torch.zeros(2, 3, 16, 16))

    assert (scores.shape, boxes.shape) == ((2, 5, 16, 16), (2, 20, 8, 8))


def test_a_sweep_counts_what_single_builds_count() -> None:
    arch = mnprofile.parse(HEAD + ROWS)
    found = mnprofile.sweep(arch, alpha="0.5,1", resolution="16,24")
    expected = [
        mnprofile.count(mnprofile.build(arch, alpha=a, resolution=r)).totals.macs
        for a in (0.5, 1.0)
        for r in (16, 24)
    ]

    assert sorted(found["macs"]) == sorted(expected)


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("| wide | deep |", "| wide | dep |", 14, ["no row above", "deep"]),
        ("| wide | deep |", "| wide | gated |", 14, ['"gated" stands below', "circle"]),
        ("| wide | deep |", "| wide | wide |", 14, ['"wide" reads itself']),
        ("| wide | deep |", "| low | deep |", 14, ['two rows are called "low"']),
        ("| wide | deep |", "| Wide | deep |", 14, ['"Wide" cannot name a row']),
        ("| wide | deep |", "| conv2 | deep |", 14, ["what layers without a name"]),
        ("| wide | deep |", "| wide | deep, low |", 14, ["reads 1 map", "commas"]),
        ("wide, gate |", "wide |", 17, ["this operator reads 2 maps"]),
        ("| raised, low |", "| deep, low |", 19, ["cannot be concatenated"]),
        ("| wide, gate |", "| wide, mean |", 17, ["one factor per channel"]),
        ("globalpool | - | - | - | - | - |", "globalpool | - | - | - | - | 2 |", 15,
         ["no dilation"]),
        ("conv2d 3x3 | - | 24 | 1 | 1 | 3 |", "conv2d 3x3 | - | 24 | 1 | 1 | x |", 14,
         ['"x" is not a dilation']),
        ("- | - | 8²×24 | conv2d 1x1, NBN | - | 4k | 1 | 1 | - |",
         "b | boxes | - | conv2d 1x1 | - | 4k | 1 | 1 | - |\n"
         "| - | b | - | bottleneck | 6 | 8 | 1 | 1 | - |", 23, ["expansion of k"]),
        ("8²×24 | dwconv", "8²×16 | dwconv", 21, ["rows above produce 8x8x24"]),
        ("joined | 16²×32", "joined | 16²×24", 20, ["rows above produce 16x16x32"]),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(
    old: str, new: str, place: int, words: Sequence[str]
) -> None:
    fault = refused(spoiled(ROWS, (old, new)))

    assert not words_missing(f"{fault.message} {fault.accepted}", words)
    assert f":{place}:" in str(fault.place)


def test_a_name_in_a_repeated_group_is_refused() -> None:
    table = GOOD_V1.replace("Size |", "Size | Name |").replace("|---|\n", "|---|---|\n")
    rows = [
        line for line in GOOD_V1.splitlines() if "32x32x3" in line or "16x16" in line
    ]
    for at, row in enumerate(rows):
        table = table.replace(row, f"{row} r{at} |")
    table = table.replace("1x1x8 |\n", "1x1x8 | - |\n").replace("1x10 |", "1x10 | - |")

    with pytest.raises(TableError, match="repeat as a group") as caught:
        mnprofile.parse(table)
    assert caught.value.place is not None
    assert caught.value.place.header == "Name"


def test_any_style_may_name_rows() -> None:
    """MobileNetV4's columns, with a second output after the first block."""
    text = """\
```toml
name = "two"
scaling = "v2"
resolution = 8
activation = "relu"
```

| Name | Input | Block | DW K1 | DW K2 | Expanded Dim | Output Dim | Stride | From |
|---|---|---|---|---|---|---|---|---|
| first | 8²×3 | Conv2D | - | 3x3 | - | 8 | 2 | - |
| - | 4²×8 | IB | - | 3x3 | 16 | 8 | 1 | - |
| - | 4²×8 | FusedIB | - | 3x3 | 16 | 16 | 2 | first |
"""
    graph = mnprofile.build(mnprofile.parse(text))
    shapes = {node.name: str(node.out_shape) for node in graph}

    assert [shapes[name] for name in graph.outputs] == ["4x4x8", "2x2x16"]
