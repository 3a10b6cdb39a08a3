"""The torch twin of every operator, and the network that runs them along the graph.

Nothing here counts: modules are made from an operator's fields and the graph's edges,
so that what a profiler measures on them is a second opinion. This is the one module
that imports torch at its top; ``torch_model`` loads it on use.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from mnprofile.evidence.profilers.torch_style import Writing
from mnprofile.graph.graph import INPUT, Graph, GraphError
from mnprofile.graph.operators import (
    Activation,
    Add,
    BatchNorm,
    Conv,
    Depthwise,
    GlobalPool,
    Linear,
    Op,
    Scale,
)

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
}


class Function(nn.Module):
    """An activation written as a call of ``torch.nn.functional``."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: Tensor) -> Tensor:
        # Looked up at every call: profilers put their own function in its place.
        y: Tensor = getattr(nn.functional, self.name)(x)
        return y

    def extra_repr(self) -> str:
        return self.name


class GlobalAverage(nn.Module):
    """Pooling written as a call of ``torch.nn.functional``."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(x, 1)


class Sum(nn.Module):
    """Residual addition."""

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        return x + other


class Product(nn.Module):
    """Squeeze-excite product: a map times one factor a channel."""

    def forward(self, x: Tensor, factors: Tensor) -> Tensor:
        return x * factors


class Network(nn.Module):
    """A graph as a trainable network: (N, C, H, W) -> (N, classes).

    Submodules carry the graph's node names, so module ``block3.expand`` is the layer of
    that name. A convolution that torch cannot pad by itself has its padding beside it
    (``block3.depthwise.pad``).
    """

    def __init__(self, graph: Graph, writing: Writing) -> None:
        super().__init__()
        channels = {INPUT: graph.input_shape.c}
        calls: list[tuple[str, tuple[str, ...], str]] = []  # module, inputs, output
        for node in graph:
            op, inputs = node.op, node.inputs
            before = channels[inputs[0]]
            padding = _padding(op)
            if padding is not None:
                path = f"{node.layer}.pad"
                self._place(path, padding)
                calls.append((path, inputs, path))
                inputs = (path,)
            self._place(node.name, _module(op, before, writing))
            calls.append((node.name, inputs, node.name))
            channels[node.name] = getattr(op, "out", before)
        self.calls = tuple(calls)
        self.last_uses = tuple(_last_uses(calls))

    def forward(self, x: Tensor) -> Tensor:
        values = {INPUT: x}
        for (path, inputs, output), done in zip(
            self.calls, self.last_uses, strict=True
        ):
            module = self.get_submodule(path)
            values[output] = x = module(*(_fit(module, values[key]) for key in inputs))
            for key in done:
                del values[key]
        return x.flatten(1) if x.shape[2:] == (1, 1) else x

    def _place(self, path: str, module: nn.Module) -> None:
        """Add a module under a dotted path, making what it stands in."""
        *parents, name = path.split(".")
        home: nn.Module = self
        for parent in parents:
            if parent not in home._modules:
                home.add_module(parent, nn.Module())
            home = home.get_submodule(parent)
        home.add_module(name, module)


def _module(op: Op, channels: int, writing: Writing) -> nn.Module:
    """One operator's module for an input of ``channels``.

    Raises GraphError for an operator without a torch twin.
    """
    module: nn.Module
    match op:
        case Conv() | Depthwise():
            module = _convolution(op, channels)
        case Linear():
            module = nn.Linear(channels, op.out, bias=op.bias)
        case BatchNorm():
            module = nn.BatchNorm2d(channels)
        case Activation():
            written = writing.activations == "module"
            module = _ACTIVATIONS[op.function]() if written else Function(op.function)
        case GlobalPool():
            written = writing.pooling == "module"
            module = nn.AdaptiveAvgPool2d(1) if written else GlobalAverage()
        case Add():
            module = Sum()
        case Scale():
            module = Product()
        case _:
            raise GraphError(f"torch has no twin of the operator {op.kind}")
    return module


def _convolution(op: Conv | Depthwise, channels: int) -> nn.Conv2d:
    if isinstance(op, Depthwise):
        out, groups, bias = channels, channels, False
    else:
        out, groups, bias = op.out, 1, op.bias
    around = op.dilation * (op.kernel - 1) // 2
    padding = 0 if _padding(op) is not None else around
    return nn.Conv2d(
        channels, out, op.kernel, op.stride, padding, op.dilation, groups, bias
    )


def _padding(op: Op) -> nn.Module | None:
    """Padding that a convolution cannot do by itself: more at the end than the start.

    Keras' V1 pads so where the stride is 2; "same" padding does for an even kernel.
    """
    if not isinstance(op, Conv | Depthwise):
        return None
    if isinstance(op, Depthwise) and op.padding == "keras_v1" and op.stride > 1:
        return nn.ZeroPad2d((0, 1, 0, 1))
    both = op.dilation * (op.kernel - 1)
    if both % 2 == 0:
        return None
    return nn.ZeroPad2d((both // 2, both - both // 2) * 2)


def _fit(module: nn.Module, x: Tensor) -> Tensor:
    """Vectors for a linear layer, 1x1 maps for everything that follows one."""
    if isinstance(module, nn.Linear):
        return x.flatten(1)
    is_map = isinstance(module, nn.Conv2d | nn.BatchNorm2d | nn.AdaptiveAvgPool2d)
    return x[:, :, None, None] if is_map and x.dim() == 2 else x


def _last_uses(
    calls: list[tuple[str, tuple[str, ...], str]],
) -> Iterator[tuple[str, ...]]:
    """For each call the values that no later one reads: they can be let go."""
    last: dict[str, int] = {}
    for index, (_, inputs, _) in enumerate(calls):
        last.update(dict.fromkeys(inputs, index))
    for index in range(len(calls)):
        yield tuple(key for key, at in last.items() if at == index)


def on_meta(graph: Graph, writing: Writing) -> Network:
    """A network of shapes alone: no memory, and nothing is computed."""
    with torch.device("meta"):
        return Network(graph, writing).eval()
