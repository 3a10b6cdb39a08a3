"""GhostNet, Table 1: as MobileNetV3, under other headers."""

from mnprofile.networks.notation.cells import channels, stride
from mnprofile.networks.notation.styles.style import (
    EXTRAS,
    TableStyle,
    ValueColumn,
    by_columns,
)

STYLE = TableStyle(
    "ghostnet",
    "GhostNet, Table 1",
    ("Input", "Operator", "#exp", "#out", "SE", "Stride"),
    "input",
    "operator",
    by_columns(
        (
            ValueColumn("#exp", "expanded", channels),
            ValueColumn("#out", "out", channels),
            ValueColumn("se", "squeeze_excite", str),
            ValueColumn("stride", "stride", stride),
        )
    ),
    extras=EXTRAS,
)
