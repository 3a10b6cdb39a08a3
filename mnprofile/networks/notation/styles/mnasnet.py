"""MnasNet, Figure 7: the input of each layer; its output is the input of the next."""

from mnprofile.networks.notation.cells import repeats, size
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.mbconv import mbconv, mbconv_rows
from mnprofile.networks.notation.styles.sized import stride_between
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
    stride = stride_between((x.h, x.w), (after.h, after.w))
    if stride is None:
        raise context.below.fault("input", f"no stride leads to it from {x.h}x{x.w}")
    values = {"out": after.c, "stride": stride, "repeats": count}
    return mbconv_rows(cells, context, op, x, **values)


STYLE = TableStyle(
    "mnasnet",
    "MnasNet, Figure 7",
    ("Input", "Operator", "#Layers"),
    "input",
    "operator",
    _read_row,
)
