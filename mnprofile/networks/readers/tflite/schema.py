"""The part of TensorFlow Lite's schema that a count needs.

Numbers never change: the schema only grows. A test compares them with the generated
classes of the ``tflite`` package.
"""

from typing import NamedTuple

# TensorType, from 0.
_TYPES_TEXT = """
float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128
uint64 resource variant uint32 uint16 int4 bfloat16
"""
TYPES = _TYPES_TEXT.split()

# ActivationFunctionType, from 0.
ACTIVATIONS = ("", "relu", "relu_n1_to_1", "relu6", "tanh", "sign_bit")

# Padding, from 0.
PADDINGS = ("SAME", "VALID")

CUSTOM = 32  # BuiltinOperator.CUSTOM
# BuiltinOperator, from 0.
_OPERATORS_TEXT = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU
RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH
CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD
UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN
SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN
EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN
TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT
SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT
LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL
FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS
SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE
MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4
NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL
PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG
REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL
CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS
RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE
RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC
STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE
STABLEHLO_CLAMP STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION
STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE STABLEHLO_ABS STABLEHLO_AND
STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM
STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT
STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE
STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD
STABLEHLO_IOTA STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT
STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE
STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT
STABLEHLO_CBRT
"""
OPERATORS = _OPERATORS_TEXT.split()


class Option(NamedTuple):
    """A field of an operator's options, and its type as the struct module writes it."""

    name: str
    number: int
    code: str
    default: int


# Types that are not 32-bit integers, and defaults that are not 0.
_CODES = {"padding": "b", "activation": "b"} | dict.fromkeys(
    ("keep_num_dims", "adj_x", "adj_y", "time_major"), "?"
)
_DEFAULTS = dict.fromkeys(("dilation_d", "dilation_w", "dilation_h"), 1)


def _options(text: str) -> tuple[Option, ...]:
    """Fields in the order of the schema; "_" is one that is not read."""
    return tuple(
        Option(name, number, _CODES.get(name, "i"), _DEFAULTS.get(name, 0))
        for number, name in enumerate(text.split())
        if name != "_"
    )


_FUSED = _options("activation")
_POOL = _options("padding stride_w stride_h kernel_w kernel_h activation")
_CONV_3D = _options(
    "padding stride_d stride_w stride_h activation dilation_d dilation_w dilation_h"
)
_LOOP = _options("cond body")

# The options that are read of each operator.
OPTIONS: dict[str, tuple[Option, ...]] = {
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), _POOL),
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "RNN", "LSTM"), _FUSED),
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), _CONV_3D),
    **dict.fromkeys(("WHILE", "STABLEHLO_WHILE"), _LOOP),
    "CONV_2D": _options("padding stride_w stride_h activation dilation_w dilation_h"),
    "DEPTHWISE_CONV_2D": _options(
        "padding stride_w stride_h depth_multiplier activation dilation_w dilation_h"
    ),
    "TRANSPOSE_CONV": _options("padding stride_w stride_h activation"),
    "FULLY_CONNECTED": _options("activation _ keep_num_dims"),
    "CONCATENATION": _options("axis activation"),
    "BATCH_MATMUL": _options("adj_x adj_y"),
    "SVDF": _options("rank activation"),
    "UNIDIRECTIONAL_SEQUENCE_RNN": _options("time_major activation"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _options("activation _ _ time_major"),
    "IF": _options("then_branch else_branch"),
    "CALL": _options("subgraph"),
    "CALL_ONCE": _options("init"),
    "STABLEHLO_COMPOSITE": _options("_ subgraph"),
}
# Options that are numbers of subgraphs, and operators whose options lie in a second
# field, as the first has no more room.
SUBGRAPHS = ("then_branch", "else_branch", "cond", "body", "subgraph", "init")
OPTIONS_2 = ("STABLEHLO_COMPOSITE", "STABLEHLO_WHILE")
