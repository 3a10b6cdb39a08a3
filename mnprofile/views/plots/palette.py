"""Which colour and marker a table has, the same in every plot."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import cycle


@dataclass(frozen=True, slots=True)
class Marker:
    """A shape: plotly's name for it, and a path.

    The path is around (0, 0); its area is that of a circle of radius 1.
    """

    symbol: str
    path: str


@dataclass(frozen=True, slots=True)
class PlotStyle:
    """A colour and a marker. ``key`` ends the CSS classes of the same colour."""

    key: str
    color: str
    marker: Marker


# Petroff's six colours: distinguishable with every common kind of colour blindness.
FAMILIES = {
    "mobilenet_v1": PlotStyle(
        "v1", "#5790fc", Marker("circle", "M1,0A1,1 0 1 1 -1,0A1,1 0 1 1 1,0Z")
    ),
    "mobilenet_v2": PlotStyle(
        "v2", "#f89c20", Marker("square", "M-.89,-.89H.89V.89H-.89Z")
    ),
    "mobilenet_v3_large": PlotStyle(
        "v3l", "#e42536", Marker("triangle-up", "M0,-1.35L1.17,.78H-1.17Z")
    ),
    "mobilenet_v3_small": PlotStyle(
        "v3s", "#964a8b", Marker("triangle-down", "M0,1.35L1.17,-.78H-1.17Z")
    ),
}
OTHER = PlotStyle(
    "other",
    "#7a21dd",
    Marker("cross", "M-.4,-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z"),
)
GRAY = replace(OTHER, key="gray", color="#9c9ca1")  # every second table of no family
# For further tables of one colour in one plot.
_FREE = (
    Marker("diamond", "M0,-1.25L1.25,0L0,1.25L-1.25,0Z"),
    Marker(
        "x",
        "M-1.13,-.57L-.57,-1.13L0,-.57L.57,-1.13L1.13,-.57L.57,0L1.13,.57L.57,1.13"
        "L0,.57L-.57,1.13L-1.13,.57L-.57,0Z",
    ),
    Marker(
        "star",
        "M0,-1.67L.37,-.52L1.59,-.52L.61,.2L.98,1.35L0,.64L-.98,1.35L-.61,.2"
        "L-1.59,-.52L-.37,-.52Z",
    ),
    Marker("pentagon", "M0,-1.15L1.09,-.36L.68,.93L-.68,.93L-1.09,-.36Z"),
    Marker("hexagon", "M0,-1.1L.95,-.55V.55L0,1.1L-.95,.55V-.55Z"),
)


# Paths by plotly's name of the shape.
MARKERS = {
    marker.symbol: marker.path
    for marker in (*(one.marker for one in FAMILIES.values()), OTHER.marker, *_FREE)
}
# Names and colours of operator types, by the key that ``type_of`` gives.
TYPES = {
    "pw": ("Conv 1x1", "#5790fc"),
    "dw": ("Conv DW", "#f89c20"),
    "kxk": ("Conv k x k", "#e42536"),
    "fc": ("Fully Connected", "#964a8b"),
    "se": ("SE", "#9c9ca1"),
    "rest": ("other", "#7a21dd"),
}


def family_of(name: str) -> PlotStyle:
    """The style of a table's family: that of the network that its name begins with."""
    for network, style in FAMILIES.items():
        if name == network or name.startswith(f"{network}_"):
            return style
    return OTHER


def styles(names: Iterable[str]) -> dict[str, PlotStyle]:
    """A style for each table: its family's, the second one's with a free marker."""
    looks: dict[str, PlotStyle] = {}
    free, others = cycle(_FREE), cycle((OTHER, GRAY))
    for name in sorted(dict.fromkeys(names), key=lambda name: name not in FAMILIES):
        family = family_of(name)
        style = next(others) if family is OTHER else family
        if style.marker in [look.marker for look in looks.values()]:
            style = replace(style, marker=next(free))
        looks[name] = style
    return looks


def type_of(name: str) -> str:
    """The CSS key of an operator type's colour: one of five, or "rest"."""
    if name == "Conv 1x1":
        return "pw"
    if name.startswith("Conv DW"):
        return "dw"
    if name.startswith("Conv"):
        return "kxk"
    return {"Fully Connected": "fc", "SE": "se"}.get(name, "rest")
