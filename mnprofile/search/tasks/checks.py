"""The tasks of a cross-check of many configurations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from mnprofile.base.errors import UsageError
from mnprofile.base.units import resolution_text
from mnprofile.evidence.literature.sources import figures, sources
from mnprofile.networks.catalog import is_shipped
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.grids import Grid, grid, total_size
from mnprofile.search.tasks.task import Task, check_number


def check_tasks(grids: Sequence[Grid], options: Mapping[str, Any]) -> list[Task]:
    """One task for every combination of each grid's values.

    ``options`` are further arguments of ``work.check``. Raises UsageError if there are
    too many.
    """
    check_number(total_size(grids))
    return [
        _task(one, options, impl, classes, t, alpha, side)
        for one in grids
        for impl, classes, t, alpha, side in product(
            one.impls, one.classes, one.ts, one.alphas, one.resolutions
        )
    ]


def published_grids(archs: Iterable[Architecture], impl: str) -> list[Grid]:
    """Each table at the widths and sizes that are printed for its family.

    One grid per pair, since not every width is printed at every size.
    """
    printed = [figure for source in sources() for figure in figures(source)]
    return [
        grid(arch, alphas=[alpha], resolutions=[side], impls=[impl])
        for arch in archs
        for alpha, side in sorted(
            {
                (figure.alpha, figure.resolution)
                for figure in printed
                if figure.family.startswith(arch.family)
                and figure.alpha is not None
                and figure.resolution is not None
            }
        )
    ]


def _task(
    one: Grid,
    options: Mapping[str, Any],
    impl: str,
    classes: int,
    t: float | None,
    alpha: float,
    side: tuple[int, int],
) -> Task:
    """A shipped table goes by its name, a user's own by its whole path."""
    arch = one.arch
    if arch.table.file in ("<stdin>", "<text>"):
        raise UsageError(
            "a grid needs a table that can be read again", accepted="a file"
        )
    settings = {
        "alpha": alpha,
        "resolution": side,
        "t": t,
        "classes": classes,
        "impl": impl,
    }
    table = arch.name if is_shipped(arch) else str(Path(arch.table.file).resolve())
    row = {"model": arch.name, **settings, "resolution": resolution_text(side)}
    return Task(
        "mnprofile.search.tasks.work:check", {"arch": table, **settings, **options}, row
    )
