"""What every other profiler counts, as data.

A rule is a factor for each quantity of the network; a profiler's total is the sum of
factor x quantity. The rules were read from each profiler's code, for the release named
with them, in evaluation mode on a CPU and for a batch of one, and compared with real
runs (``cross_check``, ``module_check``). ``totals`` applies them.
"""

from mnprofile.base.errors import UsageError, nearest
from mnprofile.evidence.profilers.profiler import Profiler, Rule
from mnprofile.evidence.profilers.quantities import PRODUCTS
from mnprofile.graph.written import (
    FROZEN,
    FROZEN_LAYER,
    MULTI_HEAD,
    OTHER_MULTI_HEAD,
    TIMM_ATTENTION,
    UNBIASED_MULTI_HEAD,
)


def _functional(names: str) -> frozenset[str]:
    return frozenset(f"nn.functional.{name}" for name in names.split())


_POOLS = " ".join(
    f"{kind}_pool{rank}d"
    for kind in ("avg", "max", "adaptive_avg", "adaptive_max")
    for rank in (1, 2, 3)
)
_ARITHMETIC = frozenset(("torch.mul", "torch.add", "Tensor.mul", "Tensor.add"))
_POOLED = ("pool_in", "adaptive_in", "pool_nd_in", "maxpool_in", "avgpool_in")
_RESIZED = (
    *("resize", "resize_nd", "resize_linear", "resize_bilinear", "resize_bicubic"),
    "resize_other",
)
_ATTENTIONS = (
    *("attention", "attention_masked", "attention_learned", "attention_computed"),
)
_BIASES = ("lstm_bias", "gru_bias", "rnn_bias")
_WITH_CELLS = (*_BIASES, "cell_biases")

_PTFLOPS_HOOKS: Rule = {
    **dict.fromkeys(("macs", "conv_bias", "linear_bias", "added_bias"), 1),
    **dict.fromkeys((*_POOLED, *_RESIZED), 1),
    **dict.fromkeys(("conv_transpose", "transposed_bias", *_WITH_CELLS), 1),
    **dict.fromkeys(("batch_norm", "instance_norm", "group_norm"), 2),
    **dict.fromkeys(("batch_norm_plain", "instance_norm_plain", "group_norm_plain"), 1),
    # It looks for ``affine``, which layer norm calls ``elementwise_affine``.
    **dict.fromkeys(("layer_norm", "layer_norm_plain"), 1),
    **dict.fromkeys(("relu", "relu6", "prelu", "elu", "leaky_relu", "gelu"), 1),
    "lstm": 1,
    "gru": 1,
    "rnn": 1,
    "projected": None,
    "cell": 1,
    "lstm_units": 10,
    "gru_units": 7,
    "rnn_units": 1,
}
_PTFLOPS_PATCHED = frozenset(
    (
        *_functional(f"relu prelu elu relu6 gelu silu softmax interpolate {_POOLS}"),
        *("torch.matmul", "Tensor.matmul", "torch.mm", "Tensor.mm", "torch.bmm"),
        *("Tensor.bmm", "torch.addmm", "Tensor.addmm", "torch.baddbmm", *_ARITHMETIC),
    )
)
_PTFLOPS_PATCHES: Rule = {
    **dict.fromkeys(("relu", "prelu", "elu", "relu6", "gelu", "silu", "softmax"), 1),
    **dict.fromkeys((*_POOLED, *_RESIZED, "macs", "matmul", "mm", "scale", "add"), 1),
    **dict.fromkeys(("addmm", "baddbmm", "addend"), 1),
}
_HEADS: dict[str, int | None] = dict.fromkeys(
    ("head_queries", "head_scores", "matmul", *_ATTENTIONS), 1
)
_MULTI_HEAD = _HEADS | dict.fromkeys(
    ("macs", "linear_bias", "added_bias", "baddbmm"), 1
)
# A hook counts each attention as a whole, and that of timm hides its layers' hooks. The
# bias of torch's output, as many elements as the queries have, is always counted.
_PTFLOPS_ATTENTION: dict[str, Rule] = {
    MULTI_HEAD: _MULTI_HEAD,
    FROZEN: _MULTI_HEAD,
    UNBIASED_MULTI_HEAD: _MULTI_HEAD | {"head_queries": 2},
    TIMM_ATTENTION: _HEADS,
}
# Classes with the same operators that are not hooked.
_UNHOOKED = ("UpsamplingBilinear2d", "UpsamplingNearest2d", "LPPool1d", "LPPool2d")
_CALFLOPS_PATCHED = frozenset(
    (
        *_functional("linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d"),
        *_functional("conv_transpose3d relu prelu elu leaky_relu relu6 silu gelu"),
        *_functional("batch_norm layer_norm instance_norm group_norm interpolate"),
        *_functional(f"upsample softmax embedding {_POOLS}"),
        *("torch.matmul", "Tensor.matmul", "torch.addmm", "Tensor.addmm"),
        *("torch.einsum", "torch.baddbmm", *_ARITHMETIC),
    )
)

PROFILERS = (
    Profiler(
        "fvcore",
        "fvcore",
        "0.1.5.post20221221",
        'MACs, called "flops"',
        {
            **dict.fromkeys(("macs", "conv_transpose", "matmul", "mm", "addmm"), 1),
            "cell": 1,
            "pool_in": 1,
            "adaptive_in": 1,
            "resize": 1,
            "resize_bilinear": 4,
            "batch_norm": 2,
            "batch_norm_plain": 1,
            "grid_sampler": 4,
            **dict.fromkeys(("layer_norm", "group_norm", "instance_norm"), 5),
            **dict.fromkeys(("layer_norm_plain", "group_norm_plain"), 4),
            "instance_norm_plain": 4,
            "einsum_halved": 1,
        },
        unseen=(FROZEN,),
        is_traced=True,
        otherwise=("einsum",),
    ),
    Profiler(
        "FlopCounterMode",
        "torch",
        "2.13",
        "FLOPs",
        dict.fromkeys(PRODUCTS, 2),
    ),
    Profiler(
        "torchinfo",
        "torchinfo",
        "1.8.0",
        "mult-adds",
        {"own_weights": 1},
        # Outside convolutions it counts parameters, once per first dimension.
        hooks={
            **dict.fromkeys(("macs", "conv_bias", "linear_bias", "added_bias"), 1),
            "later_rows": -1,
            "batch_norm_channels": 2,
            "norm_params": 1,
            **dict.fromkeys(("transposed_out", "transposed_out_grouped"), 1),
            **dict.fromkeys(("transposed_bias", "embedding", "prelu_slopes"), 1),
            **dict.fromkeys(("lstm", "gru", "rnn", "projected", *_BIASES), 1),
        },
        otherwise=("conv_transpose", "cell"),
    ),
    Profiler(
        "ptflops",
        "ptflops",
        "0.7.5",
        "MACs (backend pytorch)",
        # A module hook and a patched function both count nn.ReLU and pooling modules.
        {},
        _PTFLOPS_HOOKS,
        _PTFLOPS_PATCHES,
        _PTFLOPS_PATCHED,
        _PTFLOPS_ATTENTION,
        closed=(TIMM_ATTENTION,),
        paths=(1, 0),
        unhooked=_UNHOOKED,
        fused=(OTHER_MULTI_HEAD,),
        unseen=(FROZEN,),
    ),
    Profiler(
        "ptflops-modules",
        "ptflops",
        "0.7.5",
        "MACs (count_functional=False)",
        {},
        _PTFLOPS_HOOKS,
        inside=_PTFLOPS_ATTENTION,
        closed=(TIMM_ATTENTION,),
        paths=(1, 0),
        unhooked=_UNHOOKED,
        fused=(OTHER_MULTI_HEAD,),
        unseen=(FROZEN,),
    ),
    Profiler(
        "ptflops-aten",
        "ptflops",
        "0.7.5",
        "MACs (backend aten)",
        {
            **dict.fromkeys(("macs", "conv_bias", "linear_bias", "conv_transpose"), 1),
            **dict.fromkeys(("transposed_bias", "matmul", "mm", "addmm", "einsum"), 1),
            # torch has an operator for LSTM layers on a CPU, which it does not know.
            **dict.fromkeys(("cell", "cell_bias", "added_out"), 1),
            **dict.fromkeys(("gru", "gru_bias", "rnn", "rnn_bias"), 1),
            "projected": None,
            "other_products": None,
            # With a mask that needs a gradient torch runs attention as its products.
            "attention_learned": 1,
            "attention_computed": None,
        },
        fused=(FROZEN_LAYER,),
        unseen=(FROZEN,),
    ),
    Profiler(
        "thop",
        "thop",
        "0.1.1.post2209072238",
        "MACs",
        {},
        hooks={
            **dict.fromkeys(("macs", "transposed_out", "transposed_out_grouped"), 1),
            **dict.fromkeys(("batch_norm", "layer_norm", "instance_norm"), 4),
            **dict.fromkeys(("batch_norm_plain", "layer_norm_plain"), 2),
            "instance_norm_plain": 2,
            "prelu": 1,
            "softmax": 3,
            "softmax_rows": -1,
            **dict.fromkeys(("pool_in", "pool_out", "adaptive_in", "adaptive_out"), 1),
            **dict.fromkeys(("pool_nd_in", "pool_nd_out", "avgpool_out"), 1),
            **dict.fromkeys(("resize", "resize_nd"), 1),
            "resize_linear": 5,
            "resize_bilinear": 11,
            "resize_bicubic": 259,
            "lstm": 1,
            "gru": 1,
            "rnn": 1,
            "projected": None,
            "cell": 1,
            "lstm_units": 8,
            "gru_units": 7,
            "rnn_units": 1,
            **dict.fromkeys(_WITH_CELLS, 1),
        },
        paths=(2, 0),
        unhooked=_UNHOOKED[2:],
        otherwise=("conv_transpose",),
    ),
    Profiler(
        "torchprofile",
        "torchprofile",
        "0.1.0",
        "MACs",
        {
            **dict.fromkeys(("macs", "matmul", *_ATTENTIONS, "addmm", "baddbmm"), 1),
            "cell": 1,
            **dict.fromkeys(("batch_norm", "layer_norm", "group_norm"), 1),
            **dict.fromkeys(("instance_norm", "leaky_relu", "scale", "lstm"), 1),
            **dict.fromkeys(("pool_out", "adaptive_out", "pool_nd_out"), 1),
            "avgpool_out": 1,
            "mean_out": 1,
            "resize_bilinear": 4,
            "transposed_out": 1,
            "transposed_full": 1,
            "einsum_indices": 1,
            "projected": None,
            "grid_corners": 1,
        },
        unseen=(FROZEN, FROZEN_LAYER),
        is_traced=True,
        otherwise=("einsum", "conv_transpose"),
    ),
    Profiler(
        "calflops",
        "calflops",
        "0.3.2",
        "FLOPs",
        {},
        hooks={
            "lstm": 2,
            "gru": 2,
            "rnn": 2,
            "projected": None,
            "cell": 2,
            "lstm_units": 2,
            "gru_units": 1,
            "rnn_units": -1,
            **dict.fromkeys(_WITH_CELLS, 1),
        },
        patches={
            "macs": 2,
            "matmul": 2,
            "conv_transpose": 2,
            "conv_bias": 1,
            "batch_norm": 2,
            "batch_norm_plain": 1,
            **dict.fromkeys(("layer_norm", "group_norm", "instance_norm"), 5),
            **dict.fromkeys(("layer_norm_plain", "group_norm_plain"), 4),
            "instance_norm_plain": 4,
            **dict.fromkeys(("relu", "relu6", "leaky_relu", "prelu", "elu"), 1),
            **dict.fromkeys(("silu", "gelu", "softmax", *_POOLED, "scale", "add"), 1),
            "forward_bias": 1,
            "transposed_less": -2,
            "addmm": 2,
            "baddbmm": 2,
            "addend": 1,
            "einsum_printed": 1,
            "resize_sizes": 1,
            "resize_in": 1,
            "resize_factors": None,  # it fails
        },
        patched=_CALFLOPS_PATCHED,
        paths=(1, 1),
        unseen=(FROZEN,),
        otherwise=("einsum",),
    ),
    Profiler(
        "calflops-macs",
        "calflops",
        "0.3.2",
        "MACs",
        {},
        patches={
            **dict.fromkeys(("macs", "matmul", "conv_transpose", "addmm"), 1),
            "baddbmm": 1,
            "transposed_less": -1,
            "resize_factors": None,
        },
        patched=_CALFLOPS_PATCHED,
        paths=(1, 1),
        unseen=(FROZEN,),
    ),
    Profiler(
        "torchscan",
        "torchscan",
        "0.2.0",
        "MACs",
        dict.fromkeys(
            (
                *("relu", "relu6", "hardswish", "hardsigmoid", "add", "scale"),
                *("conv_bias", "linear_bias", "batch_norm_channels"),
                *("params", "buffers"),
            ),
            0,
        ),
        hooks={"macs": 1, "batch_norm": 2, "pool_in": 1, "pool_out": 1},
        is_complete=False,
    ),
    Profiler(
        "onnx-tool",
        "onnx-tool",
        "1.0.1",
        "MACs (of the ONNX export)",
        # The export folds batch norm into a bias, which is then counted.
        {
            "macs": 1,
            "conv_bias": 1,
            "linear_bias": 1,
            "batch_norm": 1,
            "batch_norm_channels": 0,
            "relu": 1,
            "relu6": 2,
            "hardswish": 5,
            "hardsigmoid": 4,
            "pool_in": 1,
            "pool_out": 4,
            "add": 1,
            "scale": 1,
            "params": 0,
            "buffers": 0,
        },
        is_complete=False,
    ),
    Profiler(
        "keras",
        "keras",
        "3",
        "Total params",
        # Its recurrent layers have another number of biases.
        {"params": 1, "buffers": 1, **dict.fromkeys(_BIASES, None)},
    ),
)


def profiler_of(name: str) -> Profiler:
    """A profiler by name, in any case. Raises UsageError for an unknown name."""
    for profiler in PROFILERS:
        if profiler.name.lower() == name.lower():
            return profiler
    names = [profiler.name for profiler in PROFILERS]
    close = nearest(name, names)
    raise UsageError(
        f'unknown profiler "{name}"',
        accepted=", ".join(names),
        suggestion=close,
    )
