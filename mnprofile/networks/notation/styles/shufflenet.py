"""ShuffleNet, Table 1, and ShuffleNetV2, Table 5: a column per width or groups.

A column ``1×`` is a width of ShuffleNetV2, ``g = 3`` the units of ShuffleNet with three
groups, ``Output channels`` any other network that is printed so.
"""

import re
from typing import Any

from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.flattening import FlattenRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.blocks.shuffle_unit import ShuffleUnit2Row, ShuffleUnitRow
from mnprofile.networks.blocks.window_pooling import WindowPoolRow
from mnprofile.networks.notation.cells import (
    MAX_CLASSES,
    TIMES,
    RefusalError,
    Size,
    channels,
    integer,
    pool_kernel,
    repeats,
    stride,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.sized import output_size, padding_to
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

_LAYER = re.compile("(Image|Conv|MaxPool|AvgPool|Stage|GlobalPool|FC)[0-9]*")
_WIDTH = r"[0-9]{1,2}(\.[0-9]{1,3})?[x×]"
_GROUPS = re.compile("g=([0-9]{1,2})(?:,.*)?")


def _layer(text: str) -> str:
    found = _LAYER.fullmatch(text.strip())
    if found is None:
        raise RefusalError(
            f'"{text}" is not a layer',
            accepted="Image, Conv1, MaxPool, AvgPool, Stage2, GlobalPool or FC",
        )
    return found[1]


def _side(text: str) -> int:
    """A kernel, of any size that is square."""
    tight = TIMES.sub("x", text)
    if not re.fullmatch("[0-9]{1,2}x[0-9]{1,2}", tight):
        raise RefusalError(f'"{text}" is not a kernel size', accepted="such as 3x3")
    return pool_kernel(tight)


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    column = context.column
    assert column is not None
    layer = cells.read("layer", _layer)
    x = context.expected
    base: dict[str, Any] = {
        "number": context.number,
        "cells": cells.by_header,
        "prints_input": False,
    }
    if layer in ("Image", "FC"):
        return _fully_connected(cells, context, base) if layer == "FC" else ()
    out = cells.read("outputsize", output_size)
    if layer == "GlobalPool":
        return (PoolRow(x, kernel=None, output=out, **base),)
    base["output"] = out
    step = cells.read("stride", stride)
    values: dict[str, Any] = {"stride": step}
    if layer in ("Stage", "Conv"):
        values["out"] = cells.read(column, channels)
        values["activation"] = context.activation
    if layer == "Stage":
        return (_stage(cells, context, {**values, **base}),)
    values["kernel"] = side = cells.read("ksize", _side)
    values["padding"] = padding_to(cells, "outputsize", x, out, side, step)
    if layer == "Conv":
        return (ConvRow(x, batch_norm=context.batch_norm, **values, **base),)
    values["function"] = "max" if layer == "MaxPool" else "avg"
    return (WindowPoolRow(x, **values, **base),)


def _stage(cells: RowCells, context: Context, values: dict[str, Any]) -> Row:
    """Units of ShuffleNet where the column says how many groups, else of V2."""
    values["repeats"] = cells.read("repeat", repeats)
    groups = _GROUPS.fullmatch(context.column or "")
    if groups is None:
        return ShuffleUnit2Row(context.expected, **values)
    count = integer(groups[1], "number of groups", 1, 64)
    is_first = not isinstance(context.above, ShuffleUnitRow)
    return ShuffleUnitRow(context.expected, groups=count, is_first=is_first, **values)


def _fully_connected(
    cells: RowCells, context: Context, base: dict[str, Any]
) -> tuple[Row, ...]:
    """The last one is the classifier; on a map, its elements are the inputs."""
    x = context.expected
    assert context.column is not None
    out = cells.read(
        context.column, lambda text: integer(text, "number of outputs", 1, MAX_CLASSES)
    )
    rows: list[Row] = []
    if (x.h, x.w) != (1, 1):
        rows.append(FlattenRow(x, **base))
        x = rows[0].gives
    if context.below is None:
        return (*rows, ClassifierRow(x, classes=out, **base))
    values: dict[str, Any] = {"batch_norm": False, "activation": context.activation}
    return (*rows, ConvRow(Size(1, 1, x.c), kernel=1, out=out, **values, **base))


STYLE = TableStyle(
    "shufflenet",
    "ShuffleNetV2, Table 5",
    ("Layer", "Output size", "KSize", "Stride", "Repeat"),
    "outputsize",
    "layer",
    _read_row,
    columns=re.compile(rf"{_WIDTH}|g=[0-9]{{1,2}}(,{_WIDTH})?|outputchannels"),
)
