"""Activation memory of PyTorch networks, against the storages of a real run."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import mnprofile


class Storages(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch's
    """Which storages each operator of a run reads and writes, and their elements."""

    def __init__(self, module: nn.Module, given: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch's
        self.kept: list[Any] = [given]
        self.steps: list[tuple[set[int], set[int]]] = []
        self.elements = {self.key(given): given.numel()}
        self.weights = {self.key(one) for one in module.parameters()}

    @staticmethod
    def key(tensor: Tensor) -> int:
        found: int = tensor.untyped_storage()._cdata
        return found

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        self.kept.append(out)
        read, made = (
            {self.key(one) for one in tree_leaves(held) if isinstance(one, Tensor)}
            for held in (args, out)
        )
        for one in tree_leaves(out):
            self.elements.setdefault(self.key(one), one.numel())
        if made - read:
            self.steps.append((read - self.weights, made - self.weights))
        return out

    def peak(self, given: Tensor, returned: Tensor) -> int:
        """The most elements at one step, of what is still read or returned."""
        first = {self.key(given): 0}
        last: dict[int, int] = {}
        for at, (read, made) in enumerate(self.steps):
            for one in made - read:
                first.setdefault(one, at)
            last |= dict.fromkeys(read, at)
        last[self.key(returned)] = len(self.steps)
        return max(
            sum(
                self.elements[one]
                for one in first
                if one in last and first[one] <= at <= last[one]
            )
            for at in range(len(self.steps))
        )


class Chosen(nn.Module):
    """The largest elements and their places, both of which are used later."""

    def forward(self, x: Tensor) -> Tensor:
        values, places = torch.topk(x, 20, -1)
        return torch.matmul(values, torch.gather(x, -1, places).transpose(1, 2))


class Pooled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        largest, places = nn.functional.max_pool2d(x, 2, return_indices=True)
        return nn.functional.max_unpool2d(largest, places, [2, 2])


class Extremes(nn.Module):
    """Of the least elements, only the places are read; of the largest, both."""

    def forward(self, x: Tensor) -> Tensor:
        least, largest = x.min(1).indices, x.max(1)
        return torch.stack([least.float(), largest.values, largest.indices.float()])


class Once(nn.Module):
    """Places that nothing reads take no memory."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.matmul(x, torch.topk(x, 3, -1).values)


@pytest.mark.parametrize(
    ("network", "dims", "peak"),
    [
        (Chosen(), (1, 5, 64), 620),  # input, values, places, gathered
        (Pooled(), (1, 4, 8, 8), 384),
        (Extremes(), (1, 4, 9), 63),  # input, then three vectors of 9 in turn
        (Once(), (1, 5, 5), 55),
    ],
)
def test_every_output_that_is_read_takes_memory(
    network: nn.Module, dims: tuple[int, ...], peak: int
) -> None:
    given = torch.zeros(dims)
    with torch.no_grad(), Storages(network, given) as run:
        returned = network(given)

    graph = mnprofile.from_torch(network, dims)

    assert run.peak(given, returned) == peak
    assert mnprofile.activation_memory(graph, bits=8).act_peak_bytes == peak


def test_the_states_of_an_lstm_that_are_read_are_live_beside_its_output() -> None:
    """6 x 8 in, 6 x 16 out; one last state is read: 2 layers x 16."""

    class States(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(8, 16, 2, batch_first=True)
            self.head = nn.Linear(16, 4)

        def forward(self, x: Tensor) -> Tensor:
            out, (state, _) = self.lstm(x)
            return torch.matmul(self.head(out), self.head(state).transpose(-2, -1))

    graph = mnprofile.from_torch(States(), (1, 6, 8))
    first = mnprofile.activation_memory(graph, bits=8).steps[0]

    assert sorted(one.shape.elements for one in first.live) == [32, 48, 96]
    assert {one.layer for one in first.live} == {"input", "lstm"}
