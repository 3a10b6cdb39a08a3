"""A network's own code as profilers take it: on the CPU, with positional inputs."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mnprofile.graph.graph import Graph
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest, parse_inputs
from mnprofile.networks.readers.torch_call import tensors_in
from mnprofile.networks.readers.torch_modules import read


class Positional(nn.Module):
    """A network whose inputs are positional, or called input0, input1 ...

    ``names`` are those that it takes itself, "" for a positional one. It returns the
    tensors of whatever the network returns.
    """

    def __init__(self, network: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.names = tuple(names)

    def forward(self, *given: Tensor, **named: Tensor) -> tuple[Tensor, ...]:
        tensors = given or tuple(named.values())
        pairs = list(zip(self.names, tensors, strict=True))
        out = self.network(
            *(one for name, one in pairs if not name),
            **{name: one for name, one in pairs if name},
        )
        return tuple(tensors_in(out))


def positional(arch: str, asked: ReadRequest) -> tuple[nn.Module, tuple[Tensor, ...]]:
    """The network that MODULE:CALLABLE makes, with weights of zero, and its inputs."""
    imported, graph = read(arch, asked)
    network, inputs = on_cpu(imported.module), parse_inputs(graph.config.inputs)
    names = [one.name for one in inputs]
    return Positional(network, names).eval(), tuple(map(zeros, inputs))


def on_cpu(module: Any) -> nn.Module:
    """A copy with weights on the CPU; those that have no content are zero."""
    network: nn.Module = copy.deepcopy(module).eval()
    if any(one.is_meta for one in (*network.parameters(), *network.buffers())):
        network = network.to_empty(device="cpu")
        for one in (*network.parameters(), *network.buffers()):
            one.detach().zero_()  # an index must be within its table
    return network


def inputs_of(graph: Graph, device: str) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Zeros for every input of a network, positional and by name."""
    specs = parse_inputs(graph.config.inputs)
    named = {one.name: zeros(one, device) for one in specs if one.name}
    return [zeros(one, device) for one in specs if not one.name], named


def zeros(spec: InputSpec, device: str = "cpu") -> Tensor:
    """What ``--input`` says, filled with zeros."""
    kind = getattr(torch, spec.dtype or "float32")
    return torch.zeros(spec.dims, dtype=kind, device=device)
