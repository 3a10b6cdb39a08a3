"""Networks of Keras that a shipped table describes, built without weights.

    python -m tests.families.keras_networks > tests/data/keras_counts.csv

Multiply-adds come from the shapes of each layer's own arrays and of its output, the
parameters from the arrays, and the layers in the order in which they were made. What
EfficientNet does to its input (a ``Normalization`` layer) is no layer of ours.
"""

import csv
import importlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tests.families.networks import Layers, Measured, as_layer

WIDTHS: dict[str, tuple[float, ...]] = {
    "MobileNet": (0.25, 0.5, 0.75, 1.0),
    "MobileNetV2": (0.35, 0.5, 0.75, 1.0, 1.3, 1.4),
    "MobileNetV3Large": (0.5, 0.75, 1.0, 1.25, 1.5),
    "MobileNetV3Small": (0.5, 0.75, 1.0, 1.25, 1.5),
}
TABLES = {
    "MobileNet": "v1",
    "MobileNetV2": "v2",
    "MobileNetV3Large": "v3-large",
    "MobileNetV3Small": "v3-small",
}

# name in Keras, keyword arguments, table@alpha/side
Network = tuple[str, dict[str, Any], str]
NETWORKS: tuple[Network, ...] = (
    *(
        (name, {"alpha": alpha}, f"{table}@{alpha}/{side}")
        for name, table in TABLES.items()
        for alpha in WIDTHS[name]
        for side in (192, 224)
    ),
    ("MobileNet", {"alpha": 0.35}, "v1@0.35/224"),  # a width that is not published
    ("MobileNet", {}, "v1@1.0/250"),  # a size at which Keras' padding loses a row
    *(
        (
            f"MobileNetV3{size.title()}",
            {"minimalistic": True},
            f"v3-{size}-minimalistic@1.0/224",
        )
        for size in ("large", "small")
    ),
    *(
        (f"EfficientNetB{at}", {}, f"efficientnet-b{at}@1/{side}")
        for at, side in enumerate((224, 240, 260, 300, 380, 456, 528, 600))
    ),
    *(
        (f"EfficientNetV2{size.upper()}", {}, f"efficientnet-v2-{size}@1/{side}")
        for size, side in (
            *(("b0", 224), ("b1", 240), ("b2", 260), ("b3", 300)),
            *(("s", 384), ("m", 480), ("l", 480)),
        )
    ),
    *((f"ResNet{depth}", {}, f"resnet-{depth}@1/224") for depth in (50, 101, 152)),
    ("VGG16", {}, "vgg-16@1/224"),
    ("VGG19", {}, "vgg-19@1/224"),
)
HEADER = (
    *("network", "arguments", "table"),
    *("macs", "params", "buffers", "layers", "digest"),
)
_NO_LAYERS = ("Normalization", "Rescaling", "InputLayer")


class KerasCount(NamedTuple):
    """``buffers`` are the moving means and variances, which Keras counts as well."""

    measured: Measured
    buffers: int


def measure(name: str, settings: dict[str, Any], side: int) -> KerasCount:
    """Build a network and read its arrays and shapes."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras: Any = importlib.import_module("keras")

    make = getattr(keras.applications, name)
    network = make(weights=None, input_shape=(side, side, 3), **settings)
    layers: Layers = []
    macs = 0
    for layer in _in_order(network.layers):
        found, steps = _layer(layer, type(layer).__name__)
        layers.append(found)
        macs += steps
    counted = [one for one in network.layers if type(one).__name__ not in _NO_LAYERS]
    params = sum(_size(one.trainable_weights) for one in counted)
    buffers = sum(_size(one.non_trainable_weights) for one in counted)
    return KerasCount(Measured(macs, params, layers), buffers)


def _in_order(layers: list[Any]) -> Iterator[Any]:
    """The counted layers, ResNet's shortcuts after the block that they go around."""
    shortcut = None
    for layer in layers:
        if type(layer).__name__ not in ("Conv2D", "DepthwiseConv2D", "Dense"):
            continue
        if layer.name.endswith("_0_conv"):
            shortcut = layer
            continue
        yield layer
        if layer.name.endswith("_3_conv") and shortcut is not None:
            yield shortcut
            shortcut = None


def _size(weights: list[Any]) -> int:
    total = 0
    for one in weights:
        size = 1
        for side in one.shape:
            size *= int(side)
        total += size
    return total


def _layer(layer: Any, kind: str) -> tuple[tuple[int, ...], int]:
    """One layer as ``layers_of`` writes it, and its multiply-adds."""
    bias = int(layer.use_bias)
    if kind == "Dense":
        taken, out = map(int, layer.kernel.shape)
        return (taken, out, bias), taken * out
    kh, kw, taken, out = map(int, layer.kernel.shape)
    groups = getattr(layer, "groups", 1)
    if kind == "DepthwiseConv2D":
        out, groups, inputs = taken * out, taken, taken
        each = kh * kw
    else:
        inputs = taken * groups
        each = kh * kw * taken
    _, h, w, _ = layer.output.shape
    sides = (kh, kw, *layer.strides, *layer.dilation_rate)
    found = (inputs, out, *sides, groups, bias, int(h), int(w))
    return as_layer(found), each * out * int(h) * int(w)


def rows(networks: Iterable[Network] = NETWORKS) -> Iterator[tuple[object, ...]]:
    for name, settings, table in networks:
        side = int(table.rpartition("/")[2])
        found, buffers = measure(name, settings, side)
        arguments = " ".join(f"{key}={value}" for key, value in settings.items())
        count = len(found.layers)
        yield name, arguments, table, *found[:2], buffers, count, found.digest


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows())
