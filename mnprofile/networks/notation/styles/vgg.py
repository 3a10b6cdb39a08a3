"""VGG, Table 1: a column per configuration, convolutions called conv3-64.

A cell that is blank in one configuration is written ``-``.
"""

import re

from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.window_pooling import WindowPoolRow
from mnprofile.networks.notation.cells import (
    MAX_CLASSES,
    RefusalError,
    channels,
    integer,
    kernel,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.sized import fully_connected
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

_LAYER = re.compile("conv([0-9]{1,2})-([0-9]{1,6})|FC-([0-9]{1,8})")
_OTHER = ("maxpool", "LRN", "soft-max", "-")


def _layer(text: str) -> tuple[str, int, int]:
    """``conv3-64`` -> (conv, 3, 64), ``FC-4096`` -> (FC, 1, 4096)."""
    found = _LAYER.fullmatch(text)
    if found is not None and found[1]:
        side = kernel(f"{found[1]}x{found[1]}")
        return "conv", side, channels(found[2])
    if found is not None:
        return "FC", 1, integer(found[3], "number of outputs", 1, MAX_CLASSES)
    if text in _OTHER:
        return text, 1, 1
    raise RefusalError(
        f'"{text}" is not a layer', accepted=f"conv3-64, FC-4096, {', '.join(_OTHER)}"
    )


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    assert context.column is not None
    word, side, out = cells.read(context.column, _layer)
    x = context.expected
    base = cells.row(prints_input=False)
    if word in ("LRN", "soft-max", "-"):
        return ()
    if word == "maxpool":
        return (WindowPoolRow(x, kernel=2, stride=2, **base),)
    if word == "conv":
        values = {**base, "batch_norm": False, "activation": context.activation}
        return (ConvRow(x, kernel=side, out=out, **values),)
    below = context.below
    is_last = below is None or below.read(context.column, _layer)[0] != "FC"
    return fully_connected(cells, context, out, is_last=is_last)


STYLE = TableStyle(
    "vgg",
    "VGG, Table 1",
    (),
    "",
    "",
    _read_row,
    columns=re.compile("a|a-lrn|b|c|d|e"),
)
