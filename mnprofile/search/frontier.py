"""The frontier of top-1 over a cost: what no other configuration beats in both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mnprofile.search.rows import Rows, join

T = TypeVar("T")


def frontier(items: Iterable[T], figures: Callable[[T], tuple[float, ...]]) -> list[T]:
    """The few items that no other one beats, cheapest first, without numpy.

    ``figures`` gives the cost and the top-1 of an item, and perhaps its rank; which
    are on the frontier is as in ``on_frontier``.
    """

    def order(item: T) -> tuple[float, ...]:
        cost, top1, *rank = figures(item)
        return (cost, -top1, *rank)

    best: list[T] = []
    for item in sorted(items, key=order):
        if not best or figures(item)[1] > figures(best[-1])[1]:
            best.append(item)
    return best


def on_frontier(cost: Any, top1: Any, rank: Any) -> Any:
    """Indices of the configurations [N] that no other one beats, cheapest first.

    One beats another that costs at least as much and has at most its top-1. Of those
    equal in both, the lowest ``rank`` is kept, else the first. Rows whose top-1 is nan
    are never on the frontier.
    """
    import numpy as np

    order = np.lexsort((rank, -top1, cost))
    best = np.fmax.accumulate(np.append(-np.inf, top1[order]))
    return order[top1[order] > best[:-1]]


class Frontier:
    """The frontier of all rows so far. The cost is a column of counts.

    Of two rows equal in cost and top-1, a published one is kept, else the first.
    """

    def __init__(self, cost: str = "macs") -> None:
        self.cost = cost
        self.rows: Rows | None = None

    def may_enter(self, cost: Any, top1: Any) -> Any:
        """A quick test that accepts every row that may be on the frontier."""
        import numpy as np

        if self.rows is None:
            return top1 > -np.inf
        cheaper = np.searchsorted(self.rows.columns[self.cost], cost)
        return top1 > np.append(-np.inf, self.rows.columns["top1"])[cheaper]

    def add(self, rows: Rows) -> None:
        """Add the rows that are on the frontier, and drop those that they beat."""
        joined = rows if self.rows is None else join([self.rows, rows])
        columns = joined.columns
        best = on_frontier(columns[self.cost], columns["top1"], columns["kind"])
        self.rows = joined.take(best)
