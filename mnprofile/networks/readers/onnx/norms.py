"""Norms of ONNX: batch, layer, group, instance and RMS norm."""

from mnprofile.graph.graph import Parameters
from mnprofile.graph.operators.elementwise import BatchNorm
from mnprofile.graph.operators.joining import Add
from mnprofile.graph.operators.normalisation import (
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    Norm,
)
from mnprofile.graph.stored import StoredBytes
from mnprofile.networks.readers.files.layers import add_bias
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Value


def _held(
    low: Lowering, call: Call, factors: tuple[int, ...], buffers: tuple[int, ...] = ()
) -> tuple[int, StoredBytes]:
    """Parameters in the inputs ``factors`` that are constants, and bytes of all."""
    known = {at: one for at in (*factors, *buffers) if (one := low.constant(call, at))}
    kept = StoredBytes(other=sum(low.bytes_of(one.roots) for one in known.values()))
    trained = (low.new_parameters(known[at]) for at in factors if at in known)
    return sum(trained), kept


def batch_norm(low: Lowering, call: Call) -> None:
    """Its factor and offset are parameters, mean and variance are buffers."""
    x = low.value(call, 0)
    if len(x.dims) > 2:
        x = low.as_map(call, x)
    affine, kept = _held(low, call, (1, 2), buffers=(3, 4))
    stored = Parameters(bn_affine=affine)
    low.emit(call, BatchNorm(), x, dims=x.dims, stored=stored, kept=kept)


def norm(
    low: Lowering, call: Call, kind: type[Norm], factors: tuple[int, ...]
) -> Value:
    """Layer, group, instance and RMS norm; ``factors`` are its trained inputs."""
    x = low.value(call, 0)
    if kind in (GroupNorm, InstanceNorm):
        x = low.as_map(call, x)
    trained, kept = _held(low, call, factors)
    has_weight = low.constant(call, factors[0]) is not None
    op = kind(has_weight, len(factors) > 1, trained)
    return low.emit(call, op, x, dims=x.dims, kept=kept)


def skip_norm(low: Lowering, call: Call, kind: type[Norm]) -> None:
    """com.microsoft: an addition and a norm in one, its last output the sum."""
    factors = (2, 3) if kind is LayerNorm else (2,)
    x, skip = low.value(call, 0), low.value(call, 1)
    x = add_bias(low, call, x, factors[-1] + 1)
    total = low.emit(call, Add(), x, skip, dims=x.dims, output=None)
    trained, kept = _held(low, call, factors)
    op = kind(True, len(factors) > 1, trained)
    low.emit(call, op, total, dims=x.dims, kept=kept)
    if len(call.outputs) > 3 and call.outputs[3]:
        low.alias(call, total, 3)
