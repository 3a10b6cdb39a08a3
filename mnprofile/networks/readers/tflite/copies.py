"""TFLite operators that only move elements."""

from mnprofile.graph.graph import Parameters
from mnprofile.graph.operators.embedding import Embedding
from mnprofile.graph.operators.tensors import Copy
from mnprofile.graph.stored import StoredBytes
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Stored
from mnprofile.networks.readers.tflite.layers import (
    given,
)


def copy(low: Lowering, call: Call, name: str) -> None:
    """Elements in other places; every output has the shape that the file gives."""
    inputs = [
        low.value(call, at)
        for at in range(len(call.inputs))
        if low.name(call, at) and not low.constant(call, at)
    ]
    for at, output in enumerate(call.outputs):
        dims = given(low, call, at)
        if not inputs:
            known = low.constant(call, 0)
            low.keep(call, Stored(dims, known.roots if known else ()), at)
        elif output:
            op = Copy(*low.graph_dims(dims, -1), name)
            low.emit(call, op, *inputs, dims=dims, output=at)


def embed(low: Lowering, call: Call) -> None:
    """EMBEDDING_LOOKUP (indices, table), GATHER (table, indices)."""
    first = call.operator == "EMBEDDING_LOOKUP"
    table = low.constant(call, 1 if first else 0)
    if table is None or len(table.dims) != 2 or low.constant(call, 0 if first else 1):
        return copy(low, call, "gather")
    x = low.value(call, 0 if first else 1)
    op = Embedding(*table.dims)
    new = low.is_new(table)
    own = Parameters(other_params=table.elements if new else 0)
    kept = StoredBytes(other=low.bytes_of(table.roots) if new else 0)
    low.emit(call, op, x, dims=given(low, call), stored=own, kept=kept)
    return None
