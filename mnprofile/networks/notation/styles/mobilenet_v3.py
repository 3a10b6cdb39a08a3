"""MobileNetV3, Tables 1 and 2: expanded channels, squeeze-excite, nonlinearity."""

from mnprofile.networks.notation.cells import channels, nonlinearity, stride
from mnprofile.networks.notation.styles.style import (
    EXTRAS,
    TableStyle,
    ValueColumn,
    by_columns,
)

STYLE = TableStyle(
    "v3",
    "MobileNetV3, Tables 1 and 2",
    ("Input", "Operator", "exp size", "#out", "SE", "NL", "s"),
    "input",
    "operator",
    by_columns(
        (
            ValueColumn("expsize", "expanded", channels),
            ValueColumn("#out", "out", channels),
            ValueColumn("se", "squeeze_excite", str),
            ValueColumn("nl", "activation", nonlinearity),
            ValueColumn("s", "stride", stride),
        )
    ),
    extras=EXTRAS,
)
