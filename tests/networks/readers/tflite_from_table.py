"""A table's graph as a TFLite file, as a converter writes it: batch norm folded."""

from typing import Any

from mnprofile.graph.graph import Graph, Node
from tests.networks.readers.tflite_writing import TFLite

FUSED = {"relu": 1, "relu6": 3}
ALONE = {"hardswish": "HARD_SWISH", "hardsigmoid": "RELU_0_TO_1"}


def tflite_of(graph: Graph, dtype: str = "FLOAT32") -> bytes:
    """Weights are zeros; with INT8, one scale per output channel."""
    writer = _Writer(graph, dtype)
    for node in graph:
        writer.write(node)
    return writer.file.bytes([0], [writer.made[graph.outputs[0]]])


class _Writer:
    def __init__(self, graph: Graph, dtype: str) -> None:
        self.file = TFLite(dtype)
        c, h, w = graph.input_shape.dims
        self.made = {graph.inputs[0][0]: self.file.tensor("image", (1, h, w, c))}
        self.followers = {node.inputs[0]: node for node in graph}

    def write(self, node: Node) -> None:
        x, c, h, w = self.made[node.inputs[0]], *node.out_shape.dims
        inputs = [self.made[name] for name in node.inputs]
        shape = (1, h, w, c)
        op: Any = node.op
        name = node.name.replace(".", "/")
        if op.kind in ("conv", "depthwise", "linear"):
            self.made[node.name] = self._layer(node, x, name, shape)
        elif op.kind == "batch_norm" or getattr(op, "function", "") in FUSED:
            self.made[node.name] = x  # folded, or fused
        elif op.kind == "activation":
            self.made[node.name] = self.file.call(
                ALONE[op.function], [x], name, self.file.tensors[x]["shape"]
            )
        elif op.kind == "pool":
            axes = self.file.constant(
                f"{name}/axes", (2,), "INT32", data=bytes([1, 0, 0, 0, 2, 0, 0, 0])
            )
            self.made[node.name] = self.file.call(
                "MEAN", [x, axes], name, shape, "ReducerOptions", KeepDims=1
            )
        else:
            operator = {"add": "ADD", "scale": "MUL"}[op.kind]
            options = {"ADD": "AddOptions", "MUL": "MulOptions"}[operator]
            self.made[node.name] = self.file.call(
                operator, inputs, name, shape, options
            )

    def _layer(self, node: Node, x: int, name: str, shape: tuple[int, ...]) -> int:
        op: Any = node.op
        taken, out = node.in_shape.c, node.out_shape.c
        file, int8 = self.file, self.file.dtype == "INT8"
        scales = out if int8 else 0
        # A converter folds batch norm into a bias, and fuses ReLU.
        after = self.followers.get(node.name)
        normed = after is not None and after.op.kind == "batch_norm"
        last = self.followers.get(after.name) if normed and after else after
        fused = FUSED.get(getattr(last.op, "function", ""), 0) if last else 0
        bias = -1
        if normed or op.biases(node.in_shape):
            bias = file.constant(f"{name}/bias", (out,), "INT32" if int8 else "")
        if op.kind == "linear":
            weight = file.constant(f"{name}/weights", (out, taken), scales=scales)
            options, fields = "FullyConnectedOptions", {}
            operator, shape = "FULLY_CONNECTED", (1, out)
        else:
            side, stride = op.kernel, op.stride
            fields = {"Padding": 0, "StrideW": stride, "StrideH": stride}
            if op.kind == "depthwise":
                dims = (1, side, side, out)
                fields["DepthMultiplier"] = 1
                operator, options = "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions"
            else:
                dims = (out, side, side, taken)
                operator, options = "CONV_2D", "Conv2DOptions"
            weight = file.constant(f"{name}/weights", dims, scales=scales)
        fields["FusedActivationFunction"] = fused
        return file.call(operator, [x, weight, bias], name, shape, options, **fields)
