"""ONNX operators with weights or matrix products: layers, norms, attention."""

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
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import Op, broadcast
from mnprofile.graph.operators.products import MatMul
from mnprofile.graph.operators.recurrent import GATES, Cell, Recurrent
from mnprofile.graph.operators.tensors import Output, View
from mnprofile.graph.operators.transposed import ConvTranspose
from mnprofile.networks.readers.files.layers import add_bias, contract, layer, look_up
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Dims, Stored, Value

SUMS = "int32"  # of products of integers


def padding(low: Lowering, call: Call, rank: int, *, ceil: bool = False) -> Padding:
    """The zeros around a map of ``rank`` axes. SAME_UPPER is TensorFlow's rule."""
    auto = call.text("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        return SAME
    zeros = call.numbers("pads") if auto == "NOTSET" else ()
    zeros = zeros or (0,) * (2 * rank)
    if len(zeros) != 2 * rank or min(zeros) < 0:
        low.refuse(call, f"pads {list(zeros)} on a map of {rank} dimensions")
    return Zeros(zeros[:rank], zeros[rank:], ceil)


def sides(low: Lowering, call: Call, name: str, rank: int) -> Sides:
    """Strides or dilations on a map of ``rank`` axes, 1 if left out."""
    return plain_sides(per_axis(low, call, name, rank))


def per_axis(low: Lowering, call: Call, name: str, rank: int) -> Dims:
    """One positive number per axis of the map."""
    found = call.numbers(name) or (1,) * rank
    if len(found) != rank or min(found, default=1) < 1:
        low.refuse(call, f"{name} {list(found)} on a map of {rank} dimensions")
    return found


def convolve(low: Lowering, call: Call, x: int = 0, w: int = 1, b: int = 2) -> None:
    """Conv and its quantised forms; ``x``, ``w``, ``b`` say which inputs are which."""
    image, kernel = low.as_map(call, low.value(call, x)), low.dims(call, w)
    weight, bias = low.constant(call, w), low.constant(call, b)
    rank = len(kernel) - 2
    if rank < 1 or len(image.dims) != rank + 2:
        low.refuse(call, f"a kernel {list(kernel)} on a map {list(image.dims)}")
    groups, channels = call.number("group", 1), image.dims[1]
    if groups < 1 or channels != kernel[1] * groups:
        low.refuse(
            call, f"a kernel {list(kernel)} in {groups} groups on {channels} channels"
        )
    window = (
        plain_sides(kernel[2:]),
        sides(low, call, "strides", rank),
        sides(low, call, "dilations", rank),
    )
    zeros = padding(low, call, rank)
    op: Op = Conv(kernel[0], *window, bias is not None, groups, zeros)
    if groups > 1 and groups == channels == kernel[0]:
        op = Depthwise(*window, zeros, bias is not None)
    layer(low, call, op, image, weight=weight, bias=bias)


def convolve_integers(low: Lowering, call: Call) -> None:
    """ConvInteger: its further inputs are zero points."""
    convolve(low, call, b=len(call.inputs))
    low.dtypes[low.values[call.outputs[0]].node] = SUMS


def convolve_transposed(low: Lowering, call: Call) -> None:
    image, kernel = low.as_map(call, low.value(call, 0)), low.dims(call, 1)
    weight, bias = low.constant(call, 1), low.constant(call, 2)
    rank = len(kernel) - 2
    groups, channels = call.number("group", 1), image.dims[1]
    if rank < 1 or len(image.dims) != rank + 2 or kernel[0] != channels or groups < 1:
        low.refuse(call, f"a kernel {list(kernel)} on a map {list(image.dims)}")
    stride = per_axis(low, call, "strides", rank)
    dilation = per_axis(low, call, "dilations", rank)
    zeros = padding(low, call, rank)
    extra = call.numbers("output_padding") or (0,) * rank
    size = call.numbers("output_shape")
    if len(extra) != rank or len(size) not in (0, rank):
        low.refuse(call, f"output_padding {list(extra)} on {rank} dimensions")
    if zeros is SAME:
        size = tuple(one * s for one, s in zip(image.dims[2:], stride, strict=True))
    if size or not isinstance(zeros, Zeros):  # the zeros follow from it
        zeros = Zeros((0,) * rank, (0,) * rank)
        plain = (
            (one - 1) * s + (k - 1) * d + 1
            for one, s, k, d in zip(
                image.dims[2:], stride, kernel[2:], dilation, strict=True
            )
        )
        extra = tuple(a - b for a, b in zip(size, plain, strict=True))
    op = ConvTranspose(
        kernel[1] * groups,
        plain_sides(kernel[2:]),
        plain_sides(stride),
        plain_sides(dilation),
        bias is not None,
        groups,
        zeros,
        extra,
    )
    layer(low, call, op, image, weight=weight, bias=bias)


def linear(
    low: Lowering,
    call: Call,
    x: Value,
    weight: Stored,
    out: int,
    bias: Stored | None,
    *,
    output: int | None = 0,
) -> Value:
    """A fully connected layer on the last dimension."""
    if not (low.is_map(x) and len(x.dims) == 2):
        x = as_tokens(low, call, x)
    op = Linear(out, bias is not None)
    dims = (*x.dims[:-1], out)
    return layer(low, call, op, x, weight=weight, bias=bias, dims=dims, output=output)


def as_tokens(low: Lowering, call: Call, x: Value) -> Value:
    """A tensor whose last dimension are the channels."""
    if x.channels == -1 and not low.is_map(x):
        return x
    return low.view(call, x, x.dims, -1, output=None)


def matmul(
    low: Lowering,
    call: Call,
    a: int = 0,
    b: int = 1,
    turned: tuple[bool, bool] = (False, False),
) -> Value | None:
    """MatMul and its quantised forms. ``turned`` operands are transposed."""
    left, right = low.constant(call, a), low.constant(call, b)
    first, second = low.dims(call, a), low.dims(call, b)
    if not first or not second:
        low.refuse(call, "a matrix product with a single number")
    is_row, is_column = len(first) == 1, len(second) == 1
    rows = (1, *first) if is_row else _turned(first, turned[0])
    columns = (*second, 1) if is_column else _turned(second, turned[1])
    lead = broadcast(rows[:-2], columns[:-2])
    if rows[-1] != columns[-2] or lead is None:
        low.refuse(call, f"{list(first)} cannot be multiplied by {list(second)}")
    dims = (*lead, *((rows[-2],) * (not is_row)), *((columns[-1],) * (not is_column)))
    if left and right:
        low.keep(call, Stored(dims, left.roots + right.roots))
        return None
    if right and prod(columns[:-2]) == 1 and not (is_column or turned[0]):
        return linear(low, call, low.value(call, a), right, columns[-1], None)
    weight = left or right
    if weight is None and not (is_row or is_column):
        x = _transposed(low, call, low.value(call, a), turned[0])
        y = _transposed(low, call, low.value(call, b), turned[1])
        return low.emit(call, MatMul(), x, y, dims=dims)
    inputs = [low.value(call, at) for at in (a, b) if low.constant(call, at) is None]
    macs = prod(dims) * rows[-1]
    return contract(low, call, "MatMul", *inputs, dims=dims, macs=macs, weight=weight)


def matmul_integers(low: Lowering, call: Call) -> None:
    """MatMulInteger: its further inputs are zero points."""
    made = matmul(low, call)
    if made:
        low.dtypes[made.node] = SUMS


def is_rescaled(low: Lowering, x: Value) -> bool:
    """Whether a product with ``x`` gives sums of integer products their scale."""
    node = low.node(x.node)
    return bool(node and node.op.is_counted and low.dtypes[x.node] == SUMS)


def _turned(dims: Dims, is_turned: bool) -> Dims:
    return (*dims[:-2], dims[-1], dims[-2]) if is_turned else dims


def _transposed(low: Lowering, call: Call, x: Value, is_turned: bool) -> Value:
    if not is_turned:
        return x
    return low.view(call, x, _turned(x.dims, True), name="transpose", output=None)


def turned_operands(call: Call) -> tuple[bool, bool]:
    """Which operands of Gemm and FusedMatMul are transposed."""
    return bool(call.number("transA")), bool(call.number("transB"))


def gemm(low: Lowering, call: Call, a: int = 0, b: int = 1, c: int = 2) -> None:
    """Gemm: a matrix product and an addition."""
    weight, bias = low.constant(call, b), low.constant(call, c)
    turned = turned_operands(call)
    first, second = low.dims(call, a), low.dims(call, b)
    if len(first) != 2 or len(second) != 2:
        low.refuse(call, f"Gemm of {list(first)} and {list(second)}: not matrices")
    columns = _turned(second, turned[1])
    if weight is None or turned[0] or low.constant(call, a):
        made = matmul(low, call, a, b, turned)
        if made and bias and low.is_trained(bias):
            add_bias(low, call, made, c, output=0)
        return
    if first[1] != columns[0]:
        low.refuse(call, f"{list(first)} cannot be multiplied by {list(columns)}")
    if bias and bias.elements != columns[1]:
        bias = None
    linear(low, call, low.value(call, a), weight, columns[1], bias)


def einsum(low: Lowering, call: Call) -> None:
    """Sums of products by index letters: every combination is one multiply-add."""
    equation = call.text("equation").replace(" ", "")
    operands, arrow, result = equation.partition("->")
    parts = operands.split(",")
    sizes: dict[str, int] = {}
    if not arrow or "." in equation or len(parts) != len(call.inputs):
        return low.unknown(call, equation)
    for at, part in enumerate(parts):
        dims = low.dims(call, at)
        if len(dims) != len(part):
            low.refuse(call, f'"{part}" for {list(dims)}')
        for letter, size in zip(part, dims, strict=True):
            known = sizes.get(letter, 1)
            if known != size and 1 not in (known, size):
                low.refuse(call, f'"{letter}" is {known} and {size}')
            sizes[letter] = max(known, size)
    if any(letter not in sizes for letter in result):
        low.refuse(call, f'"{equation}" is not an equation')
    dims = tuple(sizes[letter] for letter in result)
    constants = [low.constant(call, at) for at in range(len(parts))]
    weights = [one for one in constants if one]
    inputs = [low.value(call, at) for at, one in enumerate(constants) if not one]
    if not inputs:
        return low.keep(call, Stored(dims))
    if len(parts) > 2 or len(weights) > 1:
        return low.unknown(call, equation)
    # One operand is only moved or summed.
    macs = prod(sizes.values()) if len(parts) == 2 else 0
    weight = weights[0] if weights else None
    contract(low, call, "Einsum", *inputs, dims=dims, macs=macs, weight=weight)
    return None


def recurrent(low: Lowering, call: Call, cell: Cell) -> None:
    """LSTM, GRU, RNN: x (steps, batch, c), or (batch, steps, c) with layout 1."""
    x, w, r = low.value(call, 0), low.constant(call, 1), low.constant(call, 2)
    if w is None or r is None or len(w.dims) != 3 or len(x.dims) != 3:
        return low.unknown(call, "with weights that are computed")
    directions, rows, taken = w.dims
    hidden = rows // GATES[cell]
    if (
        taken != x.dims[-1]
        or r.dims != (directions, rows, hidden)
        or rows % GATES[cell]
    ):
        low.refuse(call, f"weights {list(w.dims)}, {list(r.dims)} on {list(x.dims)}")
    layout, bias = call.number("layout"), low.constant(call, 3)
    steps, batch = x.dims[:2] if layout == 0 else x.dims[1::-1]
    tokens = low.view(call, x, (batch, steps, taken), output=None)
    op = Recurrent(cell, hidden, 1, directions, 2 if bias else 0)
    both = Stored(
        (op.weights(low.shape(tokens)),), w.roots + r.roots, None, w.scales + r.scales
    )
    whole = (batch, steps, directions * hidden)
    made = layer(low, call, op, tokens, weight=both, bias=bias, dims=whole, output=None)
    every: Dims = (steps, directions, batch, hidden)
    last: Dims = (directions, batch, hidden)
    if layout == 1:
        every, last = (batch, steps, directions, hidden), (batch, directions, hidden)
    for at, dims in enumerate((every, last, last)[: len(call.outputs)]):
        if call.outputs[at]:
            shape = low.graph_dims(dims, -1)
            output: Op = Output(*shape) if at else View(*shape)
            low.emit(call, output, made, dims=dims, output=at)
    return None


def gather(low: Lowering, call: Call) -> bool:
    """An embedding: rows of a constant matrix. False for any other Gather."""
    table, axis = low.constant(call, 0), call.number("axis")
    if table is None or low.constant(call, 1) or len(table.dims) != 2 or axis != 0:
        return False
    if not low.is_trained(table) and not low.is_quantised(table):
        return False
    indices = low.value(call, 1)
    look_up(low, call, indices, table, (*indices.dims, table.dims[1]))
    return True
