"""TFLite operators with weights or matrix products."""

from math import prod
from typing import NoReturn

from mnprofile.graph.operators.convolution import (
    SAME,
    Conv,
    Depthwise,
    Padding,
    Zeros,
    plain_sides,
)
from mnprofile.graph.operators.elementwise import Activation, ActivationKind
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.products import Contraction
from mnprofile.graph.operators.reshaping import Flatten
from mnprofile.graph.operators.transposed import ConvTranspose
from mnprofile.networks.readers.files.layers import contract, layer
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Dims, Stored, Value
from mnprofile.networks.readers.tflite.schema import ACTIVATIONS, PADDINGS

FUSED: dict[str, ActivationKind] = {
    "relu": "relu",
    "relu6": "relu6",
    "relu_n1_to_1": "hardtanh",
    "tanh": "tanh",
    "sign_bit": "hardtanh",
}


def fused(low: Lowering, call: Call, made: Value) -> None:
    """The activation function that an operator has built in."""
    index = call.number("activation")
    if not 0 <= index < len(ACTIVATIONS):
        low.refuse(call, f"there is no activation function {index}")
    if index:
        function = FUSED[ACTIVATIONS[index]]
        low.emit(call, Activation(function), made, dims=made.dims)


def per_axis(low: Lowering, call: Call, name: str, axes: str = "hw") -> Dims:
    """A positive number per axis."""
    found = tuple(call.number(f"{name}_{axis}", 1) for axis in axes)
    if min(found) < 1:
        low.refuse(call, f"{name} {list(found)}")
    return found


def padding(low: Lowering, call: Call, rank: int = 2) -> Padding:
    """SAME is TensorFlow's rule, VALID no zeros."""
    index = call.number("padding")
    if not 0 <= index < len(PADDINGS):
        low.refuse(call, f"there is no padding {index}")
    return SAME if PADDINGS[index] == "SAME" else Zeros((0,) * rank, (0,) * rank)


def a_map(low: Lowering, call: Call, at: int, rank: int = 4) -> Value:
    x = low.value(call, at)
    if len(x.dims) != rank:
        low.refuse(call, f"a map {list(x.dims)}, not of {rank} dimensions")
    return low.as_map(call, x)


def convolve(low: Lowering, call: Call) -> None:
    """CONV_2D: a kernel (out, height, width, in); fewer channels in mean groups."""
    x, kernel = a_map(low, call, 0), low.dims(call, 1)
    if len(kernel) != 4 or not kernel[3] or x.dims[3] % kernel[3]:
        _refuse_kernel(low, call, kernel, x)
    _convolve(low, call, x, kernel[1:3], kernel[0], x.dims[3] // kernel[3])


def convolve_depthwise(low: Lowering, call: Call) -> None:
    """DEPTHWISE_CONV_2D: a kernel (1, height, width, in x multiplier)."""
    x, kernel = a_map(low, call, 0), low.dims(call, 1)
    channels = x.dims[3]
    if len(kernel) != 4 or kernel[0] != 1 or not channels or kernel[3] % channels:
        _refuse_kernel(low, call, kernel, x)
    is_plain = kernel[3] == channels
    _convolve(low, call, x, kernel[1:3], kernel[3], channels, is_depthwise=is_plain)


def convolve_3d(low: Lowering, call: Call) -> None:
    """CONV_3D: a kernel (depth, height, width, in, out)."""
    x, kernel = a_map(low, call, 0, 5), low.dims(call, 1)
    if len(kernel) != 5 or kernel[3] != x.dims[4]:
        _refuse_kernel(low, call, kernel, x)
    _convolve(low, call, x, kernel[:3], kernel[4], 1)


def _refuse_kernel(low: Lowering, call: Call, kernel: Dims, x: Value) -> NoReturn:
    low.refuse(call, f"a kernel {list(kernel)} on a map {list(x.dims)}")


def _convolve(
    low: Lowering,
    call: Call,
    x: Value,
    kernel: Dims,
    out: int,
    groups: int,
    *,
    is_depthwise: bool = False,
) -> None:
    """A convolution whose kernel has these sides."""
    axes = "dhw"[-len(kernel) :]
    window = (
        plain_sides(kernel),
        plain_sides(per_axis(low, call, "stride", axes)),
        plain_sides(per_axis(low, call, "dilation", axes)),
    )
    zeros, bias = padding(low, call, len(kernel)), low.constant(call, 2)
    op: Op = Conv(out, *window, bias is not None, groups, zeros)
    if is_depthwise:
        op = Depthwise(*window, zeros, bias is not None)
    made = layer(low, call, op, x, weight=low.constant(call, 1), bias=bias)
    fused(low, call, made)


def convolve_transposed(low: Lowering, call: Call) -> None:
    """TRANSPOSE_CONV: output shape, a kernel (out, height, width, in), the map."""
    x, kernel, out = a_map(low, call, 2), low.dims(call, 1), low.needed(call)
    bias = low.constant(call, 3)
    if len(kernel) != 4 or len(out) != 4 or kernel[3] != x.dims[3]:
        _refuse_kernel(low, call, kernel, x)
    stride = per_axis(low, call, "stride")
    plain = [(x.dims[at] - 1) * stride[at - 1] + kernel[at] for at in (1, 2)]
    extra = (out[1] - plain[0], out[2] - plain[1])
    op = ConvTranspose(
        kernel[0],
        plain_sides(kernel[1:3]),
        plain_sides(stride),
        1,
        bias is not None,
        1,
        extra=extra,
    )
    made = layer(low, call, op, x, weight=low.constant(call, 1), bias=bias)
    fused(low, call, made)


def connect(low: Lowering, call: Call) -> None:
    """FULLY_CONNECTED: weights (out, in) on rows of that length."""
    x, kernel, out = low.value(call, 0), low.dims(call, 1), low.needed(call)
    weight, bias = low.constant(call, 1), low.constant(call, 2)
    if len(kernel) != 2 or not kernel[1] or prod(x.dims) % kernel[1]:
        low.refuse(call, f"weights {list(kernel)} on {list(x.dims)}")
    rows = prod(x.dims) // kernel[1]
    if prod(out) != rows * kernel[0]:
        low.refuse(call, f"weights {list(kernel)} on {list(x.dims)} give {list(out)}")
    if weight is None:
        inputs, macs = (x, low.value(call, 1)), prod(out) * kernel[1]
        made = contract(low, call, "MatMul", *inputs, dims=out, macs=macs, weight=None)
        return fused(low, call, made)
    op = Linear(kernel[0], bias is not None)
    if rows == low.batch and len(x.dims) > 1 and x.dims[0] == low.batch:
        wanted: Dims = (low.batch, kernel[1])
        if x.dims != wanted:
            x = low.emit(call, Flatten(), x, dims=wanted, output=None)
    elif x.dims[-1:] != kernel[1:] or len(x.dims) > 3:
        x = low.view(call, x, (rows, kernel[1]), output=None)
    dims = (*x.dims[:-1], kernel[0])
    output = 0 if dims == out else None
    made = layer(low, call, op, x, weight=weight, bias=bias, dims=dims, output=output)
    if dims != out:
        made = low.view(call, made, out)
    return fused(low, call, made)


def batch_matmul(low: Lowering, call: Call) -> None:
    a, b, out = low.dims(call, 0), low.dims(call, 1), low.needed(call)
    if min(len(a), len(b)) < 2:
        low.refuse(call, f"{list(a)} cannot be multiplied by {list(b)}")
    turned = bool(call.number("adj_x")), bool(call.number("adj_y"))
    inner = a[-2] if turned[0] else a[-1]
    if inner != (b[-1] if turned[1] else b[-2]):
        low.refuse(call, f"{list(a)} cannot be multiplied by {list(b)}")
    weight = low.constant(call, 0) or low.constant(call, 1)
    inputs = [low.value(call, at) for at in (0, 1) if not low.constant(call, at)]
    if not inputs:
        return low.keep(call, Stored(out))
    macs = prod(out) * inner
    contract(low, call, "MatMul", *inputs, dims=out, macs=macs, weight=weight)
    return None


def svdf(low: Lowering, call: Call) -> None:
    """SVDF: per step, features (units x rank, in), history (units x rank, steps)."""
    x = low.value(call, 0)
    features, history, bias = (low.constant(call, at) for at in (1, 2, 3))
    if not features or not history or len(features.dims) != 2:
        return low.unknown(call)
    biases = [bias] if bias else []
    return _steps(low, call, "SVDF", x, 1, [features, history], biases)


def recurrent(low: Lowering, call: Call) -> None:
    """Sequence LSTM: every matrix is used once per step."""
    x = low.value(call, 0)
    known = [low.stored[name] for name in call.inputs[1:] if name in low.stored]
    matrices = [one for one in known if len(one.dims) == 2]
    vectors = [one for one in known if len(one.dims) == 1]
    if len(x.dims) != 3 or len(matrices) < 2:
        return low.unknown(call)
    steps = x.dims[0] if call.number("time_major") else x.dims[1]
    kind = "LSTM" if "LSTM" in call.operator else "RNN"
    return _steps(low, call, kind, x, steps, matrices, vectors)


def _steps(
    low: Lowering,
    call: Call,
    kind: str,
    x: Value,
    steps: int,
    weights: list[Stored],
    biases: list[Stored],
) -> None:
    """A layer that uses every weight once per step."""
    out = low.needed(call)
    roots = tuple(root for one in weights for root in one.roots)
    whole = Stored((sum(one.elements for one in weights),), roots)
    macs = whole.elements * steps
    op = Contraction(kind, *low.graph_dims(out, -1), macs, whole.elements)
    stored, kept = low.parameters(op, low.shape(x), whole, None)
    new = [one for one in biases if low.is_new(one)]
    stored = stored._replace(biases=sum(one.elements for one in new))
    kept = kept._replace(biases=sum(low.bytes_of(one.roots) for one in new))
    made = low.emit(call, op, x, dims=out, stored=stored, kept=kept)
    fused(low, call, made)
