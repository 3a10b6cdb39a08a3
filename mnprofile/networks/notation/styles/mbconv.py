"""Operators as MnasNet and EfficientNet write them: ``MBConv6, k3x3, SE0.25``."""

import re
from typing import Any, NamedTuple

from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.fused import FusedRow
from mnprofile.networks.blocks.inverted_residual import BottleneckRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.notation.cells import (
    TIMES,
    RefusalError,
    Size,
    SqueezeExcite,
    expansion,
    kernel,
    squeeze_excite,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.style import Context, RowCells

_EXAMPLES = (
    "Conv3x3, SepConv (k3x3), MBConv6, k3x3, SE0.25, Fused-MBConv4, k3x3,"
    " Pooling, FC, or Conv1x1 & Pooling & FC"
)
_MB = re.compile(
    r"(?:(Fused-)?MBConv([0-9]{1,4}(?:\.[0-9]{1,4})?)|SepConv),? ?"
    r"\(?k([0-9]{1,4}x[0-9]{1,4})\)?(?:, ?SE([0-9.]{0,8}))?"
)
_CONV = re.compile(r"(?:Conv|conv2d) ?([0-9]{1,4}x[0-9]{1,4})(.*)")
_END = re.compile(r"(?:(?: ?& ?)?Pooling)(?:,| &) ?FC")


class MBConv(NamedTuple):
    """An operator cell. ``end`` says that pooling and classifier follow."""

    block: type[Row] | None
    kernel: int = 1
    t: float = 1.0
    shortcut: bool = True
    squeeze_excite: str | None = None  # a ratio, or "" for the usual one
    end: bool = False


def mbconv(text: str) -> MBConv:
    """Read an operator cell."""
    tight = TIMES.sub("x", text)
    if found := _MB.fullmatch(tight):
        fused, t, side, ratio = found.groups()
        block = FusedRow if fused else BottleneckRow
        factor = expansion(t) if t else 1.0
        if ratio:
            squeeze_excite(ratio, None)  # here, where an error is the cell's
        return MBConv(block, kernel(side), factor, t is not None, ratio)
    if found := _CONV.fullmatch(tight):
        if not found[2] or _END.fullmatch(found[2].strip()):
            return MBConv(ConvRow, kernel(found[1]), end=bool(found[2]))
    elif _END.fullmatch(tight):
        return MBConv(None, end=True)
    raise RefusalError(f'"{text}" is not an operator', accepted=f"such as {_EXAMPLES}")


def mbconv_rows(
    cells: RowCells,
    context: Context,
    op: MBConv,
    x: Size,
    **values: Any,
) -> tuple[Row, ...]:
    """The rows of an operator: the block itself, then pooling and classifier.

    ``values`` are the block's out, stride and repeats.
    """
    rows: list[Row] = []
    if op.block is not None:
        values |= {"kernel": op.kernel, "activation": context.activation}
        if op.block is not ConvRow:
            values |= {"t": op.t, "shortcut": op.shortcut}
            values["squeeze_excite"] = _squeeze(op, context)
        rows.append(op.block(input=x, **cells.row(**values)))
    if op.end:
        last = rows[-1].gives if rows else x
        prints = op.block is None
        rows.append(PoolRow(last, kernel=None, **cells.row(prints_input=prints)))
        pooled = Size(1, 1, last.c)
        rows.append(ClassifierRow(pooled, **cells.row(prints_input=False)))
    return tuple(rows)


def _squeeze(op: MBConv, context: Context) -> SqueezeExcite | None:
    """What the cell says, or the settings for every block."""
    given = context.settings.squeeze_excite
    if op.squeeze_excite is None:
        return given if given is not None and given.everywhere else None
    return squeeze_excite(op.squeeze_excite or "✓", given)
