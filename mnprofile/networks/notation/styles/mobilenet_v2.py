"""MobileNetV2, Table 2: a factor t, and rows that repeat n times."""

from mnprofile.networks.notation.cells import channels, expansion, repeats, stride
from mnprofile.networks.notation.styles.style import Column, Style, by_columns

STYLE = Style(
    "v2",
    "MobileNetV2, Table 2",
    ("Input", "Operator", "t", "c", "n", "s"),
    "input",
    "operator",
    by_columns(
        (
            Column("t", "t", expansion),
            Column("c", "out", channels),
            Column("n", "repeats", repeats),
            Column("s", "stride", stride),
        )
    ),
)
