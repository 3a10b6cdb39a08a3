"""The layer graph as a torch network. torch is imported on use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnprofile.base.errors import UsageError
from mnprofile.base.extras import require
from mnprofile.evidence.profilers.torch_style import Style, TorchStyle
from mnprofile.graph.graph import Graph
from mnprofile.networks.catalog import Arch, graph_of

if TYPE_CHECKING:
    from torch import nn


def to_torch(
    graph: Graph | Arch,
    *,
    pooling: Style = "functional",
    activations: Style = "module",
) -> nn.Module:
    """Build the network of a graph: a trainable module, (N, C, H, W) -> (N, classes).

    Module names are the graph's node names: ``block3.expand.conv``. ``pooling`` and
    ``activations`` say whether these are written as ``nn`` modules or as calls of
    ``nn.functional``; the network computes the same, but some profilers count it
    differently. The weights are torch's default initialisation.

    Raises:
        MissingExtraError: torch is not installed.
        UsageError: an unknown style, or a graph of a model file.
    """
    graph = graph_of(graph)
    if graph.file is not None:
        raise UsageError(
            f"{graph.config.name} is a model file, which torch does not run",
            accepted="a table or a PyTorch network",
        )
    writing = TorchStyle(pooling, activations)
    require("torch")
    from mnprofile.evidence.profilers.torch_twin import Network

    return Network(graph, writing)
