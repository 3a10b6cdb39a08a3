"""Which printed accuracies and latencies belong together: one series per table.

Accuracies are comparable only within one source and training recipe, so each table
has one. ``printed_accuracies`` has them with the costs counted here.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import NamedTuple

from mnprofile.costs.counting import count
from mnprofile.evidence.literature.sources import Printed, figures
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import is_shipped
from mnprofile.networks.configuration import Request, configure
from mnprofile.networks.imported import Network

PHONES = ("Pixel 1", "Pixel 2", "Pixel 3")

WidthAndSide = tuple[float, int]  # alpha, resolution


class AccuracySeries(NamedTuple):
    """Figures of one source that belong together, and what to call them."""

    source: str
    family: str
    variant: str
    where: str
    label: str

    def figures(self, quantity: str) -> tuple[Printed, ...]:
        """Its figures of one quantity, in the order of the source."""
        return tuple(
            figure
            for figure in figures(self.source)
            if figure.quantity == quantity
            and figure.family == self.family
            and figure.variant == self.variant
            and figure.where.startswith(self.where)
            and "other version" not in figure.where
        )


_SLIM = "tensorflow/models research/slim"


def _paper(source: str, family: str, variant: str, where: str) -> AccuracySeries:
    """A printed table, or one of its rows: Table 4 row "Conv MobileNet"."""
    table = where.partition(" row")[0]
    if variant in ("large", "small"):
        table += f", {variant}"
    label = f"{source[-2:].upper()} paper, {table}"
    return AccuracySeries(source, family, variant, where, label)


def _slim_v3(family: str, variant: str) -> AccuracySeries:
    variant = f"{variant}, float"
    label = f"TF-slim mobilenet/README.md, V3 {variant}"
    return AccuracySeries("slim-v2-v3", family, variant, _SLIM, label)


_V1 = AccuracySeries("slim-v1", "v1", "float", _SLIM, "TF-slim mobilenet_v1.md, float")
_V2 = AccuracySeries(
    "slim-v2-v3", "v2", "float", _SLIM, "TF-slim mobilenet/README.md, float"
)
_LARGE = _paper("paper-v3", "v3-large", "large", "Table 9")
_SMALL = _paper("paper-v3", "v3-small", "small", "Table 9")
_LARGE_MINI = _slim_v3("v3-large", "large minimalistic")
_SMALL_MINI = _slim_v3("v3-small", "small minimalistic")

# By table. Accuracy depends on the training, so each table has one series.
TOP1: dict[str, AccuracySeries] = {
    "mobilenet_v1": _V1,
    "mobilenet_v1_conv": _paper(
        "paper-v1", "v1", "ImageNet", 'Table 4 row "Conv MobileNet"'
    ),
    "mobilenet_v1_shallow": _paper(
        "paper-v1", "v1", "ImageNet", 'Table 5 row "Shallow MobileNet"'
    ),
    "mobilenet_v2": _V2,
    "mobilenet_v3_large": _LARGE,
    "mobilenet_v3_small": _SMALL,
    "mobilenet_v3_large_minimalistic": _LARGE_MINI,
    "mobilenet_v3_small_minimalistic": _SMALL_MINI,
}

# A phone's column is from the first series that has figures for it.
LATENCY: dict[str, tuple[AccuracySeries, ...]] = {
    "mobilenet_v1": (
        AccuracySeries(
            "paper-v2", "v1", "ImageNet", "Table 4", "V2 paper, Table 4, large core"
        ),
    ),
    "mobilenet_v2": (_V2, _paper("paper-v3", "v2", "float", "Table 3")),
    "mobilenet_v3_large": (_LARGE, _slim_v3("v3-large", "large")),
    "mobilenet_v3_small": (_SMALL, _slim_v3("v3-small", "small")),
    "mobilenet_v3_large_minimalistic": (_LARGE_MINI,),
    "mobilenet_v3_small_minimalistic": (_SMALL_MINI,),
}


class Latency(NamedTuple):
    """Published milliseconds on one phone, by configuration."""

    phone: str
    device: str  # as the source names it
    label: str
    milliseconds: Mapping[WidthAndSide, float]


@cache
def latencies(name: str) -> tuple[Latency, ...]:
    """The published latencies of a shipped table, one entry per phone."""
    found = []
    for phone in PHONES:
        for series in LATENCY.get(name, ()):
            chosen = [
                figure
                for figure in series.figures("latency")
                if figure.device.partition(" (")[0] == phone
            ]
            if chosen:
                points = {point_of(figure): float(figure.printed) for figure in chosen}
                found.append(Latency(phone, chosen[0].device, series.label, points))
                break
    return tuple(found)


def top1_figures(name: str) -> tuple[Printed, ...]:
    """The printed top-1 accuracies of a shipped table's series."""
    series = TOP1.get(name)
    return series.figures("top1") if series is not None else ()


@cache
def published(name: str) -> Mapping[WidthAndSide, float]:
    """The published top-1 of a table in percent, by (alpha, resolution)."""
    return {
        point_of(figure): float(figure.printed.rstrip(" %"))
        for figure in top1_figures(name)
    }


def point_of(figure: Printed) -> WidthAndSide:
    """The configuration that a figure is about."""
    # The papers omit a width of 1.0, and the V1 paper omits a size of 224.
    return figure.alpha or 1.0, figure.resolution or 224


class PrintedAccuracy(NamedTuple):
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
