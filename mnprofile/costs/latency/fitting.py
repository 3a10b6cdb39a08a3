"""Calibrate: prices from latencies, and how far off they are on figures left out.

    time = sum of amount x price over the terms of ``Work``, prices not negative

A model says which terms have a price of their own. Each is fitted by non-negative least
squares on relative errors, in which figures more than ``SLACK`` off pull only in
proportion (Huber's loss): printed figures of one table are not all of one kind.

The model with the smallest median held-out error is chosen, the simpler one if two are
equal. Its own error would be flattered by that choice, so the reported one comes from
an outer split: what is left out there takes no part in choosing either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

from mnprofile.base.errors import MnprofileError
from mnprofile.base.extras import require
from mnprofile.costs.latency.devices import HELD, Calibration, Errors, Measured
from mnprofile.costs.latency.work import (
    DENSE,
    DEPTHWISE,
    MAPS,
    OPERATOR,
    TERMS,
    WEIGHTS,
    Work,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MIN_FIGURES = 6
MIN_WIDTHS = 3  # networks or widths
MIN_RATIO = 1.5  # of the most to the fewest multiply-adds
PER_PRICE = 2  # figures that a model needs for each of its prices
SLACK = 0.03
SAME = 0.1  # figures of one configuration that differ by more contradict each other
_ROUNDS = 60
_DIGITS = 4

_MACS = (DENSE, DEPTHWISE)
# From simple to rich. Terms in one bracket share a price.
MODELS: dict[str, tuple[tuple[str, ...], ...]] = {
    "multiply-adds": (_MACS,),
    "multiply-adds by kind": ((DENSE,), (DEPTHWISE,)),
    "multiply-adds and operators": (_MACS, (OPERATOR,)),
    "multiply-adds and bytes": (_MACS, (MAPS, WEIGHTS)),
    "multiply-adds, bytes of maps and of weights": (_MACS, (MAPS,), (WEIGHTS,)),
    "multiply-adds by kind, bytes of maps and of weights": (
        (DENSE,),
        (DEPTHWISE,),
        (MAPS,),
        (WEIGHTS,),
    ),
    "multiply-adds, bytes of maps and of weights, operators": (
        _MACS,
        (MAPS,),
        (WEIGHTS,),
        (OPERATOR,),
    ),
}
SIMPLEST = next(iter(MODELS))


class CalibrationError(MnprofileError):
    """Latencies that no calibration can rest on."""

    kind = "calibration"


class Observation(NamedTuple):
    """A latency and the work that took it."""

    figure: Measured
    work: Work


def calibrate(
    family: str, source: str, observations: Sequence[Observation]
) -> Calibration:
    """Choose and fit a model of one family on one device.

    Raises:
        CalibrationError: too few figures, or figures that do not vary.
        MissingExtraError: scipy is not installed.
    """
    import numpy as np

    check(observations)
    require("scipy", "calibrate")
    works = np.array([one.work for one in observations], float)
    ms = np.array([one.figure.ms for one in observations])
    groups, left_out = _groups([one.figure for one in observations])
    held_out = _left_out(works, ms, groups, chosen)
    alone = _left_out(works, ms, groups, lambda *_: SIMPLEST)
    model = chosen(works, ms, groups)
    prices = fit(works, ms, model)
    return Calibration(
        family=family,
        source=source,
        model=model,
        left_out=left_out,
        prices={
            term: float(f"{price:.{_DIGITS}g}")
            for term, price in zip(TERMS, prices, strict=True)
        },
        errors=_errors(held_out, ms),
        macs_alone=_errors(alone, ms),
        figures=tuple(
            one.figure._replace(held_out_ms=float(f"{value:.{_DIGITS}g}"))
            for one, value in zip(observations, held_out.tolist(), strict=True)
        ),
    )


def check(observations: Sequence[Observation]) -> None:
    """Raise CalibrationError unless a calibration can rest on these."""
    count = len(observations)
    if count < MIN_FIGURES:
        raise CalibrationError(
            f"{count} figure{'s' if count != 1 else ''}",
            accepted=f"at least {MIN_FIGURES}, of different configurations",
        )
    widths = len({(one.figure.network, one.figure.alpha) for one in observations})
    if widths < MIN_WIDTHS:
        raise CalibrationError(
            f"all figures are of {widths} width{'s' if widths != 1 else ''}",
            accepted=f"at least {MIN_WIDTHS} widths or networks",
        )
    macs = [one.work.macs for one in observations]
    if max(macs) < MIN_RATIO * min(macs):
        raise CalibrationError(
            "the figures do not vary: their multiply-adds are within a factor of"
            f" {MIN_RATIO}",
            accepted="larger and smaller networks",
        )


def merged(figures: Sequence[Measured]) -> list[Measured]:
    """One figure per configuration: the mean of those that agree.

    Raises CalibrationError for figures of one configuration that contradict each other.
    """
    found: dict[tuple[Any, ...], list[Measured]] = {}
    for figure in figures:
        found.setdefault(figure[:4], []).append(figure)
    for same in found.values():
        least, most = min(one.ms for one in same), max(one.ms for one in same)
        if most > (1 + SAME) * least:
            one = same[0]
            raise CalibrationError(
                f"{one.network}@{one.alpha:g}/{one.height}: {least:g} ms and {most:g}"
                " ms contradict each other",
                accepted=f"one figure, or several within {SAME:.0%}",
            )
    return [
        same[0]._replace(ms=sum(one.ms for one in same) / len(same))
        for same in found.values()
    ]


def fit(works: Floats, ms: Floats, model: str) -> Floats:
    """The prices [terms] of a model in nanoseconds per unit.

    ``works`` is [figures, terms], ``ms`` [figures].
    """
    return _fit(works.tobytes(), ms.tobytes(), model)


@lru_cache(maxsize=4096)  # figures left out one in another: each pair comes twice
def _fit(works_bytes: bytes, ms_bytes: bytes, model: str) -> Floats:
    import numpy as np
    from scipy.optimize import nnls

    works = np.frombuffer(works_bytes).reshape(-1, len(TERMS))
    ms = np.frombuffer(ms_bytes)
    columns = [[TERMS.index(term) for term in terms] for terms in MODELS[model]]
    tied = np.stack([works[:, at].sum(axis=1) for at in columns], 1)
    relative = tied / ms[:, None]
    scale = np.sqrt((relative**2).sum(axis=0))
    scale[scale == 0] = 1.0
    relative /= scale
    pull = np.ones(len(ms))
    for _ in range(_ROUNDS):
        found, _ = nnls(relative * pull[:, None], pull)
        off = np.abs(relative @ found - 1)
        pull = np.sqrt(1 / np.maximum(off / SLACK, 1))
    prices = np.zeros(len(TERMS))
    for at, price in zip(columns, found / scale, strict=True):
        prices[at] = price * 1e6
    prices.setflags(write=False)
    return prices


def chosen(works: Floats, ms: Floats, groups: Sequence[int]) -> str:
    """The model with the smallest median held-out error; the simplest of equal ones."""
    import numpy as np

    def median(model: str) -> float:
        held_out = _left_out(works, ms, groups, lambda *_: model)
        return round(float(np.median(np.abs(held_out / ms - 1))), 6)

    usable = [
        name for name, prices in MODELS.items() if PER_PRICE * len(prices) <= len(ms)
    ]
    return min(usable, key=median)


def _left_out(
    works: Floats,
    ms: Floats,
    groups: Sequence[int],
    choose: Callable[[Floats, Floats, Sequence[int]], str],
) -> Floats:
    """What is predicted for each group by a fit on the others [figures]."""
    import numpy as np

    of, predicted = np.array(groups), np.zeros(len(ms))
    for group in dict.fromkeys(groups):
        kept = of != group
        model = choose(works[kept], ms[kept], of[kept].tolist())
        predicted[~kept] = works[~kept] @ fit(works[kept], ms[kept], model) * 1e-6
    return predicted


def _groups(figures: Sequence[Measured]) -> tuple[list[int], str]:
    """What is left out together, by figure, and what to call it.

    All figures of one width, if most widths have several; else each figure alone.
    """
    widths = [(one.network, one.alpha) for one in figures]
    distinct = list(dict.fromkeys(widths))
    several = sum(widths.count(width) > 1 for width in distinct)
    if 2 * several > len(distinct):
        return [distinct.index(width) for width in widths], "width"
    return list(range(len(figures))), "configuration"


def _errors(predicted: Floats, ms: Floats) -> Errors:
    import numpy as np

    off = np.sort(np.abs(predicted / ms - 1)).tolist()
    most = off[ceil(HELD * len(off)) - 1]
    return Errors(
        *(round(100 * value, 1) for value in (float(np.median(off)), most, off[-1]))
    )
