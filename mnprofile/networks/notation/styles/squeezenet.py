"""SqueezeNet, Table 1: fire modules and the layers between them."""

from typing import Any

from mnprofile.networks.blocks.fire import FireRow
from mnprofile.networks.blocks.map_classifier import MapClassifierRow
from mnprofile.networks.notation.cells import blank, channels
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.sized import (
    layer_between,
    layer_word,
    output_size,
    window,
)
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

_KINDS = {"conv": "convolution", "maxpool": "max pool", "avgpool": "avg pool"}
_layer = layer_word(
    "input image|conv|maxpool|fire|avgpool",
    accepted="input image, conv1, maxpool1, fire2 or avgpool10",
)


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    layer = cells.read("layername/type", _layer)
    x, out = context.expected, cells.read("outputsize", output_size)
    if layer == "input image":
        return ()
    fire = layer == "fire"
    names = {"squeeze": "s1x1", "expand1": "e1x1", "expand3": "e3x3"}
    parts: dict[str, Any] = {
        name: cells.read(header, channels if fire else blank)
        for name, header in names.items()
    }
    base = cells.row(prints_input=False, output=out, activation=context.activation)
    if fire:
        cells.read("filtersize/stride", blank)
        return (FireRow(x, **parts, **base),)
    below = context.below
    if layer == "conv" and below and below.read("layername/type", _layer) == "avgpool":
        cells.read("filtersize/stride", window)
        return (MapClassifierRow(x, classes=out.c, **base),)
    settings = context.settings._replace(batch_norm=False)
    plain = context._replace(settings=settings)
    return (layer_between(cells, plain, _KINDS[layer], "filtersize/stride", out),)


STYLE = TableStyle(
    "squeezenet",
    "SqueezeNet, Table 1",
    (
        "layer name/type",
        "output size",
        "filter size / stride",
        "s1x1",
        "e1x1",
        "e3x3",
    ),
    "outputsize",
    "layername/type",
    _read_row,
)
