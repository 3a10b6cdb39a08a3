"""Networks that are wrapped, lazy, parametrized, of another type, or mixtures."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mnprofile import activation_memory, count, from_torch
from mnprofile.base.errors import UnmeasuredError, UsageError

SMALL = (1, 3, 8, 8)


def convolution() -> nn.Conv2d:
    return nn.Conv2d(3, 4, 3)  # 6 x 6 x 4 x 27 = 3888 multiply-adds, 112 parameters


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own modules
def test_a_compiled_network_is_read_without_what_compiles_it() -> None:
    network: Any = torch.compile(nn.Sequential(convolution(), nn.ReLU()))
    counted = count(from_torch(network, SMALL))

    assert [one.name for one in counted.layers] == ["0"]
    assert counted.totals.macs == 3888


def test_a_module_that_several_hold_keeps_its_weights() -> None:
    shared = convolution()
    network = nn.Sequential(nn.Sequential(shared), nn.Conv2d(4, 3, 1), shared)
    tied = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    tied[1].weight = tied[0].weight
    before = [*network.parameters(), *tied.parameters()]

    counted = count(from_torch(network, SMALL)), count(from_torch(tied, (1, 4)))

    after = [*network.parameters(), *tied.parameters()]
    assert all(one is other for one, other in zip(before, after, strict=True))
    assert [one.totals.params for one in counted] == [112 + 15, 16 + 4 + 4]
    assert counted[0].totals.macs == 3888 + 36 * 12 + 4 * 4 * 4 * 27


def test_lazy_layers_get_their_sizes_and_the_network_stays_as_it_is() -> None:
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(4))
    counted = count(from_torch(network, SMALL))

    assert (counted.totals.macs, counted.totals.params) == (768, 772)
    assert isinstance(network[1], nn.LazyLinear)


def test_inputs_have_the_type_of_the_weights() -> None:
    graph = from_torch(convolution().half(), SMALL)

    assert count(graph).totals.macs == 3888
    assert "1x3x8x8:float16" in graph.config.inputs


@pytest.mark.parametrize(
    "wrap",
    [
        nn.utils.parametrizations.weight_norm,
        nn.utils.parametrizations.spectral_norm,
    ],
)
def test_a_parametrized_layer_bears_the_path_of_its_module(wrap: object) -> None:
    network = nn.Sequential(wrap(convolution()), nn.ReLU())  # type: ignore[operator]
    counted = count(from_torch(network, SMALL))

    assert [one.name for one in counted.layers] == ["0"]
    assert counted.totals.params == sum(one.numel() for one in network.parameters())


def test_a_recurrent_layer_bears_the_path_of_its_module() -> None:
    class Last(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cells = nn.GRU(8, 4)

        def forward(self, x: Tensor) -> Tensor:
            return self.cells(x)[0][-1]  # type: ignore[no-any-return]

    assert [one.name for one in count(from_torch(Last(), (6, 1, 8))).layers] == [
        "cells"
    ]


def test_a_bag_of_embeddings_has_its_table_and_no_multiply_adds() -> None:
    network = nn.Sequential(nn.EmbeddingBag(50, 8, mode="sum"), nn.Linear(8, 2))
    graph = from_torch(network, torch.zeros(1, 6, dtype=torch.int64))
    counted = count(graph)

    assert not graph.unknown
    assert (counted.totals.macs, counted.totals.params) == (16, 400 + 18)


def test_rows_that_are_multiplied_in_groups_count_once_each() -> None:
    """12 tokens, each with the 8 x 5 matrix of one of three experts: 12 x 8 x 5."""

    class Experts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.experts = nn.Parameter(torch.zeros(3, 8, 16, dtype=torch.bfloat16))

        def forward(self, x: Tensor) -> Tensor:
            ends = torch.tensor([4, 8, 12], dtype=torch.int32)
            return torch._grouped_mm(x, self.experts, offs=ends)

    graph = from_torch(Experts(), (12, 8))
    counted = count(graph)

    assert not graph.unknown
    assert (counted.totals.macs, counted.totals.params) == (12 * 8 * 16, 384)


def test_what_is_added_to_a_product_is_read_there() -> None:
    """A map that only baddbmm adds stays live until then: 3 x 5 beside 2 products."""

    class Added(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            least = x.sum(-1, keepdim=True).sigmoid()
            return torch.baddbmm(least, x, x.transpose(1, 2))

    graph = from_torch(Added(), (1, 5, 7))
    last = activation_memory(graph, bits=8).steps[-1]

    assert sorted(one.shape.elements for one in last.live) == [5, 25, 35]


def test_unused_parameters_are_in_no_stage() -> None:
    class Spare(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.spare = convolution(), nn.Linear(8, 5)

        def forward(self, x: Tensor) -> Tensor:
            return self.used(x).mean((2, 3))  # type: ignore[no-any-return]

    counted = count(from_torch(Spare(), SMALL))
    by_stage = {one.name: one.figures.params for one in counted.by("stage")}

    assert by_stage.pop("not used in this run") == 45
    assert sum(by_stage.values()) == 112


def test_the_inputs_of_a_network_are_named_when_they_do_not_fit() -> None:
    class Named(nn.Module):
        def forward(self, *, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
            return tokens

    with pytest.raises(UsageError) as caught:
        from_torch(Named(), SMALL)
    assert caught.value.accepted == (
        "inputs of forward(*, tokens, mask=None): --input NAME:SHAPE names one"
    )


def test_a_compiled_part_that_is_missing_in_the_run_is_not_a_fault_of_the_input() -> (
    None
):
    class Boxes(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError("Couldn't load custom C++ ops. This can happen if ...")

    with pytest.raises(UnmeasuredError, match="compiled part"):
        from_torch(Boxes(), SMALL)
