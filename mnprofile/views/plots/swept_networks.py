"""The plots of a sweep over networks that are not tables: what they show."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnprofile.base import units
from mnprofile.base.errors import UsageError
from mnprofile.networks.readers.inputs import parse_argument
from mnprofile.search.tasks.task import Row, Task
from mnprofile.views.plots.accuracy import COUNTS, AccuracyPlot, Axis, Point
from mnprofile.views.plots.log_log import Dot, LogLogPlot
from mnprofile.views.plots.palette import TYPES

_COLOURED = [key for key in TYPES if key != "rest"]  # for as many series; then "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPoint(Point):
    """A network from code or a file: told apart by arguments and size, not by α.

    ``given`` are those by name; ``count`` is the command that counts it.
    """

    given: tuple[tuple[str, str], ...]
    count: str

    @property
    def label(self) -> str:
        return "/".join(value for _, value in self.given)

    @property
    def configuration(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.given)

    @property
    def source(self) -> str:
        return self.where

    @property
    def command(self) -> str:
        return self.count


def axis_of(name: str) -> Axis:
    """A quantity that is counted of any network. Raises UsageError."""
    if name not in COUNTS:
        raise UsageError(
            f'--x: "{name}" is not an axis of networks that are not tables',
            accepted=", ".join(COUNTS),
        )
    return COUNTS[name]


def points_of(
    tasks: Sequence[Task], rows: Sequence[Row], axis: Axis, where: str
) -> Iterator[NetworkPoint]:
    """The networks that were counted; top-1 is NaN where it is not known."""
    for task, row in zip(tasks, rows, strict=True):
        if row["error"] is not None:
            continue
        series, given = _told_apart(task)
        top1 = row.get("top1")
        yield NetworkPoint(
            network=series,
            alpha=1.0,
            resolution=row["resolution"] or "",
            x=row[axis.key],
            macs=row["macs"],
            params=row["params"],
            top1=float("nan") if top1 is None else top1,
            where=where,
            given=given,
            count=_command(task),
        )


def accuracy_plot(points: Sequence[NetworkPoint], axis: Axis) -> AccuracyPlot:
    """Top-1 against cost, of the points whose top-1 is known; large marks first."""
    known = [one for one in points if one.top1 == one.top1 and one.x > 0]
    known.sort(key=lambda one: (-one.params, one.x))
    names = {one.network: one.network for one in points}
    return AccuracyPlot(tuple(known), names, axis, "Top-1 (%)")


def accuracy_caption(plot: AccuracyPlot) -> str:
    """The caption of top-1 against cost."""
    return (
        f"{len(plot.points):,} configurations with a known top-1;"
        f" {len(plot.frontier):,} are on the frontier. The area of a mark shows its"
        " parameters."
    )


def cost_plot(points: Sequence[NetworkPoint]) -> LogLogPlot:
    """Multiply-adds against parameters, a dot per network that has both."""
    names = list(dict.fromkeys(one.network for one in points))
    keys = dict(zip(names, _COLOURED, strict=False))
    legend = [(key, name) for name, key in keys.items()]
    if len(names) > len(keys):
        legend.append(("rest", f"{len(names) - len(keys)} others"))
    dots = tuple(
        Dot(one.params, one.macs, keys.get(one.network, "rest"), _dot_told(one))
        for one in points
        if one.params > 0 and one.macs > 0
    )
    return LogLogPlot(
        "Multiply-adds against parameters",
        dots,
        (),
        "Parameters",
        "Multiply-adds (1 multiply-add = 2 FLOPs)",
        tuple(legend),
    )


def _dot_told(point: NetworkPoint) -> str:
    """A network, its multiply-adds and parameters."""
    name = ", ".join(filter(None, (point.network, point.configuration)))
    return (
        f"{name}: {units.grouped(point.macs)} multiply-adds,"
        f" {units.grouped(point.params)} params"
    )


def _told_apart(task: Task) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The series of a network, and what tells it apart within that.

    Arguments that are text, such as the name of a model, name another series; numbers
    and the size vary along it.
    """
    names, given = [task.arguments["arch"]], []
    for key, text in task.arguments["arguments"].items():
        _, value = parse_argument(f"{key}={text}")
        if isinstance(value, str):
            names.append(value)
        else:
            given.append((key, str(value)))
    if task.row["resolution"] is not None:
        given.append(("resolution", task.row["resolution"]))
    return " ".join(names), tuple(given)


def _command(task: Task) -> str:
    """The command that counts exactly this network."""
    asked: Mapping[str, Any] = task.arguments
    parts = ["mnprofile", "count", asked["arch"]]
    for key, text in asked["arguments"].items():
        _, value = parse_argument(f"{key}={text}")
        plain = f"{key}={value}"  # without quotes, where it then reads as the same
        is_same = isinstance(value, str) and parse_argument(plain)[1] == value
        parts += ["--arg", plain if is_same else f"{key}={text}"]
    for given in asked["inputs"]:
        parts += ["--input", given]
    if asked["resolution"] is not None:
        parts += ["--res", task.row["resolution"]]
    if asked["train"]:
        parts.append("--train")
    return shlex.join(parts)
