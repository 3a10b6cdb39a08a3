"""Accuracies that papers and model zoos print, beside the costs counted here.

One source a network, so that points of one colour come from one recipe.
"""

from dataclasses import dataclass
from decimal import Decimal

from mnprofile.blocks import build_rows
from mnprofile.catalog import is_shipped
from mnprofile.counting import count
from mnprofile.published import Figure, figures
from mnprofile.rows import Architecture


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


@dataclass(frozen=True)
class _Source:
    """Which figures of a source belong to one network."""

    file: str
    family: str
    variant: str
    where: str = ""

    def holds(self, figure: Figure) -> bool:
        return (
            figure.quantity == "top1"
            and figure.alpha is not None
            and figure.resolution is not None
            and (figure.family, figure.variant) == (self.family, self.variant)
            and figure.where.startswith(self.where)
            and "other version" not in figure.where
        )


_TABLE_9 = "Table 9 (Appendix A)"
_SOURCES = {
    "mobilenet_v1": _Source("slim-v1", "v1", "float"),
    "mobilenet_v1_conv": _Source(
        "paper-v1", "v1", "ImageNet", 'Table 4 row "Conv MobileNet"'
    ),
    "mobilenet_v1_shallow": _Source(
        "paper-v1", "v1", "ImageNet", 'Table 5 row "Shallow MobileNet"'
    ),
    "mobilenet_v2": _Source("slim-v2-v3", "v2", "float"),
    "mobilenet_v3_large": _Source("paper-v3", "v3-large", "large", _TABLE_9),
    "mobilenet_v3_small": _Source("paper-v3", "v3-small", "small", _TABLE_9),
    "mobilenet_v3_large_minimalistic": _Source(
        "slim-v2-v3", "v3-large", "large minimalistic, float"
    ),
    "mobilenet_v3_small_minimalistic": _Source(
        "slim-v2-v3", "v3-small", "small minimalistic, float"
    ),
}
TITLES = {
    "slim-v1": "TF-slim mobilenet_v1.md",
    "slim-v2-v3": "TF-slim mobilenet/README.md",
    "paper-v1": "MobileNets, arXiv 1704.04861",
    "paper-v3": "MobileNetV3, arXiv 1905.02244",
}


def source_of(arch: Architecture) -> str | None:
    """Where the accuracies of a table come from; None for one without any.

    A user's own table has none, whatever its name.
    """
    source = _SOURCES.get(arch.name)
    return TITLES[source.file] if source and is_shipped(arch) else None


def points(arch: Architecture, *, impl: str = "paper") -> tuple[Point, ...]:
    """Every printed accuracy of a table, by ascending multiply-adds."""
    if source_of(arch) is None:
        return ()
    source = _SOURCES[arch.name]
    found = []
    for figure in figures(source.file):
        if source.holds(figure):
            assert figure.alpha is not None
            graph = build_rows(
                arch, alpha=figure.alpha, resolution=figure.resolution, impl=impl
            )
            totals = count(graph).totals
            found.append(
                Point(
                    arch.name,
                    figure.alpha,
                    graph.config.resolution[0],
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
