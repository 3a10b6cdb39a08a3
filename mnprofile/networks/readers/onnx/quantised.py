"""Quantised forms of ONNX operators, and the pairs that mark quantised tensors.

Between QuantizeLinear and DequantizeLinear a tensor is an integer one: a run-time fuses
the pair into the operators beside it, so it is no operator here. It only tells of which
type the tensor is.
"""

from dataclasses import replace

from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.tensors import Elementwise
from mnprofile.networks.readers.files.layers import add_bias, layer
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Stored
from mnprofile.networks.readers.onnx.elements import arithmetic
from mnprofile.networks.readers.onnx.layers import (
    as_tokens,
    convolve,
    gemm,
    matmul,
    recurrent,
    turned_operands,
)
from mnprofile.networks.readers.onnx.layouts import finish_fused
from mnprofile.networks.readers.onnx.moves import concatenate


def quantize(low: Lowering, call: Call) -> None:
    """QuantizeLinear: the tensor of the operator before it is of the new type."""
    known = low.constant(call, 0)
    if known:
        return low.keep(call, known)
    x = low.value(call, 0)
    dtype = low.tensors[call.outputs[0]].dtype if call.outputs[0] in low.tensors else ""
    zero = low.name(call, 2)
    dtype = dtype or (low.tensors[zero].dtype if zero in low.tensors else "uint8")
    if x.node in low.positions and low.is_read_once(low.name(call, 0)):
        low.dtypes[x.node] = dtype
        return low.alias(call, x)
    made = low.emit(call, Elementwise("quantize", in_place=False), x, dims=x.dims)
    low.dtypes[made.node] = dtype
    return None


def dequantize(low: Lowering, call: Call) -> None:
    """DequantizeLinear: a constant with its scale, or the tensor as it is."""
    known, scale = low.constant(call, 0), low.constant(call, 1)
    if known:
        scales = scale.roots if scale else ()
        return low.keep(call, known._replace(scales=scales, values=None))
    x = low.value(call, 0)
    if low.readers.get(call.outputs[0], 0):
        return low.alias(call, x)
    made = low.emit(call, Elementwise("dequantize", in_place=False), x, dims=x.dims)
    low.dtypes[made.node] = "float32"
    return None


def quantize_dynamically(low: Lowering, call: Call) -> None:
    """DynamicQuantizeLinear: a tensor, its scale and its zero point."""
    x = low.value(call, 0)
    made = low.emit(call, Elementwise("quantize", in_place=False), x, dims=x.dims)
    low.dtypes[made.node] = "uint8"
    for at in range(1, len(call.outputs)):
        low.keep(call, Stored(()), at)


def _with_scales(low: Lowering, call: Call, at: int, scale: int) -> None:
    """Let a constant know its scales, which are another input of the call."""
    known, scales = low.constant(call, at), low.constant(call, scale)
    if known and scales and not known.scales:
        low.stored[low.name(call, at)] = known._replace(scales=scales.roots)


def qlinear_conv(low: Lowering, call: Call) -> None:
    _with_scales(low, call, 3, 4)
    convolve(low, call, 0, 3, 8)


def qlinear_matmul(low: Lowering, call: Call) -> None:
    _with_scales(low, call, 3, 4)
    matmul(low, call, 0, 3)


def qgemm(low: Lowering, call: Call) -> None:
    _with_scales(low, call, 3, 4)
    gemm(low, call, 0, 3, 6)


def quantised_lstm(low: Lowering, call: Call) -> None:
    """DynamicQuantizeLSTM: its weights are transposed, their scales inputs 8 and 10."""
    for at, scale in ((1, 8), (2, 10)):
        _with_scales(low, call, at, scale)
        known = low.constant(call, at)
        if known and len(known.dims) == 3:
            directions, taken, rows = known.dims
            dims = (directions, rows, taken)
            low.stored[low.name(call, at)] = known._replace(dims=dims)
    recurrent(low, call, "lstm")


def qlinear_binary(low: Lowering, call: Call) -> None:
    """QLinearAdd and QLinearMul of com.microsoft."""
    _with_scales(low, call, 0, 1)
    _with_scales(low, call, 3, 4)
    arithmetic(low, call, call.operator.removeprefix("QLinear").lower(), (0, 3))


def qlinear_where(low: Lowering, call: Call) -> None:
    """QLinearWhere: a condition, then tensor, scale and zero point of each side."""
    arithmetic(low, call, "where", (0, 1, 4))


def qlinear_concat(low: Lowering, call: Call) -> None:
    """QLinearConcat: two scales, then tensor, scale and zero point of each part."""
    for at in range(2, len(call.inputs), 3):
        _with_scales(low, call, at, at + 1)
    concatenate(low, call, 2, 3)


def matmul_of_bits(low: Lowering, call: Call) -> None:
    """MatMulNBits: the weights lie packed, their size is in the attributes."""
    x, packed = low.value(call, 0), low.constant(call, 1)
    taken, out = call.number("K"), call.number("N")
    if packed is None or x.dims[-1] != taken or out < 1:
        low.refuse(call, f"weights of {out} x {taken} on {list(x.dims)}")
    scales = low.constant(call, 2)
    weight = packed._replace(scales=scales.roots if scales else ())
    bias = low.constant(call, 5)
    op = Linear(out, bias is not None)
    x = as_tokens(low, call, x)
    layer(low, call, op, x, weight=weight, bias=bias, dims=(*x.dims[:-1], out))


def fused_conv(low: Lowering, call: Call) -> None:
    """FusedConv of com.microsoft: an addition and an activation may come with it."""
    convolve(low, call)
    finish_fused(low, call)


def fused_matmul(low: Lowering, call: Call) -> None:
    """FusedMatMul: its operands may be transposed, also their first dimension."""
    names = []
    for at, side in enumerate("AB"):
        name = call.inputs[at]
        if call.number(f"transBatch{side}") and not low.constant(call, at):
            x = low.value(call, at)
            dims = (*x.dims[1:-1], x.dims[0], x.dims[-1])
            name = f"{call.outputs[0]}: {side}"
            low.values[name] = low.view(call, x, dims, name="transpose", output=None)
        names.append(name)
    matmul(low, replace(call, inputs=tuple(names)), turned=turned_operands(call))


def matmul_with_bias(low: Lowering, call: Call, bias: int) -> None:
    """A quantised matrix product whose bias is a further input."""
    made = matmul(low, call)
    if made:
        add_bias(low, call, made, bias, output=0)
