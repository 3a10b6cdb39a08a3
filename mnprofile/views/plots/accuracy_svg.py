"""Top-1 against cost as SVG, which scales with the page and needs no script.

Horizontal places are percentages, so that text keeps its size on a phone. Colours are
classes of the page's style sheet. Each mark carries its numbers as a ``<title>``.
"""

from functools import partial
from itertools import pairwise

from markupsafe import Markup

from mnprofile.base.units import plain
from mnprofile.views.html.markup import element, join, swatch
from mnprofile.views.html.shell import drawing
from mnprofile.views.plots.accuracy import AccuracyPlot
from mnprofile.views.plots.scales import Frame

FRAME = Frame(7.0, 97.0, 36.0, 344.0)
HEIGHT = 386


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
        x=partial(FRAME.x, plot.x),
        y=partial(FRAME.y, plot.y),
        dots=sorted(dots, key=lambda dot: -dot[1].params),
        number=plot.series.index,
        top=FRAME.top,
        bottom=FRAME.bottom,
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
            swatch(
                element(
                    "path",
                    d=series.style.marker.path,
                    transform="translate(7 7) scale(5)",
                    class_=f"f-{series.style.key}",
                ),
                side=14,
            ),
            " ",
            series.name,
            data_series=index,
        )
        for index, series in enumerate(plot.series)
    ]
    return element("ul", join(items), class_="legend series")
