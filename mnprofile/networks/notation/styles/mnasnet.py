"""MnasNet, Figure 7: the input of each layer; its output is the input of the next."""

from mnprofile.networks.notation.cells import MAX_STRIDE, repeats, size
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.mbconv import mbconv, mbconv_rows
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    op = cells.read("operator", mbconv)
    x = cells.read("input", size)
    count = cells.read("#layers", repeats)
    if op.block is None:
        return mbconv_rows(cells, context, op, x)
    if context.below is None:
        raise cells.fault("operator", "no row below says what this one leaves")
    after = context.below.read("input", size)
    fits = [
        s
        for s in range(1, MAX_STRIDE + 1)
        if (-(-x.h // s), -(-x.w // s)) == (after.h, after.w)
    ]
    if not fits:
        raise context.below.fault("input", f"no stride leads to it from {x.h}x{x.w}")
    return mbconv_rows(
        cells, context, op, x, out=after.c, stride=fits[0], repeats=count
    )


STYLE = TableStyle(
    "mnasnet",
    "MnasNet, Figure 7",
    ("Input", "Operator", "#Layers"),
    "input",
    "operator",
    _read_row,
)
