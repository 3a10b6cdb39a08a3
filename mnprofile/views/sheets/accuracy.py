"""Printed accuracies over counted multiply-adds."""

from collections.abc import Mapping, Sequence

from mnprofile.base.sheet import Column, Sheet
from mnprofile.evidence.literature.accuracies import Point, frontier
from mnprofile.views.sheets.columns import ALPHA, NETWORK, SIZE, TOP1, counts


def accuracy_sheet(points: Sequence[Point], titles: Mapping[str, str]) -> Sheet:
    """One row per printed accuracy, with where it is printed."""
    best = frontier(tuple(points))
    return Sheet(
        (
            NETWORK,
            ALPHA,
            SIZE,
            TOP1,
            *counts("macs", "params"),
            Column("frontier", "Frontier"),
            Column("where", "Printed in"),
        ),
        tuple(
            (
                titles[point.network],
                point.alpha,
                point.resolution,
                float(point.top1),
                point.macs,
                point.params,
                "yes" if point in best else "",
                point.where,
            )
            for point in points
        ),
    )
