"""Networks of timm and torchvision that a shipped table describes, measured on meta.

    python -m tests.families.networks > tests/data/family_counts.csv

Multiply-adds come from torch's FlopCounterMode with attention written out, parameters
from the modules, and the layers from hooks, in the order in which they ran.
"""

import csv
import hashlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.convolution import Windowed
from mnprofile.graph.operators.op import pair

Layers = list[tuple[int, ...]]

# library, its name of the network, keyword arguments, table@alpha/side, impl
NETWORKS: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    *(
        ("timm", f"{name}_{int(alpha * 100):03}", {}, f"{table}@{alpha}/224", "timm")
        for name, table in (("mnasnet", "mnasnet-b1"), ("semnasnet", "mnasnet-a1"))
        for alpha in (0.5, 0.75, 1.0, 1.4)
    ),
    ("timm", "mnasnet_small", {}, "mnasnet-small@1/224", "timm"),
    ("timm", "spnasnet_100", {}, "spnasnet@1/224", "timm"),
    ("timm", "fbnetc_100", {}, "fbnet-c@1/224", "timm"),
    *(
        ("torchvision", f"mnasnet{name}", {}, f"mnasnet-b1@{alpha}/224", "torchvision")
        for name, alpha in (("0_5", 0.5), ("0_75", 0.75), ("1_0", 1.0), ("1_3", 1.3))
    ),
    *(
        (library, f"efficientnet_b{at}", {}, f"efficientnet-b{at}@1/{side}", library)
        for at, side in enumerate((224, 240, 260, 300, 380, 456, 528, 600))
        for library in ("timm", "torchvision")
    ),
    *(
        (
            "timm",
            f"efficientnet_lite{at}",
            {},
            f"efficientnet-lite{at}@1/{side}",
            "timm",
        )
        for at, side in enumerate((224, 240, 260, 280, 300))
    ),
    *(
        ("timm", f"tinynet_{size}", {}, f"tinynet-{size}@1/{side}", "timm")
        for size, side in (("a", 192), ("b", 188), ("c", 184), ("d", 152), ("e", 106))
    ),
    *(
        (
            "timm",
            f"tf_efficientnetv2_b{at}",
            {},
            f"efficientnet-v2-b{at}@1/{side}",
            "timm",
        )
        for at, side in enumerate((224, 240, 260, 300))
    ),
    *(
        (
            "timm",
            f"efficientnetv2_{size}",
            {},
            f"efficientnet-v2-{size}@1/{side}",
            "timm",
        )
        for size, side in (("s", 384), ("m", 480), ("l", 480))
    ),
    *(
        (
            "torchvision",
            f"efficientnet_v2_{size}",
            {},
            f"efficientnet-v2-{size}@1/{side}",
            "torchvision",
        )
        for size, side in (("s", 384), ("m", 480), ("l", 480))
    ),
    *(
        (
            "timm",
            f"mobilenetv4_conv_{size}",
            {},
            f"mobilenet-v4-conv-{size}@1/{side}",
            "timm",
        )
        for size, side in (("small", 224), ("medium", 256), ("large", 384))
    ),
    *(
        (
            "timm",
            f"mobilenetv4_hybrid_{size}",
            {},
            f"mobilenet-v4-hybrid-{size}@1/{side}",
            "timm",
        )
        for size, side in (("medium", 256), ("large", 384))
    ),
    ("timm", "mobilenet_edgetpu_100", {}, "mobilenet-edgetpu@1/224", "timm"),
    *(
        (
            "timm",
            f"mobilenet_edgetpu_v2_{size}",
            {},
            f"mobilenet-edgetpu-v2-{size}@1/224",
            "timm",
        )
        for size in ("xs", "s", "m", "l")
    ),
    *(
        (library, f"resnet{depth}", {}, f"resnet-{depth}@1/224", library)
        for depth in (18, 34, 50, 101, 152)
        for library in ("timm", "torchvision")
    ),
    *(
        ("torchvision", f"vgg{depth}", {}, f"vgg-{depth}@1/224", "torchvision")
        for depth in (11, 13, 16, 19)
    ),
    ("torchvision", "alexnet", {}, "alexnet@1/224", "torchvision"),
    ("torchvision", "squeezenet1_0", {}, "squeezenet@1/224", "torchvision"),
    (
        "torchvision",
        "googlenet",
        {"aux_logits": False, "init_weights": False},
        "googlenet@1/224",
        "torchvision",
    ),
    *(
        (
            "torchvision",
            f"shufflenet_v2_x{width.replace('.', '_')}",
            {},
            f"shufflenet-v2-{width.removesuffix('.0')}x@1/224",
            "torchvision",
        )
        for width in ("0.5", "1.0", "1.5", "2.0")
    ),
    *(
        ("timm", f"ghostnet_{int(alpha * 100):03}", {}, f"ghostnet@{alpha}/224", "timm")
        for alpha in (0.5, 1.0, 1.3)
    ),
)
HEADER = ("library", "network", "table", "impl", "macs", "params", "layers", "digest")


class Measured(NamedTuple):
    """What a network has: convolutions and fully connected layers are its layers."""

    macs: int
    params: int
    layers: Layers

    @property
    def digest(self) -> str:
        text = "\n".join(" ".join(map(str, layer)) for layer in self.layers)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def layers_of(graph: Graph) -> Layers:
    """The layers of a graph of ours, as ``measure`` gives those of a network.

    A convolution: input channels, output channels, kernel, stride, dilation, groups,
    whether it has a bias, and the height and width of its output. A fully connected
    layer: inputs, outputs, bias.
    """
    found: Layers = []
    for node in graph:
        op: Any = node.op
        x, y = node.in_shape, node.out_shape
        if isinstance(op, Windowed) and op.is_counted:
            sides = (*pair(op.kernel), *pair(op.stride), *pair(op.dilation))
            groups, bias = op.groups_on(x), int(getattr(op, "bias", False))
            found.append(as_layer((x.c, y.c, *sides, groups, bias, y.h, y.w)))
        elif op.is_counted and op.kind == "linear":
            found.append((x.c, y.c, int(op.bias)))
    return found


def as_layer(convolution: tuple[int, ...]) -> tuple[int, ...]:
    """A 1x1 convolution on a 1x1 map is a fully connected layer."""
    taken, out, *sides, groups, bias, h, w = convolution
    is_linear = set(sides) == {1} and groups == 1 and (h, w) == (1, 1)
    return (taken, out, bias) if is_linear else convolution


def measure(make: Callable[[], Any], side: int) -> Measured:
    """Run a network once on meta tensors."""
    import torch
    from torch import nn
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        network = make().eval()
    layers: Layers = []

    def hook(module: Any, _: Any, output: Any) -> None:
        bias = int(module.bias is not None)
        if isinstance(module, nn.Linear):
            layers.append((module.in_features, module.out_features, bias))
            return
        sides = (*module.kernel_size, *module.stride, *module.dilation)
        channels = (module.in_channels, module.out_channels)
        size = tuple(output.shape[2:])
        layers.append(as_layer((*channels, *sides, module.groups, bias, *size)))

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(hook)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        network(torch.zeros(1, 3, side, side, device="meta"))
    params = sum(one.numel() for one in network.parameters())
    return Measured(counter.get_total_flops() // 2, params, layers)


def maker(library: str, name: str, settings: dict[str, Any]) -> Callable[[], Any]:
    """How a library makes a network. Its compiled operators may be missing."""
    import torch

    try:
        import torchvision
    except RuntimeError:  # a build without them: declare what its import asks for
        ops: Any = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        for one in ("nms", "qnms"):
            ops.define(f"{one}(Tensor dets, Tensor scores, float iou) -> Tensor")
        _KEPT.append(ops)
        import torchvision
    if library == "torchvision":
        return lambda: torchvision.models.get_model(name, weights=None, **settings)
    import timm

    return lambda: timm.create_model(name, pretrained=False, **settings)


_KEPT: list[Any] = []  # a torch library's definitions end with it


def rows() -> Iterator[tuple[object, ...]]:
    for library, name, settings, table, impl in NETWORKS:
        side = int(table.rpartition("/")[2])
        found = measure(maker(library, name, settings), side)
        layers = len(found.layers)
        yield library, name, table, impl, *found[:2], layers, found.digest


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows())
