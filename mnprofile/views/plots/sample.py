"""Which configurations of a sweep its accuracy plot shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from mnprofile.base import units
from mnprofile.evidence.literature.accuracy_series import PHONES
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search import row_files
from mnprofile.search.frontier import Frontier
from mnprofile.search.interpolation import ESTIMATE, PUBLISHED
from mnprofile.search.rows import Rows, SweepGroup, join
from mnprofile.views.plots.accuracy import COUNTS, AccuracyPlot, Axis, Point, titles
from mnprofile.views.plots.palette import FAMILIES

MAX_ESTIMATES = 4_000


class Sample:
    """Of all rows with a known accuracy: the published, the frontier, some estimates.

    If there are more than 4,000 estimates, only every second (fourth, ...) is kept, so
    that a page stays small; ``seen_count`` is the number of all rows.
    """

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self.seen_count = 0
        # Only published rows have latencies, and none of those is left out.
        self._frontier = Frontier(axis.key) if axis.key in COUNTS else None
        self._published: list[Rows] = []
        self._archs: dict[str, Architecture] = {}
        self._estimates: list[Rows] = []
        self._stride = 1
        self._estimates_seen = 0

    def seen(self, parts: Iterable[Rows]) -> Iterator[Rows]:
        """Pass rows on, looking at each piece."""
        for rows in parts:
            self.add(rows)
            yield rows

    def add(self, rows: Rows) -> None:
        """Look at some rows."""
        if not len(rows) or not rows.columns["kind"].any():
            return
        known = rows.take(rows.columns["kind"] > 0)
        kind = known.columns["kind"]
        self._archs |= {group.arch.name: group.arch for group in known.groups}
        self.seen_count += len(known)
        if self._frontier is not None:
            cost, top1 = known.columns[self.axis.key], known.columns["top1"]
            self._frontier.add(known.take(self._frontier.may_enter(cost, top1)))
        self._published.append(known.take(kind == PUBLISHED))
        estimates = known.take(kind == ESTIMATE)
        first = -self._estimates_seen % self._stride
        self._estimates_seen += len(estimates)
        self._estimates.append(estimates.take(slice(first, None, self._stride)))
        while sum(map(len, self._estimates)) > MAX_ESTIMATES:
            self._estimates = [join(self._estimates).take(slice(None, None, 2))]
            self._stride *= 2

    def plot(self) -> AccuracyPlot:
        """The points to draw, large ones first, each network once."""
        front = self._frontier.rows if self._frontier else None
        parts = [*self._published, *self._estimates]
        found: dict[tuple[object, ...], Point] = {}
        for rows in parts if front is None else [front, *parts]:
            for one in _points(rows, self.axis):
                # Several alphas may build the same network.
                network = (one.network, one.resolution, one.t, one.macs, one.params)
                found.setdefault(network, one)
        points = [point for point in found.values() if not math.isnan(point.x)]
        points.sort(key=lambda point: (-point.params, point.x))
        names = sorted(
            {point.network for point in points}, key=lambda n: (n not in FAMILIES, n)
        )
        called = titles(self._archs.values())
        return AccuracyPlot(tuple(points), {n: called[n] for n in names}, self.axis)


def _points(rows: Rows, axis: Axis) -> Iterator[Point]:
    found = row_files.arrays(rows)
    names = ["alpha", "height", "width", "t", "macs", "params", "top1", "kind"]
    lists = [rows.columns[name].tolist() for name in names]
    phones = {one: found[row_files.latency_column(one)].tolist() for one in PHONES}
    x = found[axis.key].tolist()
    for at, values in enumerate(zip(*lists, strict=True)):
        alpha, height, width, t, macs, params, top1, kind = values
        group = rows.groups[int(rows.group[at])]
        yield Point(
            network=group.arch.name,
            alpha=alpha,
            resolution=units.resolution_text((height, width)),
            x=x[at],
            macs=macs,
            params=params,
            top1=top1,
            where=_where(group, is_published=kind == PUBLISHED),
            title=group.arch.title,
            t=None if math.isnan(t) else t,
            is_published=kind == PUBLISHED,
            latencies=tuple(
                (latency.device, phones[latency.phone][at])
                for latency in group.latencies
                if not math.isnan(phones[latency.phone][at])
            ),
        )


def _where(group: SweepGroup, *, is_published: bool) -> str:
    """Where a top-1 comes from: its source, or how far its estimate may be off."""
    known = group.accuracy
    assert known is not None
    if is_published:
        return known.label
    assert known.fit is not None
    return f"estimate, off by {known.fit.mean_error:.1f} on average"
