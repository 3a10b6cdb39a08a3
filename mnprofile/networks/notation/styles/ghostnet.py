"""GhostNet, Table 1: as MobileNetV3, under other headers."""

from mnprofile.networks.notation.cells import channels, stride
from mnprofile.networks.notation.styles.style import ValueColumn, by_columns

STYLE = by_columns(
    "ghostnet",
    "GhostNet, Table 1",
    ValueColumn("#exp", "expanded", channels),
    ValueColumn("#out", "out", channels),
    ValueColumn("SE", "squeeze_excite", str),
    ValueColumn("Stride", "stride", stride),
)
