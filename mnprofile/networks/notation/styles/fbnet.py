"""FBNet, Tables 1 and 2: blocks called k3_e6 by kernel, expansion and groups."""

import re
from typing import Any

from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.grouped_bottleneck import GroupedBottleneckRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.blocks.skip import SkipRow
from mnprofile.networks.notation.cells import (
    TIMES,
    RefusalError,
    blank,
    channels,
    channels_or_classes,
    expansion,
    integer,
    kernel,
    pool_kernel,
    repeats,
    size,
    stride,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle


def _block(text: str) -> tuple[type[Row], dict[str, Any]]:
    """``k5_e6_g2`` -> the block and its kernel, factor and groups."""
    tight = TIMES.sub("x", text)
    if found := re.fullmatch("k([0-9]{1,2})_e([0-9.]{1,4})(?:_g([0-9]{1,4}))?", tight):
        side, t = kernel(f"{found[1]}x{found[1]}"), expansion(found[2])
        groups = integer(found[3] or "1", "number of groups", 1, 64)
        return GroupedBottleneckRow, {"kernel": side, "t": t, "groups": groups}
    if found := re.fullmatch("([0-9]{1,4}x[0-9]{1,4}) conv", tight):
        return ConvRow, {"kernel": kernel(found[1])}
    if found := re.fullmatch("([0-9]{1,4}x[0-9]{1,4}) avgpool", tight):
        return PoolRow, {"kernel": pool_kernel(found[1])}
    words: dict[str, type[Row]] = {"skip": SkipRow, "fc": ClassifierRow}
    if tight in words:
        return words[tight], {}
    raise RefusalError(
        f'"{text}" is not a block',
        accepted="k3_e6, k5_e1_g2, skip, 3x3 conv, 7x7 avgpool or fc",
    )


def _read_row(cells: RowCells, context: Context) -> Row:
    block, values = cells.read("block", _block)
    values = cells.row(input=cells.read("input", size), **values)
    if block is ClassifierRow:
        classes = cells.read("f", channels_or_classes)
        return ClassifierRow(classes=classes, **values)
    if block is PoolRow:
        cells.read("f", blank)
        return PoolRow(**values)
    values["out"] = cells.read("f", channels)
    values["repeats"] = cells.read("n", repeats)
    values["stride"] = cells.read("s", stride)
    values["activation"] = context.activation
    return block(**values)


STYLE = TableStyle(
    "fbnet",
    "FBNet, Tables 1 and 2",
    ("Input", "Block", "f", "n", "s"),
    "input",
    "block",
    _read_row,
)
