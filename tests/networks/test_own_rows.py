"""Every part of the table language in a small table of one's own, counted by hand."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

import mnprofile
from mnprofile.base.errors import TableError
from mnprofile.graph.graph import Graph
from mnprofile.networks import blocks
from tests.conftest import words_missing

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


@pytest.mark.parametrize("case", CASES)
def test_a_row_is_counted(case: str) -> None:
    row, macs, params = CASES[case]

    assert figures(built(f"b | - | 16²×8 | {row}"), "b") == (macs, params)


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
