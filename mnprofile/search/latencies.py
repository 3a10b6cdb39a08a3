"""Milliseconds of many configurations at once: prices of widths times positions.

An amount of work is factors times positions, so its time is too: the factors of all
operators that run at the same positions are summed first, each times its price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UsageError
from mnprofile.costs.latency.devices import Calibration, Device
from mnprofile.costs.latency.prediction import calibration_of
from mnprofile.costs.latency.work import amounts
from mnprofile.evidence.literature.accuracy_series import WidthAndSide, latencies
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.conditions import LATENCY, Condition
from mnprofile.search.interpolation import (
    ESTIMATE,
    NONE,
    PUBLISHED,
    is_as_printed,
)
from mnprofile.search.products import EXACT_FLOAT, Product
from mnprofile.search.structures import flat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DECIMALS = 3


@dataclass(frozen=True)
class Timing:
    """What is known of the latencies of one table on one device."""

    device: Device
    calibration: Calibration | None
    published: Mapping[WidthAndSide, float]


@dataclass(frozen=True)
class Latencies:
    """Milliseconds as factors [K, G] at positions [G, R]."""

    factors: Floats
    positions: Floats

    def grid(self, widths: Any = slice(None)) -> Floats:
        """The milliseconds of some of the widths at every resolution [K, R]."""
        ms: Floats = self.factors[widths] @ self.positions
        return ms


def timing_of(
    arch: Architecture, device: Device | None, *, printed: bool
) -> Timing | None:
    """What is known of a table's latencies on a device; None without a device.

    ``printed`` says whether published figures are about it.
    """
    if device is None:
        return None
    found = device.calibration(arch.family)
    published: dict[WidthAndSide, float] = {}
    if printed:
        for one in latencies(arch.name):
            if device.is_called(one.phone) and device.bits == 32:
                published |= one.milliseconds
        for figure in found.figures if found else ():
            if figure.network == arch.name and figure.height == figure.width:
                published[figure.alpha, figure.height] = figure.ms
    return Timing(device, found, published)


def require_times(
    archs: Sequence[Architecture], device: Device | None, *, limited: bool = False
) -> None:
    """Raise UsageError for a limit without a device, and UnmeasuredError if the device
    is calibrated for none of the tables."""
    if device is None:
        if limited:
            raise UsageError("a limit on latency needs a device", accepted="--device")
        return
    if not any(device.calibration(arch.family) for arch in archs):
        calibration_of(device, archs[0].family)


def limits_latency(conditions: Sequence[Condition]) -> bool:
    """Whether one of the conditions is on latency."""
    return any(one.column == LATENCY for one in conditions)


def latencies_of(made: Product, calibration: Calibration, bits: int) -> Latencies:
    """The factors of a product's configurations, in milliseconds."""
    import numpy as np

    count_k, count_r = len(made.params), made.positions.shape[1]
    prices = {term: ns * 1e-6 for term, ns in calibration.prices.items()}
    found = _priced(made, prices, bits, np.float64)
    columns = [column for column, _ in found]
    rows = [row for _, row in found]
    return Latencies(
        np.stack(columns, 1) if columns else np.zeros((count_k, 0)),
        np.stack(rows) if rows else np.zeros((0, count_r)),
    )


@dataclass(frozen=True)
class ExactTimes:
    """Times as sums of whole numbers, which a page can add without a rounding error.

    Each of ``terms`` has a price for every width [K] and positions for every resolution
    [R]; a time is the sum of their products, in ``10**-digits`` nanoseconds.
    """

    terms: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    digits: int


def exact_times(made: Product, calibration: Calibration, bits: int) -> ExactTimes:
    """The times of a product's configurations with all decimals of the prices.

    Decimals that would take a sum beyond 2^53 are rounded off.
    """
    import numpy as np

    prices = {term: Decimal(repr(ns)) for term, ns in calibration.prices.items()}
    exponents = (price.normalize().as_tuple().exponent for price in prices.values())
    digits = max(0, *(-one for one in exponents if isinstance(one, int)))
    estimate = latencies_of(made, calibration, bits).grid().max(initial=0.0)
    while digits and 1e6 * estimate * 10**digits >= EXACT_FLOAT / 2:
        digits -= 1
    whole = {term: round(price.scaleb(digits)) for term, price in prices.items()}
    terms = tuple(
        (tuple(column.tolist()), tuple(row.tolist()))
        for column, row in _priced(made, whole, bits, np.int64)
    )
    return ExactTimes(terms, digits)


def _priced(
    made: Product, prices: Mapping[str, float], bits: int, number: Any
) -> list[tuple[Any, Any]]:
    """Amounts times prices [K] and positions [R], one pair per kind of position."""
    import numpy as np

    count_k, count_r = len(made.params), made.positions.shape[1]
    kinds: dict[bytes, tuple[Any, Any]] = {}
    for one in made.structures:
        for node in one.graph:
            for term, factor, positions in amounts(node, bits):
                if not prices[term] or (isinstance(factor, int) and not factor):
                    continue
                row = np.zeros(count_r, number)
                row[one.sizes] = flat(positions)
                empty = np.zeros(count_k, number), row
                column, _ = kinds.setdefault(row.tobytes(), empty)
                column[one.widths] += prices[term] * flat(factor)
    return list(kinds.values())


def times(
    timing: Timing,
    estimates: Latencies | None,
    widths: Any,
    arch: Architecture,
    *,
    alpha: Floats,
    t: Floats,
    sides: NDArray[np.int64],
) -> tuple[Floats, NDArray[np.uint8]]:
    """Milliseconds [K, R] of some widths and their kinds: published, estimated or none.

    ``alpha`` and ``t`` are those of the ``widths`` [K], ``sides`` [R, 2]. Nothing is
    estimated outside the figures of the calibration.
    """
    import numpy as np

    found, printed = timing.calibration, is_as_printed(arch, t)
    shape = len(alpha), len(sides)
    kind = np.full(shape, ESTIMATE if found else NONE, np.uint8)
    if found is None or estimates is None:
        ms = np.full(shape, np.nan)
    else:
        ms = estimates.grid(widths)
        (narrow, wide), (small, large) = found.alphas, found.sides
        rows = (alpha < narrow) | (alpha > wide) | ~printed
        columns = ((sides < small) | (sides > large)).any(axis=1)
        ms[rows], kind[rows] = np.nan, NONE
        ms[:, columns], kind[:, columns] = np.nan, NONE
    for (at, side), value in timing.published.items():
        k = np.flatnonzero((alpha == at) & printed)
        r = np.flatnonzero((sides == side).all(axis=1))
        ms[np.ix_(k, r)], kind[np.ix_(k, r)] = value, PUBLISHED
    return ms, kind
