"""Operators on tensors of any rank, against torch modules and brute force."""

import itertools
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mnprofile.graph.graph import Node, Origin, Tape
from mnprofile.graph.operators.convolution import Conv, Depthwise, Zeros
from mnprofile.graph.operators.elementwise import LayerScale
from mnprofile.graph.operators.joining import Add, Concatenate
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.normalisation import GroupNorm, LayerNorm, RMSNorm
from mnprofile.graph.operators.op import GraphError, Op, Shape, TensorShape, shape_of
from mnprofile.graph.operators.products import Attention, MatMul, ScaledDotProduct
from mnprofile.graph.operators.recurrent import Recurrent
from mnprofile.graph.operators.reshaping import (
    Channels,
    ChannelShuffle,
    Flatten,
    Pad,
    Resize,
)
from mnprofile.graph.operators.tensors import Constant, Embedding, PReLU, Reduce, Unused
from mnprofile.graph.operators.transposed import ConvTranspose
from mnprofile.graph.operators.window_pooling import AdaptivePool, Pool


def node(op: Op, x: Shape, *others: Shape) -> Node:
    out = op.out_shape(x, *others)
    names = tuple(f"in{at}" for at in range(1 + len(others)))
    return Node(
        "n", op, names, x, out, "n", "n", "s1", op.type, Origin(""), tuple(others)
    )


def flops_of(module: Any, *inputs: torch.Tensor) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    return int(counter.get_total_flops())


def params_of(module: nn.Module) -> int:
    return sum(one.numel() for one in module.parameters())


CONVOLUTIONS: list[tuple[Op, nn.Module, tuple[int, ...]]] = [
    (
        Conv(6, (3,), (2,), bias=True, padding=Zeros((1,), (1,))),
        nn.Conv1d(4, 6, 3, 2, 1),
        (4, 11),
    ),
    (
        Conv(6, (3, 1, 5), (1, 2, 2), groups=2, padding=Zeros((1, 0, 2), (1, 0, 2))),
        nn.Conv3d(4, 6, (3, 1, 5), (1, 2, 2), (1, 0, 2), groups=2, bias=False),
        (4, 5, 6, 7),
    ),
    (
        Depthwise((3,), 1, 2, Zeros((2,), (2,)), bias=True),
        nn.Conv1d(4, 4, 3, 1, 2, 2, groups=4),
        (4, 9),
    ),
    (
        ConvTranspose(6, 3, 2, bias=True, padding=Zeros((1, 1), (1, 1)), extra=1),
        nn.ConvTranspose2d(4, 6, 3, 2, 1, 1),
        (4, 5, 7),
    ),
    (
        ConvTranspose(6, (4,), (3,), groups=2, padding=Zeros((0,), (0,))),
        nn.ConvTranspose1d(4, 6, 4, 3, groups=2, bias=False),
        (4, 5),
    ),
]


@pytest.mark.parametrize(("op", "module", "dims"), CONVOLUTIONS)
def test_convolutions_of_any_rank_are_torch_s(
    op: Op, module: nn.Module, dims: tuple[int, ...]
) -> None:
    one = node(op, shape_of(dims, 0))
    out = module(torch.zeros(1, *dims))

    assert one.out_shape.dims == tuple(out.shape[1:])
    assert 2 * one.macs == flops_of(module, torch.zeros(1, *dims))
    assert sum(one.parameters) == params_of(module)


def test_a_transposed_convolution_multiplies_each_input_position_by_each_weight() -> (
    None
):
    """Brute force: every pair of an input element and a weight of its channel."""
    op = ConvTranspose(2, (2,), (2,), padding=Zeros((0,), (0,)))
    x = TensorShape((3, 4), 0)
    taps = itertools.product(range(4), range(3), range(2), range(2))

    assert node(op, x).macs == len(list(taps)) == 48
    assert op.out_shape(x).dims == (2, 8)


@pytest.mark.parametrize(
    ("kind", "layers", "both"),
    [("lstm", 1, False), ("gru", 2, True), ("rnn", 3, False)],
)
def test_recurrent_layers_hold_and_use_torch_s_parameters(
    kind: Any, layers: int, both: bool
) -> None:
    """Each weight once per step; brute force runs the cell step by step."""
    make = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[kind]
    module = make(5, 7, layers, bidirectional=both, batch_first=True)
    op = Recurrent(kind, 7, layers, 1 + both)
    one = node(op, TensorShape((9, 5)))
    weights = sum(p.numel() for p in module.parameters() if p.dim() == 2)

    assert one.out_shape.dims == tuple(module(torch.zeros(1, 9, 5))[0].shape[1:])
    assert sum(one.parameters) == params_of(module)
    assert one.macs == 9 * weights


def test_a_projected_lstm_holds_torch_s_parameters() -> None:
    module = nn.LSTM(5, 7, 2, proj_size=3)

    one = node(Recurrent("lstm", 7, 2, projection=3), TensorShape((4, 5)))

    assert sum(one.parameters) == params_of(module)
    assert one.out_shape.dims == (4, 3)


def test_a_linear_layer_runs_at_every_position_of_tokens() -> None:
    one = node(Linear(6), TensorShape((3, 5, 4)))

    assert one.out_shape.dims == (3, 5, 6)
    assert 2 * one.macs == flops_of(nn.Linear(4, 6), torch.zeros(3, 5, 4)) == 720
    assert one.parameters.weights == 24


def test_matrix_products_broadcast_as_torch_does() -> None:
    a, b = (2, 1, 3, 4), (5, 4, 6)
    one = node(MatMul(), TensorShape(a), TensorShape(b))

    assert one.out_shape.dims == tuple((torch.zeros(a) @ torch.zeros(b)).shape)
    assert one.macs == 2 * 5 * 3 * 4 * 6
    with pytest.raises(GraphError, match="cannot be multiplied"):
        MatMul().out_shape(TensorShape(a), TensorShape((3, 6)))


def test_attention_is_two_matrix_products_however_it_is_written() -> None:
    """8 heads of 16, 7 x 7 queries, 4 x 4 keys: 49 x 16 x 128 multiply-adds twice."""
    by_map = node(Attention(8), Shape(128, 7, 7), Shape(128, 4, 4), Shape(128, 4, 4))
    shared = node(Attention(8, 1), Shape(128, 7, 7), Shape(16, 4, 4), Shape(16, 4, 4))
    q, k = TensorShape((8, 49, 16)), TensorShape((8, 16, 16))
    split = node(ScaledDotProduct(), q, k, k)

    assert by_map.macs == shared.macs == split.macs == 2 * 49 * 16 * 128
    assert by_map.out_shape == shared.out_shape == Shape(128, 7, 7)
    assert split.out_shape.dims == (8, 49, 16)
    assert by_map.parameters == (0, 0, 0, 0)


def test_operators_with_other_parameters_hold_torch_s() -> None:
    tokens, image = TensorShape((9, 8)), Shape(8, 3, 3)
    for op, x, module in (
        (LayerNorm(), tokens, nn.LayerNorm(8)),
        (RMSNorm(offset=False), tokens, nn.RMSNorm(8)),
        (GroupNorm(), image, nn.GroupNorm(4, 8)),
        (PReLU(per_channel=True), image, nn.PReLU(8)),
        (Embedding(30, 8), TensorShape((9,)), nn.Embedding(30, 8)),
    ):
        assert node(op, x).parameters.other_params == params_of(module)
    assert node(LayerScale(), image).parameters.other_params == 8
    assert node(Constant((9, 8)), tokens).parameters.other_params == 72
    assert node(Unused(123), tokens).parameters.other_params == 123


POOLS: list[tuple[Op, nn.Module, tuple[int, ...]]] = [
    (
        Pool("max", 3, 2, padding=Zeros((1, 1), (1, 1))),
        nn.MaxPool2d(3, 2, 1),
        (2, 12, 9),
    ),
    (
        Pool("max", 3, 2, padding=Zeros((0, 0), (0, 0), ceil=True)),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        (2, 12, 9),
    ),
    (
        Pool("avg", 2, 2, padding=Zeros((1, 1), (1, 1), ceil=True)),
        nn.AvgPool2d(2, 2, 1, ceil_mode=True),
        (2, 5, 6),
    ),
    (
        Pool("avg", (3,), (3,), padding=Zeros((0,), (0,))),
        nn.AvgPool1d(3),
        (2, 11),
    ),
    (AdaptivePool("avg", 7), nn.AdaptiveAvgPool2d(7), (2, 9, 9)),
    (Resize(2), nn.Upsample(scale_factor=2), (2, 3, 4)),
    (Resize(size=(5, 6)), nn.Upsample(size=(5, 6)), (2, 3, 4)),
    (Pad((2, 0), (1, 3)), nn.ZeroPad2d((0, 3, 2, 1)), (2, 3, 4)),
    (ChannelShuffle(2), nn.ChannelShuffle(2), (4, 3, 3)),
]


@pytest.mark.parametrize(("op", "module", "dims"), POOLS)
def test_sizes_after_pooling_and_resizing_are_torch_s(
    op: Op, module: nn.Module, dims: tuple[int, ...]
) -> None:
    out = module(torch.zeros(1, *dims))

    assert op.out_shape(shape_of(dims, 0)).dims == tuple(out.shape[1:])


def test_a_ceiling_never_begins_a_window_beyond_the_map() -> None:
    """torch drops a last window that would begin in the zeros at the end."""
    pool = Pool("avg", 2, 2, padding=Zeros((1, 1), (1, 1), ceil=True))

    for size in range(2, 9):
        out = nn.AvgPool2d(2, 2, 1, ceil_mode=True)(torch.zeros(1, 1, size, size))
        assert pool.out_shape(Shape(1, size, size)).dims == tuple(out.shape[1:])


def test_other_operators_follow_the_shapes() -> None:
    tokens, vector = TensorShape((9, 8)), TensorShape((8,))

    assert Add().out_shape(tokens, vector) == tokens
    assert Add().out_shape(vector, tokens).dims == (9, 8)
    assert Concatenate().out_shape(tokens, TensorShape((9, 3))).dims == (9, 11)
    assert Reduce("mean", (-2,)).out_shape(tokens).dims == (8,)
    assert Reduce("mean", (-1, -2), keeps=True).out_shape(Shape(8, 3, 4)) == Shape(
        8, 1, 1
    )
    assert Channels(4, 1).out_shape(Shape(8, 3, 4)) == Shape(2, 3, 4)
    assert Flatten().out_shape(Shape(8, 3, 4)) == Shape(96, 1, 1)
    with pytest.raises(GraphError, match="do not fit together: 9x8, 7"):
        Add().out_shape(tokens, TensorShape((7,)))


def test_a_shape_of_any_rank_keeps_its_dimensions() -> None:
    tokens, volume = shape_of((197, 768)), shape_of((4, 5, 6, 7), 0)

    assert (tokens.c, tokens.positions, tokens.elements) == (768, 197, 151_296)
    assert (volume.c, volume.positions, volume.spatial) == (4, 210, (5, 6, 7))
    assert [str(tokens), str(volume), str(shape_of((1000,)))] == [
        "197x768",
        "4x5x6x7",
        "1000",
    ]
    assert shape_of((3, 8, 9), 0) == Shape(3, 8, 9) != shape_of((3, 8, 9))
    assert type(shape_of((3, 8, 9), 0)) is Shape
    assert shape_of((2, 6)) != shape_of((3, 4))
    assert shape_of((2, 6), 0) != shape_of((2, 6))
    assert len({shape_of((2, 6)), shape_of((2, 6)), shape_of((2, 6), 0)}) == 2


def test_an_operator_without_inputs_is_recorded_between_others() -> None:
    tape = Tape(TensorShape((9, 8)))
    tape.add("x", LayerNorm())
    constant = tape.add("positions", Constant((9, 8)))
    tape.last = "x"
    tape.add("sum", Add(), constant)

    assert tape.nodes[1].inputs == ()
    assert tape.nodes[2].other_shapes == (TensorShape((9, 8)),)
