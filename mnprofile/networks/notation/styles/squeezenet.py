"""SqueezeNet, Table 1: fire modules and the layers between them."""

import re
from typing import Any

from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.fire import FireRow
from mnprofile.networks.blocks.map_classifier import MapClassifierRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.blocks.window_pooling import WindowPoolRow
from mnprofile.networks.notation.cells import (
    TIMES,
    RefusalError,
    blank,
    channels,
    pool_kernel,
    stride,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.sized import output_size, padding_to
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

_LAYER = re.compile("(input image|conv|maxpool|fire|avgpool)[0-9]*")
_FILTER = re.compile(r"([0-9]{1,2}x[0-9]{1,2})/([0-9])(?: ?\(x[0-9]+\))?")


def _layer(text: str) -> str:
    found = _LAYER.fullmatch(text.strip())
    if found is None:
        raise RefusalError(
            f'"{text}" is not a layer',
            accepted="input image, conv1, maxpool1, fire2 or avgpool10",
        )
    return found[1]


def _filter(text: str) -> tuple[int, int]:
    """``7x7/2 (x96)`` -> kernel 7, stride 2."""
    found = _FILTER.fullmatch(TIMES.sub("x", text))
    if found is None:
        raise RefusalError(f'"{text}" is not a filter', accepted="such as 3x3/2")
    return pool_kernel(found[1]), stride(found[2])


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    layer = cells.read("layername/type", _layer)
    x, out = context.expected, cells.read("outputsize", output_size)
    base: dict[str, Any] = {
        "number": context.number,
        "cells": cells.by_header,
        "prints_input": False,
        "output": out,
    }
    if layer == "input image":
        return ()
    activation = context.activation
    fire = layer == "fire"
    parts = [
        cells.read(header, channels if fire else blank)
        for header in ("s1x1", "e1x1", "e3x3")
    ]
    if fire:
        cells.read("filtersize/stride", blank)
        names = ("squeeze", "expand1", "expand3")
        base |= dict(zip(names, parts, strict=True))
        base["activation"] = activation
        return (FireRow(x, **base),)
    side, step = cells.read("filtersize/stride", _filter)
    if layer == "avgpool":
        return (PoolRow(x, kernel=side, **base),)
    padding = padding_to(cells, "outputsize", x, out, side, step)
    if layer == "maxpool":
        return (WindowPoolRow(x, kernel=side, stride=step, padding=padding, **base),)
    below = context.below
    if below is not None and below.read("layername/type", _layer) == "avgpool":
        return (MapClassifierRow(x, activation=activation, classes=out.c, **base),)
    if out.c is None:
        raise cells.fault("outputsize", "a convolution without its channels")
    values: dict[str, Any] = {"kernel": side, "out": out.c, "stride": step}
    values |= {"activation": activation, "padding": padding, "batch_norm": False}
    return (ConvRow(x, **values, **base),)


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
