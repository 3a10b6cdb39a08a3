"""Accuracies that papers and model zoos print, beside the costs counted here.

One source a network, so that points of one colour come from one recipe.
"""

from dataclasses import dataclass
from decimal import Decimal

from mnprofile.costs.counting import count
from mnprofile.evidence.literature.accuracy_series import TOP1, point_of, top1_figures
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import is_shipped
from mnprofile.networks.configuration import Request, configure
from mnprofile.networks.notation.rows import Architecture


@dataclass(frozen=True)
class Point:
    """A printed top-1 accuracy (percent) and the counted cost of its network."""

    network: str
    alpha: float
    resolution: int
    top1: Decimal
    macs: int
    params: int
    where: str


def source_of(arch: Architecture) -> str | None:
    """Where the accuracies of a table come from; None for one without any.

    A user's own table has none, whatever its name.
    """
    recipe = TOP1.get(arch.name)
    return recipe.label if recipe and is_shipped(arch) else None


def points(arch: Architecture, *, impl: str = "paper") -> tuple[Point, ...]:
    """Every printed accuracy of a table, by ascending multiply-adds."""
    if source_of(arch) is None:
        return ()
    found = []
    for figure in top1_figures(arch.name):
        alpha, side = point_of(figure)
        config = configure(arch, Request(alpha, side, impl=impl))
        totals = count(build_rows(arch, config)).totals
        found.append(
            Point(
                arch.name,
                alpha,
                side,
                Decimal(figure.printed.rstrip("% ")),
                totals.macs,
                totals.params,
                figure.where,
            )
        )
    return tuple(sorted(found, key=lambda point: (point.macs, point.top1)))


def frontier(every: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points that no other one beats in both cost and accuracy."""
    best: list[Point] = []
    for point in sorted(every, key=lambda point: (point.macs, -point.top1)):
        if not best or point.top1 > best[-1].top1:
            best.append(point)
    return tuple(best)
