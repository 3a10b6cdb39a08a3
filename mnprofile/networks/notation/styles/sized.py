"""Tables that print the size of what a layer leaves: its padding follows from that."""

import re

from mnprofile.graph.operators.convolution import SAME, Explicit, Padding
from mnprofile.networks.notation.cells import (
    MAX_CHANNELS,
    MAX_SIZE,
    TIMES,
    RefusalError,
    Size,
    integer,
)
from mnprofile.networks.notation.styles.style import RowCells


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
        f"{-(-x.h // stride)}x{-(-x.w // stride)} with padding",
    )
