"""MobileNetV1, Table 1: filter shapes, and groups of rows that repeat."""

import re
from functools import partial

from mnprofile.networks.blocks.classifier import ClassifierRow, SoftmaxRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.depthwise import DepthwiseRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.notation.cells import (
    MAX_CLASSES,
    MAX_SIZE,
    TIMES,
    RefusalError,
    channels,
    integer,
    kernel,
    known_word,
    repeats,
    size,
    size_or_classes,
    stride,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

TYPES = {
    "Conv": "conv",
    "Conv dw": "depthwise",
    "Avg Pool": "pool",
    "FC": "fc",
    "Softmax": "softmax",
}


def _type(text: str) -> tuple[str, int, int]:
    """``5× Conv dw / s1`` -> (conv dw, stride 1, group of 5)."""
    match = re.fullmatch(
        r"(?:\(?([0-9]{1,6})\s*[x×]\)?\s*)?(.*?)\s*/\s*s([0-9]+)", text
    )
    if match is None:
        raise RefusalError(
            f'"{text}" is not a type and stride',
            accepted="such as Conv / s2, Conv dw / s1, 5× Conv dw / s1, FC / s1",
        )
    group = repeats(match[1]) if match[1] else 1
    words = " ".join(match[2].split())
    spelled = next((name for name in TYPES if name.lower() == words.lower()), words)
    return known_word(spelled, TYPES, "type"), stride(match[3]), group


_FILTERS = {  # by type: how its Filter Shape is printed, and an example
    "conv": (r"([0-9]+)x([0-9]+)x([0-9]+)x([0-9]+)", "3x3x32x64"),
    "depthwise": (r"([0-9]+)x([0-9]+)x([0-9]+) dw", "3x3x64 dw"),
    "pool": (r"pool ([0-9]+)x([0-9]+)", "Pool 7x7"),
    "fc": (r"([0-9]+)x([0-9]+|k)", "1024x1000 or 1024xk"),
    "softmax": (r"classifier", "Classifier"),
}


def _filter(kind: str, text: str) -> tuple[int, ...]:
    """The numbers of a type's Filter Shape cell, without k."""
    pattern, example = _FILTERS[kind]
    tight = TIMES.sub("x", text)
    match = re.fullmatch(pattern, tight, re.IGNORECASE if kind != "conv" else 0)
    if match is None:
        raise RefusalError(
            f'"{text}" is not a filter shape of this type',
            accepted=f"such as {example}",
        )
    numbers = match.groups()
    if kind in ("conv", "depthwise"):
        side = kernel(f"{numbers[0]}x{numbers[1]}")
        return (side, *(channels(number) for number in numbers[2:]))
    if kind == "fc":
        if numbers[1] == "k":
            return (channels(numbers[0]),)
        classes = integer(numbers[1], "number of classes", 1, MAX_CLASSES)
        return (channels(numbers[0]), classes)
    return tuple(integer(number, "pool size", 1, MAX_SIZE) for number in numbers)


def _read_row(cells: RowCells, context: Context) -> Row:
    kind, step, _ = cells.read("type/stride", _type)
    shape = cells.read("inputsize", size_or_classes if kind == "softmax" else size)
    numbers = cells.read("filtershape", partial(_filter, kind))
    base = (shape, cells.number, cells.by_header)

    if kind in ("conv", "depthwise", "fc"):
        takes = numbers[0 if kind == "fc" else 1]
        if takes != shape.c:
            raise cells.fault(
                "filtershape",
                f"a filter for {takes} channels on an input of {shape.c}",
                f"{shape.c} input channels",
            )
    if kind in ("pool", "fc", "softmax") and step != 1:
        raise cells.fault("type/stride", "this type has stride 1", "/ s1")
    if kind == "conv":
        return ConvRow(
            *base, numbers[0], numbers[2], step, context.activation, is_block=True
        )
    if kind == "depthwise":
        assert context.activation is not None
        return DepthwiseRow(*base, numbers[0], step, context.activation)
    if kind == "pool":
        if numbers[0] != numbers[1]:
            raise cells.fault("filtershape", "pooling is square", "Pool 7x7")
        return PoolRow(*base, numbers[0])
    if kind == "fc":
        return ClassifierRow(*base, numbers[1] if len(numbers) > 1 else None)
    return SoftmaxRow(*base)


def _group(cells: RowCells) -> int:
    """How often a row's group repeats: the 5 of "5× Conv dw"."""
    return cells.read("type/stride", _type)[2]


STYLE = TableStyle(
    "v1",
    "MobileNetV1, Table 1",
    ("Type / Stride", "Filter Shape", "Input Size"),
    "inputsize",
    "type/stride",
    _read_row,
    _group,
)
