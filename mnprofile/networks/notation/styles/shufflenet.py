"""ShuffleNet, Table 1, and ShuffleNetV2, Table 5: a column per width or groups.

A column ``1×`` is a width of ShuffleNetV2, ``g = 3`` the units of ShuffleNet with three
groups, ``Output channels`` any other network that is printed so.
"""

import re
from typing import Any

from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.blocks.shuffle_unit import ShuffleUnit2Row, ShuffleUnitRow
from mnprofile.networks.blocks.window_pooling import WindowPoolRow
from mnprofile.networks.notation.cells import (
    MAX_CLASSES,
    TIMES,
    RefusalError,
    channels,
    integer,
    pool_kernel,
    repeats,
    stride,
    up_to,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.sized import (
    fully_connected,
    layer_word,
    output_size,
    padding_to,
)
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

_WIDTH = r"[0-9]{1,2}(\.[0-9]{1,3})?[x×]"
_GROUPS = re.compile("g=([0-9]{1,2})(?:,.*)?")
_layer = layer_word(
    "Image|Conv|MaxPool|AvgPool|Stage|GlobalPool|FC",
    accepted="Image, Conv1, MaxPool, AvgPool, Stage2, GlobalPool or FC",
)


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
    base = cells.row(prints_input=False)
    if layer == "Image":
        return ()
    if layer == "FC":
        outputs = cells.read(column, up_to(MAX_CLASSES, "number of outputs"))
        is_last = context.below is None
        return fully_connected(cells, context, outputs, is_last=is_last)
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
        return (ConvRow(x, batch_norm=context.settings.batch_norm, **values, **base),)
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


STYLE = TableStyle(
    "shufflenet",
    "ShuffleNetV2, Table 5",
    ("Layer", "Output size", "KSize", "Stride", "Repeat"),
    "outputsize",
    "layer",
    _read_row,
    columns=re.compile(rf"{_WIDTH}|g=[0-9]{{1,2}}(,{_WIDTH})?|outputchannels"),
)
