"""Each kind of ONNX operator, with multiply-adds and parameters derived by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnprofile.base.errors import MnprofileError
from mnprofile.costs.counting import Count, count
from mnprofile.networks.readers.inputs import ReadRequest, parse_inputs
from mnprofile.networks.readers.onnx.network import read
from tests.networks.readers.onnx_writing import constant, integers, model

onnx = pytest.importorskip("onnx")
node: Callable[..., Any] = onnx.helper.make_node
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def call(made: Any, name: str = "net.onnx") -> Path:
        path = tmp_path / name
        path.write_bytes(made.SerializeToString())
        return path

    return call


def counted(path: Path, *inputs: str) -> Count:
    _, graph = read(str(path), ReadRequest(inputs=parse_inputs(inputs)))
    return count(graph)


def figures(path: Path, *inputs: str) -> tuple[int, int]:
    totals = counted(path, *inputs).totals
    return totals.macs, totals.params


def test_convolution_with_groups_stride_dilation_and_uneven_padding(
    write: Write,
) -> None:
    """(32 + 1 + 2 - 2 x 2 - 1) // 2 + 1 = 16 rows, (20 - 2 x 1 - 1) // 1 + 1 = 18
    columns; kernel 3 x 2 on 8 / 4 channels gives 12 weights per output channel."""
    path = write(
        model(
            [
                node(
                    "Conv",
                    ["x", "w", "b"],
                    ["y"],
                    strides=[2, 1],
                    dilations=[2, 2],
                    pads=[1, 0, 2, 0],
                    group=4,
                )
            ],
            {"x": [1, 8, 32, 20]},
            {"y": [1, 16, 16, 18]},
            [constant("w", [16, 2, 3, 2]), constant("b", [16])],
        )
    )
    assert figures(path) == (16 * 12 * 16 * 18, 16 * 12 + 16)


def test_padding_as_tensorflow_s_same(write: Write) -> None:
    """ceil(15 / 2) = 8."""
    path = write(
        model(
            [node("Conv", ["x", "w"], ["y"], strides=[2, 2], auto_pad="SAME_UPPER")],
            {"x": [1, 3, 15, 15]},
            {"y": [1, 4, 8, 8]},
            [constant("w", [4, 3, 3, 3])],
        )
    )
    assert figures(path) == (108 * 64, 108)


def test_one_and_three_dimensional_convolutions(write: Write) -> None:
    """20 x 5 x 3 weights at 98 steps; 2 x 27 weights at 4 x 4 x 4 positions."""
    path = write(
        model(
            [
                node("Conv", ["a", "v"], ["b"]),
                node("Conv", ["c", "w"], ["d"]),
            ],
            {"a": [1, 5, 100], "c": [1, 1, 6, 6, 6]},
            {"b": [1, 20, 98], "d": [1, 2, 4, 4, 4]},
            [constant("v", [20, 5, 3]), constant("w", [2, 1, 3, 3, 3])],
        )
    )
    assert figures(path) == (300 * 98 + 54 * 64, 354)


def test_a_transposed_convolution_multiplies_every_input_position(write: Write) -> None:
    """(7 - 1) x 2 + 4 - 2 = 14 sides; 6 x 3 x 16 weights at 49 input positions."""
    path = write(
        model(
            [node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], pads=[1] * 4)],
            {"x": [1, 6, 7, 7]},
            {"y": [1, 3, 14, 14]},
            [constant("w", [6, 3, 4, 4])],
        )
    )
    assert figures(path) == (288 * 49, 288)


def test_a_transposed_convolution_of_a_given_size(write: Write) -> None:
    """ONNX: output_shape pads until it fits; 2 x 6 + 4 = 16 without it."""
    up = node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2], output_shape=[15, 14])
    path = write(
        model(
            [up, node("Conv", ["y", "v"], ["z"])],
            {"x": [1, 6, 7, 7]},
            {"z": None},
            [constant("w", [6, 3, 4, 4]), constant("v", [2, 3, 1, 1])],
        )
    )
    assert figures(path) == (288 * 49 + 6 * 15 * 14, 288 + 6)


def test_gemm_and_matmul_with_the_bias_added_after(write: Write) -> None:
    """A Gemm of 10 x 7 on one row, a MatMul of 16 x 32 on 5 tokens; a bias each."""
    path = write(
        model(
            [
                node("Gemm", ["a", "w", "c"], ["b"], transB=1),
                node("MatMul", ["t", "v"], ["u"]),
                node("Add", ["d", "u"], ["s"]),
            ],
            {"a": [1, 7], "t": [1, 5, 16]},
            {"b": [1, 10], "s": [1, 5, 32]},
            [
                constant("w", [10, 7]),
                constant("c", [10]),
                constant("v", [16, 32]),
                constant("d", [32]),
            ],
        )
    )
    found = counted(path)
    assert [one.figures.biases for one in found.layers] == [10, 32]
    assert found.totals.macs == 70 + 5 * 512
    assert found.totals.params == 80 + 512 + 32


def test_products_of_activations_have_no_weights(write: Write) -> None:
    """4 heads, 6 queries, 9 keys of 8 channels: 4 x 6 x 8 x 9."""
    path = write(
        model(
            [node("MatMul", ["q", "k"], ["y"])],
            {"q": [1, 4, 6, 8], "k": [1, 4, 8, 9]},
            {"y": [1, 4, 6, 9]},
        )
    )
    assert figures(path) == (1728, 0)


def test_einsum_counts_every_combination_of_its_letters(write: Write) -> None:
    """b 1, h 2, q 5, k 7, d 3: 210; with a weight c 6, e 4 on 5 tokens: 120."""
    path = write(
        model(
            [
                node("Einsum", ["q", "k"], ["y"], equation="bhqd,bhkd->bhqk"),
                node("Einsum", ["t", "w"], ["u"], equation="btc,ce->bte"),
            ],
            {"q": [1, 2, 5, 3], "k": [1, 2, 7, 3], "t": [1, 5, 6]},
            {"y": [1, 2, 5, 7], "u": [1, 5, 4]},
            [constant("w", [6, 4])],
        )
    )
    assert figures(path) == (210 + 120, 24)


@pytest.mark.parametrize(("cell", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_layers_use_every_weight_once_per_step(
    write: Write, cell: str, gates: int
) -> None:
    """Two directions, 10 channels in, 6 hidden, 12 steps; two biases per gate."""
    rows = gates * 6
    path = write(
        model(
            [node(cell, ["x", "w", "r", "b"], ["y"], hidden_size=6)],
            {"x": [12, 1, 10]},
            {"y": [12, 2, 1, 6]},
            [
                constant("w", [2, rows, 10]),
                constant("r", [2, rows, 6]),
                constant("b", [2, 2 * rows]),
            ],
        )
    )
    weights = 2 * rows * 16
    assert figures(path) == (weights * 12, weights + 4 * rows)


def test_integer_and_quantised_forms(write: Write) -> None:
    """QLinearConv, ConvInteger, QLinearMatMul: the weights are the only parameters but
    for a bias; scales and zero points are none."""
    scale = [constant("s", []), constant("z", [], "UINT8")]
    many = [constant("ws", [4]), constant("wz", [4], "INT8")]
    path = write(
        model(
            [
                node(
                    "QLinearConv",
                    ["x", "s", "z", "w", "ws", "wz", "s", "z", "b"],
                    ["y"],
                ),
                node("ConvInteger", ["y", "v", "z"], ["i"]),
                node("QLinearMatMul", ["m", "s", "z", "u", "s", "z", "s", "z"], ["n"]),
            ],
            {"x": [1, 3, 6, 6], "m": [1, 20]},
            {"i": [1, 2, 4, 4], "n": [1, 30]},
            [
                *scale,
                *many,
                constant("w", [4, 3, 3, 3], "INT8"),
                constant("b", [4], "INT32"),
                constant("v", [2, 4, 1, 1], "INT8"),
                constant("u", [20, 30], "UINT8"),
            ],
            kinds={"x": "UINT8", "m": "UINT8", "i": "INT32", "n": "UINT8"},
        )
    )
    assert figures(path) == (108 * 16 + 8 * 16 + 600, 108 + 4 + 8 + 600)


def test_pairs_of_quantise_and_dequantise_are_no_operators(write: Write) -> None:
    """The convolution between them has int8 weights and an int8 output map."""
    path = write(
        model(
            [
                node("QuantizeLinear", ["x", "s", "z"], ["xq"]),
                node("DequantizeLinear", ["xq", "s", "z"], ["xf"]),
                node("DequantizeLinear", ["w", "ws", "wz"], ["wf"], axis=0),
                node("DequantizeLinear", ["b", "ws"], ["bf"], axis=0),
                node("Conv", ["xf", "wf", "bf"], ["yf"], name="conv"),
                node("QuantizeLinear", ["yf", "s", "z"], ["yq"]),
                node("DequantizeLinear", ["yq", "s", "z"], ["y"]),
                node("Relu", ["y"], ["r"], name="relu"),
            ],
            {"x": [1, 3, 6, 6]},
            {"r": [1, 4, 4, 4]},
            [
                constant("s", []),
                constant("z", [], "INT8"),
                constant("ws", [4]),
                constant("wz", [4], "INT8"),
                constant("w", [4, 3, 3, 3], "INT8"),
                constant("b", [4], "INT32"),
            ],
        )
    )
    _, graph = read(str(path), ReadRequest())
    assert count(graph).totals.params == 108 + 4
    assert graph.file is not None
    assert graph.file.bits["conv"] == 8
    kept = graph.file.kept["conv"]
    assert (kept.weights, kept.biases, kept.scales) == (108, 16, 16)


def test_embeddings_position_tables_layer_scale_and_norms(write: Write) -> None:
    """A 50 x 8 table, a 5 x 8 position table, 8 factors, a norm of 8 + 8: other
    parameters. A scalar and a list of axes are none."""
    path = write(
        model(
            [
                node("Gather", ["words", "ids"], ["e"]),
                node("Add", ["e", "positions"], ["p"]),
                node("LayerNormalization", ["p", "g", "h"], ["n"]),
                node("Mul", ["n", "scale"], ["m"]),
                node("Mul", ["m", "half"], ["k"]),
                node("ReduceMean", ["k", "axes"], ["y"], keepdims=0),
            ],
            {"ids": [1, 5]},
            {"y": [1, 8]},
            [
                constant("words", [50, 8]),
                constant("positions", [1, 5, 8]),
                constant("g", [8]),
                constant("h", [8]),
                constant("scale", [8]),
                constant("half", [1]),
                integers("axes", [1]),
            ],
            kinds={"ids": "INT64"},
        )
    )
    totals = counted(path).totals
    assert totals.other_params == 400 + 40 + 16 + 8
    assert totals.params == totals.other_params


def test_an_attention_mask_is_no_parameter(write: Write) -> None:
    """4 heads with scores of 6 x 6: one mask for all; a table per head is counted."""
    path = write(
        model(
            [
                node("MatMul", ["q", "k"], ["s"]),
                node("Add", ["s", "mask"], ["m"]),
                node("Add", ["m", "table"], ["t"]),
                node("Softmax", ["t"], ["y"]),
            ],
            {"q": [1, 4, 6, 8], "k": [1, 4, 8, 6]},
            {"y": [1, 4, 6, 6]},
            [constant("mask", [1, 1, 6, 6]), constant("table", [1, 4, 6, 6])],
        )
    )
    assert figures(path) == (4 * 6 * 6 * 8, 144)


def test_a_weight_that_two_operators_use_counts_once(write: Write) -> None:
    path = write(
        model(
            [node("MatMul", ["x", "w"], ["h"]), node("MatMul", ["h", "w"], ["y"])],
            {"x": [1, 6]},
            {"y": [1, 6]},
            [constant("w", [6, 6])],
        )
    )
    assert figures(path) == (72, 36)


def test_a_constant_that_nothing_reads_has_a_row_of_its_own(write: Write) -> None:
    path = write(
        model(
            [node("Relu", ["x"], ["y"])],
            {"x": [1, 6]},
            {"y": [1, 6]},
            [constant("left", [7, 3])],
        )
    )
    assert counted(path).totals.params == 21


def test_attention_in_one_operator(write: Write) -> None:
    """com.microsoft: a layer of 8 x 24 on 5 tokens, then 2 x 5 x 5 x 8."""
    path = write(
        model(
            [
                node(
                    "Attention",
                    ["x", "w", "b"],
                    ["y"],
                    domain="com.microsoft",
                    num_heads=2,
                )
            ],
            {"x": [1, 5, 8]},
            {"y": [1, 5, 8]},
            [constant("w", [8, 24]), constant("b", [24])],
        )
    )
    assert figures(path) == (192 * 5 + 2 * 5 * 5 * 8, 192 + 24)


def test_a_shape_that_the_file_computes(write: Write) -> None:
    """Shape, Gather, Concat, Reshape, as exporters flatten a map."""
    path = write(
        model(
            [
                node("Shape", ["x"], ["shape"]),
                node("Gather", ["shape", "zero"], ["n"]),
                node("Concat", ["n", "rest"], ["to"], axis=0),
                node("Reshape", ["x", "to"], ["flat"]),
                node("Gemm", ["flat", "w"], ["y"]),
            ],
            {"x": ["batch", 3, 4, 4]},
            {"y": ["batch", 10]},
            [
                integers("zero", [0]),
                integers("rest", [-1]),
                constant("w", [48, 10]),
            ],
        )
    )
    assert figures(path) == (480, 480)
    assert counted(path).graph.notes == ('x: the batch "batch" is taken as 1',)


def test_onnx_infers_a_shape_that_no_rule_gives(write: Write) -> None:
    """TopK keeps 5 of 20, then a layer of 5 x 2."""
    path = write(
        model(
            [
                node("TopK", ["x", "k"], ["v", "i"]),
                node("MatMul", ["v", "w"], ["y"]),
            ],
            {"x": [1, 20]},
            {"y": [1, 2]},
            [integers("k", [5]), constant("w", [5, 2])],
        )
    )
    assert figures(path) == (10, 10)


def test_local_functions_are_read_where_they_are_called(write: Write) -> None:
    """A function of a convolution with a stride that the caller gives, called twice."""
    body = onnx.helper.make_node("Conv", ["a", "k"], ["c"])
    body.attribute.append(onnx.AttributeProto(name="strides", ref_attr_name="step"))
    body.attribute[-1].type = onnx.AttributeProto.INTS
    function = onnx.helper.make_function(
        "mine",
        "Half",
        ["a", "k"],
        ["c"],
        [body],
        [onnx.helper.make_opsetid("", 20)],
        attributes=["step"],
    )
    path = write(
        model(
            [
                node("Half", ["x", "w"], ["h"], domain="mine", step=[2, 2]),
                node("Half", ["h", "w"], ["y"], domain="mine", step=[1, 1]),
            ],
            {"x": [1, 4, 8, 8]},
            {"y": [1, 4, 4, 4]},
            [constant("w", [4, 4, 1, 1])],
            functions=[function],
        )
    )
    assert figures(path) == (16 * 16 * 2, 16)


def test_unknown_operators_and_branches_are_named(write: Write) -> None:
    branch = onnx.helper.make_graph(
        [node("Relu", ["x"], ["r"])],
        "positive",
        [],
        [onnx.helper.make_tensor_value_info("r", 1, [1, 4])],
    )
    path = write(
        model(
            [
                node("Warp", ["x", "w"], ["h"], domain="mine"),
                node("If", ["flag"], ["y"], then_branch=branch, else_branch=branch),
            ],
            {"x": [1, 4], "flag": []},
            {"y": [1, 4]},
            [constant("w", [4, 4])],
            kinds={"flag": "BOOL"},
            shapes={"h": [1, 4]},
        )
    )
    found = counted(path)
    assert [one.op.type for one in found.graph.unknown] == [
        "mine.Warp",
        "If",
    ]
    assert found.totals.params == 16


def test_unknown_dimensions_are_asked_for_by_name(write: Write) -> None:
    path = write(
        model(
            [node("GlobalAveragePool", ["x"], ["y"])],
            {"x": ["batch", 3, "height", "width"]},
            {"y": ["batch", 3, 1, 1]},
        )
    )
    with pytest.raises(MnprofileError) as caught:
        counted(path)
    assert str(caught.value) == (
        f'{path}: the input "x" is x:batchx3xheightxwidth: height, width are not known'
        "\nAccepted: --input x:SHAPE, such as x:1x3x224x224"
    )
    assert counted(path, "x:1x3x9x7").totals.pool_elems == 189
    assert counted(path, "1x3x9x7").totals.pool_elems == 189


def test_dimensions_without_a_name_are_not_one_and_the_same(write: Write) -> None:
    """An unnamed batch is taken as 1, which says nothing of other unnamed sides: those
    of a tensor within follow from the rules, those of an input are asked for."""
    made = model(
        [node("Relu", ["x"], ["y"]), node("Relu", ["z"], ["t"])],
        {"x": [None, 3, 4, 4], "z": [None, 8]},
        {"y": [None, None, 4, 4], "t": [None, 8]},
    )
    assert counted(write(made)).totals.activation_elems == 3 * 4 * 4 + 8
    made = model(
        [node("Relu", ["x"], ["y"]), node("Relu", ["z"], ["t"])],
        {"x": [None, 3, 4, 4], "z": [None, None]},
        {"y": [None, 3, 4, 4], "t": [None, None]},
    )
    with pytest.raises(MnprofileError, match=r'input "z" is z:\?x\?: \? is not known'):
        counted(write(made))


def test_another_size_than_the_file_fixes(write: Write) -> None:
    """Twice the side, four times the multiply-adds; the file's shapes do not apply."""
    path = write(
        model(
            [node("Conv", ["x", "w"], ["h"]), node("Relu", ["h"], ["y"])],
            {"x": [1, 3, 8, 8]},
            {"y": [1, 4, 8, 8]},
            [constant("w", [4, 3, 1, 1])],
            shapes={"h": [1, 4, 8, 8]},
        )
    )
    assert figures(path) == (768, 12)
    assert figures(path, "1x3x16x16") == (3072, 12)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("z:1x3x8x8", 'there is no input "z"'),
        ("x:1x3x8", "has 3 dimensions"),
    ],
)
def test_inputs_that_do_not_fit(write: Write, given: str, words: str) -> None:
    path = write(
        model([node("Relu", ["x"], ["y"])], {"x": [1, 3, 8, 8]}, {"y": [1, 3, 8, 8]})
    )
    with pytest.raises(MnprofileError, match=words):
        counted(path, given)


def test_a_batch_divides_every_figure(write: Write) -> None:
    path = write(
        model(
            [node("Conv", ["x", "w"], ["y"])],
            {"x": [8, 3, 4, 4]},
            {"y": [8, 2, 4, 4]},
            [constant("w", [2, 3, 1, 1])],
        )
    )
    assert figures(path) == (96, 6)
    assert counted(path).graph.notes == ("x: the batch is 8; figures are per sample",)


@pytest.mark.parametrize(
    ("operator", "settings"),
    [("MatMul", {}), ("Einsum", {"equation": "nhij,hjk->nhik"})],
)
def test_a_batch_divides_products_with_a_weight_per_head(
    write: Write, operator: str, settings: dict[str, str]
) -> None:
    """(2, 3, 4, 5) by (3, 5, 7): 3 products of 4 x 5 x 7 per sample."""
    path = write(
        model(
            [node(operator, ["x", "w"], ["y"], **settings)],
            {"x": [2, 3, 4, 5]},
            {"y": [2, 3, 4, 7]},
            [constant("w", [3, 5, 7])],
        )
    )
    assert figures(path) == (3 * 4 * 5 * 7, 3 * 5 * 7)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (
            lambda: model(
                [node("Relu", ["nowhere"], ["y"])], {"x": [1, 2]}, {"y": [1, 2]}
            ),
            'it reads "nowhere", which nothing before it makes',
        ),
        (
            lambda: model(
                [node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])],
                {"x": [1, 2]},
                {"b": [1, 2]},
            ),
            'it reads "b", which nothing before it makes',
        ),
        (
            lambda: model(
                [node("Conv", ["x", "w"], ["y"])],
                {"x": [1, 4, 8, 8]},
                {"y": [1, 2, 8, 8]},
                [constant("w", [2, 3, 1, 1])],
            ),
            r"a kernel \[2, 3, 1, 1\] in 1 groups on 4 channels",
        ),
        (
            lambda: model(
                [node("Conv", ["x", "w"], ["y"])],
                {"x": [1, 4, 8, 8]},
                {"y": [1, 2, 9, 9]},
                [constant("w", [2, 4, 1, 1])],
            ),
            r"says that its output is \[1, 2, 9, 9\], but .* it is \[1, 2, 8, 8\]",
        ),
        (
            lambda: model(
                [node("Relu", ["x"], ["y"]), node("Relu", ["x"], ["y"])],
                {"x": [1, 2]},
                {"y": [1, 2]},
            ),
            'its output "y" is made before it too',
        ),
    ],
)
def test_files_that_contradict_themselves(
    write: Write, made: Callable[[], Any], words: str
) -> None:
    """Never a number: a cycle, a missing tensor, shapes that do not fit."""
    with pytest.raises(MnprofileError, match=words):
        counted(write(made()))
