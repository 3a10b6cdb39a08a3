"""A graph beside somebody's own torch network: layer after layer, as they run.

The network comes from a factory that is imported and called: its code runs.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UsageError, nearest
from mnprofile.costs.counting import Count, count
from mnprofile.evidence.profilers.to_torch import require
from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.op import Shape

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Unit:
    """One convolution or fully connected layer, as both sides can name it.

    A fully connected layer is a 1x1 convolution on a 1x1 map: networks write the same
    head in either way. The name and the table line are left out of comparisons.
    """

    kernel: str
    stride: str
    dilation: str
    groups: int
    in_channels: int
    out_channels: int
    bias: bool
    output: str
    name: str = field(compare=False)
    line: int | None = field(compare=False, default=None)

    def __str__(self) -> str:
        parts = [
            f"{self.kernel} {self.in_channels}->{self.out_channels}",
            f"stride {self.stride}",
            f"groups {self.groups}",
            f"output {self.output}",
        ]
        if self.dilation != "1":
            parts.insert(2, f"dilation {self.dilation}")
        return ", ".join(parts) + (", bias" if self.bias else "")


COMPARED = tuple(one.name for one in fields(Unit) if one.compare)


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two sequences differ.

    ``ours`` is None where the other network has a layer more, ``theirs`` where it has
    one less; ``fields`` are those in which two layers differ.
    """

    position: int  # from 1, in our sequence
    ours: Unit | None
    theirs: Unit | None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """A graph beside a network. ``unseen_macs`` are multiply-adds that the network does
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
        return self.first is None and same_params and not self.unseen_macs


def check_against(
    graph: Graph,
    factory: str | Callable[..., nn.Module],
    arguments: Mapping[str, object] | None = None,
) -> Against:
    """Compare a graph with the network that a factory returns.

    Convolutions and fully connected layers are compared in the order in which they run:
    kernel, stride, dilation, groups, channels, bias, output size; then the sum of
    parameters.

    Args:
        factory: a callable, or where to import one from: "torchvision.models:resnet18".
            A string imports that module and runs its code.
        arguments: keyword arguments of the factory.

    Raises:
        UsageError: the factory cannot be imported, raises, or returns no ``nn.Module``;
            the module cannot run on this configuration's input.
        MissingExtraError: torch is not installed.
    """
    require("torch")
    name = factory if isinstance(factory, str) else _name_of(factory)
    network = _make(factory, name, arguments or {})
    theirs, flops = _run(network, graph.input_shape, name)
    counted = count(graph)
    ours = tuple(_units(graph))
    return Against(
        counted,
        name,
        ours,
        theirs,
        sum(one.numel() for one in network.parameters()),
        (flops - 2 * sum(map(_macs, theirs))) // 2,
        _first_difference(ours, theirs),
    )


def _make(
    factory: str | Callable[..., nn.Module], name: str, arguments: Mapping[str, object]
) -> nn.Module:
    from torch import nn

    make = _import(factory) if isinstance(factory, str) else factory
    try:
        with contextlib.redirect_stdout(sys.stderr):
            network = make(**arguments)
    except (Exception, SystemExit) as fault:  # it is not our code
        raise UsageError(
            f"{name} raised {_reason(fault)}",
            accepted="a factory that these arguments satisfy",
        ) from None
    if not isinstance(network, nn.Module):
        raise UsageError(
            f"{name} returned {_article(type(network).__name__)}",
            accepted="a factory that returns a torch.nn.Module",
        )
    return network


def _import(text: str) -> Callable[..., Any]:
    """ "package.module:callable" -> the callable; modules of the current folder too."""
    module_name, colon, path = text.partition(":")
    if not (colon and module_name and path):
        raise UsageError(
            f'"{text}" names no factory', accepted="MODULE:CALLABLE, as in nets:small"
        )
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as fault:  # importing runs foreign code
        raise UsageError(f"importing {module_name} raised {_reason(fault)}") from None
    for part in path.split("."):
        if not hasattr(found, part):
            close = nearest(part, dir(found))
            raise UsageError(
                f'{module_name} has no "{path}"',
                suggestion=close,
            )
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(
            f"{text} is {_article(type(found).__name__)}",
            accepted="a function or class that returns a torch.nn.Module",
        )
    make: Callable[..., Any] = found
    return make


def _run(network: nn.Module, image: Shape, name: str) -> tuple[tuple[Unit, ...], int]:
    """The layers of a network in the order in which they run, and its flops."""
    import torch
    from torch import nn
    from torch.utils.flop_counter import FlopCounterMode

    units: list[Unit] = []

    def record(module: nn.Module, output: Any, path: str) -> None:
        sizes = tuple(output.shape)
        if isinstance(module, nn.Conv2d):
            units.append(_conv_unit(module, sizes[2:], path))
        elif isinstance(module, nn.Linear):
            units.append(_linear_unit(module, sizes[1:-1], path))

    hooks = [
        module.register_forward_hook(
            lambda module, _, output, path=path: record(module, output, path)
        )
        for path, module in network.named_modules()
    ]
    was_training = network.training
    network.eval()
    counter = FlopCounterMode(display=False)
    try:
        with torch.no_grad(), counter, contextlib.redirect_stdout(sys.stderr):
            network(torch.zeros(1, image.c, image.h, image.w))
    except (Exception, SystemExit) as fault:  # it is not our code
        raise UsageError(
            f"{name}: running it on {image.h}x{image.w}x{image.c} raised"
            f" {_reason(fault)}",
            accepted="a network that takes (N, C, H, W) of that size; see --res",
        ) from None
    finally:
        for hook in hooks:
            hook.remove()
        network.train(was_training)
    return tuple(units), counter.get_total_flops()


def _conv_unit(module: nn.Conv2d, sizes: tuple[int, ...], path: str) -> Unit:
    return Unit(
        kernel="x".join(map(str, module.kernel_size)),
        stride=_factor(module.stride),
        dilation="1" if max(module.kernel_size) == 1 else _factor(module.dilation),
        groups=module.groups,
        in_channels=module.in_channels,
        out_channels=module.out_channels,
        bias=module.bias is not None,
        output="x".join(map(str, sizes)),
        name=path,
    )


def _linear_unit(module: nn.Linear, sizes: tuple[int, ...], path: str) -> Unit:
    return Unit(
        kernel="1x1",
        stride="1",
        dilation="1",
        groups=1,
        in_channels=module.in_features,
        out_channels=module.out_features,
        bias=module.bias is not None,
        output="x".join(map(str, sizes or (1, 1))),
        name=path,
    )


def _units(graph: Graph) -> list[Unit]:
    """Our side, from the fields of the operators."""
    units = []
    for layer in count(graph).layers:
        node = next(one for one in graph if one.layer == layer.name)
        dilation = 1 if layer.kernel == 1 else layer.dilation
        units.append(
            Unit(
                kernel=f"{layer.kernel}x{layer.kernel}",
                stride=str(layer.stride),
                dilation=str(dilation),
                groups=layer.groups,
                in_channels=layer.in_shape.c,
                out_channels=layer.out_shape.c,
                bias=getattr(node.op, "bias", False),
                output=f"{layer.out_shape.h}x{layer.out_shape.w}",
                name=layer.name,
                line=layer.origin.line,
            )
        )
    return units


def _first_difference(
    ours: tuple[Unit, ...], theirs: tuple[Unit, ...]
) -> Difference | None:
    """Where the sequences part, and whether a layer changed, is lost, or is one more.

    Of the three it is the one after which the two agree for longest.
    """
    at = _common(ours, theirs)
    if at == len(ours) == len(theirs):
        return None
    mine, other = (side[at] if at < len(side) else None for side in (ours, theirs))
    changed = _common(ours[at + 1 :], theirs[at + 1 :])
    if other is None or _common(ours[at + 1 :], theirs[at:]) > changed:
        return Difference(at + 1, mine, None)
    if mine is None or _common(ours[at:], theirs[at + 1 :]) > changed:
        return Difference(at + 1, None, other)
    differing = (key for key in COMPARED if getattr(mine, key) != getattr(other, key))
    return Difference(at + 1, mine, other, tuple(differing))


def _common(ours: tuple[Unit, ...], theirs: tuple[Unit, ...]) -> int:
    """How many layers two sequences agree in, from their start."""
    pairs = zip(ours, theirs, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _macs(unit: Unit) -> int:
    """What this layer does, to find what is done outside such layers."""
    total = unit.in_channels // unit.groups * unit.out_channels
    for text in (unit.kernel, unit.output):
        for size in text.split("x"):
            total *= int(size)
    return total


def _factor(sizes: tuple[int, ...]) -> str:
    """(2, 2) -> "2", (2, 1) -> "2x1"."""
    return "x".join(map(str, sizes if len(set(sizes)) > 1 else sizes[:1]))


def _name_of(factory: Callable[..., Any]) -> str:
    return str(getattr(factory, "__qualname__", factory))


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def _reason(fault: BaseException) -> str:
    """What a foreign error says, and the file and line that raised it, if not ours."""
    lines = str(fault).strip().splitlines()
    text = type(fault).__name__ + (f": {lines[0][:300]}" if lines else "")
    frames = traceback.extract_tb(fault.__traceback__)
    places = [one for one in frames if not one.filename.startswith(("<", __file__))]
    where = f" ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else ""
    return text + where
