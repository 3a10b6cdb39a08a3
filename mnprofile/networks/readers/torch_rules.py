"""What each operator of PyTorch is in our graph.

A rule takes a ``Call`` and says which operator it is, which of its tensors are
activations, and what its weights, biases and other parameters are. Operators that only
move elements, or work on one element at a time, need no rule of their own: they are
listed by name, or torch tags them. Anything else is ``Unknown``.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from mnprofile.graph.operators.elementwise import ACTIVATIONS
from mnprofile.graph.operators.joining import Add, Concatenate, Multiply, Scale
from mnprofile.graph.operators.normalisation import GroupNorm, LayerNorm, RMSNorm
from mnprofile.graph.operators.op import Op
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.graph.operators.reshaping import ChannelShuffle, Resize
from mnprofile.graph.operators.tensors import Copy, Elementwise, Reduce, Unknown
from mnprofile.graph.operators.window_pooling import AdaptivePool, Pool, PoolKind
from mnprofile.networks.readers import torch_layers as layers
from mnprofile.networks.readers.torch_call import (
    Call,
    Found,
    shape,
    sides,
    tensors_in,
    zeros_of,
)

Rule = Callable[[Call], Found]


def operator_of(call: Call, *, is_pointwise: bool) -> Found:
    """The operator of a call."""
    rule = RULES.get(call.name)
    if rule is not None and call.qualified.startswith("aten::"):
        return rule(call)
    if call.name in _COPIES:
        return _copy(call, call.name, call.tensors)
    if is_pointwise or call.name in _POINTWISE:
        return _elementwise(call)
    y = call.shape(call.out)
    op = Unknown(call.qualified, y.dims, getattr(y, "axis", 0))
    return Found(op, call.tensors, y=y)


def _copy(call: Call, name: str, tensors: tuple[Tensor, ...]) -> Found:
    y = call.shape(call.out)
    return Found(Copy(y.dims, getattr(y, "axis", 0), name), tensors, y=y)


# --- pooling and sizes ---------------------------------------------------------------


def _pooling(function: PoolKind, rank: int) -> Rule:
    def rule(call: Call) -> Found:
        x, kernel = call.args[0], call.args[1]
        stride = call.get(2, "stride") or kernel
        zeros = call.get(3, "padding", (0,)) or (0,)
        dilation, at = (1,), 4  # an average has none
        if function == "max":
            dilation, at = call.get(4, "dilation", (1,)) or (1,), 5
        padding = zeros_of(zeros, rank, ceil=call.get(at, "ceil_mode", False))
        both = (sides(stride, rank), sides(dilation, rank))
        op = Pool(function, sides(kernel, rank), *both, padding)
        channels = -rank - 1
        return Found(op, (x,), shape(x, channels), shape(call.out, channels))

    return rule


def _adaptive(function: PoolKind, rank: int) -> Rule:
    def rule(call: Call) -> Found:
        x = shape(call.args[0], -rank - 1)
        y = shape(call.out, -rank - 1)
        op: Op = AdaptivePool(function, y.spatial)
        if function == "avg" and y.positions == 1:
            op = GlobalPool()
        return Found(op, (call.args[0],), x, y)

    return rule


def _mean(call: Call) -> Found:
    """``AdaptiveAvgPool2d(1)`` is a mean over the last dimensions of a map."""
    x, over = call.args[0], call.get(1, "dim") or range(call.args[0].dim())
    over = tuple(sorted(at % x.dim() - x.dim() for at in over)) if x.dim() else ()
    keeps = bool(call.get(2, "keepdim", False))
    if keeps and x.dim() >= 4 and over == tuple(range(2 - x.dim(), 0)):
        return Found(GlobalPool(), (x,), shape(x, 1), shape(call.out, 1))
    return Found(Reduce("mean", over, keeps), (x,), y=call.shape(call.out))


def _reduction(call: Call) -> Found:
    op = Reduce(call.name, (), False)
    return Found(op, call.tensors, y=call.shape(call.out))


def _resize(call: Call) -> Found:
    x = call.args[0]
    y = shape(call.out, 1)
    mode = call.name.removeprefix("_upsample_").removeprefix("upsample_")
    op = Resize(size=y.spatial, mode=_MODES.get(mode, mode))
    return Found(op, (x,), shape(x, 1), y)


_MODES = {
    **dict.fromkeys(("nearest1d", "nearest2d", "nearest3d"), "nearest"),
    "linear1d": "linear",
    "bilinear2d": "bilinear",
    "bicubic2d": "bicubic",
}


def _shuffle(call: Call) -> Found:
    return Found(ChannelShuffle(call.args[1]), (call.args[0],), shape(call.args[0], 1))


# --- arithmetic ----------------------------------------------------------------------


def _mul(call: Call) -> Found:
    a, b = call.args[:2]
    if isinstance(b, Tensor) and a.dim() == b.dim() >= 3:
        one, other = (a, b) if a.numel() >= b.numel() else (b, a)
        factors = other.shape[0] == one.shape[0] and other.shape[1] == one.shape[1]
        if factors and other.numel() < one.numel() == call.out.numel():
            per_channel = other.shape[0] * other.shape[1] == other.numel()
            if per_channel and not call.is_constant(other):
                return Found(Scale(), (one, other), shape(one, 1), shape(call.out, 1))
    return _commutative(call, Multiply())


def _commutative(call: Call, op: Op) -> Found:
    """Addition or product: the larger input first, which can be overwritten."""
    tensors = tuple(tensors_in(call.args[:2]))
    if len(tensors) < 2:
        return _elementwise(call)
    ranked = sorted(tensors, key=lambda one: (call.is_constant(one), -one.numel()))
    if ranked[0].shape != call.out.shape:
        return _elementwise(call)
    return Found(op, tuple(ranked))


def _elementwise(call: Call) -> Found:
    tensors = call.tensors
    first = tensors[0] if tensors else call.out
    in_place = first.shape == call.out.shape and not call.is_constant(first)
    return Found(Elementwise(call.name, in_place), tensors, y=call.shape(call.out))


def _concatenate(call: Call) -> Found:
    tensors = tuple(one for one in call.args[0] if one.numel())
    dim = call.get(1, "dim", 0) % call.out.dim()
    if dim == 1 and call.out.dim() >= 4:
        x, y = shape(tensors[0], 1), shape(call.out, 1)
        return Found(Concatenate(), tensors, x, y)
    return _copy(call, "concatenate", tensors)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ATTENTIONS = _words(
    "_scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu"
    " _scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention"
    " _scaled_dot_product_fused_attention_overrideable scaled_dot_product_attention"
    " _scaled_dot_product_attention_math _scaled_dot_product_attention_math_for_mps"
)
_BATCH_NORMS = _words(
    "native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training"
    " _batch_norm_with_update _batch_norm_no_update batch_norm cudnn_batch_norm"
)
_RESIZES = _words(
    "upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_linear1d"
    " upsample_bilinear2d upsample_bicubic2d upsample_trilinear3d"
    " _upsample_nearest_exact1d _upsample_nearest_exact2d _upsample_bilinear2d_aa"
    " _upsample_bicubic2d_aa"
)
_REDUCTIONS = _words(
    "sum amax amin max min var std var_mean std_mean norm linalg_vector_norm prod any"
    " all logsumexp argmax argmin median histc bincount"
)
RULES: dict[str, Rule] = {
    "convolution": layers.convolution,
    "_convolution": layers.convolution,
    "convolution_overrideable": layers.convolution,
    "addmm": layers.addmm,
    "mm": layers.mm,
    "linear": layers.linear,
    "bmm": layers.bmm,
    "baddbmm": layers.baddbmm,
    "_grouped_mm": layers.grouped_mm,
    **dict.fromkeys(_ATTENTIONS, layers.attention),
    **dict.fromkeys(_BATCH_NORMS, layers.batch_norm),
    "native_layer_norm": partial(layers.norm, kind=LayerNorm, held=(2, 3), axis=-1),
    "native_group_norm": partial(layers.norm, kind=GroupNorm, held=(1, 2), axis=1),
    "_fused_rms_norm": partial(layers.norm, kind=RMSNorm, held=(2,), axis=-1),
    **dict.fromkeys((*ACTIVATIONS, *layers.OTHER_NAMES), layers.activation),
    "_prelu_kernel": layers.prelu,
    "glu": layers.glu,
    **dict.fromkeys(("_softmax", "_log_softmax", "_safe_softmax"), layers.softmax),
    **dict.fromkeys(
        ("embedding", "_embedding_bag", "_embedding_bag_forward_only"), layers.embedding
    ),
    **{f"max_pool{rank}d_with_indices": _pooling("max", rank) for rank in (2, 3)},
    **{f"avg_pool{rank}d": _pooling("avg", rank) for rank in (2, 3)},
    **{
        f"{prefix}adaptive_{function}_pool{rank}d": _adaptive(function, rank)
        for prefix in ("", "_")
        for function in ("avg", "max")
        for rank in (2, 3)
    },
    "mean": _mean,
    **dict.fromkeys(_REDUCTIONS, _reduction),
    **dict.fromkeys(_RESIZES, _resize),
    "channel_shuffle": _shuffle,
    "add": partial(_commutative, op=Add()),
    "mul": _mul,
    "cat": _concatenate,
}
# They move elements, or choose some.
_COPIES = _words(
    "clone copy _to_copy contiguous _unsafe_view _reshape_copy reshape stack repeat"
    " index index_select index_put _unsafe_index gather scatter scatter_add index_add"
    " index_copy index_fill masked_select take roll flip rot90 constant_pad_nd"
    " reflection_pad1d reflection_pad2d reflection_pad3d replication_pad1d"
    " replication_pad2d replication_pad3d pixel_shuffle pixel_unshuffle im2col col2im"
    " tril triu sort topk grid_sampler_2d grid_sampler_3d unfold fold one_hot nonzero"
    " slice_scatter select_scatter repeat_interleave unsafe_split split_with_sizes_copy"
    " unsafe_chunk _pack_padded_sequence _fft_r2c _fft_c2r _fft_c2c cumsum cumprod"
    " max_unpool2d max_unpool3d bucketize searchsorted view_as_real view_as_complex"
    " real imag block_diag permute_copy expand_copy _conj_physical cummax diag_embed"
    " polar complex"
)
# They work on one element at a time; torch does not tag them so.
_POINTWISE = _words(
    "clamp_min clamp_max masked_fill fill zero native_dropout bernoulli div"
    " floor_divide remainder pow _conj lift_fresh detach alias where"
)
POINTWISE = torch.Tag.pointwise
