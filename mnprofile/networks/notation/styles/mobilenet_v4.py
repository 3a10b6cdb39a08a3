"""MobileNetV4, Tables 11 to 15: two depthwise kernels per universal bottleneck."""

import re
from typing import Any

from mnprofile.networks.blocks.attention import (
    MAX_HEAD_CHANNELS,
    MAX_HEADS,
    MobileAttentionRow,
    MultiHeadRow,
)
from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.fused import FusedRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.blocks.universal import UniversalRow
from mnprofile.networks.notation.cells import (
    MAX_STRIDE,
    RefusalError,
    blank,
    channels,
    integer,
    kernel,
    known_word,
    one_or_blank,
    pool_kernel,
    size,
    stride,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

# Which of the two depthwise convolutions each universal block has.
_KERNELS = {
    "ExtraDW": (True, True),
    "IB": (False, True),
    "ConvNext": (True, False),
    "FFN": (False, False),
}
_BLOCKS: dict[str, type[Row]] = {
    "Conv2D": ConvRow,
    "AvgPool": PoolRow,
    "FusedIB": FusedRow,
    **dict.fromkeys(_KERNELS, UniversalRow),
}
_EXPANDS = ("FusedIB", *_KERNELS)
_ATTENDING = {"Mobile-MQA": MobileAttentionRow, "Mobile-MHA": MultiHeadRow}

_ATTENTION = re.compile(
    "Mobile-M(?:QA|HA), ?h([0-9]{1,3}), ?d([0-9]{1,4})(?:, ?kv([0-9]{1,2}))?"
)


def _block(text: str) -> str:
    word = text.partition(",")[0]
    if word in _ATTENDING:
        return word
    known_word(text, _BLOCKS, "block", extra=("Mobile-MQA, h4, d64, kv2",))
    return text


def _heads(text: str) -> dict[str, Any]:
    """``Mobile-MQA, h4, d64, kv2``: heads, channels of each, stride of the keys."""
    found = _ATTENTION.fullmatch(text)
    if found is None:
        raise RefusalError(
            f'"{text}" does not say how many heads there are',
            accepted="Mobile-MQA, h4, d64, or Mobile-MQA, h4, d64, kv2",
        )
    return {
        "heads": integer(found[1], "number of heads", 1, MAX_HEADS),
        "head_channels": integer(found[2], "channel count", 1, MAX_HEAD_CHANNELS),
        "shrink": integer(found[3] or "1", "stride", 1, MAX_STRIDE),
    }


def _read_row(cells: RowCells, context: Context) -> Row:
    word = cells.read("block", _block)
    if word in _ATTENDING:
        return _attention(_ATTENDING[word], cells, context)
    block = _BLOCKS[word]
    values = cells.row(input=cells.read("input", size))
    step = cells.read("stride", stride)
    first, second = _KERNELS.get(word, (False, True))
    before = cells.read("dwk1", kernel if first else blank)
    reader = pool_kernel if block is PoolRow else kernel if second else blank
    side = cells.read("dwk2", reader)
    out = cells.read("outputdim", channels)
    inner = cells.read("expandeddim", channels if word in _EXPANDS else blank)
    if block is PoolRow:
        return PoolRow(kernel=side, **values)
    if block is ConvRow and context.below is None:
        return ClassifierRow(classes=out, **values)
    values |= {"out": out, "stride": step, "activation": context.activation}
    if block is ConvRow:
        return ConvRow(kernel=side or 1, **values)
    values |= {"expanded": inner, "kernel": side or 0}
    if block is UniversalRow:
        values |= {"before": before or 0, "layer_scale": context.settings.layer_scale}
    return block(**values)


def _attention(
    block: type[MobileAttentionRow], cells: RowCells, context: Context
) -> Row:
    for header in ("dwk1", "dwk2", "expandeddim"):
        cells.read(header, blank)
    cells.read("stride", one_or_blank)
    values = cells.row(
        input=cells.read("input", size),
        out=cells.read("outputdim", channels),
        layer_scale=context.settings.layer_scale,
    )
    return block(**values, **cells.read("block", _heads))


STYLE = TableStyle(
    "mobilenet_v4",
    "MobileNetV4, Tables 11 to 15",
    ("Input", "Block", "DW K1", "DW K2", "Expanded Dim", "Output Dim", "Stride"),
    "input",
    "block",
    _read_row,
)
