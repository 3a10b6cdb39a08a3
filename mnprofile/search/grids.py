"""Grids of configurations: values as lists and ranges, and the published grids.

Ranges are stepped in exact decimal arithmetic, so that they include their ends.
"""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, TypeVar

from mnprofile.base.errors import UsageError
from mnprofile.base.units import parse_resolution
from mnprofile.costs.latency.devices import Device
from mnprofile.networks.catalog import Arch, is_shipped, load, names
from mnprofile.networks.configuration import (
    Request,
    checked_alpha,
    checked_classes,
    checked_impl,
    checked_resolution,
    checked_t,
    configure,
    parse_spec,
    side_at,
)
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.interpolation import accuracy_of

MAX_VALUES = 1_000_000  # on one axis
MAX_PHIS = 1_000  # each is a grid of its own
MAX_CONFIGURATIONS = 10**11
_VALUES = "numbers and inclusive ranges start:stop:step, such as 0.35,0.5:1.4:0.1"

DEFAULT_TABLES = ("v1", "v2", "v3-large", "v3-small")

Side = tuple[int, int]  # height, width
Archs = Arch | Sequence[Arch]
V = TypeVar("V")
Values = float | str | Side | Sequence[float | str | Side | None] | None


@dataclass(frozen=True)
class Grid:
    """Every combination of these values for one table.

    A ``t`` of None keeps the table's own expansion factors. Where a ``phi`` is given,
    the only alpha and resolution, and the depth, are those of this compound scaling.
    """

    arch: Architecture
    alphas: tuple[float, ...]
    resolutions: tuple[Side, ...]
    ts: tuple[float | None, ...]
    classes: tuple[int, ...]
    impls: tuple[str, ...]
    device: Device | None = None  # the latencies of which are wanted
    phi: float | None = None
    depth: float = 1.0  # multiplies the repeats of blocks

    @property
    def size(self) -> int:
        """The number of configurations."""
        axes = (self.alphas, self.resolutions, self.ts, self.classes, self.impls)
        return math.prod(len(axis) for axis in axes)


def parse_values(text: str, option: str) -> tuple[float, ...]:
    """ "0.35,0.5:1.4:0.1" -> the numbers, in the order given, each once.

    Raises UsageError for anything else, such as an empty, reversed or endless range, or
    a step that never lands on the end.
    """
    values: dict[float, None] = {}
    for part in text.split(","):
        pieces = part.split(":")
        if len(pieces) not in (1, 3) or not all(piece.strip() for piece in pieces):
            raise UsageError(
                f'{option}: "{part}" is not a number or a range', accepted=_VALUES
            )
        numbers = [_decimal(piece, option) for piece in pieces]
        for value in numbers if len(numbers) == 1 else _range(part, option, *numbers):
            values[float(value)] = None
    if len(values) > MAX_VALUES:
        raise _too_many(option, len(values))
    return tuple(values)


def _decimal(text: str, option: str) -> Decimal:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        value = Decimal("nan")
    sane = value.is_finite() and len(text) <= 30 and abs(value) <= 10**9
    if not sane or "_" in text or (value and abs(value) < Decimal("1e-9")):
        raise UsageError(
            f'{option}: "{text.strip()}" is not a number', accepted=_VALUES
        )
    return value


def _range(
    text: str, option: str, start: Decimal, stop: Decimal, step: Decimal
) -> Iterable[Decimal]:
    if step == 0:
        raise UsageError(f'{option}: "{text}": the step is zero', accepted=_VALUES)
    if (stop - start) * step < 0:
        raise UsageError(
            f'{option}: "{text}": from {start} a step of {step} leads away from {stop}',
            accepted=f"{min(start, stop)}:{max(start, stop)}:{abs(step)}",
        )
    steps, rest = divmod(stop - start, step)
    if rest:
        last = start + steps * step
        raise UsageError(
            f'{option}: "{text}": steps of {step} from {start} never land on {stop}',
            accepted=f"{start}:{last}:{step} or {start}:{last + step}:{step}",
        )
    if steps >= MAX_VALUES:
        raise _too_many(option, int(steps) + 1)
    return (start + index * step for index in range(int(steps) + 1))


def _too_many(option: str, count: int) -> UsageError:
    return UsageError(
        f"{option}: {count:,} values are too many",
        accepted=f"up to {MAX_VALUES:,}: a larger step or a smaller range",
    )


def parse_whole(text: str, option: str) -> tuple[int, ...]:
    """Like ``parse_values``, for whole numbers only."""
    values = parse_values(text, option)
    for value in values:
        if value != int(value):
            raise UsageError(
                f"{option}: {value} is not a whole number", accepted="whole numbers"
            )
    return tuple(int(value) for value in values)


def parse_resolutions(text: str, option: str = "--res") -> tuple[Side, ...]:
    """ "96:224:32,320x240" -> sides (height, width), each once. Raises UsageError."""
    sides: dict[Side, None] = {}
    for part in text.split(","):
        if "x" in part or "×" in part:
            sides[parse_resolution(part, option)] = None
        else:
            sides |= {(value, value): None for value in parse_whole(part, option)}
    return tuple(sides)


def grid(
    arch: Architecture,
    *,
    alphas: Sequence[float] | None = None,
    resolutions: Sequence[int | Side] | None = None,
    rhos: Sequence[float] | None = None,
    ts: Sequence[float | None] | None = None,
    classes: Sequence[int] | None = None,
    impls: Sequence[str] = ("paper",),
    device: Device | None = None,
    phi: float | None = None,
) -> Grid:
    """Every combination of the given values; None means the published ones.

    A ``phi`` gives the alpha, the depth and the resolution. Raises UsageError for a
    value that is out of range or has no effect on this table, for an empty list of
    values, and for a phi beside what it gives.
    """
    depth = 1.0
    if phi is not None:
        side, rho = _first(resolutions), _first(rhos)
        asked = Request(phi=phi, alpha=_first(alphas), resolution=side, rho=rho)
        config = configure(arch, asked)
        alphas, resolutions, depth = [config.alpha], [config.resolution], config.depth
    if resolutions is not None and rhos is not None:
        raise UsageError("--res and --rho cannot be used together")
    if rhos is not None:
        resolutions = [side_at(arch, rho, "rho", "a factor above 0") for rho in rhos]
    own_alphas, own_sides = published_axes(arch)
    alphas = own_alphas if alphas is None else alphas
    resolutions = own_sides if resolutions is None else resolutions
    return Grid(
        arch,
        impls=_unique("impls", (checked_impl(arch, impl) for impl in impls)),
        alphas=_unique("alphas", (checked_alpha(alpha, arch) for alpha in alphas)),
        ts=_unique("ts", (checked_t(arch, t) for t in _given(ts))),
        classes=_unique("classes", (checked_classes(arch, n) for n in _given(classes))),
        resolutions=_unique(
            "resolutions", (checked_resolution(arch, side) for side in resolutions)
        ),
        device=device,
        phi=phi,
        depth=depth,
    )


def grids_for(
    archs: Archs,
    *,
    alpha: Values = None,
    resolution: Values = None,
    rho: Values = None,
    t: Values = None,
    classes: Values = None,
    impl: str | Sequence[str] = "paper",
    device: Device | None = None,
    phi: Values = None,
) -> tuple[Grid, ...]:
    """The grid of each table, with ``phi`` one for each value of it.

    ``v2@0.75/160`` fixes what it names. Values are a number, several, a text with
    ranges, or None. Raises UsageError.
    """
    if isinstance(archs, str | os.PathLike | Architecture):
        archs = [archs]
    listed: Sequence[Arch] = archs
    if not listed:
        raise UsageError("no table to sweep")
    impls = (
        [part.strip() for part in impl.split(",")] if isinstance(impl, str) else impl
    )
    alphas = _read("alpha", alpha, parse_values)
    sides = _read("resolution", resolution, parse_resolutions)
    phis = _phis(phi)
    grids = []
    for arch in listed:
        table, spec = (
            (arch, Request())
            if isinstance(arch, Architecture)
            else parse_spec(os.fspath(arch))
        )
        for name, given, own in (
            ("alpha", alphas, spec.alpha),
            ("resolution", sides if rho is None else rho, spec.resolution),
        ):
            if given is not None and own is not None:
                raise UsageError(f"{name}: {arch} already sets it")
        made = partial(
            grid,
            load(table),
            device=device,
            alphas=alphas if spec.alpha is None else [spec.alpha],
            resolutions=sides if spec.resolution is None else [spec.resolution],
            rhos=_read("rho", rho, parse_values),
            ts=_read("t", t, parse_values),
            classes=_read("classes", classes, parse_whole),
            impls=impls,
        )
        grids += [made(phi=one) for one in phis]
    return tuple(grids)


def _phis(given: Values) -> Sequence[float | None]:
    """The compound scalings of a sweep; only None where it has none."""
    if given is None:
        return (None,)
    phis = _unique("phi", _read("phi", given, parse_values))
    if len(phis) > MAX_PHIS:
        raise UsageError(
            f"phi: {len(phis):,} values are too many",
            accepted=f"up to {MAX_PHIS:,}: a larger step or a smaller range",
        )
    return phis


def _first(values: Sequence[Any] | None) -> Any:
    return next(iter(values or ()), None)


def _read(name: str, values: Values, parse: Callable[[str, str], Any]) -> Any:
    """Values in any of the accepted forms as a sequence; None stays None."""
    if values is None:
        return None
    # A tuple of resolutions is a height and a width, a list two square sizes.
    is_side = name == "resolution" and isinstance(values, tuple) and len(values) == 2
    is_one = is_side or isinstance(values, str) or not isinstance(values, Iterable)
    listed: Any = [values] if is_one else values
    found: list[Any] = []
    for value in listed:
        found += parse(value, name) if isinstance(value, str) else (value,)
    return found


def _given(values: Sequence[V] | None) -> Sequence[V | None]:
    """The values of an axis; if none are given, None, which is the table's own."""
    return (None,) if values is None else values


def _unique(name: str, values: Iterable[V]) -> tuple[V, ...]:
    """The values of an axis, each once, in order. Raises UsageError if none."""
    found = tuple(dict.fromkeys(values))
    if not found:
        raise UsageError(f"{name}: no values", accepted=_VALUES)
    return found


def published_axes(arch: Architecture) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """The alphas and resolutions for which the table's own figures are published.

    If too few are published, those of the first table with its width rules, or only
    the table's own of a family that the papers do not scale so.
    """
    known = accuracy_of(arch.name) if is_shipped(arch) else None
    if known is None or known.fit is None:
        first = next(one for one in map(load, names()) if one.family == arch.family)
        known = accuracy_of(first.name) if first.group == arch.group else None
        if known is None:
            return (1.0,), (arch.resolution,)
    assert known is not None
    return known.alphas, known.resolutions


def total_size(grids: Sequence[Grid]) -> int:
    """The configurations of several grids. Raises UsageError beyond 10^11."""
    size = sum(one.size for one in grids)
    if size > MAX_CONFIGURATIONS:
        raise UsageError(
            f"the grid has {size:,} configurations",
            accepted=f"up to {MAX_CONFIGURATIONS:,}: larger steps or fewer values",
        )
    return size
