"""Operators that only imported networks use: what they tell a ledger, and refusals.

Every number is worked out by hand, in the comment beside it.
"""

from collections.abc import Callable

import pytest

from mnprofile.graph.operators.convolution import Zeros
from mnprofile.graph.operators.elementwise import BatchNorm, LayerScale, Softmax
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.normalisation import LayerNorm, RMSNorm
from mnprofile.graph.operators.op import (
    GraphError,
    Op,
    Shape,
    TensorShape,
    Window,
    broadcast,
    broadcast_shape,
    shape_of,
)
from mnprofile.graph.operators.products import (
    Attention,
    Contraction,
    MatMul,
    ScaledDotProduct,
)
from mnprofile.graph.operators.recurrent import Recurrent
from mnprofile.graph.operators.reshaping import Channels, Flatten, Pad, Resize
from mnprofile.graph.operators.tensors import (
    Constant,
    Copy,
    Elementwise,
    Embedding,
    Output,
    PReLU,
    Reduce,
    Unknown,
    Unused,
    View,
)
from mnprofile.graph.operators.transposed import ConvTranspose
from mnprofile.graph.operators.window_pooling import AdaptivePool, Pool

MAP = Shape(4, 5, 7)  # 140 elements
TOKENS = TensorShape((9, 8))  # 72 elements
SAME_ZEROS = Zeros((1, 1), (1, 1))


@pytest.mark.parametrize(
    ("op", "x", "tally"),
    [
        # 3 x 3 x 4 x 6 = 216 weights; out (5 - 1) 2 + 3 - 2 = 9 and (7 - 1) 2 + 1 = 13.
        (
            ConvTranspose(6, 3, 2, padding=SAME_ZEROS),
            MAP,
            {"transposed_out": 216 * 9 * 13},
        ),
        # 2 groups: 108 weights. An ordinary convolution gives 3 x 4 positions.
        # A group's 3 outputs, divided again, are 1: 2 of 3 are missing.
        (
            ConvTranspose(6, 3, 2, bias=True, groups=2, padding=SAME_ZEROS),
            MAP,
            {
                "transposed_out_grouped": 108 * 117,
                "transposed_full": 2 * 108 * 117,
                "transposed_less": 140 * 9 * 2,
                "transposed_bias": 6 * 117,
                "forward_bias": 3 * 3 * 4,
            },
        ),
        # As many channels out as in: the full product is that of one group.
        (
            ConvTranspose(4, 1, groups=4, padding=Zeros((0, 0), (0, 0))),
            MAP,
            {
                "transposed_out_grouped": 4 * 35,
                "transposed_full": 4 * 35,
                "transposed_less": 140 * 1,  # 1 - 1 // 4
            },
        ),
        (AdaptivePool("max", 1), MAP, {"maxpool_in": 140}),
        (AdaptivePool("avg", 2), MAP, {"adaptive_in": 140, "adaptive_out": 16}),
        (Pool("max", 2, 2, padding=Zeros((0, 0), (0, 0))), MAP, {"maxpool_in": 140}),
        (
            Pool("avg", 2, 2, padding=Zeros((0, 0), (0, 0))),
            MAP,
            {"avgpool_in": 140, "avgpool_out": 4 * 2 * 3},
        ),
        # 9 steps of 2 x 2 x 5 units; biases 2 layers x 2 directions x 3 gates x 5 x 2.
        (
            Recurrent("gru", 5, 2, 2),
            TOKENS,
            {"gru_units": 9 * 20, "gru_bias": 9 * 120},
        ),
        (Recurrent("rnn", 5), TOKENS, {"rnn_units": 45, "rnn_bias": 90}),
        (Reduce("mean", (-1,)), TOKENS, {"mean_out": 9}),
        (Reduce("sum", (-1,)), TOKENS, {}),
        (Copy((3, 4), name="grid_sampler_2d"), TOKENS, {"grid_sampler": 12}),
        (Copy((3, 4)), TOKENS, {}),
        (Elementwise("mul"), TOKENS, {"scale": 72}),
        (Elementwise("add"), TOKENS, {"add": 72}),
        (Elementwise("exp"), TOKENS, {}),
        (PReLU(), MAP, {"prelu": 140, "prelu_slopes": 1}),
        (PReLU(per_channel=True), MAP, {"prelu": 140, "prelu_slopes": 4}),
        (Resize(2), MAP, {"resize": 560}),
        (Resize(2), TensorShape((4, 5), 0), {"resize_nd": 40}),
        (Resize(size=(5, 1), mode="bilinear"), MAP, {"resize_bilinear": 20}),
        (Resize(size=(5, 1), mode="area"), MAP, {"resize_other": 20}),
        # 8 x 3 weights and 3 biases at eight positions after the first.
        (Linear(3), TOKENS, {"linear_bias": 27, "later_rows": 8 * 27}),
        (BatchNorm(affine=False), MAP, {"batch_norm_plain": 140}),
        (Softmax(), MAP, {"softmax": 140}),
        (LayerScale(), MAP, {"scale": 140}),
        (LayerNorm(), TOKENS, {"layer_norm": 72, "norm_params": 16}),
        (RMSNorm(offset=False), TOKENS, {"rms_norm": 72, "norm_params": 8}),
        (
            LayerNorm(scale=False, offset=False),
            TOKENS,
            {"layer_norm_plain": 72, "norm_params": 0},
        ),
        (LayerNorm(params=5), TOKENS, {"layer_norm": 72, "norm_params": 5}),
        (Embedding(30, 8), TensorShape((9,)), {"embedding": 240}),
        (View((8, 9)), TOKENS, {}),
    ],
)
def test_what_others_may_count(op: Op, x: Shape, tally: dict[str, int]) -> None:
    assert op.tally(x, op.out_shape(x)) == tally


def test_attention_scales_its_queries() -> None:
    assert Attention(2).tally(MAP, MAP) == {"scale": 140}


@pytest.mark.parametrize(
    ("op", "shapes", "dims", "products"),
    [
        # 2 x 6 matrices of 3 x 4 by 4 x 5.
        (MatMul(), ((2, 1, 3, 4), (6, 4, 5)), (2, 6, 3, 5), 12 * 3 * 4 * 5),
        # 3 heads, 5 queries, 7 keys: 5 x 7 x (4 + 6) multiply-adds a head.
        (ScaledDotProduct(), ((3, 5, 4), (3, 7, 4), (3, 7, 6)), (3, 5, 6), 3 * 350),
        # 4 heads of 8 channels at 15 positions share one key of 8 and one value of 6.
        (Attention(4, 1), ((15, 32), (10, 8), (10, 6)), (15, 24), 15 * 10 * (32 + 24)),
    ],
)
def test_products_by_hand(
    op: Op, shapes: tuple[tuple[int, ...], ...], dims: tuple[int, ...], products: int
) -> None:
    x, *others = map(TensorShape, shapes)
    assert op.out_shape(x, *others).dims == dims
    assert op.products(x, *others) == products
    assert (op.weights(x), op.type, op.sees_all) == (0, "MatMul", True)


@pytest.mark.parametrize(
    ("op", "shapes", "message"),
    [
        (MatMul(), ((3, 4), (5, 4)), "3x4 cannot be multiplied as a matrix by 5x4"),
        (MatMul(), ((4,), (4, 5)), "cannot be multiplied"),
        (MatMul(), ((2, 3, 4), (3, 4, 5)), "cannot be multiplied"),
        (ScaledDotProduct(), ((5, 4), (7, 3), (7, 4)), "5x4 cannot attend to 7x3, 7x4"),
        (ScaledDotProduct(), ((5, 4), (7, 4), (6, 4)), "cannot attend"),
        (Attention(2), ((5, 8), (7, 6), (7, 8)), "queries 5x8 cannot attend to 7x6"),
        (Attention(2), ((5, 8), (7, 8), (6, 8)), "cannot attend to 7x8 and 6x8"),
        (Attention(2, 1), ((5, 8), (7, 8), (7, 8)), "cannot attend"),
        (Elementwise("sub"), ((3, 4), (3, 5)), "do not fit together: 3x4, 3x5"),
    ],
)
def test_operands_that_do_not_fit_are_refused(
    op: Op, shapes: tuple[tuple[int, ...], ...], message: str
) -> None:
    with pytest.raises(GraphError, match=message):
        op.out_shape(*map(TensorShape, shapes))


def test_a_contraction_has_the_figures_that_it_is_given() -> None:
    plain = Contraction("einsum", (3, 4), 0, 600)
    weighed = Contraction("bilinear", (3, 4), -1, 600, 50)

    assert plain.out_shape(TOKENS) == shape_of((3, 4), 0) != shape_of((3, 4))
    assert (plain.type, plain.weights(TOKENS)) == ("einsum", 0)
    assert plain.products(TOKENS) == 600
    assert plain.positions(TOKENS, TOKENS) == 0
    assert (weighed.weights(TOKENS), weighed.products(TOKENS)) == (50, 0)
    assert weighed.positions(TOKENS, TOKENS) == 12


def test_a_transposed_convolution_by_hand() -> None:
    """(h - 1) s + (k - 1) d + 1 - zeros + extra, on each axis."""
    zeros = Zeros((1, 0), (2, 1))
    op = ConvTranspose(6, (3, 2), (2, 1), (1, 4), padding=zeros, extra=(1, 0))

    out = op.out_shape(MAP)
    assert out == Shape(6, 4 * 2 + 2 + 1 - 3 + 1, 6 + 4 + 1 - 1)
    assert op.positions(MAP, out) == 35
    assert op.type == "Conv transposed 3x2"
    assert op.resamples(MAP, out)
    still = ConvTranspose(6, 3, 1, 2, groups=2, padding=SAME_ZEROS)
    assert not still.resamples(MAP, MAP)
    assert still.type == "Conv transposed 3x3 g2"
    # Turned round, 2 x (3 - 1) - 1 zeros stand before the map.
    assert still.windows(MAP) == (Window(3, 1, 2, 3), Window(3, 1, 2, 3))


def test_weights_of_recurrent_layers_by_hand() -> None:
    """Per gate and direction 8 x 5 + 5 x 5; a second layer takes both directions."""
    assert Recurrent("gru", 5).weights(TOKENS) == 3 * (8 * 5 + 5 * 5)
    both = Recurrent("lstm", 5, 2, 2)
    assert both.weights(TOKENS) == 2 * 4 * (8 * 5 + 25 + 10 * 5 + 25)
    assert both.biases(TOKENS) == 2 * 2 * 4 * 5 * 2
    assert both.out_shape(TOKENS).dims == (9, 10)
    projected = Recurrent("lstm", 5, projection=3)
    assert projected.weights(TOKENS) == 4 * 5 * (8 + 3) + 3 * 5
    assert (projected.product, both.product) == ("projected", "lstm")
    assert projected.type == "LSTM"
    assert Recurrent("rnn", 5, biases_per_gate=1).biases(TOKENS) == 5


@pytest.mark.parametrize("op", [View, Copy, Output, Constant])
def test_a_tensor_s_channels_are_where_its_axis_says(
    op: Callable[..., Op],
) -> None:
    assert op((3, 8, 9), 0).out_shape(TOKENS) == Shape(3, 8, 9)
    assert op((3, 8, 9)).out_shape(TOKENS) == shape_of((3, 8, 9), -1)


def test_constants_are_parameters_if_they_are_trained() -> None:
    assert Constant((3, 4)).other_params(TOKENS) == 12
    assert Constant((3, 4), trained=False).other_params(TOKENS) == 0
    assert Unused(7).other_params(TOKENS) == 7
    assert Unused(7).type == "not used in this run"


def test_what_has_no_rule_has_a_shape_and_refuses_a_negative_one() -> None:
    assert Unknown("aten::fft", (3, 0), 0).out_shape(TOKENS) == shape_of((3, 0), 0)
    assert Unknown("aten::fft", (3,)).type == "aten::fft"
    with pytest.raises(GraphError, match="aten::fft: a negative dimension"):
        Unknown("aten::fft", (3, -1)).out_shape(TOKENS)


def test_a_reduction_leaves_out_its_dimensions_or_keeps_them_as_1() -> None:
    x = TensorShape((2, 3, 4, 5), 1)
    assert Reduce("sum", (-1, -3)).out_shape(x).dims == (2, 4)
    kept = Reduce("sum", (-1, -3), keeps=True).out_shape(x)
    assert (kept.dims, kept.c) == ((2, 1, 4, 1), 1)
    assert Reduce("amax", (-1,)).type == "amax"


def test_parts_vectors_and_zeros() -> None:
    assert Channels(2, 1).out_shape(Shape(7, 3, 4)) == Shape(3, 3, 4)
    assert Flatten((2, 3)).out_shape(Shape(4, 1, 1)) == Shape(24, 1, 1)
    assert Pad((1, 2), (0, 3)).out_shape(MAP) == Shape(4, 6, 12)
    assert Resize((2, 3)).out_shape(MAP) == Shape(4, 10, 21)
    assert Resize(2).resamples(MAP, Shape(4, 10, 14))
    assert not Resize(1).resamples(MAP, MAP)


@pytest.mark.parametrize(
    ("a", "b", "together"),
    [
        ((3, 4), (3, 4), (3, 4)),
        ((4,), (3, 4), (3, 4)),
        ((3, 1), (1, 5), (3, 5)),
        ((2, 1, 4), (3, 1), (2, 3, 4)),
        ((3, 4), (3, 5), None),
        ((), (2,), (2,)),
    ],
)
def test_dimensions_are_repeated_as_numpy_does(
    a: tuple[int, ...], b: tuple[int, ...], together: tuple[int, ...] | None
) -> None:
    assert broadcast(a, b) == broadcast(b, a) == together


def test_a_sum_s_channels_are_those_of_its_first_term() -> None:
    """Counted from the end, where dimensions are put before it."""
    first = TensorShape((4, 6), 0)
    assert broadcast_shape(first, TensorShape((4, 1))) is first
    wider = broadcast_shape(first, TensorShape((2, 4, 6)))
    assert (wider.dims, wider.c) == ((2, 4, 6), 4)
    assert broadcast_shape(MAP, TensorShape((2, 1, 5, 7))).dims == (2, 4, 5, 7)


def test_other_dimensions_of_a_tensor_are_its_height_and_width() -> None:
    x = TensorShape((2, 3, 4, 5), 1)
    assert x[:] == (3, 2 * 4, 5)
    assert (TensorShape(())[:], TensorShape((7,))[:]) == ((1, 1, 1), (7, 1, 1))
    assert TensorShape((6, 7), 0)[:] == (6, 7, 1)
    assert x.spatial == (4, 5)
    assert x.mapped(9, (1, 2)).dims == (2, 9, 1, 2)
    assert str(TensorShape(())) == "1"
