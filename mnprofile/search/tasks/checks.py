"""The tasks of a cross-check of many configurations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from mnprofile.base.errors import UsageError
from mnprofile.base.units import resolution_text
from mnprofile.evidence.literature.sources import figures, sources
from mnprofile.networks.catalog import entry_of, is_shipped, load
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
    row = {"model": arch.name, **settings, "resolution": resolution_text(side)}
    if one.phi is not None:
        settings["depth"] = one.depth
        row |= {"phi": one.phi, "depth": one.depth}
    return Task(
        "mnprofile.search.tasks.work:check",
        {"arch": _spelled(arch), **settings, **options},
        row,
    )


def _spelled(arch: Architecture) -> str:
    """A shipped table goes by its name, a user's own by its whole path; so do heads."""
    head = arch.head
    if head is None:
        return arch.name if is_shipped(arch) else _whole(arch.table.file)
    name = arch.name.removesuffix(f"+{head.name}")
    known = entry_of(name)
    is_own = known is None or load(name).table is not arch.table
    backbone = _whole(arch.table.file) if is_own else name
    comes_with = head.table.file == f"tables/heads/{head.name}.md"
    return f"{backbone}+{head.name if comes_with else _whole(head.table.file)}"


def _whole(file: str) -> str:
    return str(Path(file).resolve())
