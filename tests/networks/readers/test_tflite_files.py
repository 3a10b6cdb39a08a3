"""TFLite files, float and quantised, with figures derived by hand."""

import re
from pathlib import Path
from typing import Any

import pytest

import mnprofile
from mnprofile.base.errors import MnprofileError
from mnprofile.costs.comparison.alignment import compare
from mnprofile.costs.comparison.causes import explain_difference
from mnprofile.costs.comparison.sides import side_of_count
from mnprofile.costs.counting import Count, count
from mnprofile.costs.deployment import deploy
from mnprofile.graph.graph import Graph
from mnprofile.networks.readers.inputs import ReadRequest, parse_inputs
from mnprofile.networks.readers.tflite import schema
from mnprofile.networks.readers.tflite.network import read
from tests.networks.readers.tflite_from_table import tflite_of
from tests.networks.readers.tflite_writing import TFLite
from tests.networks.readers.tflite_writing import schema as generated

pytest.importorskip("tflite")
SAME, VALID, RELU6 = 0, 1, 3


def graph_of(tmp_path: Path, file: TFLite, inputs: list[int], last: int) -> Graph:
    path = tmp_path / "net.tflite"
    path.write_bytes(file.bytes(inputs, [last]))
    return read(str(path), ReadRequest())[1]


def counted(tmp_path: Path, file: TFLite, inputs: list[int], last: int) -> Count:
    return count(graph_of(tmp_path, file, inputs, last))


def conv(file: TFLite, x: int, out: int, **settings: Any) -> int:
    """CONV_2D or, with ``depthwise``, its kin; the size is TensorFlow's rule."""
    n, h, w, c = file.tensors[x]["shape"]
    kernel, stride = settings.get("kernel", 3), settings.get("stride", 1)
    name = settings.get("name", f"t{len(file.tensors)}")
    depthwise = settings.get("depthwise", False)
    is_int8 = file.dtype == "INT8"
    shape = (1, kernel, kernel, out) if depthwise else (out, kernel, kernel, c)
    weight = file.constant(f"{name}/w", shape, scales=out if is_int8 else 0)
    bias = file.constant(f"{name}/b", (out,), "INT32" if is_int8 else "")
    fields = {"Padding": SAME, "StrideW": stride, "StrideH": stride}
    fields["FusedActivationFunction"] = settings.get("activation", RELU6)
    if depthwise:
        fields["DepthMultiplier"] = out // c
    return file.call(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
        [x, weight, bias],
        name,
        (n, -(-h // stride), -(-w // stride), out),
        "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions",
        **fields,
    )


def separable(dtype: str) -> tuple[TFLite, int, int]:
    """A stem, a depthwise separable block, pooling and a classifier of 5 classes.

    15 x 15 x 3 -> 8 x 8 x 8 -> 8 x 8 x 8 -> 8 x 8 x 16 -> 16 -> 5.
    """
    file = TFLite(dtype)
    x = file.tensor("image", (1, 15, 15, 3))
    y = conv(file, x, 8, stride=2, name="net/stem/Conv2D")
    y = conv(file, y, 8, depthwise=True, name="net/block_1/depthwise")
    y = conv(file, y, 16, kernel=1, name="net/block_1/project/Conv2D", activation=0)
    axes = file.constant("axes", (2,), "INT32", data=bytes([1, 0, 0, 0, 2, 0, 0, 0]))
    y = file.call("MEAN", [y, axes], "pooled", (1, 16), "ReducerOptions")
    kind = "INT32" if dtype == "INT8" else ""
    weight = file.constant("fc/w", (5, 16), scales=1 if dtype == "INT8" else 0)
    bias = file.constant("fc/b", (5,), kind)
    y = file.call(
        "FULLY_CONNECTED", [y, weight, bias], "logits", (1, 5), "FullyConnectedOptions"
    )
    return file, x, y


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT8"])
def test_a_separable_network(tmp_path: Path, dtype: str) -> None:
    """216, 72, 128 weights at 64 positions and 80 at one; 8 + 8 + 16 + 5 biases."""
    file, x, y = separable(dtype)
    found = counted(tmp_path, file, [x], y)
    assert [one.type for one in found.layers] == [
        "Conv 3x3",
        "Conv DW 3x3",
        "Conv 1x1",
        "Fully Connected",
    ]
    assert [one.figures.macs for one in found.layers] == [13824, 4608, 8192, 80]
    assert found.totals.weights == 216 + 72 + 128 + 80
    assert found.totals.params == found.totals.weights + 37
    assert found.totals.activation_elems == 2 * 512  # two fused ReLU6
    assert found.layers[0].in_shape == (3, 15, 15)


def test_bytes_are_those_of_the_file(tmp_path: Path) -> None:
    """int8 weights and maps, int32 biases, a float scale per channel."""
    file, x, y = separable("INT8")
    graph = graph_of(tmp_path, file, [x], y)
    assert graph.file is not None
    assert dict(graph.file.by_type) == {"int8": 496, "int32": 37 * 4 + 8}
    assert set(graph.file.bits.values()) == {8}
    first = graph.file.kept[graph.nodes[0].name]
    assert (first.weights, first.biases, first.scales) == (216, 32, 32)


def test_a_depth_multiplier_and_groups(tmp_path: Path) -> None:
    """Three filters per channel are 9 x 12 weights; two groups 9 x 2 x 6."""
    file = TFLite()
    x = file.tensor("x", (1, 6, 6, 4))
    y = conv(file, x, 12, depthwise=True)
    weight = file.constant("grouped", (6, 3, 3, 6))
    z = file.call(
        "CONV_2D",
        [y, weight, -1],
        "z",
        (1, 4, 4, 6),
        "Conv2DOptions",
        Padding=VALID,
        StrideW=1,
        StrideH=1,
    )
    found = counted(tmp_path, file, [x], z)
    assert [one.groups for one in found.layers] == [4, 2]
    assert found.totals.macs == 108 * 36 + 324 * 16
    assert found.totals.weights == 108 + 324


def test_transposed_convolution_matrix_product_and_svdf(tmp_path: Path) -> None:
    """4 x 4 x 3 x 2 weights at 9 positions; 5 x 6 x 7; 8 filters of 10 and of 4."""
    file = TFLite()
    x = file.tensor("x", (1, 3, 3, 2))
    shape = file.constant("shape", (4,), "INT32")
    weight = file.constant("w", (3, 4, 4, 2))
    file.call(
        "TRANSPOSE_CONV",
        [shape, weight, x],
        "up",
        (1, 6, 6, 3),
        "TransposeConvOptions",
        Padding=SAME,
        StrideW=2,
        StrideH=2,
    )
    a, b = file.tensor("a", (1, 5, 6)), file.tensor("b", (1, 6, 7))
    file.call("BATCH_MATMUL", [a, b], "ab", (1, 5, 7), "BatchMatMulOptions")
    s = file.tensor("s", (1, 10))
    parts = [file.constant("features", (8, 10)), file.constant("time", (8, 4))]
    state = file.tensor("state", (1, 32))
    y = file.call("SVDF", [s, *parts, -1, state], "y", (1, 8), "SVDFOptions", Rank=1)
    found = counted(tmp_path, file, [x, a, b, s, state], y)
    assert [one.figures.macs for one in found.layers] == [96 * 9, 210, 112]


def test_an_embedding_has_the_scale_of_its_table(tmp_path: Path) -> None:
    file = TFLite()
    ids = file.tensor("ids", (1, 6), "INT32")
    table = file.constant("table", (50, 8), "INT8", scales=1)
    y = file.call("EMBEDDING_LOOKUP", [ids, table], "y", (1, 6, 8), dtype="INT8")
    graph = graph_of(tmp_path, file, [ids], y)
    assert graph.file is not None
    assert count(graph).totals.params == 400
    kept = graph.file.kept[graph.nodes[0].name]
    assert (kept.weights, kept.scales, kept.other) == (0, 4, 400)


def test_biases_that_two_recurrent_layers_share_are_stored_once(tmp_path: Path) -> None:
    """Each layer has 8 matrices of 3 x 3, both have the same 4 biases of 3."""
    file, layers = TFLite(), ("first", "second")
    y = x = file.tensor("x", (1, 5, 3))
    biases = [file.constant(f"b{gate}", (3,)) for gate in range(4)]
    for name in layers:
        weights = [file.constant(f"{name}/{at}", (3, 3)) for at in range(8)]
        operator = "UNIDIRECTIONAL_SEQUENCE_LSTM"
        y = file.call(operator, [y, *weights, *biases], name, (1, 5, 3))
    graph = graph_of(tmp_path, file, [x], y)
    assert graph.file is not None
    assert count(graph).totals.params == 2 * 8 * 9 + 12
    kept = [graph.file.kept[node.name] for node in graph.nodes]
    assert [(one.weights, one.biases) for one in kept] == [(288, 48), (288, 0)]


def test_squeeze_excite_and_residual(tmp_path: Path) -> None:
    file = TFLite()
    x = file.tensor("x", (1, 8, 8, 16))
    axes = file.constant("axes", (2,), "INT32", data=bytes([1, 0, 0, 0, 2, 0, 0, 0]))
    m = file.call("MEAN", [x, axes], "m", (1, 1, 1, 16), "ReducerOptions", KeepDims=1)
    s = conv(file, m, 4, kernel=1, name="squeeze", activation=1)
    e = conv(file, s, 16, kernel=1, name="excite", activation=0)
    f = file.call("LOGISTIC", [e], "factors", (1, 1, 1, 16))
    y = file.call("MUL", [x, f], "scaled", (1, 8, 8, 16), "MulOptions")
    z = file.call("ADD", [y, x], "sum", (1, 8, 8, 16), "AddOptions")
    found = counted(tmp_path, file, [x], z)
    assert [one.type for one in found.layers] == ["SE", "SE"]
    assert found.totals.scale_elems == found.totals.add_elems == 1024


def test_custom_operators_are_named(tmp_path: Path) -> None:
    file = TFLite()
    x = file.tensor("x", (1, 8))
    y = file.call("TFLite_Detection_PostProcess", [x], "boxes", (1, 4))
    found = counted(tmp_path, file, [x], y)
    assert [one.type for one in found.graph.unknown] == [
        "custom.TFLite_Detection_PostProcess"
    ]


def test_a_size_other_than_the_file_s_is_refused(tmp_path: Path) -> None:
    file, x, y = separable("FLOAT32")
    path = tmp_path / "net.tflite"
    path.write_bytes(file.bytes([x], [y]))
    asked = ReadRequest(inputs=parse_inputs(("1x32x32x3",)))
    with pytest.raises(MnprofileError, match="a TFLite file fixes its sizes") as caught:
        read(str(path), asked)
    assert caught.value.accepted == "image:1x15x15x3"


def test_the_schema_is_that_of_the_generated_classes() -> None:
    """Numbers of operators, types, paddings and activation functions."""
    for ours, name in (
        (schema.OPERATORS, "BuiltinOperator"),
        (schema.TYPES, "TensorType"),
        (schema.PADDINGS, "Padding"),
        (schema.ACTIVATIONS, "ActivationFunctionType"),
    ):
        numbers = {
            key: value
            for key, value in vars(getattr(generated(name), name)).items()
            if not key.startswith("_")
        }
        expected = [key for key, _ in sorted(numbers.items(), key=lambda one: one[1])]
        found = [one.upper() or "NONE" for one in ours]
        assert found == expected, name


def test_the_fields_of_options_are_those_of_the_generated_classes() -> None:
    """Each field number, against the one in the generated reader."""
    tables = {
        "CONV_2D": "Conv2DOptions",
        "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
        "CONV_3D": "Conv3DOptions",
        "TRANSPOSE_CONV": "TransposeConvOptions",
        "AVERAGE_POOL_2D": "Pool2DOptions",
        "FULLY_CONNECTED": "FullyConnectedOptions",
        "CONCATENATION": "ConcatenationOptions",
        "ADD": "AddOptions",
        "BATCH_MATMUL": "BatchMatMulOptions",
        "SVDF": "SVDFOptions",
        "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
        "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
    }
    renamed = {
        "activation": "FusedActivationFunction",
        "kernel_w": "FilterWidth",
        "kernel_h": "FilterHeight",
        "dilation_w": "DilationWFactor",
        "dilation_h": "DilationHFactor",
        "dilation_d": "DilationDFactor",
    }
    for operator, table in tables.items():
        text = Path(generated(table).__file__).read_text("utf-8")
        for option in schema.OPTIONS[operator]:
            camel = "".join(part.title() for part in option.name.split("_"))
            name = renamed.get(option.name, camel)
            found = re.search(rf"def {name}\(self\):\s+o = .*?Offset\((\d+)\)", text)
            assert found, (operator, name)
            assert (int(found[1]) - 4) // 2 == option.number, (operator, name)


@pytest.mark.parametrize("dtype", ["FLOAT32", "INT8"])
@pytest.mark.parametrize("name", ["v1", "v2", "v3-large", "v3-small"])
def test_a_table_equals_its_network_s_file_layer_by_layer(
    tmp_path: Path, name: str, dtype: str
) -> None:
    """Multiply-adds, weights and sizes; batch norm is folded into a bias per channel,
    which leaves one number of two. Stored: 1 or 4 bytes per weight, 4 per bias."""
    graph = mnprofile.build(name, alpha=0.25, resolution=96)
    path = tmp_path / "net.tflite"
    path.write_bytes(tflite_of(graph, dtype))
    table, file = count(graph), count(read(str(path), ReadRequest())[1])
    assert [
        (one.type, one.figures.macs, one.figures.weights, one.out_shape)
        for one in file.layers
    ] == [
        (one.type, one.figures.macs, one.figures.weights, one.out_shape)
        for one in table.layers
    ]
    norms = table.totals.bn_affine
    assert file.totals.params == table.totals.params - norms // 2
    compared = compare(side_of_count(table), side_of_count(file))
    causes = {one.key: one.bytes for one in explain_difference(compared)}
    stored = deploy(file, None)
    retyped = stored.bytes - 4 * file.totals.params
    expected = {"batch norm folded": -4 * norms // 2}
    assert causes == expected | ({"quantised": retyped} if dtype == "INT8" else {})
    assert compared.stored == (4 * table.totals.params, stored.bytes)
    each = 1 if dtype == "INT8" else 4
    assert stored.weight_bytes == each * file.totals.weights
    assert stored.bias_bytes == 4 * file.totals.biases


def test_a_bias_added_after_is_a_bias_only_if_nothing_else_reads_the_layer(
    tmp_path: Path,
) -> None:
    """x -> c -> c + b: 4 biases. If c is read again, b is a constant of its own."""
    for reads_again, biases in ((False, 4), (True, 0)):
        file = TFLite()
        x = file.tensor("x", (1, 6, 6, 3))
        weight, bias = file.constant("w", (4, 1, 1, 3)), file.constant("b", (4,))
        shape = (1, 6, 6, 4)
        c = file.call(
            "CONV_2D",
            [x, weight, -1],
            "c",
            shape,
            "Conv2DOptions",
            StrideW=1,
            StrideH=1,
        )
        y = file.call("ADD", [bias, c], "y", shape, "AddOptions")
        if reads_again:
            y = file.call("ADD", [y, c], "z", shape, "AddOptions")
        totals = counted(tmp_path, file, [x], y).totals
        assert totals.biases == biases
        assert totals.params == 12 + 4
