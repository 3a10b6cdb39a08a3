"""The networks of both zoos, their published figures, and a second count of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import mnprofile
from mnprofile.graph.graph import Graph
from tests.zoo import LIBRARY  # noqa: F401 - before torchvision is imported

# Published parameters leave out the auxiliary heads, which the code has.
WITHOUT_HEADS = {"googlenet": 6_624_904}
SIZED = ("vit_",)  # built for one size of image


class Weights(NamedTuple):
    """One set of classification weights: figures as torchvision publishes them."""

    network: str
    name: str
    size: int
    gmacs: float  # rounded to three decimals
    params: int

    def make(self) -> nn.Module:
        from torchvision.models import get_model

        size = {"image_size": self.size} if self.network.startswith(SIZED) else {}
        module: nn.Module = made(lambda: get_model(self.network, weights=None, **size))
        return module


def torchvision_weights() -> Iterator[Weights]:
    """All classification weights that are not quantised."""
    from torchvision import models

    for network in models.list_models(module=models):
        for one in models.get_model_weights(network):
            meta: Any = one.meta
            size = one.transforms.keywords["crop_size"]
            yield Weights(network, one.name, size, meta["_ops"], meta["num_params"])


def made(make: Callable[[], Any]) -> Any:
    """A network on meta tensors; built on the CPU where it reads a value."""
    try:
        with torch.device("meta"):
            return make()
    except (RuntimeError, NotImplementedError):
        return make()


def read(module: nn.Module, size: tuple[int, ...]) -> Graph:
    """The network read at an input, the batch left out."""
    return mnprofile.from_torch(module, (1, *size))


def counted_by_torch(module: nn.Module, size: tuple[int, ...]) -> tuple[int, int]:
    """Multiply-adds by FlopCounterMode with attention in its parts, and parameters.

    On meta tensors torch runs attention as matrix products, once the fused encoder
    layers are off.
    """
    module.eval().requires_grad_(False).to("meta")
    x = torch.empty(1, *size, device="meta")
    with (
        whole_attention(),
        torch.no_grad(),
        torch.device("meta"),
        FlopCounterMode(display=False) as counter,
    ):
        module(x)
    params = sum(one.numel() for one in module.parameters())
    return int(counter.get_total_flops()) // 2, params


@contextmanager
def whole_attention() -> Iterator[None]:
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)
