"""Published figures of our networks: what is printed for which, and what is wrong."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from mnprofile.base.errors import FiguresError, Place, UsageError
from mnprofile.evidence.literature.sources import (
    HEAD,
    OTHER,
    Figure,
    check_keys,
    declaration,
    declaration_file,
    figures,
    figures_about,
    impl,
    sources,
)
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import is_shipped
from mnprofile.networks.notation.rows import Architecture

__all__ = [
    "Figure",
    "Misprint",
    "figures",
    "misprint_of",
    "misprints",
    "printed_shares",
    "published_for",
    "sources",
]

IMAGENET = "ImageNet"
IMAGENET_CLASSES = (1000, 1001)  # TF-slim has one for the background


@dataclass(frozen=True, slots=True)
class Misprint:
    """A printed figure that is wrong, what it should read, and how that is known."""

    table: str
    quantity: str
    printed: str
    reads: str
    reason: str
    established: str
    rows: tuple[str, ...] = ()  # texts of the place or model, where not of all rows

    def is_about(self, figure: Figure) -> bool:
        return (
            self.printed == figure.printed
            and self.quantity == figure.quantity
            and self.table == figure.table
            and (not self.rows or any(_names(row, figure) for row in self.rows))
        )


def _names(row: str, figure: Figure) -> bool:
    return row in figure.where or row in figure.model


@cache
def misprints(source: str) -> tuple[Misprint, ...]:
    """Every known misprint of a source. Each is about figures that the CSV holds.

    Raises FiguresError for an entry that is about none, or about another's figure.
    """
    found: list[Misprint] = []
    for number, misprint in enumerate(_declared(source), start=1):
        fault = _fault_of(misprint, source, found)
        if fault:
            raise FiguresError(
                f"erratum {number}: {fault}", place=Place(str(declaration_file(source)))
            )
        found.append(misprint)
    return tuple(found)


@cache
def _declared(source: str) -> tuple[Misprint, ...]:
    """The misprints as declared, not yet held against the figures."""
    return tuple(
        _misprint(source, number, entry)
        for number, entry in enumerate(declaration(source).get("erratum", []), start=1)
    )


def _misprint(source: str, number: int, entry: dict[str, Any]) -> Misprint:
    texts = ("table", "quantity", "printed", "reads", "reason", "established")
    types = dict.fromkeys(texts, str) | {"rows": list}
    path = declaration_file(source)
    check_keys(path, f"erratum {number}", entry, types, optional={"rows"})
    return Misprint(
        **{key: " ".join(entry[key].split()) for key in texts},
        rows=tuple(map(str, entry.get("rows", ()))),
    )


def _fault_of(misprint: Misprint, source: str, earlier: list[Misprint]) -> str:
    """What is wrong with an entry, or nothing."""
    printed = f"{misprint.quantity} {misprint.printed} in {misprint.table}"
    about = [figure for figure in figures(source) if misprint.is_about(figure)]
    if not about:
        return f"no figure prints {printed}"
    for row in misprint.rows:
        if not any(_names(row, figure) for figure in about):
            return f'no row "{row}" prints {printed}'
    if misprint.reads == misprint.printed:
        return f"reads what is printed, {printed}"
    if any(figure.network in (OTHER, HEAD) for figure in about):
        return f"{printed} is also printed for a network that is not counted"
    if any(one.is_about(figure) for one in earlier for figure in about):
        return f"another erratum is about {printed}"
    return ""


def misprint_of(figure: Figure) -> Misprint | None:
    """The known misprint of a figure, if it is one."""
    for entry in _declared(figure.source):
        if entry.is_about(figure):
            return entry
    return None


def printed_shares(
    arch: Architecture, config: Configuration
) -> dict[tuple[str, str], Figure]:
    """The shares by type of the V1 paper's Table 2, by (type, quantity).

    Empty for any network but the one that the table is about.
    """
    ours = (config.name, config.alpha, config.resolution, config.classes)
    if ours != ("mobilenet_v1", 1.0, (224, 224), 1000) or config.output_stride:
        return {}
    if not is_shipped(arch):
        return {}
    return {
        (figure.part, figure.quantity): figure
        for figure in figures("paper-v1")
        if figure.table == "Table 2"
    }


def published_for(arch: Architecture, graph: Graph) -> tuple[Figure, ...]:
    """What the shipped sources print for exactly this network on ImageNet.

    Costs and results of the whole network, those of its quantized variants included.
    Empty where it has no published counterpart: another number of classes, an
    expansion factor or an output stride of its own, a map that is not square. Sources
    whose implementation builds other widths at this alpha are left out.
    """
    config = graph.config
    height, width = config.resolution
    if (
        config.classes not in IMAGENET_CLASSES
        or height != width
        or config.t is not None
        or config.output_stride is not None
        or not is_shipped(arch)
    ):
        return ()
    agree: dict[str, bool] = {config.impl: True}
    found: list[Figure] = []
    for source in sources():
        about = [
            figure
            for figure in figures_about(source, arch.aliases, config.alpha, height)
            if figure.dataset == IMAGENET and not figure.part
        ]
        if about and config.alpha != 1:
            theirs = impl(source)
            if theirs not in agree:
                agree[theirs] = _builds_the_same(arch, graph, theirs)
            about = about if agree[theirs] else []
        found += about
    return tuple(found)


def _builds_the_same(arch: Architecture, graph: Graph, impl: str) -> bool:
    """Whether another implementation has the same maps throughout."""
    try:
        other = build_rows(arch, replace(graph.config, impl=impl))
    except UsageError:  # it has no such family
        return False
    return [(one.name, one.out_shape) for one in graph] == [
        (one.name, one.out_shape) for one in other
    ]
