"""Published top-1 accuracies, and an interpolation between them.

Each table has one source and recipe, so its accuracies are comparable. An estimate is
made only between published neighbours: in a cell of the width x resolution grid whose
four corners are published, or on a line between two published points. The estimate goes
through the published points; its leave-one-out error says how far it may be off.

Width is the number of batch-normalised channels, not alpha: channels are rounded, so a
range of alphas builds one network, and one network has one accuracy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from mnprofile.evidence.literature.accuracy_series import TOP1, WidthAndSide, published
from mnprofile.networks.blocks.inverted_residual import BottleneckRow
from mnprofile.networks.catalog import is_shipped, load
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.products import product

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NONE, PUBLISHED, ESTIMATE = 0, 1, 2
KINDS = ("", "published", "estimate")
MIN_POINTS = 8  # fewer published points than this give no estimate


def as_published(arch: Architecture, impl: str, classes: int) -> bool:
    """Whether published figures are about this network, at the right alpha and size.

    They are for the authors' channels and the 1000 classes of ImageNet.
    """
    return impl == "paper" and classes == 1000 and is_shipped(arch)


def table_expansion(arch: Architecture) -> float | None:
    """The t that leaves a table as it is: the one factor that all its blocks print."""
    rows = [row for row in arch.rows if isinstance(row, BottleneckRow)]
    factors = {row.t for row in rows if row.factor > 1}
    return factors.pop() if len(factors) == 1 else None


def is_as_printed(arch: Architecture, t: Floats) -> NDArray[np.bool_]:
    """Whether each t [N] leaves a table as it is; nan is the table's own."""
    import numpy as np

    printed: NDArray[np.bool_] = t == (table_expansion(arch) or np.nan)
    return np.isnan(t) | printed


# --- the interpolation ---------------------------------------------------------------

Terms = tuple[tuple[int, int], ...]  # powers of log width and log resolution

_PLANE: Terms = ((0, 0), (1, 0), (0, 1))
_TRENDS: dict[str, Terms] = {
    "plane": _PLANE,
    "curved in width": (*_PLANE, (2, 0)),
    "sum of quadratics": (*_PLANE, (2, 0), (0, 2)),
    "quadratic": (*_PLANE, (2, 0), (0, 2), (1, 1)),
}


# To a scale on which accuracy is closer to a polynomial, and back.
Response = tuple[Callable[[Any], Any], Callable[[Any], Any]]


def _responses() -> dict[str, Response]:
    import numpy as np

    return {
        "top-1": (lambda y: y, lambda z: z),
        "logit": (lambda y: np.log(y / (100 - y)), lambda z: 100 / (1 + np.exp(-z))),
        "log error": (lambda y: np.log(100 - y), lambda z: 100 - np.exp(z)),
    }


@dataclass(frozen=True)
class TrendFit:
    """A polynomial trend in log width and log resolution, on a response scale.

    ``mean_error`` and ``worst_error`` are leave-one-out, in points of top-1.
    """

    trend: str
    response: str
    mean_error: float
    worst_error: float


@dataclass(frozen=True)
class Accuracy:
    """What is known about one table's top-1."""

    label: str
    points: Mapping[WidthAndSide, float]
    widths: Mapping[float, int]  # the buffers (2 per channel) of each published alpha
    fit: TrendFit | None  # None if too few points are published

    @property
    def alphas(self) -> tuple[float, ...]:
        return tuple(sorted({alpha for alpha, _ in self.points}))

    @property
    def resolutions(self) -> tuple[int, ...]:
        return tuple(sorted({resolution for _, resolution in self.points}))

    def grid(
        self, alpha: Any, buffers: Any, side: Any
    ) -> tuple[Floats, NDArray[np.uint8]]:
        """Top-1 [K, R] (nan where unknown) and its kind, for widths and square sizes.

        ``buffers`` [K] is what the alphas [K] build with the table's own expansion;
        ``side`` [R] is 0 for a size that is not square. If an alpha that is not
        printed builds the same network as one that is, it gets that figure, as an
        estimate. Estimates have two decimals.
        """
        import numpy as np

        rows = _codes(buffers, [self.widths[alpha] for alpha in self.alphas])
        columns = _codes(side, self.resolutions)
        kind = self._allowed[rows][:, columns]
        unprinted = ~np.isin(alpha, self.alphas)[:, None] & (kind == PUBLISHED)
        kind[unprinted] = ESTIMATE if self.fit else NONE
        value = self._estimate(np.log(buffers), np.log(np.maximum(side, 1)))
        top1 = np.rint(value * 100) / 100
        top1[kind == NONE] = np.nan
        return top1, kind

    @cached_property
    def _estimate(self) -> Callable[[Any, Any], Any]:
        """Log width [K] and log resolution [R] to top-1 [K, R], anywhere."""
        # Without a fit only published points are asked for; any trend fits those.
        trend = _TRENDS[self.fit.trend if self.fit else "plane"]
        to, back = _responses()[self.fit.response if self.fit else "top-1"]
        surface = _surface(_by_width(self.points, self.widths), trend, to)
        return lambda x, y: back(surface(x, y))

    @cached_property
    def _allowed(self) -> NDArray[np.uint8]:
        """The kind of answer by node (even code) and gap (odd code) of both axes."""
        import numpy as np

        alphas, resolutions = self.alphas, self.resolutions
        known = np.zeros((2 * len(alphas), 2 * len(resolutions)), np.uint8)
        for row in range(2 * len(alphas) - 1):
            for column in range(2 * len(resolutions) - 1):
                corners = {
                    (alphas[i], resolutions[j])
                    for i in (row // 2, (row + 1) // 2)
                    for j in (column // 2, (column + 1) // 2)
                }
                if corners <= self.points.keys():
                    is_node = len(corners) == 1
                    known[row, column] = PUBLISHED if is_node else ESTIMATE
        if self.fit is None:
            known[known == ESTIMATE] = NONE
        return known


@cache
def accuracy_of(name: str) -> Accuracy | None:
    """What is known about a shipped table's accuracy, or None."""
    import numpy as np

    points = published(name)
    if not points:
        return None
    alphas = sorted({alpha for alpha, _ in points})
    arch = load(name)
    made = product(
        arch,
        alpha=np.array(alphas),
        t=None,
        resolutions=((arch.resolution, arch.resolution),),
        classes=1000,
        impl="paper",
    )
    widths = dict(zip(alphas, made.buffers.tolist(), strict=True))
    enough = len(points) >= MIN_POINTS
    fit = _best_fit(_by_width(points, widths)) if enough else None
    return Accuracy(TOP1[name].label, points, widths, fit)


def _by_width(
    points: Mapping[WidthAndSide, float], widths: Mapping[float, int]
) -> dict[WidthAndSide, float]:
    """The points by width and resolution instead of alpha and resolution."""
    return {(widths[alpha], side): top1 for (alpha, side), top1 in points.items()}


def _best_fit(points: Mapping[WidthAndSide, float]) -> TrendFit:
    """The trend and response with the smallest mean leave-one-out error."""
    fits = [
        TrendFit(trend, response, *errors)
        for trend in _TRENDS
        for response in _responses()
        if (errors := leave_one_out(points, trend, response)) is not None
    ]
    return min(fits, key=lambda fit: round(fit.mean_error, 4))


def leave_one_out(
    points: Mapping[WidthAndSide, float], trend: str, response: str
) -> tuple[float, float] | None:
    """Mean and worst error when each point is estimated from all the others.

    None if the others do not determine the trend.
    """
    import numpy as np

    to, back = _responses()[response]
    errors = []
    for left_out, truth in points.items():
        others = {point: y for point, y in points.items() if point != left_out}
        a, r = np.log(left_out[0]), np.log(left_out[1])
        try:
            surface = _surface(others, _TRENDS[trend], to, hole=left_out)
        except np.linalg.LinAlgError:
            return None
        estimate = back(surface(np.array([a]), np.array([r]))[0, 0])
        errors.append(abs(float(estimate) - truth))
    return sum(errors) / len(errors), max(errors)


def _surface(
    points: Mapping[WidthAndSide, float],
    terms: Terms,
    to: Callable[[Any], Any],
    hole: WidthAndSide | None = None,
) -> Callable[[Any, Any], Any]:
    """A function of log width [K] and log resolution [R] through the points, [K, R].

    The trend, on the scale of ``to``, plus its residuals at the points, interpolated
    along the grid lines between them. A ``hole`` in the grid gets the mean of what the
    lines through it give, and nothing if there are none.
    """
    import numpy as np

    nodes = [*points, *([hole] if hole else [])]
    axes = [sorted({node[axis] for node in nodes}) for axis in (0, 1)]
    widths, sides = map(np.log, axes)
    where = {(w, s): (axes[0].index(w), axes[1].index(s)) for w, s in nodes}
    a, r = np.log(np.array([*points], float)).T
    wanted = to(np.array([*points.values()]))
    powers = np.array([a**i * r**j for i, j in terms]).T
    weights, _, rank, _ = np.linalg.lstsq(powers, wanted, rcond=None)
    if hole and rank < len(terms):
        raise np.linalg.LinAlgError
    left = np.full((len(widths), len(sides)), np.nan)
    for point, value in zip(points, wanted - powers @ weights, strict=True):
        left[where[point]] = value
    if hole:
        i, j = where[hole]
        lines = [
            np.interp(x[at], x[known], line[known], left=np.nan, right=np.nan)
            for x, at, line in ((widths, i, left[:, j]), (sides, j, left[i]))
            if (known := ~np.isnan(line)).any()
        ]
        through = [value for value in lines if not np.isnan(value)]
        left[i, j] = np.mean(through) if through else 0.0
    left = np.nan_to_num(left)

    def surface(x: Any, y: Any) -> Any:
        inside = np.clip(x, widths[0], widths[-1]), np.clip(y, sides[0], sides[-1])
        hats = [
            np.stack([np.interp(at, line, unit) for unit in np.eye(len(line))], 1)
            for at, line in zip(inside, (widths, sides), strict=True)
        ]
        rows = [
            weight * inside[0] ** i
            for weight, (i, _) in zip(weights, terms, strict=True)
        ]
        columns = [inside[1] ** j for _, j in terms]
        left_part = np.column_stack([*rows, hats[0]])
        return left_part @ np.vstack([*columns, left @ hats[1].T])

    return surface


def _codes(values: Any, nodes: Sequence[float]) -> Any:
    """2i at node i, 2i + 1 between nodes i and i + 1, the last code outside."""
    import numpy as np

    line = np.asarray(nodes, float)
    after = np.searchsorted(line, values)
    at = line[np.minimum(after, len(line) - 1)] == values
    # Use the last code for values outside the grid: -1 is also its index.
    return np.where(at, 2 * after, 2 * after - 1)
