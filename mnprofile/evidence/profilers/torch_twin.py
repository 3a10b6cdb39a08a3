"""The torch twin of every operator, and the network that runs them along the graph.

Nothing here counts: modules are made from an operator's fields and the graph's edges,
so that what a profiler measures on them is a second opinion. This is the only module
that imports torch at its top; ``to_torch`` loads it on use.
"""

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import torch
from torch import Tensor, nn

from mnprofile.evidence.profilers.torch_style import TorchStyle
from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.convolution import Conv, Depthwise, Explicit, Zeros
from mnprofile.graph.operators.elementwise import Activation, BatchNorm, LayerScale
from mnprofile.graph.operators.joining import Add, Concatenate, Multiply
from mnprofile.graph.operators.linear import Linear
from mnprofile.graph.operators.op import GraphError, Op, pair
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.graph.operators.products import Attention
from mnprofile.graph.operators.reshaping import (
    Channels,
    ChannelShuffle,
    Flatten,
    Resize,
)
from mnprofile.graph.operators.window_pooling import AdaptivePool, Pool

_ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "hardswish": nn.Hardswish,
    "hardsigmoid": nn.Hardsigmoid,
    "silu": nn.SiLU,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "leaky_relu": nn.LeakyReLU,
    "tanh": nn.Tanh,
    "elu": nn.ELU,
    "mish": nn.Mish,
}


class Function(nn.Module):
    """An activation written as a call of ``torch.nn.functional``."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, x: Tensor) -> Tensor:
        # Looked up at every call, because profilers replace the function.
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


class Multiplication(nn.Module):
    """A map times another, or times one factor per channel."""

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        return x * other


class Concatenation(nn.Module):
    """Maps of one size, concatenated along their channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.out_channels = channels

    def forward(self, *maps: Tensor) -> Tensor:
        return torch.cat(maps, 1)


class Part(nn.Module):
    """One of several equal parts of the channels."""

    def __init__(self, op: Channels, channels: int) -> None:
        super().__init__()
        self.parts, self.part = op.parts, op.part
        self.out_channels = channels // op.parts

    def forward(self, x: Tensor) -> Tensor:
        return x.chunk(self.parts, 1)[self.part]


class Shuffle(nn.Module):
    """The channels of some groups in turns."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        grouped = x.reshape(n, self.groups, c // self.groups, h, w)
        return grouped.transpose(1, 2).reshape(n, c, h, w)


class ChannelFactors(nn.Module):
    """One trained factor per channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factors = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.factors


class Attending(nn.Module):
    """Maps of queries, keys and values: each position of the queries sees all keys.

    It is written as matrix products, which every profiler of operators can see.
    """

    def __init__(self, op: Attention, queries: int, values: int) -> None:
        super().__init__()
        self.factor = (queries // op.heads) ** -0.5
        self.heads, self.key_heads = op.heads, op.key_heads or op.heads
        self.out_channels = values // self.key_heads * self.heads

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        q = _per_head(queries, self.heads) * self.factor
        k, v = (_per_head(x, self.key_heads) for x in (keys, values))
        if self.key_heads not in (1, self.heads):
            times = self.heads // self.key_heads
            k, v = (x.repeat_interleave(times, 1) for x in (k, v))
        weights = torch.matmul(q.transpose(2, 3), k).softmax(-1)
        seen = torch.matmul(weights, v.transpose(2, 3))
        n, _, h, w = queries.shape
        return seen.transpose(2, 3).reshape(n, self.out_channels, h, w)


def _per_head(x: Tensor, heads: int) -> Tensor:
    """(N, C, H, W) -> (N, heads, C / heads, H W)."""
    return x.reshape(x.shape[0], heads, x.shape[1] // heads, -1)


class Resized(nn.Module):
    """A map at another size, by nearest neighbours; the other input gave the size."""

    def __init__(self, size: tuple[int, ...]) -> None:
        super().__init__()
        self.size = list(size)

    def forward(self, x: Tensor, *_: Tensor) -> Tensor:
        return nn.functional.interpolate(x, self.size)


class Elements(nn.Module):
    """A map as the vector of its elements; torch refuses a layer for another number."""

    def __init__(self, elements: int) -> None:
        super().__init__()
        self.out_features = elements

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


class Network(nn.Module):
    """A graph as a trainable network: (N, C, H, W) -> (N, classes).

    It takes as many tensors as the graph has inputs, and returns a tuple if there are
    several outputs. Submodules have the graph's node names, so module ``block3.expand``
    is the layer of that name. A convolution that torch cannot pad by itself has a
    padding module next to it (``block3.depthwise.conv_pad``).
    """

    def __init__(self, graph: Graph, writing: TorchStyle) -> None:
        super().__init__()
        channels = {name: shape.c for name, shape in graph.inputs}
        calls: list[tuple[str, tuple[str, ...], str]] = []  # module, inputs, output
        for node in graph:
            op, inputs = node.op, node.inputs
            before = tuple(channels[key] for key in inputs)
            padding = _padding(op)
            if padding is not None:
                path = f"{node.name}_pad"
                self._place(path, padding)
                calls.append((path, inputs, path))
                inputs = (path,)
            if isinstance(op, Flatten):
                before = (node.out_shape.c,)
            module = twin(op, before, writing)
            self._place(node.name, module)
            calls.append((node.name, inputs, node.name))
            channels[node.name] = _out_channels(module, before[0])
        self.inputs = tuple(name for name, _ in graph.inputs)
        self.outputs = graph.outputs
        self.calls = tuple(calls)
        self.last_uses = tuple(_last_uses(calls, graph.outputs))

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        values = dict(zip(self.inputs, inputs, strict=True))
        for (path, names, output), done in zip(self.calls, self.last_uses, strict=True):
            module = self.get_submodule(path)
            values[output] = module(*(_fit(module, values[name]) for name in names))
            for name in done:
                del values[name]
        found = tuple(_flat(values[name]) for name in self.outputs)
        return found[0] if len(found) == 1 else found

    def _place(self, path: str, module: nn.Module) -> None:
        """Add a module under a dotted path, creating its parents."""
        *parents, name = path.split(".")
        home: nn.Module = self
        for parent in parents:
            if parent not in home._modules:
                home.add_module(parent, nn.Module())
            home = home.get_submodule(parent)
        home.add_module(name, module)


@singledispatch
def twin(op: Op, channels: tuple[int, ...], writing: TorchStyle) -> nn.Module:  # noqa: ARG001 - for those registered
    """The module of an operator, for inputs with these ``channels``.

    Raises GraphError for an operator without a torch twin; add one with
    ``twin.register``.
    """
    raise GraphError(f"the operator {op.kind} has no torch twin")


def _activation(op: Activation, writing: TorchStyle) -> nn.Module:
    written = writing.activations == "module"
    return _ACTIVATIONS[op.function]() if written else Function(op.function)


def _pooling(writing: TorchStyle) -> nn.Module:
    return nn.AdaptiveAvgPool2d(1) if writing.pooling == "module" else GlobalAverage()


twin.register(Conv, lambda op, c, _: _conv2d(op, c[0], op.out, op.groups, bias=op.bias))
twin.register(Depthwise, lambda op, c, _: _conv2d(op, c[0], c[0], c[0], bias=op.bias))
twin.register(Linear, lambda op, c, _: nn.Linear(c[0], op.out, bias=op.bias))
twin.register(BatchNorm, lambda _, c, __: nn.BatchNorm2d(c[0]))
twin.register(Activation, lambda op, _, writing: _activation(op, writing))
twin.register(GlobalPool, lambda _, __, writing: _pooling(writing))
twin.register(Pool, lambda op, _, __: _pool2d(op))
twin.register(AdaptivePool, lambda op, _, __: _adaptive_pool2d(op))
twin.register(Flatten, lambda _, c, __: Elements(c[0]))
twin.register(Channels, lambda op, c, _: Part(op, c[0]))
twin.register(ChannelShuffle, lambda op, _, __: Shuffle(op.groups))
twin.register(LayerScale, lambda _, c, __: ChannelFactors(c[0]))
twin.register(Attention, lambda op, c, _: Attending(op, c[0], c[2]))
twin.register(Resize, lambda op, *_: Resized(op.size or ()))
twin.register(Add, lambda *_: Sum())
twin.register(Multiply, lambda *_: Multiplication())
twin.register(Concatenate, lambda _, c, __: Concatenation(sum(c)))


def _conv2d(
    op: Conv | Depthwise, channels: int, out: int, groups: int, *, bias: bool
) -> nn.Conv2d:
    left, _, top, _ = _zeros(op)
    padding = (0, 0) if _padding(op) is not None else (top, left)
    make: Any = nn.Conv2d  # whose sides are pairs
    module: nn.Conv2d = make(
        channels, out, op.kernel, op.stride, padding, op.dilation, groups, bias
    )
    return module


def _pool2d(op: Pool) -> nn.Module:
    left, _, top, _ = _zeros(op)
    padding = (0, 0) if _padding(op) is not None else (top, left)
    ceil = isinstance(op.padding, Zeros) and op.padding.ceil
    make: Any = nn.MaxPool2d if op.function == "max" else nn.AvgPool2d
    module: nn.Module = make(op.kernel, op.stride, padding, ceil_mode=ceil)
    return module


def _adaptive_pool2d(op: AdaptivePool) -> nn.Module:
    make: Any = nn.AdaptiveMaxPool2d if op.function == "max" else nn.AdaptiveAvgPool2d
    module: nn.Module = make(op.size)
    return module


def _padding(op: Op) -> nn.Module | None:
    """Padding that a window cannot do by itself: more at one end than the other.

    Keras' V1 pads so if the stride is 2, and "same" padding if the kernel is even.
    """
    if not isinstance(op, Conv | Depthwise | Pool):
        return None
    left, right, top, bottom = zeros = _zeros(op)
    return None if left == right and top == bottom else nn.ZeroPad2d(zeros)


def _zeros(op: Conv | Depthwise | Pool) -> tuple[int, int, int, int]:
    """The zeros to the left, right, top and bottom of the map."""
    if isinstance(op.padding, Explicit):
        zeros = op.padding
        return zeros.left, zeros.right, zeros.top, zeros.bottom
    if isinstance(op.padding, Zeros):
        (top, left), (bottom, right) = op.padding.start, op.padding.end
        return left, right, top, bottom
    h, w = (
        (side - 1) * dilation
        for side, dilation in zip(pair(op.kernel), pair(op.dilation), strict=True)
    )
    return w // 2, w - w // 2, h // 2, h - h // 2


def _out_channels(module: nn.Module, before: int) -> int:
    """The channels of a module's output; usually those of its first input."""
    for name in ("out_channels", "out_features"):
        if hasattr(module, name):
            return int(getattr(module, name))
    return before


def _flat(x: Tensor) -> Tensor:
    """A 1x1 map as a vector."""
    return x.flatten(1) if x.shape[2:] == (1, 1) else x


def _fit(module: nn.Module, x: Tensor) -> Tensor:
    """Vectors for a linear layer, 1x1 maps for what follows one but activations."""
    if isinstance(module, nn.Linear):
        return x.flatten(1)
    takes_vectors = isinstance(module, (Function, *_ACTIVATIONS.values()))
    return x if takes_vectors or x.dim() != 2 else x[:, :, None, None]


def _last_uses(
    calls: list[tuple[str, tuple[str, ...], str]], outputs: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """For each call, the values that no later one reads and that can be freed."""
    last: dict[str, int] = {}
    for index, (_, inputs, _) in enumerate(calls):
        last |= dict.fromkeys(inputs, index)
    last |= dict.fromkeys(outputs, len(calls))
    for index in range(len(calls)):
        yield tuple(key for key, at in last.items() if at == index)
