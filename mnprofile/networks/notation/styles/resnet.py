"""ResNet, Table 1: a column per depth, and blocks in brackets.

``[1×1, 64; 3×3, 64; 1×1, 256]×3`` is one cell; the lines of a bracket are separated by
semicolons.
"""

import re
from typing import Any

from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.blocks.residual import PrintedResidualRow
from mnprofile.networks.blocks.window_pooling import WindowPoolRow
from mnprofile.networks.notation.cells import (
    MAX_CLASSES,
    RefusalError,
    Size,
    channels,
    integer,
    kernel,
    pool_kernel,
    repeats,
    stride,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.sized import output_size, stride_between
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

_TIMES = re.compile(r"(?<=[0-9\]]) *[x×] *(?=[0-9])")  # not the x of "max"
_SIDES = "([0-9]{1,4}x[0-9]{1,4})"
_LINE = re.compile(f"{_SIDES}, ?([0-9]{{1,6}})")
_BLOCK = re.compile(r"\[([^\[\]]{1,150})\] ?x ?([0-9]{1,4})")
_CONV = re.compile(f"{_SIDES}, ?([0-9]{{1,6}}), ?stride ([0-9]+)")
_POOL = re.compile(f"{_SIDES} max pool, ?stride ([0-9]+)")
_END = re.compile("average pool, ?([0-9]{1,8})-d fc(?:, ?softmax)?")


def _cell(text: str) -> tuple[type[Row], dict[str, Any]]:
    """What a cell of a network's column describes, and its values."""
    tight = _TIMES.sub("x", text)
    if found := _BLOCK.fullmatch(tight):
        lines = [_line(line.strip()) for line in found[1].split(";")]
        return PrintedResidualRow, {
            "layers": tuple(lines),
            "repeats": repeats(found[2]),
        }
    if found := _CONV.fullmatch(tight):
        values = {"kernel": kernel(found[1]), "out": channels(found[2])}
        return ConvRow, {**values, "stride": stride(found[3])}
    if found := _POOL.fullmatch(tight):
        side = pool_kernel(found[1])
        return WindowPoolRow, {"kernel": side, "stride": stride(found[2])}
    if found := _END.fullmatch(tight):
        classes = integer(found[1], "number of classes", 1, MAX_CLASSES)
        return ClassifierRow, {"classes": classes}
    raise RefusalError(
        f'"{text}" is not understood',
        accepted="[3x3, 64; 3x3, 64]x2, 7x7, 64, stride 2, 3x3 max pool, stride 2, or"
        " average pool, 1000-d fc, softmax",
    )


def _line(text: str) -> tuple[int, int]:
    found = _LINE.fullmatch(text)
    if found is None:
        raise RefusalError(f'"{text}" is not a convolution', accepted="such as 3x3, 64")
    return kernel(found[1]), channels(found[2])


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    assert context.column is not None
    block, values = cells.read(context.column, _cell)
    out = cells.read("outputsize", output_size)
    cells.read("layername", str)
    x = context.expected
    base = cells.row(prints_input=False)
    if block is ClassifierRow:
        pool = PoolRow(x, kernel=None, output=out, **base)
        return pool, ClassifierRow(Size(1, 1, x.c), **values, **base)
    if block is PrintedResidualRow:
        values["stride"] = stride_between((x.h,), (out.h,))
        if values["stride"] is None:
            raise cells.fault(
                "outputsize", f"no stride leads from {x.h}x{x.w} to {out.h}x{out.w}"
            )
    if block is not WindowPoolRow:
        values["activation"] = context.activation
    return (block(input=x, output=out, **values, **base),)


STYLE = TableStyle(
    "resnet",
    "ResNet, Table 1",
    ("layer name", "output size"),
    "outputsize",
    "layername",
    _read_row,
    columns=re.compile("[0-9]{1,4}-layer"),
)
