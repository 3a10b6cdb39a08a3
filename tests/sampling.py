"""What the suite runs of a check with many cases; ``pytest -m long`` runs the rest.

The suite keeps a sample of every such check, to end within two minutes; CI runs both.
"""

from collections.abc import Collection, Iterable
from typing import Any

import pytest

long = pytest.mark.long


def sampled(cases: Iterable[Any], keep: Collection[Any] | int) -> list[Any]:
    """The cases for ``parametrize``: ``keep`` in the suite, all others long.

    ``keep`` names cases, or is a number: every so many of them, from the first.
    """
    named = list(cases)
    kept = named[::keep] if isinstance(keep, int) else list(keep)
    assert kept, "a sample has a case"
    assert all(case in named for case in kept), "a case that is kept is a case"
    return [case if case in kept else _marked(case) for case in named]


def _marked(case: Any) -> Any:
    """A tuple is one case of several arguments."""
    return pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=long)
