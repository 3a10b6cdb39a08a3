"""Printed accuracies over counted multiply-adds."""

from mnprofile.base.sheet import Column, Sheet
from mnprofile.views.document import record_of
from mnprofile.views.plots.accuracy import AccuracyPlot
from mnprofile.views.sheets.columns import columns


def accuracy_sheet(plot: AccuracyPlot) -> Sheet:
    """One row per printed accuracy, with where it is printed."""
    return Sheet.of(
        columns(
            "network alpha",
            Column("resolution", "Size", "number"),
            "top1 macs params frontier",
            Column("where", "Printed in"),
        ),
        (
            {
                "network": plot.names[point.network],
                "resolution": int(point.resolution),
                "frontier": "yes" if point in plot.frontier else "",
                **record_of(point, "alpha", "top1", "macs", "params", "where"),
            }
            for point in plot.points
        ),
    )
