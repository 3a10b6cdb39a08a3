"""MobileNetV3, Tables 1 and 2: expanded channels, squeeze-excite, nonlinearity."""

from mnprofile.networks.notation.cells import channels, nonlinearity, stride
from mnprofile.networks.notation.styles.style import ValueColumn, by_columns

STYLE = by_columns(
    "v3",
    "MobileNetV3, Tables 1 and 2",
    ValueColumn("exp size", "expanded", channels),
    ValueColumn("#out", "out", channels),
    ValueColumn("SE", "squeeze_excite", str),
    ValueColumn("NL", "activation", nonlinearity),
    ValueColumn("s", "stride", stride),
)
