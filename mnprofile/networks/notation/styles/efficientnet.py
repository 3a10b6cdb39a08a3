"""EfficientNet, Table 1: stages at the resolution of their input.

The stride of a stage is what leads to the resolution of the next one. Squeeze-excite,
which the table leaves to the text, is that of the settings.
"""

import re

from mnprofile.networks.notation.cells import (
    MAX_SIZE,
    TIMES,
    RefusalError,
    Size,
    channels,
    integer,
    repeats,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.mbconv import mbconv, mbconv_rows
from mnprofile.networks.notation.styles.sized import stride_between
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle


def _sides(text: str) -> tuple[int, int]:
    """``224×224`` -> (224, 224)."""
    match = re.fullmatch("([0-9]+)x([0-9]+)", TIMES.sub("x", text))
    if match is None:
        raise RefusalError(f'"{text}" is not a resolution', accepted="such as 224x224")
    h, w = (integer(side, "side", 1, MAX_SIZE) for side in match.groups())
    return h, w


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    op = cells.read("operator", mbconv)
    h, w = cells.read("resolution", _sides)
    x = Size(h, w, context.expected.c)
    cells.read("stage", str)
    if op.block is None:
        return mbconv_rows(cells, context, op, x)
    stride = 1
    if context.below is not None:
        after = context.below.read("resolution", _sides)
        step = stride_between((h, w), after)
        if step is None:
            raise context.below.fault(
                "resolution", f"no stride leads from {h}x{w} to {after[0]}x{after[1]}"
            )
        stride = step
    count = cells.read("#layers", repeats)
    out = cells.read("#channels", channels)
    return mbconv_rows(cells, context, op, x, out=out, stride=stride, repeats=count)


STYLE = TableStyle(
    "efficientnet",
    "EfficientNet, Table 1",
    ("Stage", "Operator", "Resolution", "#Channels", "#Layers"),
    "resolution",
    "operator",
    _read_row,
)
