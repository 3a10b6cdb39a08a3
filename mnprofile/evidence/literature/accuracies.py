"""Accuracies that papers and model zoos print, with the costs counted here.

One source per network, so that points of one colour come from one recipe.
"""

from dataclasses import dataclass
from decimal import Decimal

from mnprofile.costs.counting import count
from mnprofile.evidence.literature.accuracy_series import TOP1, point_of, top1_figures
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import is_shipped
from mnprofile.networks.configuration import Request, configure
from mnprofile.networks.imported import Network


@dataclass(frozen=True)
class PrintedAccuracy:
    """A printed top-1 accuracy (percent) and the counted cost of its network."""

    alpha: float
    resolution: int
    top1: Decimal
    macs: int
    params: int
    where: str


def source_of(arch: Network) -> str | None:
    """Where the accuracies of a table come from; None for a table without any.

    A user's own table has none, whatever its name.
    """
    recipe = TOP1.get(arch.name)
    return recipe.label if recipe and is_shipped(arch) else None


def printed_accuracies(
    arch: Network, *, impl: str = "paper"
) -> tuple[PrintedAccuracy, ...]:
    """Every printed accuracy of a table, by ascending multiply-adds."""
    if not is_shipped(arch) or source_of(arch) is None:
        return ()
    found = []
    for figure in top1_figures(arch.name):
        alpha, side = point_of(figure)
        config = configure(arch, Request(alpha, side, impl=impl))
        totals = count(build_rows(arch, config)).totals
        top1 = Decimal(figure.printed.rstrip("% "))
        found.append(
            PrintedAccuracy(alpha, side, top1, totals.macs, totals.params, figure.where)
        )
    return tuple(sorted(found, key=lambda one: (one.macs, one.top1)))
