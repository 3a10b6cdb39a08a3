"""MobileNetV3, Tables 1 and 2: expanded channels, squeeze-excite, nonlinearity."""

from mnprofile.networks.notation.cells import channels, nonlinearity, stride, tick
from mnprofile.networks.notation.styles.style import Column, Style, by_columns

STYLE = Style(
    "v3",
    "MobileNetV3, Tables 1 and 2",
    ("Input", "Operator", "exp size", "#out", "SE", "NL", "s"),
    "input",
    "operator",
    by_columns(
        (
            Column("expsize", "expanded", channels),
            Column("#out", "out", channels),
            Column("se", "squeeze_excite", tick),
            Column("nl", "activation", nonlinearity),
            Column("s", "stride", stride),
        )
    ),
)
