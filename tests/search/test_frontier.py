"""The frontier against brute force, on small inputs that are full of ties."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnprofile.search.frontier import Frontier, frontier, on_frontier
from mnprofile.search.interpolation import ESTIMATE, PUBLISHED
from mnprofile.search.rows import NUMBERS, Rows

# A cost, a top-1 that may be unknown, and whether it is published.
ROW = st.tuples(
    st.integers(0, 6),
    st.sampled_from([50.0, 60.0, 60.5, 70.0, float("nan")]),
    st.sampled_from([PUBLISHED, ESTIMATE]),
)


def brute_force(rows: list[tuple[int, float, int]]) -> list[int]:
    """Indices of the rows that no other row beats, by comparing each with each."""
    kept = []
    for at, (cost, top1, kind) in enumerate(rows):
        is_beaten = any(
            (other_cost <= cost and other > top1)
            or (other_cost < cost and other == top1)
            or ((other_cost, other) == (cost, top1) and (rank, index) < (kind, at))
            for index, (other_cost, other, rank) in enumerate(rows)
        )
        if top1 == top1 and not is_beaten:
            kept.append(at)
    return sorted(kept, key=lambda at: rows[at][0])


def columns_of(rows: list[tuple[int, float, int]]) -> tuple[Any, Any, Any]:
    cost, top1, kind = np.array(rows, float).reshape(-1, 3).T
    return cost.astype(np.int64), top1, kind.astype(np.uint8)


@given(st.lists(ROW, max_size=12))
def test_the_frontier_is_what_brute_force_finds(
    rows: list[tuple[int, float, int]],
) -> None:
    expected = brute_force(rows)

    assert on_frontier(*columns_of(rows)).tolist() == expected
    known = [at for at, (_, top1, _) in enumerate(rows) if top1 == top1]
    assert frontier(known, rows.__getitem__) == expected


@given(st.lists(st.lists(ROW, min_size=1, max_size=6), max_size=4))
def test_pieces_give_the_frontier_of_the_whole(
    pieces: list[list[tuple[int, float, int]]],
) -> None:
    """With the quick test before each piece, as a sweep applies it."""
    every = [row for piece in pieces for row in piece]
    so_far, seen = Frontier(), 0
    for piece in pieces:
        cost, top1, kind = columns_of(piece)
        columns: dict[str, Any] = {name: np.zeros(len(piece)) for name in NUMBERS}
        columns |= {"macs": cost, "top1": top1, "kind": kind}
        columns["alpha"] = np.arange(seen, seen + len(piece))  # its index in the whole
        seen += len(piece)
        rows = Rows((), np.zeros(len(piece), np.int32), columns)
        so_far.add(rows.take(so_far.may_enter(cost.astype(float), top1)))

    found = so_far.rows.columns["alpha"].tolist() if so_far.rows else []
    assert found == brute_force(every)
