"""Layers: operators with weights, and the constants that belong to them."""

from dataclasses import replace

from mnprofile.graph.graph import Node, Parameters
from mnprofile.graph.operators.elementwise import BatchNorm, LayerScale
from mnprofile.graph.operators.joining import Add
from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.graph.operators.products import Contraction
from mnprofile.graph.operators.reshaping import Flatten
from mnprofile.graph.operators.tensors import Elementwise, Embedding
from mnprofile.graph.stored import StoredBytes
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Dims, Stored, Value


def per_channel(x: Value, known: Stored) -> bool:
    """Whether a constant is one number for each channel of a tensor."""
    if not x.dims:
        return False
    place = len(known.dims) + x.channels
    channels = x.dims[x.channels]
    return known.elements == channels and place >= 0 and known.dims[place] == channels


def factors(low: Lowering, call: Call, x: Value, known: Stored, op: Op) -> Value:
    """A product with trained factors, which count once: a layer scale, a PReLU."""
    if not low.is_new(known):
        return low.emit(call, Elementwise(op.kind), x, dims=x.dims)
    kept = StoredBytes(other=low.bytes_of(known.roots))
    return low.emit(call, op, x, dims=x.dims, kept=kept)


def layer(
    low: Lowering,
    call: Call,
    op: Op,
    *inputs: Value,
    weight: Stored | None,
    bias: Stored | None = None,
    dims: Dims | None = None,
    output: int | None = 0,
) -> Value:
    """A node with weights and, where there is one, a bias."""
    stored, kept = low.parameters(op, low.shape(inputs[0]), weight, bias)
    return low.emit(
        call, op, *inputs, dims=dims, stored=stored, kept=kept, output=output
    )


def contract(
    low: Lowering,
    call: Call,
    name: str,
    *inputs: Value,
    dims: Dims,
    macs: int,
    weight: Stored | None,
) -> Value:
    """A product of tensors that is no plain layer.

    ``macs`` are its multiply-adds, of the whole batch where ``dims`` begin with it.
    """
    macs //= low.batch if dims[:1] == (low.batch,) else 1
    elements = weight.elements if weight else 0
    op = Contraction(name, *low.graph_dims(dims, -1), macs, elements)
    return layer(low, call, op, *inputs, weight=weight, dims=dims)


def apply(low: Lowering, call: Call, op: Op) -> None:
    """An operator that keeps the shape of its one input."""
    x = low.value(call, 0)
    low.emit(call, op, x, dims=x.dims)


def look_up(low: Lowering, call: Call, x: Value, table: Stored, dims: Dims) -> None:
    """An embedding: the rows of a constant matrix that the indices ``x`` say."""
    op = Embedding(*table.dims)
    _, kept = low.parameters(op, low.shape(x), table, None)
    stored = Parameters(other_params=table.elements if kept.weights else 0)
    kept = kept._replace(weights=0, other=kept.weights)
    low.emit(call, op, x, dims=dims, stored=stored, kept=kept)


def pool_whole(low: Lowering, call: Call, x: Value, pooled: Dims, out: Dims) -> None:
    """The mean over a whole map; as a vector where its sides of 1 are left out."""
    if pooled == out:
        low.emit(call, GlobalPool(), x, dims=out)
        return
    y = low.emit(call, GlobalPool(), x, dims=pooled, output=None)
    low.emit(call, Flatten(), y, dims=out)


def add_bias(
    low: Lowering, call: Call, x: Value, at: int, output: int | None = None
) -> Value:
    """Add an input that is a constant: to the layer that made ``x``, else as it is."""
    bias = low.constant(call, at)
    if bias is None or absorb(low, x, bias):
        return x
    return low.emit(call, Add(), x, low.value(call, at), dims=x.dims, output=output)


def with_constant(
    low: Lowering, call: Call, name: str, x: Value, known: Stored
) -> Value | None:
    """A bias or a factor per channel; None where the constant is something else."""
    if not per_channel(x, known):
        return None
    source = next(one for one in call.inputs if one and one not in low.stored)
    if name == "add" and low.is_read_once(source) and absorb(low, x, known):
        low.alias(call, x)
        return x
    return factors(low, call, x, known, LayerScale()) if name == "mul" else None


def absorb(low: Lowering, x: Value, known: Stored) -> bool:
    """Make a constant that is added to ``x`` a part of the operator that made ``x``.

    It is the bias of a convolution or fully connected layer without one; after a factor
    per channel of such a layer it is the offset of a batch norm, of which a converter
    left these two. False where the constant is something else.
    """
    node = low.node(x.node)
    if node is None or not per_channel(x, known):
        return False
    op: Op
    own, kept = node.parameters, low.bytes.get(node.name, StoredBytes())
    if node.op.is_counted and getattr(node.op, "bias", None) is False:
        op = replace(node.op, bias=True)  # type: ignore[call-arg] # layers have it
        biases = known.elements if low.is_new(known) else 0
        own = own._replace(biases=biases)
        if biases:
            kept = kept._replace(biases=low.bytes_of(known.roots))
    elif isinstance(node.op, LayerScale) and _reads_layer(low, node):
        op = BatchNorm(has_statistics=False)
        offset = known.elements if low.is_new(known) else 0
        own = own._replace(other_params=0, bn_affine=own.other_params + offset)
        if offset:
            kept = kept._replace(other=kept.other + low.bytes_of(known.roots))
    else:
        return False
    low.tape.nodes[low.positions[x.node]] = replace(node, op=op, stored=own)
    low.bytes[node.name] = kept
    return True


def _reads_layer(low: Lowering, node: Node) -> bool:
    """Whether what a node reads is made by a convolution or fully connected layer."""
    before = low.node(node.inputs[0])
    return before is not None and hasattr(before.op, "bias")
