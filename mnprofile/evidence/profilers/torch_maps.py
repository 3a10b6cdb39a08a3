"""Modules for what moves or resizes maps: pooling, shuffles, parts, upsampling."""

from typing import Any

import torch
from torch import Tensor, nn

from mnprofile.graph.operators.convolution import Explicit
from mnprofile.graph.operators.op import GraphError, pair
from mnprofile.graph.operators.pooling import AdaptivePool, Pool, Resize


class Shuffle(nn.Module):
    """The channels of some groups in turns."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        grouped = x.view(n, self.groups, c // self.groups, h, w)
        return grouped.transpose(1, 2).reshape(n, c, h, w)


class Part(nn.Module):
    """One of several equal parts of the channels."""

    def __init__(self, channels: int, parts: int, part: int) -> None:
        super().__init__()
        self.out_channels = channels // parts
        self.parts, self.part = parts, part

    def forward(self, x: Tensor) -> Tensor:
        part: Tensor = x.chunk(self.parts, 1)[self.part]
        return part


class Elements(nn.Module):
    """A map as the vector of its elements."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.out_features = features

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1)


class Resized(nn.Module):
    """A map at another size, as nearest neighbours."""

    def __init__(self, op: Resize) -> None:
        super().__init__()
        self.size = op.size
        self.scale = None if op.size else tuple(map(float, pair(op.factor)))

    def forward(self, x: Tensor, *_: Tensor) -> Tensor:
        size = None if self.size is None else [int(side) for side in self.size]
        return torch.nn.functional.interpolate(x, size, self.scale)


def window_pool(op: Pool) -> nn.Module:
    """Pooling of windows, padded on both sides; "same" padding rounds sizes up."""
    if isinstance(op.padding, Explicit):
        zeros = op.padding
        if (zeros.top, zeros.left) != (zeros.bottom, zeros.right):
            raise GraphError("torch pads a pooling by as much on both sides")
        padding, up = (zeros.top, zeros.left), False
    else:
        h, w = pair(op.kernel)
        padding, up = ((h - 1) // 2, (w - 1) // 2), True
    sides: Any = pair(op.kernel)
    steps: Any = pair(op.stride)
    around: Any = padding
    dilation: Any = pair(op.dilation)
    if up:  # an odd kernel needs no rounding
        up = any(side % 2 == 0 for side in sides)
    if op.function == "avg":
        return nn.AvgPool2d(sides, steps, around, ceil_mode=up)
    return nn.MaxPool2d(sides, steps, around, dilation, ceil_mode=up)


def adaptive_pool(op: AdaptivePool) -> nn.Module:
    """Pooling to a given size."""
    make = nn.AdaptiveMaxPool2d if op.function == "max" else nn.AdaptiveAvgPool2d
    size: Any = pair(op.size)
    return make(size)
