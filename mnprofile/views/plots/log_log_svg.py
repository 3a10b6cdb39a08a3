"""A log-log plot as SVG, which scales with the page and needs no script."""

from functools import partial

from markupsafe import Markup

from mnprofile.views.html import markup
from mnprofile.views.html.markup import element, swatch
from mnprofile.views.html.shell import drawing
from mnprofile.views.plots.log_log import LogLogPlot
from mnprofile.views.plots.scales import Frame

FRAME, HEIGHT = Frame(9.0, 97.0, 34.0, 300.0), 342


def svg(plot: LogLogPlot) -> Markup:
    """Dots over lines. Each dot carries its numbers as a ``<title>``."""
    return drawing(
        "log_log.svg",
        plot=plot,
        x=partial(FRAME.x, plot.x),
        y=partial(FRAME.y, plot.y),
        top=FRAME.top,
        bottom=FRAME.bottom,
        height=HEIGHT,
    )


def legend(plot: LogLogPlot) -> Markup:
    """Which colour is what."""
    return markup.legend(
        (swatch(element("circle", cx=6, cy=6, r=5, class_=f"t-{key}")), name)
        for key, name in plot.legend
    )
