"""Networks' own code against FlopCounterMode and fvcore, module by module."""

from collections.abc import Callable

import fvcore  # noqa: F401 - these tests need it
import pytest
import torch
from torch import Tensor, nn

from mnprofile.evidence.profilers.module_check import (
    EINSUM,
    UNREAD,
    ModuleCheck,
    check_module,
)
from mnprofile.networks.readers.torch_modules import from_torch
from tests.evidence.sample_nets import Einsums, Held, Unread


def checked(network: nn.Module, *dims: int, **named: tuple[int, ...]) -> ModuleCheck:
    return check_module(network, from_torch(network, named or dims))


class Valued(nn.Module):
    """It reads a value, which a tensor without content does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) * float(x.sum())  # type: ignore[no-any-return]


class Keyword(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 4)

    def forward(self, *, tokens: Tensor) -> dict[str, object]:
        return {"made": [self.layer(tokens)], "count": 1}


@pytest.mark.parametrize(
    ("make", "dims"),
    [
        (Valued, (1, 8)),
        (lambda: nn.LSTM(8, 4), (3, 1, 8)),
        (Held, (1, 3, 16, 16)),
    ],
    ids=["a value is read", "lstm", "modules that several hold"],
)
def test_networks_that_agree_module_by_module(
    make: Callable[[], nn.Module], dims: tuple[int, ...]
) -> None:
    found = checked(make(), *dims)

    assert found.agrees
    assert found.is_complete


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.jit
def test_a_scripted_network_agrees() -> None:
    network = torch.jit.script(nn.Sequential(nn.Linear(8, 4), nn.ReLU()))

    assert checked(network, 1, 8).agrees


def test_fvcore_runs_networks_with_named_inputs_and_any_output() -> None:
    found = checked(Keyword(), tokens=(1, 8))

    assert not found.fvcore_failure
    assert [(one.module, one.fvcore) for one in found.rows] == [("layer", 32)]


def test_why_fvcore_counts_less_or_otherwise() -> None:
    """What no output depends on is not in a trace; einsum has four digits."""
    unread = {one.module: one.left_out for one in checked(Unread(), 1, 3, 16, 16).rows}
    (sums,) = checked(Einsums(), 1, 5, 16).rows

    assert unread == {"stem": "", "side": UNREAD, "head": ""}
    assert (sums.left_out, sums.ours == sums.fvcore, sums.agrees) == (
        EINSUM,
        False,
        True,
    )
