"""Attention in one ONNX operator: queries, keys and values are its inputs."""

from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.products import Attention, ScaledDotProduct
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Dims, Value
from mnprofile.networks.readers.onnx.layers import as_tokens, linear


def attention(low: Lowering, call: Call) -> None:
    """Attention of ai.onnx: queries, keys, values, of rank 4 with heads or rank 3."""
    q, k, v = (low.value(call, at) for at in range(3))
    if len(q.dims) == 4:
        return _attend(
            low, call, ScaledDotProduct(), q, k, v, (*q.dims[:-1], v.dims[-1])
        )
    heads, shared = call.number("q_num_heads"), call.number("kv_num_heads")
    return _heads(low, call, heads, shared, q, k, v)


def attention_of_heads(low: Lowering, call: Call) -> None:
    """MultiHeadAttention and GroupQueryAttention of com.microsoft."""
    if not (low.name(call, 1) and low.name(call, 2)) or len(low.dims(call, 1)) != 3:
        return low.unknown(call, "with packed keys")
    heads = call.number("num_heads")
    shared = call.number("kv_num_heads", heads)
    return _heads(low, call, heads, shared, *(low.value(call, at) for at in range(3)))


def _heads(
    low: Lowering, call: Call, heads: int, shared: int, q: Value, k: Value, v: Value
) -> None:
    if heads < 1 or shared < 1 or len(q.dims) != 3 or v.dims[-1] % shared:
        low.refuse(call, f"{heads} heads on {list(q.dims)}")
    dims = (*q.dims[:-1], v.dims[-1] // shared * heads)
    q, k, v = (as_tokens(low, call, one) for one in (q, k, v))
    _attend(low, call, Attention(heads, shared), q, k, v, dims)


def _attend(
    low: Lowering, call: Call, op: Op, q: Value, k: Value, v: Value, dims: Dims
) -> None:
    low.emit(call, op, q, k, v, dims=dims)
    for at, one in ((1, k), (2, v)):  # keys and values for the next step
        if at < len(call.outputs) and call.outputs[at]:
            low.copy(call, "copy", one, dims=low.needed(call, at), output=at)


def packed_attention(low: Lowering, call: Call) -> None:
    """Attention of com.microsoft: one layer makes queries, keys and values."""
    x, weight, bias = low.value(call, 0), low.constant(call, 1), low.constant(call, 2)
    heads = call.number("num_heads")
    if weight is None or heads < 1 or weight.dims[-1] % (3 * heads) or len(x.dims) != 3:
        return low.unknown(call)
    made = linear(low, call, x, weight, weight.dims[-1], bias, output=None)
    dims = (*x.dims[:-1], weight.dims[-1] // 3)
    q, k, v = (low.view(call, made, dims, name="split", output=None) for _ in range(3))
    low.emit(call, Attention(heads), q, k, v, dims=dims)
    return None
