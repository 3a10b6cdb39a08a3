"""A graph compared with another torch network, layer by layer as they run.

The network comes from a factory that is imported and called, so its code runs.
"""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UsageError
from mnprofile.base.extras import require
from mnprofile.base.units import size_text
from mnprofile.costs.counting import Count, Layer, count
from mnprofile.evidence.profilers.between import (
    Names,
    is_layer,
    ours_between,
    recorder,
    same,
)
from mnprofile.evidence.profilers.measuring import run_hooked
from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.op import Shape
from mnprofile.networks.catalog import Arch, graph_of
from mnprofile.networks.readers.torch_calling import (
    article,
    called,
    imported,
    reason,
)

if TYPE_CHECKING:
    from torch import nn
    from torch.utils._python_dispatch import TorchDispatchMode


ZEROS = "zeros"


@dataclass(frozen=True, slots=True)
class Unit:
    """One convolution or fully connected layer, in terms that both sides share.

    A fully connected layer is a 1x1 convolution on a 1x1 map: networks write the same
    head in either way. ``before`` and ``then`` are the operators that run before the
    first layer, and between this one and the next; they are compared once all layers
    agree. The name and the table line are not compared.
    """

    kernel: str
    stride: str
    dilation: str
    groups: int
    in_channels: int
    out_channels: int
    bias: bool
    output: str
    padding: str  # what a map is padded with
    name: str = field(compare=False)
    line: int | None = field(compare=False, default=None)
    before: Names = field(compare=False, default=())
    then: Names = field(compare=False, default=())

    def __str__(self) -> str:
        parts = [
            f"{self.kernel} {self.in_channels}->{self.out_channels}",
            f"stride {self.stride}",
            f"groups {self.groups}",
            f"output {self.output}",
        ]
        if self.dilation != "1":
            parts.insert(2, f"dilation {self.dilation}")
        if self.padding != ZEROS:
            parts.append(f"{self.padding} padding")
        return ", ".join(parts) + (", bias" if self.bias else "")


COMPARED = tuple(one.name for one in fields(Unit) if one.compare)
AROUND = ("before", "then")
LABELS = {"before": "operators before it", "then": "operators after it"}


def field_text(unit: Unit | None, key: str) -> str:
    """A field of a layer as people read it; "none" for no layer."""
    if unit is None:
        return "none"
    value = getattr(unit, key)
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two sequences differ.

    ``ours`` is None if the other network has an extra layer, ``theirs`` if it lacks
    one; ``fields`` are those in which two layers differ.
    """

    position: int  # from 1, in our sequence
    ours: Unit | None
    theirs: Unit | None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignCheck:
    """A graph and a network. ``unseen_macs`` are multiply-adds that the network does
    outside ``nn.Conv2d`` and ``nn.Linear``."""

    count: Count
    factory: str
    ours: tuple[Unit, ...]
    theirs: tuple[Unit, ...]
    params: int
    unseen_macs: int
    first: Difference | None

    @property
    def agrees(self) -> bool:
        same_params = self.params == self.count.totals.params
        same_products = self.unseen_macs == self.product_macs
        return self.first is None and same_params and same_products

    @property
    def product_macs(self) -> int:
        """Our multiply-adds without weights: those of attention."""
        nodes = self.count.graph.nodes
        return sum(node.macs for node in nodes if node.op.product is not None)


def check_against(
    graph: Graph | Arch,
    factory: str | Callable[..., nn.Module],
    arguments: Mapping[str, object] | None = None,
) -> ForeignCheck:
    """Compare a graph with the network that a factory returns.

    Convolutions and fully connected layers are compared in the order in which they run:
    kernel, stride, dilation, groups, channels, bias, output size, padding mode; then
    the operators between them, and the total of parameters.

    Args:
        factory: a callable, or where to import one from: "torchvision.models:resnet18".
            A string imports that module and runs its code.
        arguments: keyword arguments of the factory.

    Raises:
        UsageError: the factory cannot be imported, raises, or does not return an
            ``nn.Module``; the module cannot run on this configuration's input.
        MissingExtraError: torch, or a package that the factory imports, is missing.
    """
    require("torch")
    graph = graph_of(graph)
    name = factory if isinstance(factory, str) else _name_of(factory)
    network = _make(factory, name, arguments or {})
    theirs, unseen_macs = _run(network, graph.input_shape, name)
    counted = count(graph)
    ours = our_units(counted)
    return ForeignCheck(
        counted,
        name,
        ours,
        theirs,
        sum(one.numel() for one in network.parameters()),
        unseen_macs,
        first_difference(ours, theirs),
    )


def _make(
    factory: str | Callable[..., nn.Module], name: str, arguments: Mapping[str, object]
) -> nn.Module:
    make = imported(factory) if isinstance(factory, str) else factory
    if not callable(make):
        raise UsageError(
            f"{name} is {article(type(make).__name__)}",
            accepted="a function or class that returns a torch.nn.Module",
        )
    return called(make, name, arguments)


def _run(network: nn.Module, image: Shape, name: str) -> tuple[tuple[Unit, ...], int]:
    """The layers of a foreign network, and the macs that it does outside them."""
    from torch.utils.flop_counter import FlopCounterMode

    counter, watch = FlopCounterMode(display=False), Watch()
    was_training = network.training
    network.eval()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            run_hooked(network, image, counter, watch.after, watch.operators())
    except (Exception, SystemExit) as fault:  # it is not our code
        raise UsageError(
            f"{name}: running on {image} raised {reason(fault)}",
            accepted="a network that takes (N, C, H, W) of that size; see --res",
        ) from None
    finally:
        network.train(was_training)
    return watch.units, counter.get_total_flops() // 2 - watch.macs


class Watch:
    """The layers of a network in the order in which they run, and their macs."""

    def __init__(self) -> None:
        self.macs = 0
        self._units: list[Unit] = []
        self._between: list[list[str]] = [[]]

    def after(self, path: str, module: nn.Module, output: Any) -> None:
        """To be called when a module has run."""
        from torch import nn

        if isinstance(module, nn.Conv2d | nn.Linear):
            sizes = tuple(output.shape)
            sizes = sizes[2:] if isinstance(module, nn.Conv2d) else sizes[1:-1]
            self._units.append(_unit(module, sizes or (1, 1), path))
            self._between.append([])
            self.macs += module.weight.numel() * math.prod(sizes)

    def operators(self) -> TorchDispatchMode:
        """The context in which the network is to run."""

        def record(name: str) -> None:
            self._between[-1].append(name)

        return recorder(record)

    @property
    def units(self) -> tuple[Unit, ...]:
        return _with_operators(self._units, [tuple(names) for names in self._between])


def _with_operators(units: list[Unit], between: list[Names]) -> tuple[Unit, ...]:
    """The layers with the operators around them."""
    return tuple(
        replace(unit, before=() if index else between[0], then=between[index + 1])
        for index, unit in enumerate(units)
    )


def our_units(counted: Count) -> tuple[Unit, ...]:
    """Our layers in network order, with the operators around them."""
    with_weights = {node.layer for node in counted.graph if is_layer(node.op)}
    layers = [layer for layer in counted.layers if layer.name in with_weights]
    units = list(map(_our_unit, layers))
    return _with_operators(units, ours_between(counted.graph))


def _unit(module: nn.Conv2d | nn.Linear, sizes: tuple[int, ...], path: str) -> Unit:
    """A layer that ran; a linear one is a 1x1 convolution."""
    kernel = getattr(module, "kernel_size", (1, 1))
    groups = getattr(module, "groups", 1)
    dilation = _factor(getattr(module, "dilation", (1, 1)))
    return Unit(
        kernel=size_text(kernel),
        stride=_factor(getattr(module, "stride", (1, 1))),
        dilation="1" if max(kernel) == 1 else dilation,
        groups=groups,
        in_channels=module.weight.shape[1] * groups,
        out_channels=module.weight.shape[0],
        bias=module.bias is not None,
        output=size_text(sizes),
        padding=getattr(module, "padding_mode", ZEROS),
        name=path,
    )


def _our_unit(layer: Layer) -> Unit:
    return Unit(
        kernel=f"{layer.kernel}x{layer.kernel}",
        stride=str(layer.stride),
        dilation="1" if layer.kernel == 1 else str(layer.dilation),
        groups=layer.groups,
        in_channels=layer.in_shape.c,
        out_channels=layer.out_shape.c,
        bias=layer.figures.biases > 0,
        output=f"{layer.out_shape.h}x{layer.out_shape.w}",
        padding=ZEROS,
        name=layer.name,
        line=layer.origin.line,
    )


def first_difference(
    ours: tuple[Unit, ...], theirs: tuple[Unit, ...]
) -> Difference | None:
    """Where the sequences first differ: a layer changed, is missing, or is extra.

    Of the three, it is the one after which the two agree for longest. If all layers
    agree, it is where the operators around them differ.
    """
    at = _common(ours, theirs)
    if at == len(ours) == len(theirs):
        return next(_around(ours, theirs), None)
    mine, other = (side[at] if at < len(side) else None for side in (ours, theirs))
    changed = _common(ours[at + 1 :], theirs[at + 1 :])
    if other is None or _common(ours[at + 1 :], theirs[at:]) > changed:
        return Difference(at + 1, mine, None)
    if mine is None or _common(ours[at:], theirs[at + 1 :]) > changed:
        return Difference(at + 1, None, other)
    differing = (key for key in COMPARED if getattr(mine, key) != getattr(other, key))
    return Difference(at + 1, mine, other, tuple(differing))


def _around(ours: tuple[Unit, ...], theirs: tuple[Unit, ...]) -> Iterator[Difference]:
    """Every layer that agrees, but not the operators before or after it."""
    for position, (mine, other) in enumerate(zip(ours, theirs, strict=True), start=1):
        for key in AROUND:
            if not same(getattr(mine, key), getattr(other, key)):
                yield Difference(position, mine, other, (key,))


def _common(ours: tuple[Unit, ...], theirs: tuple[Unit, ...]) -> int:
    """The number of layers at the start that two sequences share."""
    pairs = zip(ours, theirs, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _factor(sizes: tuple[int, ...]) -> str:
    """(2, 2) -> "2", (2, 1) -> "2x1"."""
    return size_text(sizes if len(set(sizes)) > 1 else sizes[:1])


def _name_of(factory: Callable[..., Any]) -> str:
    return str(getattr(factory, "__qualname__", factory))
