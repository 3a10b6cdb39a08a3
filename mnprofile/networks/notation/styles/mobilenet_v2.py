"""MobileNetV2, Table 2: a factor t, and rows that repeat n times."""

from mnprofile.networks.notation.cells import channels, expansion, repeats, stride
from mnprofile.networks.notation.styles.style import ValueColumn, by_columns

STYLE = by_columns(
    "v2",
    "MobileNetV2, Table 2",
    ValueColumn("t", "t", expansion),
    ValueColumn("c", "out", channels),
    ValueColumn("n", "repeats", repeats),
    ValueColumn("s", "stride", stride),
)
