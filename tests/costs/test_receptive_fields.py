"""Receptive fields: a published table, and the gradients of an all-ones network."""

from typing import Any

import pytest

import mnprofile
from mnprofile import build, parse, receptive_fields
from mnprofile.costs.receptive_fields import Extent, Field, node_fields
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Tape
from mnprofile.graph.operators.convolution import Conv, Explicit
from mnprofile.graph.operators.joining import Scale
from mnprofile.graph.operators.op import Shape
from tests.conftest import GOOD_V2, GOOD_V3

# google-research/receptive_field, RECEPTIVE_FIELD_TABLE.md (Araujo, Norris, Sim,
# "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019): TF-slim
# mobilenet_v1, end points Conv2d_0 and Conv2d_1_pointwise to Conv2d_13_pointwise.
FIELDS = [3, 7, 11, 19, 27, 43, 59, 91, 123, 155, 187, 219, 251, 315]
STRIDES = [2, 2, 4, 4, 8, 8, 16, 16, 16, 16, 16, 16, 32, 32]
PADDINGS = {
    224: [0, 2, 2, 6, 6, 14, 14, 30, 46, 62, 78, 94, 94, 126],
    321: [1, 3, 5, 9, 13, 21, 29, 45, 61, 77, 93, 109, 125, 157],
}
END_POINTS = ["stem", *(f"block{at}.pointwise" for at in range(1, 14))]


@pytest.mark.parametrize("resolution", [224, 321])
@pytest.mark.parametrize("alpha", [1.0, 0.75])
def test_mobilenet_v1_has_the_published_fields(resolution: int, alpha: float) -> None:
    fields = receptive_fields(build("v1", alpha=alpha, resolution=resolution))
    extents = [fields[name].h for name in END_POINTS]

    assert [extent.size for extent in extents] == FIELDS
    assert [extent.stride for extent in extents] == STRIDES
    assert [extent.padding for extent in extents] == PADDINGS[resolution]


def test_symmetric_padding_moves_the_field_and_keeps_its_size() -> None:
    """PyTorch pads an even map in front, where TensorFlow pads only at its end."""
    ours, theirs = (
        receptive_fields(build("v2", impl=impl))["last_conv"].h
        for impl in ("paper", "torchvision")
    )

    assert (ours.size, ours.stride) == (theirs.size, theirs.stride) == (491, 32)
    assert (ours.padding, theirs.padding) == (214, 245)


@pytest.mark.parametrize(
    ("arch", "impl", "output_stride", "field"),
    [
        # Measured by gradient on 1201-pixel images with positive weights: the rows that
        # the centre of the last map depends on, timm 1.0.31, mobilenetv2_100 and
        # mobilenetv1_100 with output_stride 16 and 8.
        ("v2", "timm", 16, 491),
        ("v2", "timm", 8, 491),
        ("v1", "timm", 16, 315),
        ("v1", "timm", 8, 315),
        ("v2", "paper", 16, 491),
        ("v1", "paper", 16, 315),
        # torchvision gives the strided layer its dilation, too: (3 - 1) x 16 more.
        ("v2", "torchvision", 16, 523),
        ("v2", "torchvision", 8, 539),
    ],
)
def test_an_output_stride_keeps_the_field_where_later_layers_dilate(
    arch: str, impl: str, output_stride: int, field: int
) -> None:
    fields = receptive_fields(build(arch, impl=impl, output_stride=output_stride))
    last = "last_conv" if arch == "v2" else "block13.pointwise"

    assert fields[last].h.size == field


def test_a_branch_counts_with_the_larger_of_two_fields() -> None:
    narrow, wide = Extent(4, -3, 5), Extent(4, -1, 9)

    assert narrow.joined(wide) == wide.joined(narrow) == Extent(4, -3, 9)


def test_squeeze_excite_marks_all_that_follows() -> None:
    fields = receptive_fields(build("v3-large"))

    assert not fields["block4.depthwise"].sees_all
    assert fields["block4.project"].sees_all
    assert fields["block5.expand"].sees_all


# --- brute force ----------------------------------------------------------------------

DEEP = """\
# Deep

```toml
name = "deep"
scaling = "v2"
resolution = 64
activation = "relu"
```

| Input  | Operator    | t | c | n | s |
|--------|-------------|---|---|---|---|
| 64²×3  | conv2d      | - | 8 | 1 | 2 |
| 32²×8  | bottleneck  | 2 | 8 | 2 | 2 |
| 16²×8  | bottleneck  | 2 | 8 | 1 | 2 |
| 8²×8   | bottleneck  | 2 | 8 | 2 | 2 |
| 4²×8   | avgpool 4x4 | - | - | 1 | - |
| 1²×8   | conv2d 1x1  | - | k | - | - |
"""

KERAS = """\
# Strided

```toml
name = "strided"
scaling = "v1"
resolution = 40
activation = "relu"
```

| Type / Stride | Filter Shape | Input Size |
|---|---|---|
| Conv / s2 | 3x3x3x8 | 40x40x3 |
| Conv dw / s2 | 5x5x8 dw | 20x20x8 |
| Conv / s1 | 1x1x8x8 | 10x10x8 |
| Conv dw / s2 | 3x3x8 dw | 10x10x8 |
| Conv / s1 | 3x3x8x8 | 5x5x8 |
| Avg Pool / s1 | Pool 5x5 | 5x5x8 |
| FC / s1 | 8x10 | 1x1x8 |
"""


def forward(graph: Graph, image: Any, symmetric: bool, through_se: bool) -> Any:
    """Every map of a network whose weights are all positive and equal.

    Written from the operators' fields only, without ``costs.receptive_fields``.
    """
    import torch
    from torch.nn import functional as nn

    maps = {"input": image}
    for node in graph:
        x, op = maps[node.inputs[0]], node.op
        match op.kind:
            case "conv" | "depthwise":
                kernel, stride = op.kernel, op.stride  # type: ignore[attr-defined]
                dilation = op.dilation  # type: ignore[attr-defined]
                groups = x.shape[1] if op.kind == "depthwise" else 1
                reach = (kernel - 1) * dilation
                pads = []
                for size in (x.shape[3], x.shape[2]):
                    total = max((-(-size // stride) - 1) * stride + reach + 1 - size, 0)
                    front = total // 2
                    if symmetric:
                        front, total = reach // 2, reach
                    if isinstance(op.padding, Explicit):  # type: ignore[attr-defined]
                        front, total = 0, 1  # as Keras' V1 pads
                    pads += [front, total - front]
                shape = (node.out_shape.c, x.shape[1] // groups, kernel, kernel)
                weight = torch.full(shape, 1 / (kernel * kernel * shape[1])).double()
                y = nn.conv2d(
                    nn.pad(x, pads), weight, None, stride, 0, dilation, groups
                )
            case "pool":
                y = x.mean((2, 3), keepdim=True)
            case "linear":
                y = x.sum(1, keepdim=True).expand(-1, node.out_shape.c, -1, -1)
            case "add":
                y = x + maps[node.inputs[1]]
            case "scale":
                factors = maps[node.inputs[1]]
                y = x * (factors if through_se else factors.detach())
            case _:
                y = x
        assert y.shape[1:] == (node.out_shape.c, node.out_shape.h, node.out_shape.w)
        maps[node.name] = y
    return maps


def seen(maps: Any, name: str, at: tuple[int, int]) -> tuple[range, range]:
    """The rows and columns of the image that one position depends on."""
    import torch

    image = maps["input"]
    (gradient,) = torch.autograd.grad(
        maps[name][0, :, at[0], at[1]].sum(), image, retain_graph=True
    )
    support = gradient[0].abs().sum(0) > 0
    rows = support.any(1).nonzero().flatten().tolist()
    columns = support.any(0).nonzero().flatten().tolist()
    return range(rows[0], rows[-1] + 1), range(columns[0], columns[-1] + 1)


def clipped(extent: Extent, at: int, size: int) -> range:
    """What a field covers of an image's axis."""
    low = at * extent.stride + extent.low
    return range(max(low, 0), min(low + extent.size, size))


@pytest.mark.parametrize(
    ("table", "settings"),
    [
        (GOOD_V2, {"resolution": (37, 29)}),
        (GOOD_V2, {"resolution": (32, 46), "impl": "torchvision"}),
        (GOOD_V3, {"resolution": (31, 40)}),
        (DEEP, {"resolution": (64, 51)}),
        (DEEP, {"resolution": 192, "output_stride": 8}),
        (DEEP, {"resolution": 181, "output_stride": 8, "impl": "torchvision"}),
        (KERAS, {"resolution": (53, 46), "impl": "keras"}),
        (KERAS, {"resolution": (53, 46), "impl": "timm"}),
    ],
)
def test_every_field_is_the_support_of_the_gradient(
    table: str, settings: dict[str, Any]
) -> None:
    """At the edges too, except for dilated kernels, whose taps leave holes there."""
    torch = pytest.importorskip("torch")
    graph = build(parse(table), **settings)
    height, width = graph.config.resolution
    image = torch.ones(1, 3, height, width, dtype=torch.float64, requires_grad=True)
    symmetric = graph.config.impl in ("torchvision", "timm")
    maps = forward(graph, image, symmetric, through_se=False)
    fields = node_fields(graph)

    dilates = "output_stride" in settings
    checked = 0
    for node in graph:
        if node.op.kind in ("batch_norm", "activation"):
            continue
        field, y = fields[node.name], node.out_shape
        for at in {(0, 0), (y.h // 2, y.w // 2), (y.h - 1, y.w - 1)}:
            found = seen(maps, node.name, at)
            expected = (
                clipped(field.h, at[0], height),
                clipped(field.w, at[1], width),
            )
            inside = all(
                len(part) == extent.size
                for part, extent in zip(expected, (field.h, field.w), strict=True)
            )
            if dilates and not inside and node.op.kind not in ("pool", "linear"):
                assert set(found[0]) <= set(expected[0]), (node.name, at)
                assert set(found[1]) <= set(expected[1]), (node.name, at)
                continue
            assert found == expected, (node.name, at)
            checked += 1
    counted = [node for node in graph if node.op.kind in ("conv", "depthwise")]
    assert checked > len(counted)


def test_sees_all_is_what_the_gradient_says() -> None:
    """With the factors' own gradient, a marked map depends on every pixel."""
    torch = pytest.importorskip("torch")
    graph = build(parse(GOOD_V3))
    image = torch.ones(1, 3, 32, 32, dtype=torch.float64, requires_grad=True)
    maps = forward(graph, image, symmetric=False, through_se=True)

    for node in graph:
        field: Field = node_fields(graph)[node.name]
        everything = seen(maps, node.name, (0, 0)) == (range(32), range(32))
        assert everything == field.sees_all, node.name


def test_factors_see_the_whole_map_however_they_were_made() -> None:
    """A convolution without padding makes a 4x4 map a vector, as pooling does."""
    tape = Tape(Shape(3, 4, 4))
    factors = tape.add("factors", Conv(3, 4, padding=Explicit()))
    tape.last = "input"
    tape.add("scale", Scale(), factors)
    config = Configuration("made", "paper", 1.0, (4, 4), None, None, 0)

    assert node_fields(tape.graph(config))["scale"] == Field(sees_all=True)


@pytest.mark.parametrize(
    ("kernel", "dilation", "padding"), [(3, 1, 1), (4, 1, 0), (3, 2, 2), (5, 1, 3)]
)
def test_a_transposed_convolution_with_stride_1_is_a_convolution(
    kernel: int, dilation: int, padding: int
) -> None:
    """By gradient, with a strided convolution before it."""
    torch = pytest.importorskip("torch", reason="needs torch (extra check)")
    from torch import nn

    network = nn.Sequential(
        nn.Conv2d(1, 1, 3, 2, 1),
        nn.ConvTranspose2d(1, 1, kernel, 1, padding, dilation=dilation),
    )
    for one in network.parameters():
        nn.init.ones_(one)
    field = receptive_fields(mnprofile.from_torch(network, (1, 1, 32, 32)))["1"]
    image = torch.zeros(1, 1, 32, 32, requires_grad=True)
    out = network(image)

    assert field.is_defined
    for at in (out.shape[2] // 2, out.shape[2] // 2 + 1):  # away from the edges
        maps = {"input": image, "out": out}
        rows, columns = seen(maps, "out", (at, at))
        expected = clipped(field.h, at, 32)
        assert (rows[0], rows[-1]) == (expected[0], expected[-1])
        assert rows == columns


def test_after_positions_between_others_no_field_is_defined() -> None:
    """Positions 6 and 7 of a map that is twice as large see different windows."""
    torch = pytest.importorskip("torch", reason="needs torch (extra check)")
    from torch import nn

    network = nn.Sequential(
        nn.Conv2d(1, 1, 3, 1, 1),
        nn.ConvTranspose2d(1, 1, 3, 2, 1),
        nn.Conv2d(1, 1, 3, 1, 1),
    )
    for one in network.parameters():
        nn.init.ones_(one)
    fields = receptive_fields(mnprofile.from_torch(network, (1, 1, 16, 16)))
    image = torch.zeros(1, 1, 16, 16, requires_grad=True)
    maps = {"input": image, "out": network[1](network[0](image))}

    assert [one.is_defined for one in fields.values()] == [True, False, False]
    sizes = {len(seen(maps, "out", (at, at))[0]) for at in (6, 7)}
    assert len(sizes) == 2
    up = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Upsample(scale_factor=2))
    resized = receptive_fields(mnprofile.from_torch(up, (1, 1, 16, 16)))
    assert [one.is_defined for one in resized.values()] == [True, False]
