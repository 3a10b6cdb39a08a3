"""A small network in PyTorch, for the examples."""

from torch import nn


def small(width: float = 1.0, depth: int = 2, classes: int = 10) -> nn.Module:
    """Depthwise separable blocks, each at half the size of the one before."""
    if depth > 4:
        raise ValueError("an image of 32 pixels has room for four blocks")
    channels = round(16 * width)
    layers: list[nn.Module] = [nn.Conv2d(3, channels, 3, 2, 1), nn.ReLU()]
    for _ in range(depth):
        layers += [
            nn.Conv2d(channels, channels, 3, 2, 1, groups=channels),
            nn.Conv2d(channels, 2 * channels, 1),
            nn.ReLU(),
        ]
        channels *= 2
    ends = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]
    return nn.Sequential(*layers, *ends)
