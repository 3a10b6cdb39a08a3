"""TFLite operators with weights or matrix products."""

from math import prod

from mnprofile.graph.operators.convolution import (
    SAME,
    Conv,
    Depthwise,
    Padding,
    Sides,
    Zeros,
    plain_sides,
)
from mnprofile.graph.operators.elementwise import Activation, ActivationKind
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.products import Contraction
from mnprofile.graph.operators.reshaping import Flatten
from mnprofile.graph.operators.transposed import ConvTranspose
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


def given(low: Lowering, call: Call, output: int = 0) -> Dims:
    """The shape of an output as the file has it."""
    return low.needed(call, output)


def fused(low: Lowering, call: Call, made: Value) -> Value:
    """The activation function that an operator has built in."""
    index = call.number("activation")
    if not 0 <= index < len(ACTIVATIONS):
        low.refuse(call, f"there is no activation function {index}")
    if index == 0:
        return made
    function = FUSED[ACTIVATIONS[index]]
    return low.emit(call, Activation(function), made, dims=made.dims)


def emit(
    low: Lowering,
    call: Call,
    op: Op,
    *inputs: Value,
    weight: Stored | None = None,
    bias: Stored | None = None,
    dims: Dims | None = None,
) -> None:
    """A node with weights and what is fused into it."""
    stored, kept = low.parameters(op, low.shape(inputs[0]), weight, bias)
    made = low.emit(call, op, *inputs, dims=dims, stored=stored, kept=kept)
    fused(low, call, made)


def sides(low: Lowering, call: Call, name: str, axes: str = "hw") -> Sides:
    """A stride, dilation or window."""
    return plain_sides(per_axis(low, call, name, axes))


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
    bias = low.constant(call, 2)
    if len(kernel) != 4 or not kernel[3] or x.dims[3] % kernel[3]:
        low.refuse(call, f"a kernel {list(kernel)} on a map {list(x.dims)}")
    op = Conv(
        kernel[0],
        plain_sides(kernel[1:3]),
        sides(low, call, "stride"),
        sides(low, call, "dilation"),
        bias is not None,
        x.dims[3] // kernel[3],
        padding(low, call),
    )
    emit(low, call, op, x, weight=low.constant(call, 1), bias=bias)


def convolve_depthwise(low: Lowering, call: Call) -> None:
    """DEPTHWISE_CONV_2D: a kernel (1, height, width, in x multiplier)."""
    x, kernel = a_map(low, call, 0), low.dims(call, 1)
    bias = low.constant(call, 2)
    channels = x.dims[3]
    if len(kernel) != 4 or kernel[0] != 1 or not channels or kernel[3] % channels:
        low.refuse(call, f"a kernel {list(kernel)} on a map {list(x.dims)}")
    window = (
        plain_sides(kernel[1:3]),
        sides(low, call, "stride"),
        sides(low, call, "dilation"),
    )
    op: Op
    if kernel[3] == channels:
        op = Depthwise(*window, padding(low, call), bias is not None)
    else:
        zeros = padding(low, call)
        op = Conv(kernel[3], *window, bias is not None, channels, zeros)
    emit(low, call, op, x, weight=low.constant(call, 1), bias=bias)


def convolve_3d(low: Lowering, call: Call) -> None:
    """CONV_3D: a kernel (depth, height, width, in, out)."""
    x, kernel = a_map(low, call, 0, 5), low.dims(call, 1)
    bias = low.constant(call, 2)
    if len(kernel) != 5 or kernel[3] != x.dims[4]:
        low.refuse(call, f"a kernel {list(kernel)} on a map {list(x.dims)}")
    op = Conv(
        kernel[4],
        kernel[:3],
        sides(low, call, "stride", "dhw"),
        sides(low, call, "dilation", "dhw"),
        bias is not None,
        1,
        padding(low, call, 3),
    )
    emit(low, call, op, x, weight=low.constant(call, 1), bias=bias)


def convolve_transposed(low: Lowering, call: Call) -> None:
    """TRANSPOSE_CONV: output shape, a kernel (out, height, width, in), the map."""
    x, kernel, out = a_map(low, call, 2), low.dims(call, 1), given(low, call)
    bias = low.constant(call, 3)
    if len(kernel) != 4 or len(out) != 4 or kernel[3] != x.dims[3]:
        low.refuse(call, f"a kernel {list(kernel)} on a map {list(x.dims)}")
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
    emit(low, call, op, x, weight=low.constant(call, 1), bias=bias)


def connect(low: Lowering, call: Call) -> None:
    """FULLY_CONNECTED: weights (out, in) on rows of that length."""
    x, kernel, out = low.value(call, 0), low.dims(call, 1), given(low, call)
    weight, bias = low.constant(call, 1), low.constant(call, 2)
    if len(kernel) != 2 or not kernel[1] or prod(x.dims) % kernel[1]:
        low.refuse(call, f"weights {list(kernel)} on {list(x.dims)}")
    rows = prod(x.dims) // kernel[1]
    if prod(out) != rows * kernel[0]:
        low.refuse(call, f"weights {list(kernel)} on {list(x.dims)} give {list(out)}")
    op: Op
    if weight is None:
        y = low.value(call, 1)
        op = Contraction("MatMul", *low.graph_dims(out, -1), prod(out) * kernel[1])
        return emit(low, call, op, x, y, dims=out)
    op = Linear(kernel[0], bias is not None)
    if rows == low.batch and len(x.dims) > 1 and x.dims[0] == low.batch:
        wanted: Dims = (low.batch, kernel[1])
        if x.dims != wanted:
            x = flat(low, call, x, wanted, output=None)
    elif x.dims[-1:] != kernel[1:] or len(x.dims) > 3:
        x = low.view(call, x, (rows, kernel[1]), output=None)
    made_dims = (*x.dims[:-1], kernel[0])
    stored, kept = low.parameters(op, low.shape(x), weight, bias)
    is_last = made_dims == out
    made = low.emit(
        call,
        op,
        x,
        dims=made_dims,
        stored=stored,
        kept=kept,
        output=0 if is_last else None,
    )
    if not is_last:
        made = low.view(call, made, out)
    fused(low, call, made)
    return None


def flat(
    low: Lowering, call: Call, x: Value, dims: Dims, output: int | None = 0
) -> Value:
    """A map as a vector."""
    return low.emit(call, Flatten(), x, dims=dims, output=output)


def batch_matmul(low: Lowering, call: Call) -> None:
    a, b, out = low.dims(call, 0), low.dims(call, 1), given(low, call)
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
    macs = prod(out) * inner // (low.batch if out[0] == low.batch else 1)
    elements = weight.elements if weight else 0
    op = Contraction("MatMul", *low.graph_dims(out, -1), macs, elements)
    return emit(low, call, op, *inputs, weight=weight, dims=out)


def svdf(low: Lowering, call: Call) -> None:
    """SVDF: per step, features (units x rank, in), history (units x rank, steps)."""
    x, out = low.value(call, 0), given(low, call)
    features, history = low.constant(call, 1), low.constant(call, 2)
    if not features or not history or len(features.dims) != 2:
        return low.unknown(call)
    roots = features.roots + history.roots
    both = Stored((features.elements + history.elements,), roots)
    op = Contraction("SVDF", *low.graph_dims(out, -1), both.elements, both.elements)
    bias = low.constant(call, 3)
    stored, kept = low.parameters(op, low.shape(x), both, None)
    if bias and low.is_new(bias):
        stored = stored._replace(biases=bias.elements)
        kept = kept._replace(biases=low.bytes_of(bias.roots))
    made = low.emit(call, op, x, dims=out, stored=stored, kept=kept)
    fused(low, call, made)
    return None


def recurrent(low: Lowering, call: Call) -> None:
    """Sequence LSTM: every weight is used once per step."""
    x, out = low.value(call, 0), given(low, call)
    known = [low.constant(call, at) for at in range(1, len(call.inputs))]
    matrices = [one for one in known if one and len(one.dims) == 2]
    vectors = [one for one in known if one and len(one.dims) == 1]
    if len(x.dims) != 3 or len(matrices) < 2:
        return low.unknown(call)
    steps = x.dims[0] if call.number("time_major") else x.dims[1]
    roots = tuple(root for one in matrices for root in one.roots)
    weight = Stored((sum(one.elements for one in matrices),), roots)
    macs = weight.elements * steps
    kind = "LSTM" if "LSTM" in call.operator else "RNN"
    op = Contraction(kind, *low.graph_dims(out, -1), macs, weight.elements)
    stored, kept = low.parameters(op, low.shape(x), weight, None)
    biases = sum(one.elements for one in vectors if low.is_new(one))
    stored = stored._replace(biases=biases)
    bias_bytes = sum(low.bytes_of(one.roots) for one in vectors)
    made = low.emit(
        call, op, x, dims=out, stored=stored, kept=kept._replace(biases=bias_bytes)
    )
    fused(low, call, made)
    return None
