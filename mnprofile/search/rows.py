"""Rows of a sweep: configurations and their figures, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnprofile.evidence.literature.accuracy_series import Latency, latencies
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.conditions import COUNTS, LATENCY, MEMORY
from mnprofile.search.grids import Grid
from mnprofile.search.interpolation import Accuracy, accuracy_of, as_published
from mnprofile.search.latencies import Timing, timing_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SCALED = ("phi", "depth")  # what groups of a compound scaling have
# What a row has besides its group, in the order of the columns. ``t`` is nan for
# the table's own expansion, ``top1`` is nan if no accuracy is known.
NUMBERS = ("alpha", "height", "width", "t", *COUNTS, MEMORY, "top1", "kind")
TIMED = (LATENCY, "latency_kind")  # what it also has if a device is asked for


@dataclass(frozen=True)
class SweepGroup:
    """What the rows of one table, implementation and number of classes share."""

    arch: Architecture
    impl: str
    classes: int
    accuracy: Accuracy | None  # None if published figures are not about it
    latencies: tuple[Latency, ...] = ()
    timing: Timing | None = None  # None if no device is asked for
    phi: float | None = None  # None if no compound scaling is asked for
    depth: float = 1.0


@dataclass(frozen=True)
class Rows:
    """Configurations and their figures; ``group`` [N] indexes ``groups``."""

    groups: tuple[SweepGroup, ...]
    group: NDArray[np.int32]
    columns: dict[str, NDArray[Any]]  # of NUMBERS and perhaps TIMED, [N] each

    def __len__(self) -> int:
        return len(self.group)

    def take(self, index: Any) -> Rows:
        """Some of the rows, by index or mask."""
        taken = {name: column[index] for name, column in self.columns.items()}
        return Rows(self.groups, self.group[index], taken)


def groups_of(grids: Sequence[Grid]) -> tuple[SweepGroup, ...]:
    """Every table, implementation and number of classes that the grids hold."""
    return tuple(
        SweepGroup(
            one.arch,
            impl,
            classes,
            accuracy_of(one.arch.name) if about else None,
            latencies(one.arch.name) if about else (),
            timing_of(one.arch, one.device, printed=about),
            one.phi,
            one.depth,
        )
        for one in grids
        for impl in one.impls
        for classes in one.classes
        for about in (one.depth == 1 and as_published(one.arch, impl, classes),)
    )


def has_phi(groups: Sequence[SweepGroup]) -> bool:
    """Whether a compound scaling is asked for."""
    return any(group.phi is not None for group in groups)


def join(parts: Sequence[Rows]) -> Rows:
    """Rows of one sweep, one piece after the other."""
    import numpy as np

    return Rows(
        parts[0].groups,
        np.concatenate([part.group for part in parts]),
        {
            name: np.concatenate([part.columns[name] for part in parts])
            for name in parts[0].columns
        },
    )
