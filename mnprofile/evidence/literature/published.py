"""What the sources print for one of our networks."""

from mnprofile.base.errors import UsageError
from mnprofile.evidence.literature.sources import (
    Printed,
    figures,
    figures_about,
    impl,
    sources,
)
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import is_shipped
from mnprofile.networks.imported import Network
from mnprofile.networks.notation.rows import Architecture

IMAGENET = "ImageNet"
IMAGENET_CLASSES = (1000, 1001)  # TF-slim has one for the background


def printed_shares(
    arch: Network, config: Configuration
) -> dict[tuple[str, str], Printed]:
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


def published_for(arch: Network, graph: Graph) -> tuple[Printed, ...]:
    """What the shipped sources print for exactly this network on ImageNet.

    Costs and results of the whole network, including its quantized variants. Empty if
    it has no published counterpart: with another number of classes, a changed expansion
    factor or output stride, or an input that is not square. Sources whose
    implementation builds other widths at this alpha are left out.
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
    found: list[Printed] = []
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
    """Whether another implementation builds the same maps throughout."""
    try:
        other = build_rows(arch, graph.config._replace(impl=impl))
    except UsageError:  # it has no such family
        return False
    return [(one.name, one.out_shape) for one in graph] == [
        (one.name, one.out_shape) for one in other
    ]
