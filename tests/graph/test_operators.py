"""Operators against brute force: every multiply-add counted one by one."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnprofile.costs.counting import figures_of
from mnprofile.graph.arithmetic import ceil_div, half_even, multiple_of
from mnprofile.graph.graph import Node, Origin
from mnprofile.graph.operators.convolution import Conv, Depthwise, Explicit
from mnprofile.graph.operators.elementwise import Activation, BatchNorm
from mnprofile.graph.operators.joining import Add, Scale
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import Op, Shape, ShapeError
from mnprofile.graph.operators.pooling import GlobalPool

KERAS_V1 = Explicit(bottom=1, right=1)
small = st.integers(1, 4)
sides = st.integers(1, 7)
shapes = st.builds(Shape, small, sides, sides)
kernels = st.sampled_from([1, 3, 5])


def node(op: Op, x: Shape) -> Node:
    out = op.out_shape(x)
    return Node("n", op, ("input",), x, out, "n", "n", "s1", op.type, Origin(""))


def outputs(size: int, stride: int) -> int:
    """Output positions of one side: every stride-th input is the middle of a window."""
    return len(range(0, size, stride))


@given(shapes, kernels, st.integers(1, 3), small)
def test_a_convolution_costs_one_multiply_add_a_tap_position_and_channel_pair(
    x: Shape, kernel: int, stride: int, out: int
) -> None:
    op = Conv(out, kernel, stride, bias=True)
    h, w = outputs(x.h, stride), outputs(x.w, stride)
    taps = itertools.product(
        *map(range, (h, w, out, x.c, kernel, kernel))
    )  # padding positions count: the hardware multiplies zeros too
    figures = figures_of(node(op, x))

    assert op.out_shape(x) == Shape(out, h, w)
    assert figures.macs == sum(1 for _ in taps)
    assert figures.weights == len([0] * kernel * kernel * x.c * out)
    assert figures.biases == out
    assert figures.activations == sum(
        1 for _ in itertools.product(*map(range, (out, h, w)))
    )


@given(shapes, kernels, st.integers(1, 3))
def test_a_depthwise_convolution_looks_at_its_own_channel_alone(
    x: Shape, kernel: int, stride: int
) -> None:
    op = Depthwise(kernel, stride)
    h, w = outputs(x.h, stride), outputs(x.w, stride)
    taps = itertools.product(*map(range, (h, w, x.c, kernel, kernel)))
    figures = figures_of(node(op, x))

    assert op.out_shape(x) == Shape(x.c, h, w)
    assert figures.macs == sum(1 for _ in taps)
    assert figures.biases == 0


@pytest.mark.parametrize(
    ("size", "out"),
    # keras.applications.mobilenet pads (0, 1) and runs without padding.
    [(112, 56), (7, 3), (9, 4), (13, 6), (15, 7), (19, 9), (2, 1)],
)
def test_keras_v1_rounds_odd_maps_down(size: int, out: int) -> None:
    x = Shape(8, size, size)

    assert Depthwise(3, 2, padding=KERAS_V1).out_shape(x) == Shape(8, out, out)


def test_keras_v1_refuses_a_map_of_one_pixel() -> None:
    with pytest.raises(ShapeError, match="too small for the kernel"):
        Depthwise(3, 2, padding=KERAS_V1).out_shape(Shape(8, 1, 1))


def test_a_fully_connected_layer_costs_inputs_times_outputs() -> None:
    """MobileNetV1's classifier: 1024 x 1000."""
    figures = figures_of(node(Linear(1000), Shape(1024, 1, 1)))

    assert figures.macs == figures.weights == 1_024_000
    assert figures.biases == figures.activations == 1_000


@pytest.mark.parametrize(
    ("op", "quantity"),
    [
        (BatchNorm(), "batch_norm_elems"),
        (Activation("relu"), "activation_elems"),
        (GlobalPool(), "pool_elems"),
        (Add(), "add_elems"),
        (Scale(), "scale_elems"),
    ],
)
def test_elementwise_operators_count_elements_and_no_multiply_adds(
    op: Op, quantity: str
) -> None:
    figures = figures_of(node(op, Shape(3, 4, 5)))

    assert getattr(figures, quantity) == 60
    assert (figures.macs, figures.weights, figures.activations) == (0, 0, 0)


def test_batch_norm_has_two_parameters_and_two_buffers_a_channel() -> None:
    figures = figures_of(node(BatchNorm(), Shape(3, 4, 5)))

    assert (figures.bn_affine, figures.buffers, figures.params) == (6, 6, 6)


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_ceil_div_is_the_least_multiple_that_covers(value: int, divisor: int) -> None:
    result = ceil_div(value, divisor)

    assert result * divisor >= value > (result - 1) * divisor


@given(st.integers(0, 100_000))
def test_half_even_is_pythons_round(sixteenths: int) -> None:
    assert half_even(sixteenths / 16) == round(sixteenths / 16)


@pytest.mark.parametrize(
    ("value", "rounded"),
    # Halves are rounded up; under 0.9 of the value, to the next multiple.
    [(1, 8), (8, 8), (11.2, 16), (12, 16), (20, 24), (33.6, 32), (44, 48), (92, 96)],
)
def test_multiples_of_8(value: float, rounded: int) -> None:
    assert multiple_of(8, value, 8) == rounded


@given(st.floats(0.01, 20_000))
def test_multiple_of_8_is_the_authors_make_divisible(value: float) -> None:
    """Stated in words: nearest multiple, at least 8, never under nine tenths."""
    rounded = multiple_of(8, value, 8)

    assert rounded % 8 == 0
    assert rounded >= 8
    assert rounded >= 0.9 * value
    assert rounded == 8 or abs(rounded - value) <= 4 or rounded - 8 < 0.9 * value
