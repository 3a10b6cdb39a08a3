"""Top-1 against cost as SVG, which scales with the page and needs no script.

Horizontal places are percentages, so that text keeps its size on a phone. Colours are
classes of the page's style sheet. Each mark carries its numbers as a ``<title>``.
"""

from functools import partial
from itertools import pairwise
from math import log10

from markupsafe import Markup

from mnprofile.base.units import plain
from mnprofile.views.html.markup import element, join
from mnprofile.views.html.shell import drawing
from mnprofile.views.plots.accuracy import AccuracyPlot

LEFT, RIGHT = 7.0, 97.0  # percent of the width
TOP, BOTTOM = 36.0, 344.0  # pixels
HEIGHT = 386


def x_of(plot: AccuracyPlot, cost: float) -> str:
    """The place of a cost, in percent of the width."""
    low, high = log10(plot.x.low), log10(plot.x.high)
    return f"{LEFT + (RIGHT - LEFT) * (log10(cost) - low) / (high - low):.3f}%"


def y_of(plot: AccuracyPlot, top1: float) -> str:
    """The place of a top-1, in pixels from the top."""
    part = (top1 - plot.y.low) / (plot.y.high - plot.y.low)
    return plain(round(BOTTOM - (BOTTOM - TOP) * part, 2))


def scatter(plot: AccuracyPlot, *, extra: Markup | None = None) -> Markup:
    """Accuracy over a count, in millions.

    A table's line joins the points that none of its own beats; marks off it are paler;
    the stepped line is the frontier of all. ``extra`` is drawn below the marks, for a
    script to move. The legend is beside the drawing: ``legend``.
    """
    of = {point: series for series in plot.series for point in series.points}
    dots = [(index, point, of[point]) for index, point in enumerate(plot.points)]
    return drawing(
        "accuracy.svg",
        plot=plot,
        x=partial(x_of, plot),
        y=partial(y_of, plot),
        dots=sorted(dots, key=lambda dot: -dot[1].params),
        number=plot.series.index,
        top=TOP,
        bottom=BOTTOM,
        height=HEIGHT,
        extra=extra or "",
        pairwise=pairwise,
        millions=_millions,
        told=lambda point: "; ".join(point.told),
        scale=lambda point: plain(round(plot.size(point) / 2, 2)),
    )


def _millions(tick: float) -> str:
    return plain(int(tick) // 10**6 if tick >= 10**6 else tick / 10**6)


def legend(plot: AccuracyPlot) -> Markup:
    """Which mark is which table; a script makes these switches."""
    items = [
        element(
            "li",
            element(
                "svg",
                element(
                    "path",
                    d=series.style.marker.path,
                    transform="translate(7 7) scale(5)",
                    class_=f"f-{series.style.key}",
                ),
                width=14,
                height=14,
                aria_hidden="true",
            ),
            " ",
            series.name,
            data_series=index,
        )
        for index, series in enumerate(plot.series)
    ]
    return element("ul", join(items), class_="legend series")
