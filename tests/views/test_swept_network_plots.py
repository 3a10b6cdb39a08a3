"""Plots of sweeps over networks that are not tables."""

import math
from typing import Any

import pytest

from mnprofile.base.errors import UsageError
from mnprofile.search.tasks.networks import NetworkGrid, network_tasks
from mnprofile.views.html.sweep_page import NetworkPlots
from mnprofile.views.plots.palette import TYPES
from mnprofile.views.plots.swept_networks import (
    NetworkPoint,
    accuracy_plot,
    axis_of,
    cost_plot,
    points_of,
)

MACS = axis_of("macs")


def points(grid: NetworkGrid, *found: dict[str, Any]) -> list[NetworkPoint]:
    tasks = network_tasks(grid, 8)
    rows = [
        {**task.row, "error": None, **row}
        for task, row in zip(tasks, found, strict=True)
    ]
    return [*points_of(tasks, rows, MACS, "as in a.csv")]


def test_a_point_says_what_tells_it_apart_and_the_command_that_counts_it() -> None:
    arguments = ({"width": 0.5, "kind": "my kind", "shape": (1, 2), "tag": "1"},)
    (one,) = points(
        NetworkGrid(("nets.py:small",), arguments, ((8, 16),)),
        {"macs": 1_234_567, "params": 1000, "top1": 60.5},
    )
    assert one.network == "nets.py:small my kind 1"
    assert one.label == "0.5/(1, 2)/8x16"
    assert one.told == (
        "nets.py:small my kind 1",
        "width 0.5, shape (1, 2), resolution 8x16",
        "1,234,567 multiply-adds (2.5 M flops)",
        "1,000 parameters",
        "top-1 60.5 % (as in a.csv)",
        # "1" in quotes: without them it would be a number.
        "mnprofile count nets.py:small --arg width=0.5 --arg 'kind=my kind'"
        """ --arg 'shape=(1, 2)' --arg 'tag='"'"'1'"'"'' --res 8x16""",
    )


def test_the_accuracy_plot_has_the_known_and_the_cost_plot_all_that_were_counted() -> (
    None
):
    grid = NetworkGrid(("a", "b"), ({}, {"n": 1}, {"n": 2}))
    found = points(
        grid,
        {"macs": 100, "params": 10, "top1": 60.0},
        {"macs": 50, "params": 20, "top1": 62.0},
        {"macs": 70, "params": 30, "top1": None},
        {"error": "crashed"},
        {"macs": 0, "params": 5, "top1": 99.0},  # no place on a log axis
        {"macs": 60, "params": 0, "top1": 70.0},
    )
    assert [one.macs for one in found] == [100, 50, 70, 0, 60]
    assert math.isnan(found[2].top1)
    plot = accuracy_plot(found, MACS)
    assert [one.macs for one in plot.points] == [50, 100, 60]  # most parameters first
    assert [one.macs for one in plot.frontier] == [50, 60]
    dots = cost_plot(found).dots
    assert [(dot.x, dot.y) for dot in dots] == [(10, 100), (20, 50), (30, 70)]


def test_more_series_than_colours_share_the_last() -> None:
    names = tuple(f"net{at}" for at in range(8))
    found = points(NetworkGrid(names, ({},)), *[{"macs": 9, "params": 9}] * 8)
    plot = cost_plot(found)
    assert [dot.key for dot in plot.dots] == [*TYPES][:5] + ["rest"] * 3
    assert plot.legend[-1] == ("rest", "3 others")


def test_the_page_has_top1_only_where_it_is_known_and_escapes_names() -> None:
    grid = NetworkGrid(("<b>net",), ({},))
    without = NetworkPlots(points(grid, {"macs": 9, "params": 9}), MACS).page()
    assert "Top-1 against" not in without
    assert "<h1>Cost of &lt;b&gt;net</h1>" in without
    known = points(grid, {"macs": 9, "params": 9, "top1": 60})
    page = NetworkPlots(known, MACS, ["a <b>note"]).page()
    assert "<h1>Accuracy and cost of &lt;b&gt;net</h1>" in page
    assert "a &lt;b&gt;note" in page
    assert "<b>" not in page.partition("<script")[0]


def test_another_quantity_is_refused() -> None:
    with pytest.raises(UsageError, match="is not an axis") as caught:
        axis_of("weights")
    assert caught.value.accepted == "macs, params, activations"
