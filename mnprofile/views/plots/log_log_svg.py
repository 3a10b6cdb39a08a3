"""A log-log plot as SVG, which scales with the page and needs no script."""

from math import log10

from markupsafe import Markup

from mnprofile.base.units import plain
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.shell import drawing
from mnprofile.views.plots.log_log import LogLogPlot

LEFT, RIGHT = 9.0, 97.0  # percent of the width
TOP, BOTTOM, HEIGHT = 34.0, 300.0, 342  # pixels


def svg(plot: LogLogPlot) -> Markup:
    """Dots over lines. Each dot carries its numbers as a ``<title>``."""

    def x(value: float) -> str:
        low, high = map(log10, plot.x[:2])
        return f"{LEFT + (RIGHT - LEFT) * (log10(value) - low) / (high - low):.3f}%"

    def y(value: float) -> str:
        low, high = map(log10, plot.y[:2])
        return plain(
            round(BOTTOM - (BOTTOM - TOP) * (log10(value) - low) / (high - low), 2)
        )

    return drawing(
        "log_log.svg", plot=plot, x=x, y=y, top=TOP, bottom=BOTTOM, height=HEIGHT
    )


def legend(plot: LogLogPlot) -> Markup:
    """Which colour is what."""
    items = [
        element(
            "li",
            element(
                "svg",
                element("circle", cx=6, cy=6, r=5, class_=f"t-{key}"),
                width=12,
                height=12,
                aria_hidden="true",
            ),
            " ",
            name,
        )
        for key, name in plot.legend
    ]
    return element("ul", join(items), class_="legend")
