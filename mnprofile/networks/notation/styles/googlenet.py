"""GoogLeNet, Table 1: inception modules by the outputs of their branches."""

import re
from typing import Any

from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.convolution import ConvRow
from mnprofile.networks.blocks.inception import InceptionRow
from mnprofile.networks.notation.cells import RefusalError, channels
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.sized import layer_between, output_size
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle

_TYPES = (
    *("convolution", "max pool", "avg pool"),
    *("inception", "dropout", "linear", "softmax"),
)
_BRANCHES = ("#1×1", "#3×3reduce", "#3×3", "#5×5reduce", "#5×5", "poolproj")


def _type(text: str) -> str:
    words = re.sub(r" ?\([^()]*\)", "", text).strip()
    if words not in _TYPES:
        raise RefusalError(
            f'"{text}" is not a type',
            accepted="convolution, max pool, inception (3a), avg pool, linear, softmax",
        )
    return words


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    kind = cells.read("type", _type)
    x, out = context.expected, cells.read("outputsize", output_size)
    if kind in ("dropout", "softmax"):
        return ()
    base = cells.row(prints_input=False, output=out)
    if kind == "linear":
        return (ClassifierRow(x, classes=out.c, **{**base, "output": None}),)
    made: dict[str, Any] = {
        "activation": context.activation,
        "batch_norm": context.settings.batch_norm,
    }
    if kind == "inception":
        one, three_in, three, five_in, five, pool = (
            cells.read(header, channels) for header in _BRANCHES
        )
        base |= {"direct": one, "three": (three_in, three), "five": (five_in, five)}
        return (InceptionRow(x, projected=pool, **made, **base),)
    header = "patchsize/stride"
    if kind != "convolution" or cells.by_header["#3×3reduce"].text == "-":
        return (layer_between(cells, context, kind, header, out),)
    # Depth 2: a 1x1 convolution before the 3x3 one.
    middle = cells.read("#3×3reduce", channels)
    first = ConvRow(x, kernel=1, out=middle, **made, **{**base, "output": None})
    below = context._replace(expected=first.gives)
    return first, layer_between(cells, below, kind, header, out)


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
