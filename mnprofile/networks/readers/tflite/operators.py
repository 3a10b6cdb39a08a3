"""Which rule each TFLite operator has.

Maps have their channels last: (batch, height, width, channels). The file gives the
shape of every tensor, so rules of moves and views are not needed.
"""

from functools import partial
from math import prod

from mnprofile.graph.operators.convolution import Zeros, plain_sides
from mnprofile.graph.operators.elementwise import (
    Activation,
    ActivationKind,
    Softmax,
)
from mnprofile.graph.operators.joining import (
    Add,
    Concatenate,
    Multiply,
    Scale,
    Subtract,
)
from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.graph.operators.reshaping import Flatten, Pad, Resize
from mnprofile.graph.operators.tensors import Elementwise, PReLU
from mnprofile.graph.operators.window_pooling import Pool, PoolKind
from mnprofile.networks.readers.files.layers import (
    apply,
    factors,
    look_up,
    pool_whole,
    with_constant,
)
from mnprofile.networks.readers.files.lowering import Lowering, Rule
from mnprofile.networks.readers.files.program import Call, Dims, Stored, Value
from mnprofile.networks.readers.tflite import control
from mnprofile.networks.readers.tflite.layers import (
    a_map,
    batch_matmul,
    connect,
    convolve,
    convolve_3d,
    convolve_depthwise,
    convolve_transposed,
    fused,
    padding,
    per_axis,
    recurrent,
    svdf,
)

FUNCTIONS: dict[str, ActivationKind] = {
    "RELU": "relu",
    "RELU6": "relu6",
    "RELU_N1_TO_1": "hardtanh",
    "RELU_0_TO_1": "hardtanh",
    "LOGISTIC": "sigmoid",
    "TANH": "tanh",
    "HARD_SWISH": "hardswish",
    "LEAKY_RELU": "leaky_relu",
    "ELU": "elu",
    "GELU": "gelu",
}


def arithmetic(low: Lowering, call: Call, name: str) -> None:
    """ADD, MUL ...: constants of more than one element are parameters."""
    out = low.needed(call)
    constants = [low.constant(call, at) for at in range(len(call.inputs))]
    moving = [low.value(call, at) for at, one in enumerate(constants) if one is None]
    if not moving:
        roots = tuple(root for one in constants if one for root in one.roots)
        return low.keep(call, Stored(out, roots))
    trained = {at: one for at, one in enumerate(constants) if one and one.elements > 1}
    made: Value | None = None
    if len(moving) == len(trained) == 1 and moving[0].dims == out:
        made = with_constant(low, call, name, moving[0], *trained.values())
    if made is None:
        inputs = [*moving, *(low.value(call, at) for at in trained)]
        made = _join(low, call, name, inputs, out)
    return fused(low, call, made)


def _join(
    low: Lowering, call: Call, name: str, inputs: list[Value], dims: Dims
) -> Value:
    """Several tensors of one shape, or repeated to it."""
    inputs = sorted(inputs, key=lambda one: one.dims != dims)
    same = all(low.shape(one) == low.shape(inputs[0]) for one in inputs)
    kinds: dict[str, type[Op]] = {"add": Add, "mul": Multiply, "sub": Subtract}
    if same and len(inputs) == 2 and name in kinds:
        return low.emit(call, kinds[name](), *inputs, dims=dims)
    if name == "mul" and len(inputs) == 2 and len(dims) == 4:
        a, b = (low.shape(one) for one in inputs)
        if b.dims == (a.c, 1, 1) and inputs[0].dims == dims:
            return low.emit(call, Scale(), *inputs, dims=dims)
    if same:
        return low.emit(call, Elementwise(name), *inputs, dims=dims)
    return low.copy(call, name, *inputs, dims=dims)


def prelu(low: Lowering, call: Call) -> None:
    x, slopes = low.value(call, 0), low.constant(call, 1)
    per_channel = slopes is not None and slopes.elements == x.dims[-1]
    if slopes is None or not (per_channel or slopes.elements == 1):
        return arithmetic(low, call, "prelu")
    factors(low, call, x, slopes, PReLU(per_channel))
    return None


def pool(low: Lowering, call: Call, function: PoolKind) -> None:
    """Average over the whole map is the pooling at the end of a network."""
    x = a_map(low, call, 0)
    kernel, zeros = per_axis(low, call, "kernel"), padding(low, call)
    is_whole = kernel == x.dims[1:3] and isinstance(zeros, Zeros)
    if function == "avg" and is_whole:
        made = low.emit(call, GlobalPool(), x)
    else:
        stride = plain_sides(per_axis(low, call, "stride"))
        op = Pool(function, plain_sides(kernel), stride, 1, zeros)
        made = low.emit(call, op, x)
    fused(low, call, made)


def reduce(low: Lowering, call: Call, function: str) -> None:
    """MEAN over a whole map is pooling; everything else keeps its name."""
    out = low.needed(call)
    if low.constant(call, 0):
        return low.keep(call, Stored(out, values=None))
    x = low.value(call, 0)
    axes = low.numbers(call, 1)
    rank = len(x.dims)
    over = {int(one) % rank for one in axes} if axes and rank else set()
    if function == "mean" and rank == 4 and over == {1, 2}:
        pooled = (x.dims[0], 1, 1, x.dims[3])
        return pool_whole(low, call, low.as_map(call, x), pooled, out)
    low.copy(call, function, x, dims=out)
    return None


def reshape(low: Lowering, call: Call, name: str) -> None:
    out, known = low.needed(call), low.constant(call, 0)
    if known:
        return low.keep(call, known._replace(dims=out))
    x = low.value(call, 0)
    if prod(out) != prod(x.dims):
        low.refuse(call, f"{list(x.dims)} cannot be seen as {list(out)}")
    is_vector = len(out) == 2 and out[0] == x.dims[0] == low.batch
    if is_vector and low.is_map(x):
        low.emit(call, Flatten(), x, dims=out)
    else:
        low.view(call, x, out, name=name)
    return None


def copy(low: Lowering, call: Call, name: str) -> None:
    """Elements in other places; every output has the shape that the file gives."""
    inputs, known = low.moving(call), low.constant(call, 0)
    for at, output in enumerate(call.outputs):
        dims = low.needed(call, at)
        if not inputs:
            low.keep(call, Stored(dims, known.roots if known else ()), at)
        elif output:
            low.copy(call, name, *inputs, dims=dims, output=at)


def embed(low: Lowering, call: Call) -> None:
    """EMBEDDING_LOOKUP (indices, table), GATHER (table, indices)."""
    at, table_at = (0, 1) if call.operator == "EMBEDDING_LOOKUP" else (1, 0)
    table = low.constant(call, table_at)
    if table is None or len(table.dims) != 2 or low.constant(call, at):
        return copy(low, call, "gather")
    return look_up(low, call, low.value(call, at), table, low.needed(call))


def split(low: Lowering, call: Call) -> None:
    """SPLIT has its axis first, SPLIT_V and UNPACK the tensor."""
    place = 1 if call.operator == "SPLIT" else 0
    if low.constant(call, place):
        return copy(low, call, "split")
    x = low.value(call, place)
    for at in range(len(call.outputs)):
        low.view(call, x, low.needed(call, at), name="split", output=at)
    return None


def concatenate(low: Lowering, call: Call) -> None:
    out, axis = low.needed(call), call.number("axis")
    inputs = [low.value(call, at) for at in range(len(call.inputs))]
    if not inputs or not out:
        low.refuse(call, "nothing to concatenate")
    if len(out) == 4 and axis % 4 == 3:
        made = low.emit(call, Concatenate(), *inputs, dims=out)
    else:
        made = low.copy(call, "concat", *inputs, dims=out)
    fused(low, call, made)


def pad(low: Lowering, call: Call) -> None:
    out, zeros = low.needed(call), low.numbers(call, 1)
    x = low.value(call, 0)
    if zeros is None or len(x.dims) != 4 or len(zeros) != 8:
        return copy(low, call, "pad")
    if any((*zeros[:2], *zeros[6:])) or min(zeros) < 0:
        return copy(low, call, "pad")
    start, end = zeros[2:6:2], zeros[3:6:2]
    op = Pad(tuple(map(int, start)), tuple(map(int, end)))
    low.emit(call, op, low.as_map(call, x), dims=out)
    return None


def resize(low: Lowering, call: Call) -> None:
    x, out = a_map(low, call, 0), low.needed(call)
    if len(out) != 4 or out[3] != x.dims[3]:
        low.refuse(call, f"{list(x.dims)} resized to {list(out)}")
    low.emit(call, Resize(size=out[1:3]), x, dims=out)


def quantize(low: Lowering, call: Call) -> None:
    """QUANTIZE, DEQUANTIZE, CAST: a tensor of another type."""
    known = low.constant(call, 0)
    if known:
        return low.keep(call, known._replace(dims=low.needed(call)))
    return apply(low, call, Elementwise(call.operator.lower(), in_place=False))


_FUNCTIONS = """
FLOOR EXP LOG SQRT RSQRT SIN COS ABS NEG CEIL ROUND SQUARE LOGICAL_NOT ZEROS_LIKE SIGN
POW MAXIMUM MINIMUM SQUARED_DIFFERENCE FLOOR_DIV FLOOR_MOD LESS LESS_EQUAL GREATER
GREATER_EQUAL EQUAL NOT_EQUAL LOGICAL_AND LOGICAL_OR SELECT SELECT_V2 ADD_N ATAN2
BITWISE_XOR RIGHT_SHIFT DIV L2_NORMALIZATION LOCAL_RESPONSE_NORMALIZATION FAKE_QUANT
"""
_COPIES = """
SLICE STRIDED_SLICE TILE GATHER_ND PACK REVERSE_V2 TOPK_V2 ARG_MAX ARG_MIN ONE_HOT
CUMSUM SPACE_TO_BATCH_ND BATCH_TO_SPACE_ND SPACE_TO_DEPTH DEPTH_TO_SPACE MIRROR_PAD
PADV2 BROADCAST_TO BROADCAST_ARGS SCATTER_ND SHAPE RANK FILL RANGE WHERE
REVERSE_SEQUENCE MATRIX_DIAG MATRIX_SET_DIAG SPARSE_TO_DENSE DENSIFY
DYNAMIC_UPDATE_SLICE SEGMENT_SUM TRANSPOSE UNIQUE RANDOM_UNIFORM VAR_HANDLE
READ_VARIABLE RANDOM_STANDARD_NORMAL MULTINOMIAL BUCKETIZE NON_MAX_SUPPRESSION_V4
NON_MAX_SUPPRESSION_V5 DILATE
"""
_VIEWS = "RESHAPE SQUEEZE EXPAND_DIMS BITCAST"
_REDUCTIONS = "MEAN SUM REDUCE_PROD REDUCE_MAX REDUCE_MIN REDUCE_ANY REDUCE_ALL"

OPERATORS: dict[str, Rule] = {
    **{name: partial(arithmetic, name=name.lower()) for name in _FUNCTIONS.split()},
    **{name: partial(copy, name=name.lower()) for name in _COPIES.split()},
    **{name: partial(reshape, name=name.lower()) for name in _VIEWS.split()},
    **{
        name: partial(reduce, function=name.removeprefix("REDUCE_").lower())
        for name in _REDUCTIONS.split()
    },
    **{name: partial(apply, op=Activation(kind)) for name, kind in FUNCTIONS.items()},
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE", "CAST"), quantize),
    **dict.fromkeys(("SPLIT", "SPLIT_V", "UNPACK"), split),
    **dict.fromkeys(("SOFTMAX", "LOG_SOFTMAX"), partial(apply, op=Softmax())),
    **dict.fromkeys(("EMBEDDING_LOOKUP", "GATHER"), embed),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), resize),
    **dict.fromkeys(
        (
            "LSTM",
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            "BIDIRECTIONAL_SEQUENCE_LSTM",
            "UNIDIRECTIONAL_SEQUENCE_RNN",
        ),
        recurrent,
    ),
    "ADD": partial(arithmetic, name="add"),
    "SUB": partial(arithmetic, name="sub"),
    "MUL": partial(arithmetic, name="mul"),
    "CONV_2D": convolve,
    "DEPTHWISE_CONV_2D": convolve_depthwise,
    "CONV_3D": convolve_3d,
    "TRANSPOSE_CONV": convolve_transposed,
    "FULLY_CONNECTED": connect,
    "BATCH_MATMUL": batch_matmul,
    "AVERAGE_POOL_2D": partial(pool, function="avg"),
    "MAX_POOL_2D": partial(pool, function="max"),
    "L2_POOL_2D": partial(pool, function="lp"),
    "CONCATENATION": concatenate,
    "IF": control.branch,
    "WHILE": control.repeat,
    "STABLEHLO_COMPOSITE": control.inline,
    "CALL": control.inline,
    "PAD": pad,
    "PRELU": prelu,
    "SVDF": svdf,
}
