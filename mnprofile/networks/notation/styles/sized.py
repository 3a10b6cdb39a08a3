"""Tables that print the size of what a layer leaves: its padding follows from that."""

import re
from collections.abc import Callable
from typing import Any

from mnprofile.graph.arithmetic import ceil_div
from mnprofile.graph.operators.convolution import SAME, Explicit, Padding
from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.flattening import FlattenRow
from mnprofile.networks.blocks.pooling import PoolRow
from mnprofile.networks.blocks.window_pooling import WindowPoolRow
from mnprofile.networks.notation.cells import (
    MAX_CHANNELS,
    MAX_SIZE,
    MAX_STRIDE,
    TIMES,
    RefusalError,
    Size,
    integer,
    pool_kernel,
    stride,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.style import Context, RowCells

_WINDOW = re.compile(r"([0-9]{1,2}x[0-9]{1,2})/([0-9])(?: ?\(x[0-9]+\))?")


def output_size(text: str) -> Size:
    """``112×112``, ``112`` or ``112×112×64``; the channels are None if not printed."""
    match = re.fullmatch(
        "([0-9]+)(?:x([0-9]+))?(?:x([0-9]+))?", TIMES.sub("x", text.strip())
    )
    if match is None:
        raise RefusalError(
            f'"{text}" is not an output size', accepted="112x112 or 112x112x64"
        )
    h = integer(match[1], "height", 1, MAX_SIZE)
    w = integer(match[2] or match[1], "width", 1, MAX_SIZE)
    c = integer(match[3], "channel count", 1, MAX_CHANNELS) if match[3] else None
    return Size(h, w, c)


def window(text: str) -> tuple[int, int]:
    """``7×7/2`` or ``7×7/2 (×96)`` -> kernel 7, stride 2."""
    found = _WINDOW.fullmatch(TIMES.sub("x", text))
    if found is None:
        raise RefusalError(f'"{text}" is not a window', accepted="such as 7x7/2")
    return pool_kernel(found[1]), stride(found[2])


def layer_between(
    cells: RowCells, context: Context, kind: str, header: str, out: Size
) -> Row:
    """A "convolution", "max pool" or "avg pool" to the printed size.

    ``header`` is the normalised header of the window, such as 7x7/2.
    """
    x = context.expected
    values = cells.row(prints_input=False, output=out)
    values["kernel"], step = cells.read(header, window)
    if kind == "avg pool":
        return PoolRow(x, **values)
    padding = padding_to(cells, "outputsize", x, out, values["kernel"], step)
    values |= {"stride": step, "padding": padding}
    if kind == "max pool":
        return WindowPoolRow(x, **values)
    if out.c is None:
        raise cells.fault("outputsize", "a convolution without its channels")
    values["batch_norm"] = context.settings.batch_norm
    return ConvRow(x, out=out.c, activation=context.activation, **values)


def layer_word(words: str, accepted: str) -> Callable[[str], str]:
    """A reader of names such as conv1: one of some words, and maybe a number."""
    pattern = re.compile(f"({words})[0-9]*")

    def read(text: str) -> str:
        found = pattern.fullmatch(text.strip())
        if found is None:
            raise RefusalError(f'"{text}" is not a layer', accepted=accepted)
        return found[1]

    return read


def fully_connected(
    cells: RowCells, context: Context, out: int, *, is_last: bool
) -> tuple[Row, ...]:
    """The last one is the classifier; on a map, its elements are the inputs."""
    x, base = context.expected, cells.row(prints_input=False)
    rows: tuple[Row, ...] = ()
    if (x.h, x.w) != (1, 1):
        rows = (FlattenRow(x, **base),)
        x = rows[0].gives
    if is_last:
        return (*rows, ClassifierRow(x, classes=out, **base))
    values: dict[str, Any] = {"batch_norm": False, "activation": context.activation}
    return (*rows, ConvRow(x, kernel=1, out=out, **values, **base))


def stride_between(before: tuple[int, ...], after: tuple[int, ...]) -> int | None:
    """The smallest stride that leads from some sides to others, or None."""
    for step in range(1, MAX_STRIDE + 1):
        if tuple(ceil_div(side, step) for side in before) == after:
            return step
    return None


def padding_to(
    cells: RowCells, header: str, x: Size, out: Size, kernel: int, stride: int
) -> Padding | None:
    """The padding of a layer that leads from one size to the other.

    None is "same" padding, which the implementation does in its way; else the fewest
    zeros on each side. Raises TableError where no number of zeros does.
    """
    candidates = [None, *(Explicit(p, p, p, p) for p in range(kernel))]
    for padding in candidates:
        rule = padding or SAME
        sizes = (
            rule.out_size(side, kernel - 1, stride, axis)
            for axis, side in enumerate((x.h, x.w))
            if side + 2 * kernel > kernel
        )
        if tuple(sizes) == (out.h, out.w):
            return padding
    raise cells.fault(
        header,
        f"a {kernel}x{kernel} window with stride {stride} on {x.h}x{x.w} does not leave"
        f" {out.h}x{out.w}",
        f"{ceil_div(x.h, stride)}x{ceil_div(x.w, stride)} with padding",
    )
