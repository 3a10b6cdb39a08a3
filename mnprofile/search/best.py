"""The best known configuration within limits, the binding ones, and the next best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UsageError
from mnprofile.base.shown import Shown
from mnprofile.base.units import Bits, check_bits, plain
from mnprofile.costs.latency.devices import Device, device_of
from mnprofile.networks.configuration import real_number
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.conditions import (
    KNOWN,
    LATENCY,
    MEMORY,
    ONLY_PUBLISHED,
    Condition,
    limit_value,
)
from mnprofile.search.grids import (
    DEFAULT_TABLES,
    Archs,
    Grid,
    Values,
    grids_for,
    total_size,
)
from mnprofile.search.interpolation import ESTIMATE, KINDS, Accuracy
from mnprofile.search.latencies import limits_latency, require_times
from mnprofile.search.row_files import frame
from mnprofile.search.rows import TIMED, Rows, join
from mnprofile.search.stream import stream

if TYPE_CHECKING:
    import pandas as pd

MAX_SEARCHED = 5_000_000
_STEP = 0.05  # between the alphas that are tried in addition to the published ones
_SIDE_STEP = 32


@dataclass(frozen=True, slots=True)
class Choice:
    """One configuration with a known or estimated top-1."""

    arch: Architecture
    accuracy: Accuracy
    alpha: float
    resolution: int
    t: float | None
    macs: int
    params: int
    activations: int
    act_peak_bytes: int
    top1: float
    is_published: bool
    latency_ms: float | None = None
    latency_kind: str = ""

    @property
    def spec(self) -> str:
        """The configuration as commands take it: mobilenet_v2@0.75/160."""
        return f"{self.arch.name}@{plain(self.alpha)}/{self.resolution}"


@dataclass(frozen=True, repr=False)
class Found(Shown):
    """What a search found.

    ``ranked`` holds the configurations that fit: published ones by top-1, then
    estimates by top-1; of equal top-1, the cheapest first. ``next_better`` is the
    configuration with a higher top-1 than the best published one that breaks the limits
    least, and ``binding`` the limits that it breaks; if nothing fits, ``nearest`` is
    the configuration that breaks the limits least, and ``binding`` what it breaks.
    ``bits`` is the number of bits per element in memory.
    """

    limits: tuple[Condition, ...]
    bits: Bits
    searched: int
    ranked: tuple[Choice, ...]
    next_better: Choice | None
    nearest: Choice | None
    binding: tuple[Condition, ...]
    _rows: Rows | None
    device: Device | None = None

    @property
    def best(self) -> Choice | None:
        """The first configuration of the ranking."""
        return self.ranked[0] if self.ranked else None

    @property
    def published(self) -> tuple[Choice, ...]:
        """The ranked configurations whose top-1 is published."""
        return tuple(choice for choice in self.ranked if choice.is_published)

    @property
    def estimates(self) -> tuple[Choice, ...]:
        """Estimates that promise more than the best published one that fits."""
        best = max((choice.top1 for choice in self.published), default=0.0)
        return tuple(
            choice
            for choice in self.ranked
            if not choice.is_published and choice.top1 > best
        )

    def to_frame(self) -> pd.DataFrame:
        """The ranking as a tidy frame with the columns of a sweep."""
        if self._rows is None:
            return frame([], ())
        return frame([self._rows], self._rows.groups)


def find(
    arch: Archs = DEFAULT_TABLES,
    *,
    max_macs: int | str | None = None,
    max_params: int | str | None = None,
    max_activations: int | str | None = None,
    max_memory: int | str | None = None,
    max_latency: float | str | None = None,
    device: str | None = None,
    bits: int = 8,
    min_top1: float | None = None,
    published_only: bool = False,
    alpha: Values = None,
    resolution: Values = None,
) -> Found:
    """Rank the configurations of known accuracy within all limits.

    Args:
        arch: the tables to choose from.
        max_macs, max_params, max_activations: limits on the cost, as numbers or as on
            the command line: "100M".
        max_memory: maximum bytes of live activations, or "256KiB".
        max_latency: maximum milliseconds on ``device``, which
            ``mnprofile time --devices`` lists, or a .toml file is.
        bits: bits per element of these: 8, 16 or 32.
        min_top1: minimum top-1, in percent.
        published_only: leave the estimates out.
        alpha, resolution: values to try; None for the published values, and between
            them alphas in steps of 0.05 and resolutions in steps of 32.

    Raises:
        UsageError: a limit or bits out of range, or a grid too large to rank.

    >>> find("v2", max_macs=100_000_000, published_only=True).best.spec
    'mobilenet_v2@0.5/224'
    """
    limits = _limits(
        macs=max_macs,
        params=max_params,
        activations=max_activations,
        act_peak_bytes=max_memory,
        latency_ms=max_latency,
        top1=min_top1,
    )
    checked = check_bits(bits)
    known = device_of(device) if device is not None else None
    grids = [
        _between(one, alpha is None, resolution is None)
        for one in grids_for(arch, alpha=alpha, resolution=resolution, device=known)
    ]
    require_times([one.arch for one in grids], known, limited=limits_latency(limits))
    if total_size(grids) > MAX_SEARCHED:
        raise UsageError(
            f"the grid has {total_size(grids):,} configurations",
            accepted=f"up to {MAX_SEARCHED:,} to rank: larger steps",
        )
    wanted = ONLY_PUBLISHED if published_only else KNOWN
    parts = list(stream(grids, [wanted], bits=checked))
    rows = join(parts) if parts else None
    return replace(_ranked(rows, limits, checked), device=known)


def _ranked(rows: Rows | None, limits: tuple[Condition, ...], bits: Bits) -> Found:
    """Rank the rows within the limits, and find the next better one."""
    choices = _choices(rows) if rows is not None else []
    fits = [at for at, choice in enumerate(choices) if not _broken(choice, limits)]
    fits.sort(key=lambda at: _rank(choices[at]))
    ranked = tuple(choices[at] for at in fits)
    target = nearest = None
    if ranked:
        beaten = max((one.top1 for one in ranked if one.is_published), default=None)
        above = ranked[0].top1 if beaten is None else beaten
        costs = tuple(limit for limit in limits if limit.column != "top1")
        target = _least_over(
            [one for one in choices if one.top1 > above and _broken(one, costs)], limits
        )
    else:
        nearest = _least_over(choices, limits)
    over = target or nearest
    return Found(
        limits=limits,
        bits=bits,
        searched=len(choices),
        ranked=ranked,
        next_better=target,
        nearest=nearest,
        binding=tuple(_broken(over, limits)) if over else (),
        _rows=rows.take(fits) if rows is not None else None,
    )


def _limits(**given: float | str | None) -> tuple[Condition, ...]:
    """The given limits by column: a minimum for top-1, a maximum for the others."""
    limits = tuple(
        Condition(
            column,
            ">=" if column == "top1" else "<=",
            limit_value(column, value, column)
            if isinstance(value, str)
            else real_number(column, value),
        )
        for column, value in given.items()
        if value is not None
    )
    for limit in limits:
        most = 100 if limit.column == "top1" else float("inf")
        if not 0 < limit.value <= most:
            raise UsageError(
                f"{limit.column}: {limit.value:g} is not a valid limit",
                accepted="a percentage" if most == 100 else "a count above 0",
            )
    return limits


def _between(grid: Grid, fill_alphas: bool, fill_sides: bool) -> Grid:
    """The published grid, with further values between its own."""
    alphas, sides = grid.alphas, [side for side, _ in grid.resolutions]
    if fill_alphas and len(alphas) > 1:
        first, last = round(min(alphas) / _STEP), round(max(alphas) / _STEP)
        steps = [round(n * _STEP, 2) for n in range(first, last + 1)]
        inside = [step for step in steps if min(alphas) <= step <= max(alphas)]
        alphas = tuple(sorted({*alphas, *inside}))
    if not fill_sides or len(sides) < 2:
        return replace(grid, alphas=alphas)
    first, last = -(-min(sides) // _SIDE_STEP), max(sides) // _SIDE_STEP
    between = {n * _SIDE_STEP for n in range(first, last + 1)}
    filled = tuple((side, side) for side in sorted({*sides, *between}))
    return replace(grid, alphas=alphas, resolutions=filled)


def _choices(rows: Rows) -> list[Choice]:
    counted = ("macs", "params", "activations", MEMORY, "top1")
    names = ("alpha", "height", "t", *counted, "kind")
    groups = [rows.groups[at] for at in rows.group.tolist()]
    lists = [rows.columns[name].tolist() for name in names]
    times = _times(rows)
    return [
        Choice(
            arch=group.arch,
            accuracy=group.accuracy,
            alpha=alpha,
            resolution=height,
            t=None if math.isnan(t) else t,
            **dict(zip(counted, figures, strict=True)),
            is_published=kind != ESTIMATE,
            latency_ms=time[0],
            latency_kind=time[1],
        )
        for time, group, alpha, height, t, *figures, kind in zip(
            times, groups, *lists, strict=True
        )
        if group.accuracy is not None
    ]


def _times(rows: Rows) -> list[tuple[float | None, str]]:
    """The milliseconds of each row, None if they are not known, and their kind."""
    if LATENCY not in rows.columns:
        return [(None, "")] * len(rows)
    ms, kinds = (rows.columns[name].tolist() for name in TIMED)
    return [
        (None if math.isnan(one) else one, KINDS[kind])
        for one, kind in zip(ms, kinds, strict=True)
    ]


def _rank(choice: Choice) -> tuple[Any, ...]:
    """Published first, then more top-1, then fewer macs and parameters."""
    return (not choice.is_published, -choice.top1, choice.macs, choice.params)


def _broken(choice: Choice, limits: Sequence[Condition]) -> list[Condition]:
    values = ((one, getattr(choice, one.column)) for one in limits)
    return [one for one, value in values if value is None or not one.holds(value)]


def _least_over(
    choices: Sequence[Choice], limits: Sequence[Condition]
) -> Choice | None:
    """The choice whose worst overshoot of a limit is smallest, published ones first."""

    def overshoot(choice: Choice) -> float:
        """The largest factor by which a limit is exceeded; of top-1, the error's."""
        factors = [1.0]
        for limit in limits:
            value = getattr(choice, limit.column)
            if value is None:
                factors.append(math.inf)
            elif limit.column == "top1":
                factors.append((100 - value) / max(100 - limit.value, 1e-9))
            else:
                factors.append(value / limit.value)
        return max(factors)

    usable = [one for one in choices if one.is_published] or list(choices)
    return min(usable, key=lambda one: (overshoot(one), *_rank(one)), default=None)
