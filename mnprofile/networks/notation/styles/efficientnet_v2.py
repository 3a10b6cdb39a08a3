"""EfficientNetV2, Table 4: stages without sizes, which follow from the strides."""

from mnprofile.networks.notation.cells import channels, one_or_blank, repeats, stride
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.notation.styles.mbconv import mbconv, mbconv_rows
from mnprofile.networks.notation.styles.style import Context, RowCells, TableStyle


def _read_row(cells: RowCells, context: Context) -> tuple[Row, ...]:
    op = cells.read("operator", mbconv)
    cells.read("stage", str)
    values = {}
    if op.block is not None:
        values = {
            "out": cells.read("#channels", channels),
            "repeats": cells.read("#layers", repeats),
            "stride": 1
            if op.end and not cells.read("stride", one_or_blank)
            else cells.read("stride", stride),
            "prints_input": False,
        }
    return mbconv_rows(cells, context, op, context.expected, **values)


STYLE = TableStyle(
    "efficientnet_v2",
    "EfficientNetV2, Table 4",
    ("Stage", "Operator", "Stride", "#Channels", "#Layers"),
    "operator",
    "operator",
    _read_row,
)
