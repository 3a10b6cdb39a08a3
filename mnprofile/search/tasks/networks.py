"""The tasks of a sweep over networks that are built by code or read from files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from mnprofile.base.errors import UsageError
from mnprofile.base.units import Bits, resolution_text
from mnprofile.search.conditions import COUNTS, LATENCY, MEMORY
from mnprofile.search.grids import Side, parse_resolutions
from mnprofile.search.tasks.task import Task, check_number
from mnprofile.search.tasks.values import argument_grid

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


def network_grid(
    archs: Sequence[str],
    reading: Mapping[str, Any],
    sizes: str | Side | None,
    device: str | None = None,
) -> NetworkGrid:
    """The grid that options ask for: the values of ``reading``'s arguments, ``sizes``.

    Raises UsageError for a wrong value, and for sizes beside inputs.
    """
    if sizes is not None and reading["inputs"]:
        raise UsageError("--res and --input together: one of them gives the input")
    return NetworkGrid(
        tuple(archs),
        tuple(argument_grid(reading["arguments"])),
        parse_resolutions(sizes) if isinstance(sizes, str) else (sizes,),
        reading["inputs"],
        reading["train"],
        device,
    )


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
