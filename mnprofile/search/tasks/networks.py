"""The tasks of a sweep over networks that are built by code or read from files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from mnprofile.base.units import Bits, resolution_text
from mnprofile.search.conditions import COUNTS, LATENCY, MEMORY
from mnprofile.search.grids import Side
from mnprofile.search.tasks.task import Task, check_number

_FOUND = (MEMORY, LATENCY, "top1", "without_rule", "error")
COUNT = "mnprofile.search.tasks.work:count"


@dataclass(frozen=True)
class NetworkGrid:
    """Every combination of these for each network.

    ``arguments`` are those of a callable; ``resolutions`` (height, width) the sizes of
    one image, None for the network's own input or for ``inputs``.
    """

    archs: tuple[str, ...]
    arguments: tuple[Mapping[str, object], ...]
    resolutions: tuple[Side | None, ...] = (None,)
    inputs: tuple[str, ...] = ()
    train: bool = False
    device: str | None = None  # the latencies of which are wanted

    @property
    def size(self) -> int:
        return len(self.archs) * len(self.arguments) * len(self.resolutions)


def network_tasks(grid: NetworkGrid, bits: Bits) -> list[Task]:
    """One task per network, arguments and size. Raises UsageError for too many.

    The arguments travel as text, which ``parse_argument`` reads as it does for one
    network.
    """
    check_number(grid.size)
    return [
        Task(
            COUNT,
            {
                "arch": arch,
                "arguments": {key: repr(value) for key, value in some.items()},
                "resolution": side,
                "inputs": grid.inputs,
                "train": grid.train,
                "bits": bits,
                "device": grid.device,
            },
            {
                "model": arch,
                **{_name(key): _column(value) for key, value in some.items()},
                "resolution": None if side is None else resolution_text(side),
            },
        )
        for arch, some, side in product(grid.archs, grid.arguments, grid.resolutions)
    ]


def _name(key: str) -> str:
    """The column of an argument; its own name unless another column has that."""
    taken = ("model", "resolution", *COUNTS, *_FOUND)
    return f"arg_{key}" if key in taken else key


def _column(value: object) -> object:
    """An argument's value in a row: plain JSON values as they are, others as text."""
    return value if isinstance(value, str | int | float | None) else repr(value)
