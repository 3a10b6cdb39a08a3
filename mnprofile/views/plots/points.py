"""Which configurations of a sweep a plot shows, and what it says of each."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from mnprofile.base import escape, units
from mnprofile.base.errors import UsageError
from mnprofile.evidence.literature.accuracy_series import PHONES
from mnprofile.networks.catalog import is_shipped
from mnprofile.search import row_files as rowfiles
from mnprofile.search.interpolation import ESTIMATE, PUBLISHED
from mnprofile.search.stream import Frontier, Group, Rows

MAX_ESTIMATES = 4_000


@dataclass(frozen=True, slots=True)
class Axis:
    """What top-1 is drawn against. ``key`` is a column of the sweep's files."""

    key: str
    title: str
    unit: str  # after a number, instead of a decimal prefix

    @property
    def name(self) -> str:
        """The title as it stands within a sentence."""
        return self.title[0].lower() + self.title[1:].partition(" (")[0]


_AXES = {
    "macs": Axis("macs", "Multiply-adds (1 multiply-add = 2 FLOPs)", ""),
    "params": Axis("params", "Parameters", ""),
    "activations": Axis("activations", "Activations (output elements)", ""),
}


def x_axis(text: str) -> Axis:
    """ "macs", "params", "activations" or "latency:PHONE". Raises UsageError."""
    name, colon, phone = text.partition(":")
    if not colon and name in _AXES:
        return _AXES[name]
    if name == "latency" and phone.strip() in PHONES:
        phone = phone.strip()
        title = f"Latency on {phone} (ms, as published)"
        return Axis(rowfiles.latency_column(phone), title, " ms")
    raise UsageError(
        f'--x: "{text}" is no axis',
        accepted=", ".join([*_AXES, *(f'"latency:{phone}"' for phone in PHONES)]),
    )


@dataclass(frozen=True, slots=True)
class Point:
    """One configuration as a plot shows it. ``x`` is in the axis' own unit."""

    group: Group
    alpha: float
    resolution: str
    t: float | None
    x: float
    macs: int
    params: int
    top1: float
    is_published: bool
    on_frontier: bool
    latencies: tuple[tuple[str, float], ...]  # device, ms

    @property
    def label(self) -> str:
        """Width and size in short: 0.75/160."""
        return f"{self.alpha:g}/{self.resolution}"

    @property
    def command(self) -> str:
        """The command that counts exactly this configuration."""
        group = self.group
        arch = group.arch
        name = arch.name if is_shipped(arch) else arch.table.file
        parts = ["mnprofile", "count", name, "--alpha", units.plain(self.alpha)]
        parts += ["--res", self.resolution]
        if self.t is not None:
            parts += ["--t", units.plain(self.t)]
        return shlex.join(parts)

    def hover(self) -> str:
        """The configuration, its figures, their source and the command, as markup."""
        accuracy = self.group.accuracy
        assert accuracy is not None
        t = f", t {units.plain(self.t)}" if self.t is not None else ""
        how = f"published: {accuracy.label}"
        if not self.is_published and accuracy.fit is not None:
            how = f"estimate, off by {accuracy.fit.mean_error:.1f} in the mean"
        lines = [
            self.group.arch.name,
            f"α {units.plain(self.alpha)}, {self.resolution}{t}",
            f"{units.short(self.macs)} multiply-adds ({units.short(2 * self.macs)}"
            " FLOPs)",
            f"{units.short(self.params)} params",
            f"top-1 {units.plain(self.top1)} % ({how})",
            *(f"{ms:g} ms on {device}" for device, ms in self.latencies),
            self.command,
        ]
        first, *others = map(escape.plotly, lines)
        return "<br>".join([f"<b>{first}</b>", *others])


class Sample:
    """Of all rows with a known accuracy: the published, the frontier, some estimates.

    Where there are more than 4,000 estimates only every second (fourth, ...) is kept,
    so that a page stays small; ``seen_count`` tells how many there were.
    """

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self.seen_count = 0
        self._frontier = Frontier(axis.key) if axis.key in _AXES else None
        self._published: list[Rows] = []
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
        import numpy as np

        kind = rows.columns["kind"] if len(rows) else np.zeros(0, np.uint8)
        known = rows.take(kind > 0) if kind.any() else None
        if known is None:
            return
        kind = known.columns["kind"]
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
            from mnprofile.search.stream import join

            self._estimates = [join(self._estimates).take(slice(None, None, 2))]
            self._stride *= 2

    def points(self) -> tuple[Point, ...]:
        """The points to draw, large ones first, each network once."""
        front = self._frontier.rows if self._frontier else None
        parts = [*([front] if front is not None else []), *self._published]
        found: dict[tuple[object, ...], Point] = {}
        for index, rows in enumerate([*parts, *self._estimates]):
            on_frontier = front is not None and index == 0
            for point in _points(rows, self.axis, on_frontier=on_frontier):
                # Several alphas may build one network.
                key = (
                    point.group.arch.name,
                    point.resolution,
                    point.t,
                    point.macs,
                    point.params,
                )
                found.setdefault(key, point)
        points = [point for point in found.values() if not math.isnan(point.x)]
        if self._frontier is None:
            points = _marked(points)
        return tuple(sorted(points, key=lambda point: (-point.params, point.x)))


def _points(rows: Rows, axis: Axis, *, on_frontier: bool) -> Iterator[Point]:
    found = rowfiles.arrays(rows)
    names = ["alpha", "height", "width", "t", "macs", "params", "top1", "kind"]
    lists = [rows.columns[name].tolist() for name in names]
    phones = {phone: found[rowfiles.latency_column(phone)].tolist() for phone in PHONES}
    x = found[axis.key].tolist()
    for at, values in enumerate(zip(*lists, strict=True)):
        alpha, height, width, t, macs, params, top1, kind = values
        group = rows.groups[int(rows.group[at])]
        yield Point(
            group=group,
            alpha=alpha,
            resolution=units.resolution_text((height, width)),
            t=_known(t),
            x=x[at],
            macs=macs,
            params=params,
            top1=top1,
            is_published=kind == PUBLISHED,
            on_frontier=on_frontier,
            latencies=tuple(
                (latency.device, phones[latency.phone][at])
                for latency in group.latencies
                if _known(phones[latency.phone][at]) is not None
            ),
        )


def _known(value: Any) -> Any:
    """None for nan."""
    return None if math.isnan(value) else value


def _marked(points: list[Point]) -> list[Point]:
    """The points with those on the frontier of top-1 over x marked."""
    from dataclasses import replace

    marked, best = [], float("-inf")
    for point in sorted(points, key=lambda point: (point.x, -point.top1)):
        marked.append(replace(point, on_frontier=point.top1 > best))
        best = max(best, point.top1)
    return marked
