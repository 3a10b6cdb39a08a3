"""Every part of the table language in a small table of one's own, counted by hand."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

import mnprofile
from mnprofile.base.errors import TableError
from mnprofile.graph.graph import Graph
from mnprofile.networks import blocks
from mnprofile.networks.blocks.registry import by_word
from tests.conftest import words_missing

ROOT = Path(__file__).parents[2]
PAGE = """\
```toml
name = "own"
scaling = "v2"
resolution = 16
classes = 3
{settings}
```

| Name | From | Input | Operator | t | c | n | s | SE | NL |
|---|---|---|---|---|---|---|---|---|---|
| - | - | 16²×3 | conv2d 1x1 | - | 8 | 1 | 1 | - | RE |
| a | - | 16²×8 | conv2d 1x1 | - | 8 | 1 | 1 | - | none |
{rows}
| - | - | - | globalpool | - | - | - | - | - | - |
| - | - | - | conv2d 1x1, NBN | - | k | 1 | 1 | - | - |
"""


def built(*rows: str, settings: str = "") -> Graph:
    text = PAGE.format(settings=settings, rows="\n".join(f"| {row} |" for row in rows))
    return mnprofile.build(mnprofile.parse(text))


def figures(graph: Graph, begin: str) -> tuple[int, int]:
    """Multiply-adds and parameters of the layers whose names begin so."""
    layers = mnprofile.count(graph).all_layers
    found = [layer.figures for layer in layers if layer.name.startswith(begin)]
    return sum(one.macs for one in found), sum(one.params for one in found)


CASES = {
    # row (called b), multiply-adds, parameters with two per channel of a batch norm
    "depthwise": ("dwconv 3x3 | - | - | 1 | 1 | - | R6", 256 * 72, 72 + 16),
    "depthwise, NBN": ("dwconv 5x5, NBN | - | - | 1 | 2 | - | SW", 64 * 200, 200 + 8),
    "depthwise, plain": ("dwconv 3x3, plain | - | - | 1 | 1 | - | -", 256 * 72, 72),
    "grouped": ("conv2d 3x3, g4 | - | 16 | 1 | 1 | - | GE", 256 * 9 * 2 * 16, 320),
    "max pooling": ("maxpool 3x3 | - | - | 1 | 2 | - | -", 0, 0),
    "average pooling": ("avgpool2d 3x3 | - | - | 1 | 2 | - | -", 0, 0),
    "upsampling": ("upsample, by2 | - | - | - | - | - | -", 0, 0),
    "shuffle": ("channelshuffle, g4 | - | - | - | - | - | -", 0, 0),
    # 8 -> 48 -> 8: 1x1, 3x3 depthwise, 1x1; batch norm of 48, 48 and 8 channels
    "bottleneck": (
        "bottleneck | 6 | 8 | 1 | 1 | - | LR",
        256 * (384 + 432 + 384),
        1200 + 2 * 104,
    ),
    "bottleneck without nonlinearity": (
        "bottleneck | 6 | 8 | 1 | 1 | - | none",
        256 * 1200,
        1200 + 2 * 104,
    ),
    "no shortcut": (
        "bottleneck, noskip | 6 | 8 | 1 | 1 | - | HS",
        256 * 1200,
        1200 + 2 * 104,
    ),
    # squeeze-excite with biases: 48 -> r -> 48; a quarter is 12, rounded by 8 to 16
    "SE, ticked": (
        "bottleneck | 6 | 8 | 1 | 1 | ✓ | SW",
        256 * 1200 + 2 * 48 * 16,
        1408 + 2 * 48 * 16 + 16 + 48,
    ),
    "SE, 1/2": (
        "bottleneck | 6 | 8 | 1 | 1 | 1/2 | SW",
        256 * 1200 + 2 * 48 * 24,
        1408 + 2 * 48 * 24 + 24 + 48,
    ),
    "SE of the input": (
        "bottleneck | 6 | 8 | 1 | 1 | 0.99 of input | SG",
        256 * 1200 + 2 * 48 * 8,
        1408 + 2 * 48 * 8 + 8 + 48,
    ),
    # 3x3 of 8 -> 48, then 1x1 to 8
    "fused": ("fused 3x3 | 6 | 8 | 1 | 1 | - | R6", 256 * (3456 + 384), 3840 + 112),
    # 3x3 depthwise, 1x1 to 48, 5x5 depthwise, 1x1 to 8
    "universal, both": (
        "universal 5x5, before3 | 6 | 8 | 1 | 1 | - | R6",
        256 * (72 + 384 + 1200 + 384),
        2040 + 2 * (8 + 48 + 48 + 8),
    ),
    "universal, neither": (
        "universal, nodw | 6 | 8 | 1 | 1 | - | R6",
        256 * (384 + 384),
        768 + 2 * (48 + 8),
    ),
    # 3x3 of 8 -> 16 with the stride, 3x3 of 16 -> 16, and 1x1 of 8 -> 16 beside them
    "residual": (
        "residual 3x3 | - | 16 | 1 | 2 | - | RE",
        64 * (1152 + 2304 + 128),
        3584 + 2 * (16 + 16 + 16),
    ),
    "skip, the identity": ("skip | - | 8 | 1 | 1 | - | none", 0, 0),
    "skip, 1x1": ("skip | - | 16 | 1 | 2 | - | none", 64 * 128, 128 + 2 * 16),
    "repeated": ("conv2d 3x3 | - | 8 | 2 | 1 | - | R6", 2 * 256 * 576, 2 * (576 + 16)),
}


def test_no_word_names_two_blocks() -> None:
    """The first one found would hide the other."""
    words: list[str] = []
    for module in iter_modules(blocks.__path__):
        found = vars(import_module(f"{blocks.__name__}.{module.name}"))
        for value in found.values():
            if isinstance(value, type) and value.__module__.endswith(module.name):
                words += vars(value).get("words", ())

    assert {"conv2d", "mha", "shuffle"} <= set(words)
    assert sorted(words) == sorted(set(words))


def test_the_reference_lists_every_word_and_no_other() -> None:
    page = (ROOT / "docs/reference/table-language.md").read_text("utf-8")
    section = page.partition("### Operators")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if "| `" in line]
    listed = {word for cell in cells for word in re.findall(r"`([A-Za-z0-9-]+)", cell)}

    assert listed == {*by_word()}


@pytest.mark.parametrize("case", CASES)
def test_a_row_is_counted(case: str) -> None:
    row, macs, params = CASES[case]

    assert figures(built(f"b | - | 16²×8 | {row}"), "b") == (macs, params)


@pytest.mark.parametrize("case", CASES)
def test_every_operator_of_a_row_stands_in_a_block_and_a_stage(case: str) -> None:
    row = CASES[case][0]
    graph = built(f"b | - | 16²×8 | {row}")
    own = [node for node in graph if node.name.startswith("b")]

    assert all(node.block and node.layer and node.stage for node in graph)
    assert {node.block for node in own} <= {"b", "b.1", "b.2"}


@pytest.mark.parametrize("case", CASES)
def test_torch_and_fvcore_count_the_same(case: str) -> None:
    pytest.importorskip("fvcore")

    checked = mnprofile.check(built(f"b | - | 16²×8 | {CASES[case][0]}"))

    assert checked.problems == ()
    assert checked.agrees


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        # identity, with an activation after the addition
        (["b | a | - | conv2d 3x3 | - | 8 | 1 | 1 | - | -",
          "c | b, a | - | add | - | - | - | - | - | RE"],
         ["conv", "batch_norm", "add", "activation"]),
        # projection
        (["b | a | - | conv2d 3x3 | - | 16 | 1 | 2 | - | -",
          "p | a | - | conv2d 1x1 | - | 16 | 1 | 2 | - | -",
          "c | b, p | - | add | - | - | - | - | - | -"],
         ["conv", "batch_norm"] * 2 + ["add"]),
        # depthwise
        (["b | a | - | conv2d 3x3 | - | 8 | 1 | 2 | - | -",
          "p | a | - | dwconv 3x3 | - | - | 1 | 2 | - | -",
          "c | b, p | - | add | - | - | - | - | - | -"],
         ["conv", "batch_norm", "depthwise", "batch_norm", "add"]),
        # pooled, and concatenated
        (["b | a | - | conv2d 3x3 | - | 8 | 1 | 2 | - | -",
          "p | a | - | avgpool2d 3x3 | - | - | 1 | 2 | - | -",
          "c | b, p | - | concat | - | - | - | - | - | RE"],
         ["conv", "batch_norm", "pool", "concatenate", "activation"]),
        # squeeze-excite written out
        (["b | a | - | globalpool | - | - | - | - | - | -",
          "p | b | - | conv2d 1x1, NBN | - | 8 | 1 | 1 | - | SG",
          "c | a, p | - | multiply | - | - | - | - | - | -"],
         ["pool", "conv", "activation", "scale"]),
        # two maps, element by element
        (["b | a | - | conv2d 1x1, plain | - | 8 | 1 | 1 | - | -",
          "c | a, b | - | multiply | - | - | - | - | - | -"],
         ["conv", "multiply"]),
    ],
)  # fmt: skip
def test_shortcuts_of_every_kind_can_be_written(
    rows: list[str], kinds: list[str]
) -> None:
    graph = built(*rows)
    names = [node.op.kind for node in graph if node.layer in ("b", "p", "c")]

    assert names == kinds


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("conv2d 3x3, g3 | - | 8 | 1 | 1 | - | -", ["8 channels in 3 groups"]),
        ("conv2d 3x3, g0 | - | 8 | 1 | 1 | - | -", ["number 0 is out of range"]),
        ("channelshuffle | - | - | - | - | - | -", ['"channelshuffle" without its gN']),
        ("upsample | - | - | - | - | - | -", ["this operator reads 2 maps"]),
        ("upsample, by0 | - | - | - | - | - | -", ["number 0 is out of range"]),
        ("add | - | - | - | - | - | -", ["this operator reads 2 maps"]),
        ("add 3x3 | - | - | - | - | - | -", ['"add" has no kernel']),
        ("add | - | 8 | - | - | - | -", ['"8" where this operator has no such value']),
        ("add | - | - | - | 2 | - | -", ['"2" where this operator has none']),
        ("bottleneck | 6 | 8 | 1 | 1 | 1/0 | RE", ['"1/0" is not an SE mark']),
        ("bottleneck | 6 | 8 | 1 | 1 | - | -", ['unknown nonlinearity "-"', "none"]),
        ("bottleneck | 6 | 8 | 1 | 1 | - | SWISH", ['unknown nonlinearity "SWISH"']),
        ("G-bneck | - | 8 | 1 | 1 | - | RE", ['without a column for "expanded"']),
        ("conv2d 3x3 | - | 0k | 1 | 1 | - | -", ["channel count 0 is out of range"]),
    ],
)
def test_what_a_row_cannot_say(row: str, words: list[str]) -> None:
    with pytest.raises(TableError) as caught:
        built(f"b | - | 16²×8 | {row}")

    assert not words_missing(f"{caught.value.message} {caught.value.accepted}", words)
    assert str(caught.value.place).startswith("<text>:13:")


def test_an_expansion_can_stand_at_factor_1() -> None:
    """An expansion of 8 -> 8 with batch norm is 64 + 16 parameters more."""
    row = "b | - | 16²×8 | bottleneck | 1 | 8 | 1 | 1 | - | RE"
    always = 'scaling = { like = "v2", expands-always = true }'
    text = PAGE.format(settings="", rows=f"| {row} |")
    stands = text.replace('scaling = "v2"', always)

    assert figures(mnprofile.build(mnprofile.parse(text)), "b") == (256 * 136, 136 + 32)
    assert figures(mnprofile.build(mnprofile.parse(stands)), "b") == (
        256 * 200,
        200 + 48,
    )


V3_PAGE = """\
```toml
name = "own"
scaling = {{ like = "v2", expands-always = true }}
resolution = {side}
```

| Input | Operator | exp size | #out | SE | NL | s | n |
|---|---|---|---|---|---|---|---|
{rows}
"""


def test_resnet_50_in_words_is_its_table_in_brackets() -> None:
    rows = """\
| 224²×3 | conv2d 7x7 | - | 64 | - | RE | 2 | 1 |
| 112²×64 | maxpool 3x3 | - | - | - | - | 2 | 1 |
| 56²×64 | residual 3x3 | 64 | 256 | - | RE | 1 | 3 |
| 56²×256 | residual 3x3 | 128 | 512 | - | RE | 2 | 4 |
| 28²×512 | residual 3x3 | 256 | 1024 | - | RE | 2 | 6 |
| 14²×1024 | residual 3x3 | 512 | 2048 | - | RE | 2 | 3 |
| 7²×2048 | pool | - | - | - | - | - | 1 |
| 1²×2048 | conv2d 1x1, NBN | - | k | - | - | 1 | - |"""
    mine = mnprofile.build(mnprofile.parse(V3_PAGE.format(side=224, rows=rows)))
    shipped = mnprofile.build("resnet-50")

    assert mnprofile.count(mine).totals.macs == 3_857_973_248  # torchvision's ResNet-50
    assert [node.op for node in mine] == [node.op for node in shipped]


def test_blocks_of_mobilenet_v4_have_words() -> None:
    """Table 11 of its paper, blocks 4 to 7: IB, ExtraDW, IB and ConvNext there."""
    rows = """\
| 28²×3 | conv2d 3x3 | - | 64 | - | RE | 2 | 1 |
| 14²×64 | universal 5x5, before5 | 192 | 96 | - | RE | 2 | 1 |
| 7²×96 | universal 3x3 | 192 | 96 | - | RE | 1 | 1 |
| 7²×96 | universal, before3, nodw | 384 | 96 | - | RE | 1 | 1 |
| 7²×96 | universal, nodw | 384 | 96 | - | RE | 1 | 1 |
| 7²×96 | pool | - | - | - | - | - | 1 |
| 1²×96 | conv2d 1x1, NBN | - | k | - | - | 1 | - |"""
    found = mnprofile.build(mnprofile.parse(V3_PAGE.format(side=28, rows=rows)))
    v4 = mnprofile.build(
        mnprofile.parse(
            """\
```toml
name = "v4"
scaling = "v2"
resolution = 28
activation = "relu"
```

| Input | Block | DW K1 | DW K2 | Expanded Dim | Output Dim | Stride |
|---|---|---|---|---|---|---|
| 28²×3 | Conv2D | - | 3x3 | - | 64 | 2 |
| 14²×64 | ExtraDW | 5x5 | 5x5 | 192 | 96 | 2 |
| 7²×96 | IB | - | 3x3 | 192 | 96 | 1 |
| 7²×96 | ConvNext | 3x3 | - | 384 | 96 | 1 |
| 7²×96 | FFN | - | - | 384 | 96 | 1 |
| 7²×96 | AvgPool | - | 7x7 | - | 96 | 1 |
| 1²×96 | Conv2D | - | 1x1 | - | 1000 | 1 |
"""
        )
    )

    assert [node.op for node in found] == [node.op for node in v4]


@pytest.mark.parametrize(
    ("operator", "params"),
    [
        ("conv2d 1x1", 8 * 8 + 2 * 8),
        ("conv2d 1x1, NBN", 8 * 8 + 8),
        ("conv2d 1x1, plain", 8 * 8),
        ("conv2d 1x1, g4", 8 * 2 + 2 * 8),
        ("conv2d 1x1, NBN, g4", 8 * 2 + 8),
        ("conv2d 1x1, plain, g2", 8 * 4),
    ],
)
def test_modifiers_hold_after_the_pooling_too(operator: str, params: int) -> None:
    rows = f"""\
| 16²×3 | conv2d 1x1 | - | 8 | - | RE | 1 | 1 |
| 16²×8 | pool | - | - | - | - | - | 1 |
| 1²×8 | {operator} | - | 8 | - | RE | 1 | 1 |
| 1²×8 | conv2d 1x1, NBN | - | k | - | - | 1 | - |"""
    graph = mnprofile.build(mnprofile.parse(V3_PAGE.format(side=16, rows=rows)))
    head = next(one for one in mnprofile.count(graph).layers if one.stage == "head")

    assert head.figures.params == params


@pytest.mark.parametrize(
    ("operator", "told"),
    [
        ("universal 3x3, nodw", '"nodw" is not understood after "universal"'),
        ("universal, before4", "kernel 4x4 is out of range"),
        ("universal, before65536", '"65536x65536" is not a kernel size'),
        ("upsample, by9", "number 9 is out of range"),
        ("mha, h257, d8", "number 257 is out of range"),
        ("mqa, h1, d4097", "number 4097 is out of range"),
        ("mqa, h1, d8, kv9", "number 9 is out of range"),
    ],
)
def test_numbers_behind_a_word_are_bounded(operator: str, told: str) -> None:
    blank = "- | - | - | - | - | -"
    cells = (
        blank if operator[0] == "u" and "by" in operator else "6 | 8 | 1 | 1 | - | R6"
    )
    cells = cells if operator[0] == "u" else "- | 8 | - | - | - | -"

    with pytest.raises(TableError) as caught:
        built(f"b | - | 16²×8 | {operator} | {cells}")

    assert caught.value.message.startswith(told)


def test_maps_that_grow_are_bounded() -> None:
    rows = [f"u{at} | - | - | upsample, by8 | - | - | - | - | - | -" for at in range(4)]
    assert built(*rows[:3]).nodes

    with pytest.raises(TableError) as caught:
        built(*rows, "v | - | - | upsample, by2 | - | - | - | - | - | -")

    assert caught.value.message == "a map of more than 65,536 rows or columns"


def test_layer_scales_of_the_settings_reach_rows_with_words() -> None:
    for row in (
        "mha, h2, d4 | - | 8 | - | - | - | -",
        "universal | 6 | 8 | 1 | 1 | - | RE",
    ):
        graph = built(f"b | - | 16²×8 | {row}", settings="layer-scale = true")

        assert [node.op.kind for node in graph].count("layer_scale") == 1
