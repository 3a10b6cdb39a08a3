"""Which parameters the tensors of a run come from, and what of them is counted yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from torch import Tensor, nn

from mnprofile.graph.graph import Parameters
from mnprofile.networks.readers.torch_call import Found, key_of


@dataclass(slots=True)
class Held:
    """A parameter, and how many of its elements are not counted yet."""

    name: str
    left: int
    is_trained: bool


class Sources:
    """The parameters behind constants, by storage.

    ``given`` are those of the network, or their stand-ins on another device.
    """

    def __init__(self, root: nn.Module, given: dict[str, Tensor]) -> None:
        trained = {key for key, one in root.named_parameters() if one.requires_grad}
        self.held = [
            Held(name, one.numel(), name in trained) for name, one in given.items()
        ]
        self._behind: dict[int, tuple[Held, ...]] = {}
        for one, held in zip(given.values(), self.held, strict=True):
            self._behind[key_of(one)] = (held,)

    def of(self, tensor: Tensor | None) -> tuple[Held, ...]:
        return () if tensor is None else self._behind.get(key_of(tensor), ())

    def derive(self, keys: list[int], outputs: tuple[Tensor, ...]) -> None:
        """Constants make constants, which come from the same parameters."""
        behind = {id(one): one for key in keys for one in self._behind.get(key, ())}
        for one in outputs:
            self._behind[key_of(one)] = tuple(behind.values())

    def stored(self, found: Found) -> Parameters:
        """The elements that an operator is the first to use."""
        return Parameters(*map(self.take, found.held))

    def take(self, tensors: Iterable[Tensor | None]) -> int:
        """The elements of parameters behind some tensors that are not counted yet.

        A part of a parameter (a view) counts as what it is, a tensor computed from
        parameters as all of them.
        """
        taken = 0
        for tensor in tensors:
            behind = self.of(tensor)
            for held in behind:
                assert tensor is not None
                own = len(behind) == 1 and held.left >= tensor.numel()
                amount = tensor.numel() if own else held.left
                held.left -= amount
                taken += amount
        return taken

    def are_trained(self, found: Found) -> bool:
        """Whether an operator uses a parameter that is trained."""
        tensors = chain.from_iterable(found.held)
        return any(held.is_trained for one in tensors for held in self.of(one))

    def weight(self, tensors: tuple[Tensor | None, ...]) -> str:
        """The name of the first parameter behind some tensors, or nothing."""
        return next((self.of(one)[0].name for one in tensors if self.of(one)), "")
