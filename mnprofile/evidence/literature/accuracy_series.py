"""Which printed accuracies and latencies belong together: one recipe a table.

Accuracies compare only within one source and recipe, so each table has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mnprofile.evidence.literature.printed import Figure, figures

PHONES = ("Pixel 1", "Pixel 2", "Pixel 3")

Point = tuple[float, int]  # alpha, resolution


@dataclass(frozen=True, slots=True)
class Recipe:
    """Which figures of a source belong together, and what to call them."""

    source: str
    family: str
    variant: str
    where: str
    label: str

    def takes(self, figure: Figure) -> bool:
        return (
            figure.family == self.family
            and figure.variant == self.variant
            and figure.where.startswith(self.where)
            and "other version" not in figure.where
        )


_SLIM = "tensorflow/models research/slim"
_V1 = Recipe("slim-v1", "v1", "float", _SLIM, "TF-slim mobilenet_v1.md, float")
_V2 = Recipe("slim-v2-v3", "v2", "float", _SLIM, "TF-slim mobilenet/README.md, float")
_LARGE = Recipe("paper-v3", "v3-large", "large", "Table 9", "V3 paper, Table 9, large")
_SMALL = Recipe("paper-v3", "v3-small", "small", "Table 9", "V3 paper, Table 9, small")


def _slim_v3(family: str, variant: str) -> Recipe:
    label = f"TF-slim mobilenet/README.md, V3 {variant}"
    return Recipe("slim-v2-v3", family, variant, _SLIM, label)


def _v3_table3(family: str) -> Recipe:
    return Recipe("paper-v3", family, "float", "Table 3", "V3 paper, Table 3")


# By table. A network is accurate only as it was trained, so there is one recipe each.
TOP1: dict[str, Recipe] = {
    "mobilenet_v1": _V1,
    "mobilenet_v1_conv": Recipe(
        "paper-v1",
        "v1",
        "ImageNet",
        'Table 4 row "Conv MobileNet"',
        "V1 paper, Table 4",
    ),
    "mobilenet_v1_shallow": Recipe(
        "paper-v1",
        "v1",
        "ImageNet",
        'Table 5 row "Shallow MobileNet"',
        "V1 paper, Table 5",
    ),
    "mobilenet_v2": _V2,
    "mobilenet_v3_large": _LARGE,
    "mobilenet_v3_small": _SMALL,
    "mobilenet_v3_large_minimalistic": _slim_v3(
        "v3-large", "large minimalistic, float"
    ),
    "mobilenet_v3_small_minimalistic": _slim_v3(
        "v3-small", "small minimalistic, float"
    ),
}

# The first recipe that has a phone gives that phone's column.
LATENCY: dict[str, tuple[Recipe, ...]] = {
    "mobilenet_v1": (
        Recipe(
            "paper-v2", "v1", "ImageNet", "Table 4", "V2 paper, Table 4, large core"
        ),
    ),
    "mobilenet_v2": (_V2, _v3_table3("v2")),
    "mobilenet_v3_large": (_LARGE, _slim_v3("v3-large", "large, float")),
    "mobilenet_v3_small": (_SMALL, _slim_v3("v3-small", "small, float")),
    "mobilenet_v3_large_minimalistic": (
        _slim_v3("v3-large", "large minimalistic, float"),
    ),
    "mobilenet_v3_small_minimalistic": (
        _slim_v3("v3-small", "small minimalistic, float"),
    ),
}


@dataclass(frozen=True, slots=True)
class Latency:
    """Published milliseconds on one phone, by configuration."""

    phone: str
    device: str  # as the source names it
    label: str
    milliseconds: Mapping[Point, float]


@cache
def latencies(name: str) -> tuple[Latency, ...]:
    """The published latencies of a shipped table, one entry a phone."""
    found = []
    for phone in PHONES:
        for recipe in LATENCY.get(name, ()):
            chosen = [
                figure
                for figure in figures(recipe.source)
                if figure.quantity == "latency"
                and recipe.takes(figure)
                and figure.device.partition(" (")[0] == phone
            ]
            if chosen:
                points = {point_of(figure): float(figure.printed) for figure in chosen}
                found.append(Latency(phone, chosen[0].device, recipe.label, points))
                break
    return tuple(found)


def top1_figures(name: str) -> tuple[Figure, ...]:
    """The printed top-1 accuracies of a shipped table's recipe."""
    recipe = TOP1.get(name)
    if recipe is None:
        return ()
    return tuple(
        figure
        for figure in figures(recipe.source)
        if figure.quantity == "top1" and recipe.takes(figure)
    )


@cache
def published(name: str) -> Mapping[Point, float]:
    """The published top-1 of a table in percent, by (alpha, resolution)."""
    return {
        point_of(figure): float(figure.printed.rstrip(" %"))
        for figure in top1_figures(name)
    }


def point_of(figure: Figure) -> Point:
    """The configuration that a figure is about."""
    # The papers leave the width out where they mean 1.0, and the V1 paper the size.
    return figure.alpha or 1.0, figure.resolution or 224
