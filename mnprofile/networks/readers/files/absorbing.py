"""Constants that are added to what an operator made, and belong to it."""

from dataclasses import replace

from mnprofile.graph.graph import Node
from mnprofile.graph.operators.elementwise import BatchNorm, LayerScale
from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.tensors import Elementwise
from mnprofile.graph.stored import StoredBytes
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Stored, Value


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


def absorb(low: Lowering, x: Value, known: Stored) -> bool:
    """Make a constant that is added to ``x`` a part of the operator that made ``x``.

    It is the bias of a convolution or fully connected layer without one; after a factor
    per channel of such a layer it is the offset of a batch norm, of which a converter
    left these two. False where the constant is something else.
    """
    index = low.positions.get(x.node)
    if index is None or not per_channel(x, known):
        return False
    node = low.tape.nodes[index]
    if node.op.is_counted and getattr(node.op, "bias", None) is False:
        _as_bias(low, index, known)
        return True
    if isinstance(node.op, LayerScale) and _layer_before(low, node) is not None:
        _as_offset(low, index, known)
        return True
    return False


def _layer_before(low: Lowering, node: Node) -> Node | None:
    """The convolution or fully connected layer that a node reads, else None."""
    index = low.positions.get(node.inputs[0])
    before = None if index is None else low.tape.nodes[index]
    return before if before and hasattr(before.op, "bias") else None


def _as_bias(low: Lowering, index: int, known: Stored) -> None:
    node = low.tape.nodes[index]
    op = replace(node.op, bias=True)  # type: ignore[call-arg] # layers have it
    own = node.parameters
    biases = known.elements if low.is_new(known) else 0
    low.tape.nodes[index] = replace(node, op=op, stored=own._replace(biases=biases))
    kept = low.bytes.get(node.name, StoredBytes())
    if biases:
        kept = kept._replace(biases=low.bytes_of(known.roots))
    low.bytes[node.name] = kept


def _as_offset(low: Lowering, index: int, known: Stored) -> None:
    node = low.tape.nodes[index]
    own = node.parameters
    affine = own.other_params + (known.elements if low.is_new(known) else 0)
    stored = own._replace(other_params=0, bn_affine=affine)
    op = BatchNorm(has_statistics=False)
    low.tape.nodes[index] = replace(node, op=op, stored=stored)
    kept = low.bytes.get(node.name, StoredBytes())
    if affine > own.other_params:
        kept = kept._replace(other=kept.other + low.bytes_of(known.roots))
    low.bytes[node.name] = kept
