"""Rules of PyTorch's layers: convolutions, matrix products, norms, activations."""

from collections.abc import Callable

from torch import Tensor

from mnprofile.graph.operators.convolution import Conv, Depthwise
from mnprofile.graph.operators.elementwise import (
    ACTIVATIONS,
    Activation,
    BatchNorm,
    GatedLinearUnit,
    Softmax,
)
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.normalisation import (
    InstanceNorm,
)
from mnprofile.graph.operators.op import Op, shape_of
from mnprofile.graph.operators.products import Contraction, MatMul, ScaledDotProduct
from mnprofile.graph.operators.tensors import Embedding, PReLU
from mnprofile.graph.operators.transposed import ConvTranspose
from mnprofile.networks.readers.torch_call import (
    NO_ZEROS,
    Call,
    Found,
    padding_of,
    shape,
    sides,
    whole,
    zeros_of,
)

OTHER_NAMES = {"log_sigmoid_forward": "logsigmoid", "rrelu_with_noise": "rrelu"}


# --- convolutions and matrix products ------------------------------------------------


def convolution(call: Call) -> Found:
    x, weight, bias, stride, padding, dilation, transposed, extra, groups = call.args[
        :9
    ]
    rank = weight.dim() - 2
    out, has_bias = call.out.shape[1], bias is not None
    kernel = sides(weight.shape[2:], rank)
    both = (sides(stride, rank), sides(dilation, rank))
    op: Op
    if transposed:
        zeros = zeros_of(padding, rank)
        more = sides(extra, rank)
        op = ConvTranspose(out, kernel, *both, has_bias, groups, zeros, more)
    elif groups == x.shape[1] == out != 1:
        op = Depthwise(kernel, *both, padding_of(padding, rank), has_bias)
    else:
        op = Conv(out, kernel, *both, has_bias, groups, padding_of(padding, rank))
    return Found(
        op, (x,), shape(x, 1), shape(call.out, 1), weights=(weight,), biases=(bias,)
    )


def addmm(call: Call) -> Found:
    bias, x, weight = call.args[:3]
    return _product(call, x, weight, bias)


def mm(call: Call) -> Found:
    return _product(call, call.args[0], call.args[1], None)


def linear(call: Call) -> Found:
    x, weight, bias = call.args[0], call.args[1], call.get(2, "bias")
    op = Linear(weight.shape[0], bias is not None)
    return Found(op, (x,), shape(x, -1), weights=(weight,), biases=(bias,))


def _product(call: Call, a: Tensor, b: Tensor, bias: Tensor | None) -> Found:
    """(n, k) x (k, m): a layer where one of them is constant."""
    added = bias is not None and call.is_constant(bias)
    biases = (bias,) if added else ()
    addend = () if added or bias is None else (bias,)
    op: Op
    if call.is_constant(b):
        op = Linear(b.shape[-1], added)
        x, y = shape(a, -1), shape(call.out, -1)
        return Found(op, (a, *addend), x, y, weights=(b,), biases=biases)
    if call.is_constant(a):
        op = Conv(a.shape[0], (1,), bias=added, padding=NO_ZEROS)
        x, y = shape_of(tuple(b.shape), 0), shape_of(tuple(call.out.shape), 0)
        return Found(op, (b, *addend), x, y, weights=(a,), biases=biases)
    others = tuple(map(whole, (b, *addend)))
    inputs = (a, b, *addend)
    return Found(MatMul(), inputs, whole(a), whole(call.out), others, biases=biases)


def bmm(call: Call) -> Found:
    return _batched(call, call.args[0], call.args[1])


def baddbmm(call: Call) -> Found:
    addend, a, b = call.args[:3]
    return _batched(call, a, b, () if call.is_constant(addend) else (addend,))


def _batched(
    call: Call, a: Tensor, b: Tensor, addend: tuple[Tensor, ...] = ()
) -> Found:
    """Matrix by matrix; a constant factor is a grouped layer's weights."""
    y = whole(call.out)
    if call.is_constant(a) == call.is_constant(b):
        others = tuple(map(whole, (b, *addend)))
        return Found(MatMul(), (a, b, *addend), whole(a), y, others)
    x, weight = (b, a) if call.is_constant(a) else (a, b)
    count, rows, columns = x.shape
    inner, positions = (rows, columns) if weight is a else (columns, rows)
    op = Conv(y.elements // positions, (1,), groups=count, padding=NO_ZEROS)
    taken = shape_of((count * inner, positions), 0)
    given = shape_of((y.elements // positions, positions), 0)
    others = tuple(map(whole, addend))
    return Found(op, (x, *addend), taken, given, others, weights=(weight,))


def grouped_mm(call: Call) -> Found:
    """Rows in groups, each times the matrix of its group: experts, tokens by tokens."""
    a, b = call.args[:2]
    each = a.shape[-2] * a.shape[-1] * b.shape[-1]
    macs = each * (a.shape[0] if a.dim() == b.dim() == 3 else 1)
    y = shape(call.out, -1)
    op = Contraction("grouped MatMul", y.dims, getattr(y, "axis", 0), macs)
    active = tuple(one for one in (a, b) if not call.is_constant(one))
    held = tuple(one for one in (a, b) if call.is_constant(one))
    return Found(op, active, y=y, other_params=held)


def attention(call: Call) -> Found:
    q, k, v = call.args[:3]
    return attended(q, k, v, call.out)


def attended(q: Tensor, k: Tensor, v: Tensor, out: Tensor) -> Found:
    others = (whole(k), whole(v))
    return Found(ScaledDotProduct(), (q, k, v), whole(q), whole(out), others)


# --- norms and activation functions --------------------------------------------------


def batch_norm(call: Call) -> Found:
    x, weight, bias = call.args[:3]
    if not isinstance(call.get(3, "running_mean"), Tensor):  # the map's own statistics
        return _norm(InstanceNorm, x, (weight, bias), 1)
    rank = min(x.dim() - 1, 1)
    op = BatchNorm(weight is not None)
    place = shape(x, rank)
    return Found(op, (x,), place, place, bn_affine=(weight, bias))


def norm(
    call: Call, kind: Callable[..., Op], held: tuple[int, ...], axis: int
) -> Found:
    """A norm; ``held`` are the arguments with its factor and its offset, if any."""
    return _norm(kind, call.args[0], tuple(call.args[at] for at in held), axis)


def _norm(
    kind: Callable[..., Op], x: Tensor, held: tuple[Tensor | None, ...], axis: int
) -> Found:
    weight, bias = (*held, None)[:2]
    params = sum(one.numel() for one in held if one is not None)
    op = kind(weight is not None, bias is not None, params)
    place = shape(x, axis if axis < 0 or x.dim() > 1 else 0)
    return Found(op, (x,), place, place, other_params=held)


def activation(call: Call) -> Found:
    name = OTHER_NAMES.get(call.name, call.name)
    if name == "hardtanh" and tuple(call.args[1:3]) == (0.0, 6.0):
        name = "relu6"
    assert name in ACTIVATIONS
    return Found(Activation(name), (call.args[0],))


def prelu(call: Call) -> Found:
    x, slopes = call.args[:2]
    op = PReLU(slopes.numel() > 1)
    return Found(op, (x,), shape(x, min(x.dim() - 1, 1)), other_params=(slopes,))


def glu(call: Call) -> Found:
    return Found(GatedLinearUnit(), (call.args[0],), y=call.shape(call.out))


def softmax(call: Call) -> Found:
    return Found(Softmax(), (call.args[0],))


def embedding(call: Call) -> Found:
    """Rows of a table, or sums of rows for each bag of indices."""
    table, indices = call.args[:2]
    op = Embedding(*table.shape[:2])
    out = shape(call.out, -1)
    return Found(op, (indices,), shape(indices, -1), out, other_params=(table,))
