"""MobileNetV2, Table 2: a factor t, and rows that repeat n times."""

from mnprofile.networks.notation.cells import channels, expansion, repeats, stride
from mnprofile.networks.notation.styles.style import (
    EXTRAS,
    TableStyle,
    ValueColumn,
    by_columns,
)

STYLE = TableStyle(
    "v2",
    "MobileNetV2, Table 2",
    ("Input", "Operator", "t", "c", "n", "s"),
    "input",
    "operator",
    by_columns(
        (
            ValueColumn("t", "t", expansion),
            ValueColumn("c", "out", channels),
            ValueColumn("n", "repeats", repeats),
            ValueColumn("s", "stride", stride),
        )
    ),
    extras=EXTRAS,
)
