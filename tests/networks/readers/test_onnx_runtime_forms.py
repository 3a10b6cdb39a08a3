"""Operators as ONNX Runtime and tf2onnx write them, with figures derived by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnprofile.costs.counting import Count, count
from mnprofile.networks.readers.inputs import ReadRequest
from mnprofile.networks.readers.onnx.network import read
from tests.networks.readers.onnx_writing import constant, integers, model

onnx = pytest.importorskip("onnx")
node: Callable[..., Any] = onnx.helper.make_node
MICROSOFT, BLOCKS = "com.microsoft", "com.microsoft.nchwc"


def counted(
    tmp_path: Path,
    nodes: list[Any],
    x: tuple[int, ...],
    y: tuple[int, ...],
    constants: list[Any],
    kinds: dict[str, str] | None = None,
) -> Count:
    made = model(nodes, {"x": x}, {"y": y}, constants, kinds=kinds)
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return count(read(str(path), ReadRequest())[1])


def test_a_bias_after_a_product_on_a_flattened_map(tmp_path: Path) -> None:
    """Keras' Dense on a pooled map: 4 x 3 weights, 3 biases."""
    found = counted(
        tmp_path,
        [
            node("GlobalAveragePool", ["x"], ["p"]),
            node("Reshape", ["p", "to"], ["f"]),
            node("MatMul", ["f", "w"], ["h"]),
            node("Add", ["h", "b"], ["y"]),
        ],
        (1, 4, 5, 5),
        (1, 3),
        [integers("to", [1, 4]), constant("w", [4, 3]), constant("b", [3])],
    )
    totals = found.totals
    assert (totals.macs, totals.weights, totals.biases) == (12, 12, 3)
    assert totals.params == 15


def test_a_factor_and_an_offset_after_a_layer_are_a_batch_norm(tmp_path: Path) -> None:
    """tf2onnx leaves a batch norm so: two numbers per channel, no statistics."""
    found = counted(
        tmp_path,
        [
            node("Conv", ["x", "w"], ["c"]),
            node("Mul", ["c", "factor"], ["m"]),
            node("Add", ["m", "offset"], ["y"]),
        ],
        (1, 3, 5, 5),
        (1, 4, 5, 5),
        [
            constant("w", [4, 3, 1, 1]),
            constant("factor", [1, 4, 1, 1]),
            constant("offset", [1, 4, 1, 1]),
        ],
    )
    totals = found.totals
    assert (totals.weights, totals.bn_affine, totals.buffers) == (12, 8, 0)
    assert totals.other_params == totals.biases == 0
    (layer,) = found.layers
    assert layer.kept is not None
    assert layer.kept.other == 8 * 4


def test_a_factor_alone_stays_a_factor(tmp_path: Path) -> None:
    found = counted(
        tmp_path,
        [node("Conv", ["x", "w"], ["c"]), node("Mul", ["c", "factor"], ["y"])],
        (1, 3, 5, 5),
        (1, 4, 5, 5),
        [constant("w", [4, 3, 1, 1]), constant("factor", [1, 4, 1, 1])],
    )
    assert (found.totals.bn_affine, found.totals.other_params) == (0, 4)


def test_a_mask_that_makes_a_tensor_larger(tmp_path: Path) -> None:
    """(1, 1, 1, 6) and (1, 1, 6, 1) give (1, 1, 6, 6): no parameters."""
    found = counted(
        tmp_path,
        [node("And", ["x", "mask"], ["y"])],
        (1, 1, 1, 6),
        (1, 1, 6, 6),
        [constant("mask", [1, 1, 6, 1], "BOOL")],
        {"x": "BOOL", "y": "BOOL"},
    )
    assert found.totals.params == 0
    assert found.graph.nodes[-1].out_shape.elements == 36


def test_scales_of_integer_products_are_no_parameters(tmp_path: Path) -> None:
    """DynamicQuantizeLinear, MatMulInteger, Cast, Mul by the scales, Add of a bias."""
    found = counted(
        tmp_path,
        [
            node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
            node("MatMulInteger", ["q", "w", "z"], ["i"]),
            node("Cast", ["i"], ["c"], to=1),
            node("Mul", ["s", "each"], ["scale"]),
            node("Mul", ["c", "scale"], ["m"]),
            node("Add", ["b", "m"], ["y"]),
        ],
        (1, 6, 8),
        (1, 6, 5),
        [
            constant("w", [8, 5], "INT8"),
            constant("each", [5]),
            constant("b", [5]),
        ],
    )
    totals = found.totals
    assert (totals.macs, totals.weights, totals.biases) == (6 * 40, 40, 5)
    assert totals.params == 45


@pytest.mark.parametrize(
    ("settings", "b"),
    [
        ({"transB": 1}, (2, 3, 7, 5)),
        # The first dimension goes before the last: (2, 3, 7, 5), then it is turned.
        ({"transB": 1, "transBatchB": 1}, (7, 2, 3, 5)),
        ({"transBatchB": 1}, (5, 2, 3, 7)),
    ],
)
def test_products_with_transposed_operands(
    tmp_path: Path, settings: dict[str, int], b: tuple[int, ...]
) -> None:
    """A (2, 3, 4, 5) by B: 3 products of 4 x 5 x 7 per sample, of a batch of 2."""
    made = model(
        [node("FusedMatMul", ["x", "b"], ["y"], domain=MICROSOFT, **settings)],
        {"x": [2, 3, 4, 5], "b": b},
        {"y": [2, 3, 4, 7]},
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    assert count(read(str(path), ReadRequest())[1]).totals.macs == 3 * 4 * 5 * 7


def quantised_inputs(x: str, w: str) -> list[str]:
    return [x, "s", "z", w, "s", "z", "s", "z"]


def scales() -> list[Any]:
    return [constant("s", []), constant("z", [], "UINT8")]


def test_a_quantised_convolution_with_its_channels_last(tmp_path: Path) -> None:
    """8 x 8 x 3 -> 4 x 4 x 5 with 3 x 3 x 3 weights per output."""
    found = counted(
        tmp_path,
        [
            node(
                "QLinearConv",
                quantised_inputs("x", "w"),
                ["y"],
                domain=MICROSOFT,
                channels_last=1,
                strides=[2, 2],
                pads=[1, 1, 1, 1],
            )
        ],
        (1, 8, 8, 3),
        (1, 4, 4, 5),
        [constant("w", [5, 3, 3, 3], "INT8"), *scales()],
        {"x": "UINT8", "y": "UINT8"},
    )
    assert (found.totals.macs, found.totals.params) == (16 * 135, 135)
    assert found.layers[0].out_shape == (5, 4, 4)


def test_channels_in_blocks_are_rounded_up(tmp_path: Path) -> None:
    """5 channels lie in a block of 8, of which the last operator takes 5."""
    made = model(
        [
            node("Conv", ["x", "w"], ["c"], domain=BLOCKS, activation="Relu"),
            node("ReorderOutput", ["c"], ["y"], domain=BLOCKS, channels=5),
        ],
        {"x": [1, 3, 6, 6]},
        {"y": [1, 5, 6, 6]},
        [constant("w", [8, 3, 1, 1])],
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(made.SerializeToString())
    graph = read(str(path), ReadRequest())[1]
    assert count(graph).totals.macs == 36 * 24
    assert graph.nodes[-1].out_shape == (5, 6, 6)
    assert "rounded up" in graph.notes[0]


def test_a_quantised_lstm(tmp_path: Path) -> None:
    """Weights lie transposed, with a scale per direction: 4 x 6 x (8 + 6) per step."""
    found = counted(
        tmp_path,
        [
            node(
                "DynamicQuantizeLSTM",
                ["x", "w", "r", "b", "", "", "", "", "s", "z", "s", "z"],
                ["y"],
                domain=MICROSOFT,
                hidden_size=6,
            )
        ],
        (10, 1, 8),
        (10, 1, 1, 6),
        [
            constant("w", [1, 8, 24], "INT8"),
            constant("r", [1, 6, 24], "INT8"),
            constant("b", [1, 48]),
            *scales(),
        ],
    )
    totals = found.totals
    assert (totals.macs, totals.weights, totals.biases) == (10 * 336, 336, 48)
    assert totals.params == 384


def test_a_quantised_embedding(tmp_path: Path) -> None:
    """Rows of an int8 table, turned into numbers after they are taken."""
    found = counted(
        tmp_path,
        [
            node("Gather", ["table", "x"], ["rows"]),
            node("DequantizeLinear", ["rows", "s"], ["y"]),
        ],
        (1, 7),
        (1, 7, 16),
        [constant("table", [100, 16], "INT8"), constant("s", [])],
        {"x": "INT64"},
    )
    assert found.totals.other_params == 1600


def test_a_bias_beside_a_sum_and_a_norm(tmp_path: Path) -> None:
    """SkipLayerNormalization takes the bias of the layer before it."""
    found = counted(
        tmp_path,
        [
            node("MatMul", ["x", "w"], ["h"]),
            node(
                "SkipLayerNormalization",
                ["h", "x", "gamma", "beta", "b"],
                ["y"],
                domain=MICROSOFT,
            ),
        ],
        (1, 3, 8),
        (1, 3, 8),
        [
            constant("w", [8, 8]),
            *(constant(name, [8]) for name in ("gamma", "beta", "b")),
        ],
    )
    totals = found.totals
    assert (totals.weights, totals.biases, totals.other_params) == (64, 8, 16)
