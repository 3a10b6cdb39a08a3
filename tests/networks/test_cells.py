"""The cell notation: what is accepted, and what is refused with which words."""

from collections.abc import Callable
from typing import Any

import pytest

from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.inverted_residual import BottleneckRow
from mnprofile.networks.blocks.registry import by_word
from mnprofile.networks.catalog import parse
from mnprofile.networks.notation import cells
from mnprofile.networks.notation.cells import Operator, RefusalError, Size
from tests.conftest import GOOD_V1, GOOD_V2, GOOD_V3, spoiled


@pytest.mark.parametrize(
    "text",
    ["224²×3", "224^2x3", "224x224x3", "224 × 224 × 3", "224² × 3", "224²x3"],
)
def test_spellings_of_one_size(text: str) -> None:
    assert cells.size(text) == Size(224, 224, 3)


def test_a_size_need_not_be_square() -> None:
    assert cells.size("224x160x3") == Size(224, 160, 3)


def read_operator(text: str) -> Operator:
    """An Operator cell of any block."""
    return cells.operator(
        text, {word: row.words[word] for word, row in by_word().items()}
    )


@pytest.mark.parametrize(
    ("text", "operator"),
    [
        ("conv2d", Operator("conv2d", None, True)),
        ("conv2d 1x1", Operator("conv2d", 1, True)),
        ("conv2d, 1x1", Operator("conv2d", 1, True)),
        ("conv2d 1×1, NBN", Operator("conv2d", 1, False)),
        ("bottleneck", Operator("bottleneck", None, True)),
        ("bneck, 5x5", Operator("bneck", 5, True)),
        ("avgpool 7x7", Operator("avgpool", 7, True)),
        ("pool, 7x7", Operator("pool", 7, True)),
        ("pool, 8x8", Operator("pool", 8, True)),
    ],
)
def test_operators(text: str, operator: Operator) -> None:
    assert read_operator(text) == operator


@pytest.mark.parametrize(
    ("reader", "text", "words"),
    [
        (cells.size, "224", ["not a size", "224²×3"]),
        (cells.size, "224²×k", ["k is not a channel count"]),
        (cells.size, "0²×3", ["height 0 is out of range", "8192"]),
        (cells.size, "9999²×3", ["out of range"]),
        (cells.size, "224²×99999", ["channel count 99999", "65536"]),
        (cells.size, "-4²×3", ["not a size"]),
        (cells.size, "２²×3", ["not a size"]),  # full-width digits are not digits here
        (read_operator, "botleneck", ["unknown operator", "bottleneck"]),
        (read_operator, "", ["unknown operator"]),
        (read_operator, "conv2d 2x2", ["kernel 2x2", "odd"]),
        (read_operator, "conv2d 3x5", ["kernel 3x5", "square"]),
        (read_operator, "conv2d 33x33", ["out of range"]),
        (read_operator, "conv2d 3", ["not a kernel size"]),
        (read_operator, "conv2d 1x1, BN", ["BN", "NBN"]),
        (read_operator, "bneck, 3x3, NBN", ["NBN", "not understood"]),
        (read_operator, "pool, 7x6", ["not square"]),
        (cells.expansion, "0", ["out of range"]),
        (cells.expansion, "65", ["out of range", "64"]),
        (cells.expansion, "six", ["not an expansion factor"]),
        (cells.expansion, "nan", ["not an expansion factor"]),
        (cells.expansion, "1e3", ["not an expansion factor"]),
        (cells.stride, "0", ["out of range", "1 to 8"]),
        (cells.stride, "2.0", ["not a stride"]),
        (cells.repeats, "201", ["out of range", "200"]),
        (cells.channels_or_classes, "K", ["not a channel count", "k (the number"]),
        (lambda text: cells.squeeze_excite(text, None), "x", ["not an SE mark", "✓"]),
        (cells.nonlinearity, "HSS", ["unknown nonlinearity", "HS"]),
        (cells.blank, "1", ["-"]),
    ],
)
def test_refused_cells_say_what_is_accepted(
    reader: Callable[[str], Any], text: str, words: list[str]
) -> None:
    with pytest.raises(RefusalError) as caught:
        reader(text)

    message = str(caught.value)
    assert [word for word in words if word not in message] == []


def test_a_group_of_v1_rows_repeats_as_a_whole() -> None:
    """``2x`` on two consecutive rows repeats the pair, not each row by itself."""
    arch = parse(GOOD_V1)

    assert [type(row).__name__ for row in arch.rows[1:5]] == [
        "DepthwiseRow",
        "ConvRow",
        "DepthwiseRow",
        "ConvRow",
    ]
    assert arch.classes == 10


@pytest.mark.parametrize("spelling", ["2× Conv / s1", "(2x) Conv / s1", "2xConv/s1"])
def test_spellings_of_a_group(spelling: str) -> None:
    assert parse(spoiled(GOOD_V1, ("2x Conv / s1", spelling))) == parse(GOOD_V1)


def test_spellings_of_headers_do_not_matter() -> None:
    assert parse(spoiled(GOOD_V1, ("Type / Stride", "type/stride"))) == parse(GOOD_V1)


def test_the_order_of_columns_does_not_matter() -> None:
    lines = []
    for line in GOOD_V2.split("\n"):
        parts = line.split("|")
        if len(parts) == 8:
            parts[5], parts[6] = parts[6], parts[5]
        lines.append("|".join(parts))
    reordered = "\n".join(lines)

    assert "| s | n |" in reordered
    assert parse(reordered).rows == parse(GOOD_V2).rows


def test_v1_classes_may_be_k() -> None:
    page = spoiled(GOOD_V1, ("8x10", "8xk"), ("1x1x10", "1x1xk"))

    assert parse(page).classes == 1000


def test_a_bottleneck_takes_its_factor_from_t_or_from_exp_size() -> None:
    from_t = parse(GOOD_V2).rows[1]
    from_exp_size = parse(GOOD_V3).rows[1]

    assert isinstance(from_t, BottleneckRow)
    assert isinstance(from_exp_size, BottleneckRow)
    assert from_t.factor == 6
    assert from_exp_size.factor == 4
    assert from_exp_size.squeeze_excite


def test_nbn_leaves_batch_norm_out() -> None:
    row = parse(GOOD_V3).rows[4]

    assert isinstance(row, ConvRow)
    assert not row.batch_norm
    assert row.activation == "hardswish"


def test_rows_remember_their_line() -> None:
    lines = GOOD_V2.split("\n")
    for row in parse(GOOD_V2).rows:
        assert lines[row.line - 1].startswith(f"| {row.cells['input'].text}")
        cell = row.cells["operator"]
        assert lines[cell.line - 1][cell.column - 1 :].startswith(cell.text)
