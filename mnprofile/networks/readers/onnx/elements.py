"""ONNX operators on elements: activation functions, arithmetic, pooling, reduction."""

from math import inf

from mnprofile.graph.operators.convolution import plain_sides
from mnprofile.graph.operators.elementwise import (
    Activation,
    ActivationKind,
)
from mnprofile.graph.operators.joining import Add, Multiply, Scale, Subtract
from mnprofile.graph.operators.op import Op, broadcast
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.graph.operators.tensors import Elementwise, PReLU, Reduce
from mnprofile.graph.operators.window_pooling import Pool, PoolKind
from mnprofile.networks.readers.files.arithmetic import combined
from mnprofile.networks.readers.files.layers import (
    add_bias,
    apply,
    factors,
    pool_whole,
    with_constant,
)
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Dims, Stored, Value
from mnprofile.networks.readers.onnx.layers import is_rescaled, padding, sides

FUNCTIONS: dict[str, ActivationKind] = {
    "Relu": "relu",
    "HardSwish": "hardswish",
    "HardSigmoid": "hardsigmoid",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "LeakyRelu": "leaky_relu",
    "Elu": "elu",
    "Selu": "selu",
    "Celu": "celu",
    "Gelu": "gelu",
    "Mish": "mish",
    "Swish": "silu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "ThresholdedRelu": "threshold",
    "Shrink": "hardshrink",
}
FUSED: dict[str, ActivationKind] = {**FUNCTIONS, "Clip": "hardtanh"}


def clip(low: Lowering, call: Call) -> None:
    """Clip to 0 and 6 is ReLU6, to 0 and no end ReLU."""
    low_end, high_end = (_limit(low, call, at) for at in (1, 2))
    function: ActivationKind = "hardtanh"
    if low_end == 0 and high_end == 6:
        function = "relu6"
    elif low_end == 0 and high_end == inf:
        function = "relu"
    apply(low, call, Activation(function))


def _limit(low: Lowering, call: Call, at: int) -> float | None:
    """A limit of Clip: an input, before opset 11 an attribute; None if not known."""
    name = ("", "min", "max")[at]
    if low.name(call, at):
        values = low.numbers(call, at)
        return values[0] if values else None
    value = call.attributes.get(name, -inf if at == 1 else inf)
    return value if isinstance(value, int | float) else None


def biased_activation(low: Lowering, call: Call) -> None:
    """BiasGelu, FastGelu: a constant may be added before the activation function."""
    x = add_bias(low, call, low.value(call, 0), 1)
    low.emit(call, Activation("gelu"), x, dims=x.dims)


def prelu(low: Lowering, call: Call) -> None:
    x, slopes = low.value(call, 0), low.constant(call, 1)
    if slopes is None or slopes.elements not in (1, x.dims[x.channels]):
        return arithmetic(low, call, "prelu")
    factors(low, call, x, slopes, PReLU(slopes.elements > 1))
    return None


def arithmetic(
    low: Lowering, call: Call, name: str = "", operands: tuple[int, ...] = ()
) -> None:
    """A function of one element of each input, which are repeated as numpy does.

    Constants of one element, and integers, are no parameters: x + 3, a mask.
    """
    name = name or call.operator.lower()
    at = operands or tuple(range(len(call.inputs)))
    at = tuple(one for one in at if low.name(call, one))
    rows = [low.dims(call, one) for one in at]
    dims = _together(rows)
    if dims is None or not at:
        told = ", ".join(str(list(one)) for one in rows)
        low.refuse(call, f"shapes that do not fit together: {told}")
    constants = {one: known for one in at if (known := low.constant(call, one))}
    if len(constants) == len(at):
        return low.keep(call, combined(call.operator, dims, list(constants.values())))
    moving = [low.value(call, one) for one in at if one not in constants]
    trained = [
        one
        for one, known in constants.items()
        if low.is_trained(known)
        and not (name == "add" and any(_masks(low, known, x) for x in moving))
    ]
    x = moving[0]
    if name == "mul" and len(moving) == 1 and is_rescaled(low, x):
        low.dtypes[x.node] = "float32"
        return low.alias(call, x)
    is_pair = len(moving) == len(trained) == 1 and x.dims == dims
    if is_pair and with_constant(low, call, name, x, constants[trained[0]]):
        return None
    moved = _together([one.dims for one in moving])
    # Where a mask makes the result larger, it is an input too.
    kept = trained if moved == dims or trained else list(constants)
    moving += [low.value(call, one) for one in kept]
    _join(low, call, name, moving, dims)
    return None


def _together(rows: list[Dims]) -> Dims | None:
    """The dimensions that some tensors have together, None where they do not fit."""
    dims: Dims | None = ()
    for one in rows:
        dims = None if dims is None else broadcast(dims, one)
    return dims


def _masks(low: Lowering, known: Stored, x: Value) -> bool:
    """Whether a constant is an attention mask: one matrix for the scores of all heads.

    An exporter stores it where the number of tokens is fixed. It is not trained.
    """
    scores = len(x.dims) == 4 and not low.is_map(x)
    side = x.dims[-1] if x.dims else 0
    alone = known.elements == side**2 and known.dims[-2:] == (side, side)
    return scores and alone and len(known.dims) > 2


def _join(
    low: Lowering, call: Call, name: str, inputs: list[Value], dims: Dims
) -> None:
    """Addition, product and difference of two tensors, or any other function."""
    op: Op = Elementwise(name)
    if len(inputs) == 2:
        a, b = inputs
        same = low.shape(a) == low.shape(b)
        if name in ("add", "mul", "sub") and same:
            op = {"add": Add, "mul": Multiply, "sub": Subtract}[name]()
        elif name == "mul" and len(a.dims) == len(b.dims) == 4:
            if low.shape(a).positions == 1 and b.dims == dims:
                a, b = b, a
            last = call.operator == "QLinearMul" and a.channels == b.channels == -1
            if not last:  # ONNX Runtime has quantised maps with their channels last
                a, b = low.as_map(call, a), low.as_map(call, b)
            x, y = low.shape(a), low.shape(b)
            if y.positions == 1 and x.c == y.c:
                op, inputs = Scale(), [a, b]
    if inputs[0].dims != dims:  # the first is not the one to write over
        inputs = sorted(inputs, key=lambda one: one.dims != dims)
        if isinstance(op, Elementwise):
            op = Elementwise(name, in_place=inputs[0].dims == dims)
    low.emit(call, op, *inputs, dims=dims)


# --- pooling and reduction ---------------------------------------------------------


def pool(low: Lowering, call: Call, function: PoolKind) -> None:
    """MaxPool, AveragePool, LpPool."""
    x = low.as_map(call, low.value(call, 0))
    rank = len(x.dims) - 2
    kernel = call.numbers("kernel_shape")
    if rank < 1 or len(kernel) != rank or min(kernel) < 1:
        low.refuse(call, f"a window {list(kernel)} on a map {list(x.dims)}")
    op = Pool(
        function,
        plain_sides(kernel),
        sides(low, call, "strides", rank),
        sides(low, call, "dilations", rank),
        padding(low, call, rank, ceil=bool(call.number("ceil_mode"))),
    )
    made = low.emit(call, op, x)
    if len(call.outputs) > 1 and call.outputs[1]:  # where each maximum was
        low.view(call, made, made.dims, 1 - len(made.dims), name="output", output=1)


def pool_all(low: Lowering, call: Call) -> None:
    """GlobalAveragePool and its like."""
    low.emit(call, GlobalPool(), low.as_map(call, low.value(call, 0)))


def reduce(low: Lowering, call: Call, function: str) -> None:
    """ReduceMean and its like: the axes are an input, in older files an attribute."""
    known = low.constant(call, 0)
    dims = low.dims(call, 0)
    axes = low.numbers(call, 1) if low.name(call, 1) else call.numbers("axes")
    if axes is None:
        axes = _shrunk(dims, low.needed(call))
    if not axes:
        stays = call.number("noop_with_empty_axes")
        axes = () if stays else tuple(range(len(dims)))
    over = {int(one) for one in axes}
    if any(not -len(dims) <= one < len(dims) for one in over):
        low.refuse(call, f"axes {sorted(over)} of {list(dims)}")
    over = {one % len(dims) for one in over}
    out = _reduced(dims, over, keeps=bool(call.number("keepdims", 1)))
    if known:
        return low.keep(call, combined(call.operator, out, [known]))
    _reduce_over(low, call, low.value(call, 0), function, over, out)
    return None


def _shrunk(dims: Dims, out: Dims) -> Dims:
    """The dimensions that became 1."""
    if len(dims) != len(out):
        return ()
    return tuple(at for at, one in enumerate(out) if one == 1 != dims[at])


def _reduced(dims: Dims, over: set[int], *, keeps: bool) -> Dims:
    """The dimensions of a reduction."""
    if keeps:
        return tuple(1 if at in over else one for at, one in enumerate(dims))
    return tuple(one for at, one in enumerate(dims) if at not in over)


def _reduce_over(
    low: Lowering, call: Call, x: Value, function: str, over: set[int], out: Dims
) -> None:
    """The mean over a whole map is pooling; everything else keeps its name."""
    dims, rank = x.dims, len(x.dims)
    if function == "mean" and rank == 4 and over == {1, 2, 3} - {x.channels % rank}:
        x = _as_channels(low, call, x)
        pool_whole(low, call, x, _reduced(dims, over, keeps=True), out)
        return
    inner = len(low.shape(x).dims)
    counted = tuple(at - rank for at in sorted(over) if rank - at <= inner)
    keeps = len(out) == rank
    low.emit(call, Reduce(function, counted, keeps), x, dims=out)


def _as_channels(low: Lowering, call: Call, x: Value) -> Value:
    """A map with its channels first, whatever their place was."""
    if x.channels == 1 - len(x.dims):
        return low.as_map(call, x)
    order = (x.dims[0], x.dims[x.channels], *(x.dims[1:-1]))
    return low.view(call, x, order, 1 - len(order), name="transpose", output=None)
