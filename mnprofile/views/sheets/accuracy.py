"""Printed accuracies over counted multiply-adds."""

from mnprofile.base.sheet import Column, Sheet
from mnprofile.views.plots.accuracy import AccuracyPlot
from mnprofile.views.sheets.columns import columns


def accuracy_sheet(plot: AccuracyPlot) -> Sheet:
    """One row per printed accuracy, with where it is printed."""
    return Sheet(
        columns(
            "network alpha",
            Column("resolution", "Size", "number"),
            "top1 macs params frontier",
            Column("where", "Printed in"),
        ),
        tuple(
            (
                plot.names[point.network],
                point.alpha,
                int(point.resolution),
                point.top1,
                point.macs,
                point.params,
                "yes" if point in plot.frontier else "",
                point.where,
            )
            for point in plot.points
        ),
    )
