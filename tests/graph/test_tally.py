"""What an operator tells a ledger, and the window that it looks through."""

import pytest

from mnprofile.graph.operators.convolution import CENTRED, SAME, Conv, Depthwise
from mnprofile.graph.operators.elementwise import Activation, BatchNorm
from mnprofile.graph.operators.joining import Add, Multiply, Scale
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import Op, Shape, Window
from mnprofile.graph.operators.pooling import GlobalPool

X = Shape(3, 4, 5)  # 60 elements


@pytest.mark.parametrize(
    ("op", "tally"),
    [
        (Conv(2, 1), {}),
        (Conv(2, 1, bias=True), {"conv_bias": 40}),
        (Depthwise(3), {}),
        (Linear(7, bias=False), {"later_rows": 0}),  # of a sequence: there is one
        (Linear(7), {"linear_bias": 7, "later_rows": 0}),
        (BatchNorm(), {"batch_norm": 60, "batch_norm_channels": 3}),
        (Activation("relu6"), {"relu6": 60}),
        (Activation("hardswish"), {"hardswish": 60}),
        (GlobalPool(), {"pool_in": 60, "pool_out": 3}),
        (Add(), {"add": 60}),
        (Multiply(), {"scale": 60}),
        (Scale(), {"scale": 60}),
        (Op(), {}),
    ],
)
def test_what_others_may_count_besides_multiply_adds(
    op: Op, tally: dict[str, int]
) -> None:
    x = Shape(3, 1, 1) if isinstance(op, Linear) else X  # it runs on a pooled map

    assert op.tally(x, op.out_shape(x)) == tally


def test_an_operator_costs_nothing_unless_it_says_so() -> None:
    op = Op()

    assert op.out_shape(X) == X
    costs = (op.weights(X), op.biases(X), op.bn_affine(X), op.buffers(X))
    assert costs == (0, 0, 0, 0)
    assert op.groups_on(X) == 1
    assert op.windows(X) is None


def test_a_global_pooling_looks_at_the_whole_map() -> None:
    assert GlobalPool().windows(X) == (Window(4, 4), Window(5, 5))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "dilation", "zeros"),
    [
        # TensorFlow, "SAME": of max((out - 1) s + (k - 1) d + 1 - size, 0) zeros half,
        # rounded down, come first (its documentation of tf.nn.convolution).
        (224, 3, 2, 1, 0),  # 111 x 2 + 3 - 224 = 1
        (225, 3, 2, 1, 1),  # 112 x 2 + 3 - 225 = 2
        (7, 3, 1, 1, 1),  # 2
        (7, 5, 1, 1, 2),  # 4
        (14, 5, 2, 1, 1),  # 6 x 2 + 5 - 14 = 3
        (7, 3, 1, 2, 2),  # 6 + 5 - 7 = 4
        (7, 1, 2, 1, 0),  # 3 x 2 + 1 - 7 = 0
        (8, 1, 2, 1, 0),  # 3 x 2 + 1 - 8 = -1: none
        (16, 1, 8, 1, 0),  # 8 + 1 - 16 = -7: none, not some from the other side
    ],
)
def test_tensorflow_s_zeros_in_front_of_a_map(
    size: int, kernel: int, stride: int, dilation: int, zeros: int
) -> None:
    op = Depthwise(kernel, stride, dilation, padding=SAME)

    assert op.windows(Shape(1, size, size)) == (
        *[Window(kernel, stride, dilation, zeros)] * 2,
    )


@pytest.mark.parametrize(
    ("kernel", "dilation", "zeros"),
    [(1, 1, 0), (3, 1, 1), (5, 1, 2), (3, 2, 2), (5, 3, 6)],
)
def test_pytorch_s_networks_pad_the_same_whatever_the_map(
    kernel: int, dilation: int, zeros: int
) -> None:
    """(k - 1) / 2 x dilation, a whole number."""
    for size in (7, 8):
        window, _ = Conv(2, kernel, 2, dilation, padding=CENTRED).windows(
            Shape(1, size, size)
        )

        assert window == Window(kernel, 2, dilation, zeros)
        assert type(window.before) is int
