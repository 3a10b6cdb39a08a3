"""GoogLeNet, Table 1: inception modules by the outputs of their branches."""

import re
from typing import Any

from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.inception import InceptionRow
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

_TYPE = re.compile(r"(convolution|max pool|inception|avg pool|dropout|linear|softmax)")
_BRANCHES = ("#1×1", "#3×3reduce", "#3×3", "#5×5reduce", "#5×5", "poolproj")


def _type(text: str) -> str:
    words = re.sub(r" ?\([^()]*\)", "", text).strip()
    if not _TYPE.fullmatch(words):
        raise RefusalError(
            f'"{text}" is not a type',
            accepted="convolution, max pool, inception (3a), avg pool, linear, softmax",
        )
    return words


def _patch(text: str) -> tuple[int, int]:
    """``7×7/2`` -> kernel 7, stride 2."""
    found = re.fullmatch("([0-9]{1,2}x[0-9]{1,2})/([0-9])", TIMES.sub("x", text))
    if found is None:
        raise RefusalError(f'"{text}" is not a patch', accepted="such as 7x7/2")
    return pool_kernel(found[1]), stride(found[2])


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    kind = cells.read("type", _type)
    x, out = context.expected, cells.read("outputsize", output_size)
    base: dict[str, Any] = {
        "number": context.number,
        "cells": cells.by_header,
        "prints_input": False,
        "output": out,
    }
    if kind in ("dropout", "softmax"):
        return ()
    if kind == "linear":
        return (ClassifierRow(x, classes=out.c, **{**base, "output": None}),)
    if kind == "inception":
        one, three_in, three, five_in, five, pool = (
            cells.read(header, channels) for header in _BRANCHES
        )
        base |= {"direct": one, "three": (three_in, three), "five": (five_in, five)}
        base |= {"projected": pool, "activation": context.activation}
        return (InceptionRow(x, batch_norm=context.batch_norm, **base),)
    side, step = cells.read("patchsize/stride", _patch)
    if kind == "avg pool":
        return (PoolRow(x, kernel=side, **base),)
    padding = padding_to(cells, "outputsize", x, out, side, step)
    if kind == "max pool":
        return (WindowPoolRow(x, kernel=side, stride=step, padding=padding, **base),)
    if out.c is None:
        raise cells.fault("outputsize", "a convolution without its channels")
    values: dict[str, Any] = {
        "activation": context.activation,
        "batch_norm": context.batch_norm,
    }
    rows: list[Row] = []
    reduced = cells.by_header["#3×3reduce"].text
    if reduced != "-":  # depth 2: a 1x1 convolution before the 3x3 one
        middle = cells.read("#3×3reduce", channels)
        first = {**base, **values, "output": None}
        rows.append(ConvRow(x, kernel=1, out=middle, **first))
        x = rows[0].gives
    else:
        cells.read("#3×3reduce", blank)
    values |= {"kernel": side, "out": out.c, "stride": step, "padding": padding}
    return (*rows, ConvRow(x, **values, **base))


STYLE = TableStyle(
    "googlenet",
    "GoogLeNet, Table 1",
    (
        "type",
        "patch size/stride",
        "output size",
        "depth",
        "#1×1",
        "#3×3 reduce",
        "#3×3",
        "#5×5 reduce",
        "#5×5",
        "pool proj",
        "params",
        "ops",
    ),
    "outputsize",
    "type",
    _read_row,
)
