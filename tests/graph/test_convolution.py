"""Padding, groups, dilation and rectangular kernels, against torch itself."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnprofile.graph.operators.convolution import (
    CENTRED,
    SAME,
    Conv,
    Depthwise,
    Explicit,
)
from mnprofile.graph.operators.op import Shape, ShapeError, Window

sides = st.integers(1, 4)
pairs = st.tuples(sides, sides)


@settings(deadline=None)
@given(
    pairs,
    pairs,
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    st.integers(1, 3),
    st.tuples(*[st.integers(0, 3)] * 4),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
)
def test_explicit_padding_gives_torch_s_size_and_weights(
    kernel: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
    zeros: tuple[int, int, int, int],
    size: tuple[int, int],
) -> None:
    torch = pytest.importorskip("torch")
    top, left, bottom, right = zeros
    x = Shape(6 * groups, *size)
    op = Conv(
        4 * groups,
        kernel,
        stride,
        dilation,
        groups=groups,
        padding=Explicit(top, left, bottom, right),
    )
    conv = torch.nn.Conv2d(
        x.c, op.out, kernel, stride, 0, dilation, groups, bias=False, device="meta"
    )
    padded = torch.nn.functional.pad(
        torch.zeros(1, x.c, x.h, x.w, device="meta"), (left, right, top, bottom)
    )
    fits = all(
        have >= (k - 1) * d + 1
        for have, k, d in zip(padded.shape[2:], kernel, dilation, strict=True)
    )
    if not fits:
        with pytest.raises(ShapeError, match="too small for the kernel"):
            op.out_shape(x)
        return

    assert op.out_shape(x) == Shape(*conv(padded).shape[1:])
    assert op.weights(x) == conv.weight.numel()


@pytest.mark.parametrize("padding", [SAME, CENTRED])
@pytest.mark.parametrize(("size", "out"), [(7, 4), (8, 4), (1, 1)])
def test_same_padding_rounds_up(padding: object, size: int, out: int) -> None:
    op = Depthwise(3, 2, padding=padding)  # type: ignore[arg-type]

    assert op.out_shape(Shape(5, size, size)) == Shape(5, out, out)


def test_tensorflow_s_odd_zero_comes_last_and_pytorch_pads_both_ends() -> None:
    """3x3 / 2 on 8 rows: TensorFlow pads 0 and 1, PyTorch 1 and 1."""
    x = Shape(5, 8, 8)

    assert Depthwise(3, 2, padding=SAME).windows(x)[0] == Window(3, 2, 1, 0)
    assert Depthwise(3, 2, padding=CENTRED).windows(x)[0] == Window(3, 2, 1, 1)
    assert Depthwise(3, 2, padding=Explicit(2, 0)).windows(x)[0] == Window(3, 2, 1, 2)


def test_a_rectangular_kernel_says_its_sides() -> None:
    op = Conv(7, (3, 1))

    assert op.type == "Conv 3x1"
    assert op.weights(Shape(2, 5, 5)) == 3 * 2 * 7
    assert Depthwise((1, 5)).type == "Conv DW 1x5"
