"""What a configuration may be: every factor checked before anything is built."""

import operator

from mnprofile.base.errors import UsageError
from mnprofile.networks.notation.cells import MAX_CLASSES, MAX_EXPANSION, MAX_SIZE
from mnprofile.networks.notation.rows import Architecture

MAX_ALPHA = 16.0
OUTPUT_STRIDES = (8, 16, 32)


def check_factors(
    arch: Architecture,
    *,
    alpha: float,
    t: float | None,
    classes: int | None,
    output_stride: int | None = None,
) -> None:
    """Raise UsageError for a factor out of range or without use for this table."""
    if not 0 < alpha <= MAX_ALPHA:
        raise UsageError(
            f"alpha: {alpha:g} is out of range",
            accepted=f"above 0, at most {MAX_ALPHA:g}",
        )
    if t is not None and not arch.has_expansion:
        raise UsageError(f"t: {arch.name} has no expansion factor")
    if t is not None and not 0 <= t <= MAX_EXPANSION:
        raise UsageError(f"t: {t:g} is out of range", accepted=f"0 to {MAX_EXPANSION}")
    if classes is not None and not arch.has_classifier:
        raise UsageError(f"classes: {arch.name} has no classifier")
    if classes is not None and not 0 <= classes <= MAX_CLASSES:
        raise UsageError(
            f"classes: {classes} is out of range", accepted=f"0 to {MAX_CLASSES}"
        )
    if output_stride is not None and output_stride not in OUTPUT_STRIDES:
        raise UsageError(
            f"output stride: {output_stride} is not accepted",
            accepted=", ".join(map(str, OUTPUT_STRIDES)),
        )


def checked_resolution(
    arch: Architecture, resolution: int | tuple[int, int] | None
) -> tuple[int, int]:
    """(height, width); the table's own where None is given. Raises UsageError."""
    given = arch.resolution if resolution is None else resolution
    sides = given if isinstance(given, tuple) else (given, given)
    if len(sides) != 2:
        raise UsageError(
            f"resolution: {given} is no size", accepted="a side, or (height, width)"
        )
    height, width = (whole_number("resolution", side) for side in sides)
    for side in (height, width):
        if not 1 <= side <= MAX_SIZE:
            raise UsageError(
                f"resolution: {side} is out of range", accepted=f"1 to {MAX_SIZE}"
            )
    return height, width


def whole_number(name: str, value: object) -> int:
    """An int from anything that is one (numpy's too), or UsageError."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise UsageError(
            f"{name}: {value!r} is no whole number", accepted="a whole number"
        ) from None


def real_number(name: str, value: object) -> float:
    """A float from anything that is a number, or UsageError."""
    if isinstance(value, bool | str) or not hasattr(value, "__float__"):
        raise UsageError(f"{name}: {value!r} is no number", accepted="a number")
    return float(value)
