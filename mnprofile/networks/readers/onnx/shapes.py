"""ONNX operators that make constants, such as the shape of a tensor."""

from math import floor, prod

from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import MAX_VALUES, Call, Dims, Stored
from mnprofile.networks.readers.onnx.moves import integers

# Operators whose output has the shape of their first input.
_KEEPING_TEXT = """
ScatterND ScatterElements Scatter TensorScatter CumSum Trilu ReverseSequence Hardmax
RandomNormalLike RandomUniformLike Bernoulli
"""
KEEPING = _KEEPING_TEXT.split()


def shape(low: Lowering, call: Call) -> None:
    """The shape of a tensor as a value: a constant here."""
    dims = low.dims(call, 0)
    start, end = call.number("start"), call.number("end", len(dims))
    part = dims[start:end]
    low.keep(call, Stored((len(part),), values=part))


def constant_of_shape(low: Lowering, call: Call) -> None:
    wanted = integers(low, call, 0)
    out = low.needed(call) if wanted is None else wanted
    value = call.attributes.get("value")
    one = getattr(value, "values", None) or (0.0,)
    values = one * prod(out) if prod(out) <= MAX_VALUES else None
    low.keep(call, Stored(out, values=values))


def range_(low: Lowering, call: Call) -> None:
    limits = [low.numbers(call, at) for at in range(3)]
    if all(one is not None and len(one) == 1 for one in limits):
        start, end, step = (one[0] for one in limits if one)
        count = max(-floor((start - end) / step), 0) if step else 0
        values = None
        if count <= MAX_VALUES:
            values = tuple(start + step * at for at in range(count))
        return low.keep(call, Stored((count,), values=values))
    return low.keep(call, Stored(low.needed(call)))


def same(low: Lowering, call: Call) -> None:
    """Identity, Cast, Dropout: the output is the input."""
    known = low.constant(call, 0)
    if known:
        return low.keep(call, known)
    return low.alias(call, low.value(call, 0))


def found(low: Lowering, call: Call, name: str) -> None:
    """An operator without weights whose shape depends on rules of its own."""
    inputs = low.moving(call)
    known = [low.stored[one] for one in call.inputs if one in low.stored]
    roots = tuple(root for one in known for root in one.roots)
    for at, output in enumerate(call.outputs):
        if not output:
            continue
        out = _shape(low, call, at)
        if inputs:
            low.copy(call, name, *inputs, dims=out, output=at)
        else:
            low.keep(call, Stored(out, roots), at)


def _shape(low: Lowering, call: Call, output: int) -> Dims:
    if call.operator in KEEPING:
        return low.dims(call, 0)
    if call.operator == "GatherElements":  # one element per index
        return low.dims(call, 1)
    return low.needed(call, output)
