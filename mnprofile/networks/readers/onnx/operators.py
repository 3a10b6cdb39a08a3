"""Which rule each ONNX operator has, by its name and domain."""

from functools import partial

from mnprofile.graph.operators.elementwise import Activation, Softmax
from mnprofile.graph.operators.normalisation import (
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    RMSNorm,
)
from mnprofile.networks.readers.files.layers import apply
from mnprofile.networks.readers.files.lowering import Rule
from mnprofile.networks.readers.onnx import (
    attention,
    control,
    elements,
    layers,
    layouts,
    moves,
    norms,
    quantised,
    shapes,
)

_ELEMENTWISE_TEXT = """
Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr
BitwiseXor Ceil Cos Cosh Det Div Equal Erf Exp Floor Greater GreaterOrEqual IsInf
IsNaN Less LessOrEqual Log Max Mean Min Mod Mul Neg Not Or Pow Reciprocal Round Sign
Sin Sinh Sqrt Sub Sum Tan Where Xor
"""
_ELEMENTWISE = [*_ELEMENTWISE_TEXT.split(), "Erfc"]  # as tf2onnx writes TensorFlow's
_OTHERS_TEXT = """
ArgMax ArgMin TopK OneHot GatherElements GatherND ScatterElements ScatterND Scatter
CumSum EyeLike NonZero NonMaxSuppression Unique Compress ReverseSequence Trilu
GridSample AffineGrid MaxUnpool CenterCropPad Col2Im RoiAlign MaxRoiPool RandomNormal
RandomNormalLike RandomUniform RandomUniformLike Multinomial Bernoulli MelWeightMatrix
HannWindow HammingWindow BlackmanWindow Hardmax TensorScatter
"""
_OTHERS = _OTHERS_TEXT.split()
_KEEPING = ["Identity", "Cast", "CastLike", "Dropout", "Optional", "OptionalGetElement"]

_REDUCING_TEXT = "Mean Sum Max Min Prod L1 L2 LogSum LogSumExp SumSquare"
_REDUCING = _REDUCING_TEXT.split()
_GLOBAL_POOLS = ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")

OPERATORS: dict[str, Rule] = {
    **dict.fromkeys(_ELEMENTWISE, elements.arithmetic),
    **{name: partial(shapes.found, name=name.lower()) for name in _OTHERS},
    **dict.fromkeys(_KEEPING, shapes.same),
    **{
        name: partial(apply, op=Activation(kind))
        for name, kind in elements.FUNCTIONS.items()
    },
    **{
        f"Reduce{name}": partial(elements.reduce, function=name.lower())
        for name in _REDUCING
    },
    # graphs within the graph
    "If": control.branch,
    "Loop": control.repeat,
    "Scan": control.scan,
    # layers
    "Conv": layers.convolve,
    "ConvInteger": layers.convolve_integers,
    "ConvTranspose": layers.convolve_transposed,
    "Gemm": layers.gemm,
    "MatMul": layers.matmul,
    "MatMulInteger": layers.matmul_integers,
    "Einsum": layers.einsum,
    "LSTM": partial(layers.recurrent, cell="lstm"),
    "GRU": partial(layers.recurrent, cell="gru"),
    "RNN": partial(layers.recurrent, cell="rnn"),
    "Attention": attention.attention,
    "BatchNormalization": norms.batch_norm,
    "LayerNormalization": partial(norms.norm, kind=LayerNorm, factors=(1, 2)),
    "RMSNormalization": partial(norms.norm, kind=RMSNorm, factors=(1,)),
    "SimplifiedLayerNormalization": partial(norms.norm, kind=RMSNorm, factors=(1,)),
    "GroupNormalization": partial(norms.norm, kind=GroupNorm, factors=(1, 2)),
    "InstanceNormalization": partial(norms.norm, kind=InstanceNorm, factors=(1, 2)),
    "LpNormalization": elements.arithmetic,
    "MeanVarianceNormalization": elements.arithmetic,
    "LRN": elements.arithmetic,
    "RotaryEmbedding": partial(elements.arithmetic, name="rotary", operands=(0,)),
    # elements
    "Clip": elements.clip,
    "PRelu": elements.prelu,
    **dict.fromkeys(("Softmax", "LogSoftmax"), partial(apply, op=Softmax())),
    "MaxPool": partial(elements.pool, function="max"),
    "AveragePool": partial(elements.pool, function="avg"),
    "LpPool": partial(elements.pool, function="lp"),
    **dict.fromkeys(_GLOBAL_POOLS, elements.pool_all),
    # moves
    "Reshape": moves.reshape,
    "Flatten": moves.flatten,
    "Transpose": moves.transpose,
    "Squeeze": moves.squeeze,
    "Unsqueeze": moves.unsqueeze,
    "Expand": moves.expand,
    "Tile": moves.tile,
    "Split": moves.split,
    "Slice": moves.slice_,
    "Gather": moves.gather,
    "Concat": moves.concatenate,
    "Shape": shapes.shape,
    "ConstantOfShape": shapes.constant_of_shape,
    "Range": shapes.range_,
    "Pad": moves.pad,
    "Resize": moves.resize,
    "Upsample": moves.resize,
    "DepthToSpace": moves.blocks,
    "SpaceToDepth": moves.blocks,
    # quantised
    "QuantizeLinear": quantised.quantize,
    "DequantizeLinear": quantised.dequantize,
    "DynamicQuantizeLinear": quantised.quantize_dynamically,
    "QLinearConv": quantised.qlinear_conv,
    "QLinearMatMul": quantised.qlinear_matmul,
}

_FROM_ONNX = (
    "Gelu",
    "Conv",
    "QuantizeLinear",
    "DequantizeLinear",
    "RotaryEmbedding",
    "SimplifiedLayerNormalization",
)
# com.microsoft, and the domains that ONNX Runtime writes into optimised files.
CONTRIBUTED: dict[str, Rule] = {
    **{name: OPERATORS[name] for name in _FROM_ONNX},
    **dict.fromkeys(("FastGelu", "BiasGelu", "QuickGelu"), elements.biased_activation),
    "QLinearSigmoid": OPERATORS["Sigmoid"],
    "QLinearLeakyRelu": OPERATORS["LeakyRelu"],
    "QLinearAdd": quantised.qlinear_binary,
    "QLinearMul": quantised.qlinear_binary,
    "QLinearConcat": quantised.qlinear_concat,
    "QLinearWhere": quantised.qlinear_where,
    "QLinearSoftmax": OPERATORS["Softmax"],
    "QLinearReduceMean": OPERATORS["ReduceMean"],
    "QAttention": attention.packed_attention,
    "QLinearConv": layouts.either(quantised.qlinear_conv),
    "QLinearGlobalAveragePool": layouts.either(elements.pool_all),
    "QLinearAveragePool": layouts.either(OPERATORS["AveragePool"]),
    "NhwcMaxPool": layouts.last(OPERATORS["MaxPool"]),
    "QGemm": quantised.qgemm,
    "DynamicQuantizeLSTM": quantised.quantised_lstm,
    "MatMulNBits": quantised.matmul_of_bits,
    "FusedConv": quantised.fused_conv,
    "FusedMatMul": quantised.fused_matmul,
    "FusedGemm": layers.gemm,
    "DynamicQuantizeMatMul": partial(quantised.matmul_with_bias, bias=4),
    "MatMulIntegerToFloat": partial(quantised.matmul_with_bias, bias=6),
    "SkipLayerNormalization": partial(norms.skip_norm, kind=LayerNorm),
    "SkipSimplifiedLayerNormalization": partial(norms.skip_norm, kind=RMSNorm),
    "Attention": attention.packed_attention,
    "MultiHeadAttention": attention.attention_of_heads,
    "GroupQueryAttention": attention.attention_of_heads,
}

# com.microsoft.nchwc: channels in blocks.
BLOCKED: dict[str, Rule] = {
    "Conv": layouts.convolve_blocks,
    "ReorderInput": layouts.into_blocks,
    "ReorderOutput": layouts.out_of_blocks,
    "MaxPool": OPERATORS["MaxPool"],
    "AveragePool": OPERATORS["AveragePool"],
    **dict.fromkeys(_GLOBAL_POOLS, elements.pool_all),
    "Upsample": moves.resize,
}
DOMAINS = {
    "": OPERATORS,
    "com.microsoft": CONTRIBUTED,
    "com.microsoft.nchwc": BLOCKED,
}
