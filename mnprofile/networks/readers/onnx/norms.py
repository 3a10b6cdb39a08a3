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
from mnprofile.networks.readers.files.absorbing import absorb
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Value


def batch_norm(low: Lowering, call: Call) -> None:
    """Its factor and offset are parameters, mean and variance are buffers."""
    x = low.as_map(call, low.value(call, 0)) if len(low.dims(call, 0)) > 2 else None
    x = x or low.value(call, 0)
    factors = [one for at in (1, 2) if (one := low.constant(call, at))]
    statistics = [one for at in (3, 4) if (one := low.constant(call, at))]
    stored = Parameters(bn_affine=sum(map(low.new_parameters, factors)))
    kept = sum(low.bytes_of(one.roots) for one in (*factors, *statistics))
    own = StoredBytes(other=kept)
    low.emit(call, BatchNorm(), x, dims=x.dims, stored=stored, kept=own)


def norm(
    low: Lowering, call: Call, kind: type[Norm], factors: tuple[int, ...]
) -> Value:
    """Layer, group, instance and RMS norm; ``factors`` are its trained inputs."""
    x = low.value(call, 0)
    if kind in (GroupNorm, InstanceNorm):
        x = low.as_map(call, x)
    constants = [low.constant(call, at) for at in factors]
    trained = sum(low.new_parameters(one) for one in constants if one)
    op = kind(constants[0] is not None, len(factors) > 1, trained)
    kept = StoredBytes(other=sum(low.bytes_of(one.roots) for one in constants if one))
    return low.emit(call, op, x, dims=x.dims, kept=kept)


def skip_norm(low: Lowering, call: Call, kind: type[Norm], gamma: int) -> None:
    """com.microsoft: an addition and a norm in one, its last output the sum."""
    x, skip = low.value(call, 0), low.value(call, 1)
    place = 4 if kind is LayerNorm else 3
    bias = low.constant(call, place)
    if bias and not absorb(low, x, bias):
        x = low.emit(call, Add(), x, low.value(call, place), dims=x.dims, output=None)
    total = low.emit(call, Add(), x, skip, dims=x.dims, output=None)
    inner = (gamma, gamma + 1) if kind is LayerNorm else (gamma,)
    constants = [one for at in inner if (one := low.constant(call, at))]
    trained = sum(map(low.new_parameters, constants))
    kept = StoredBytes(other=sum(low.bytes_of(one.roots) for one in constants))
    op = kind(True, len(inner) > 1, trained)
    low.emit(call, op, total, dims=x.dims, kept=kept)
    if len(call.outputs) > 3 and call.outputs[3]:
        low.alias(call, total, 3)
