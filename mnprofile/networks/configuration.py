"""Read and check the settings of a network. No other module does.

A ``Request`` holds what was asked for, in Python, on the command line, in a spec such
as ``v2@0.75/160`` or in a budget file; ``configure`` applies it to one table.
"""

import operator
import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from mnprofile.base.errors import UsageError
from mnprofile.base.units import parse_resolution, plain, resolution_text
from mnprofile.graph.configuration import Configuration
from mnprofile.networks.notation.cells import MAX_CLASSES, MAX_EXPANSION, MAX_SIZE
from mnprofile.networks.notation.rows import Architecture
from mnprofile.networks.widths import implementation

MAX_ALPHA = 16.0
MAX_DEPTH = 16
MAX_PHI = 12
PAPER = "paper"  # the implementation of the authors
OUTPUT_STRIDES = (8, 16, 32)
_TABLE_FILE = re.compile(r"\.(?:md|tex)(?:#[^@]*)?$")
_ALPHA = r"[0-9]{0,6}\.?[0-9]{1,6}"


class Request(NamedTuple):
    """The settings requested for a table. None keeps the table's own."""

    alpha: float | None = None
    resolution: int | tuple[int, int] | None = None  # a side, or (height, width)
    rho: float | None = None  # instead: a factor of the table's resolution
    t: float | None = None
    classes: int | None = None
    impl: str | None = None  # the paper's, where no other is asked for
    output_stride: int | None = None
    depth: float | None = None
    phi: float | None = None  # compound scaling, in place of alpha, depth and rho


PLAIN = Request()


def parse_spec(text: str) -> tuple[str, Request]:
    """``v2@0.75/160`` -> the architecture, and the width and resolution it fixes.

    ``ARCH`` and ``ARCH@ALPHA`` are specs too. If there is a file called ``text``, it is
    that file. Raises UsageError.
    """
    arch, at, factors = text.rpartition("@")
    if not at or _TABLE_FILE.search(text) or os.path.lexists(text):
        return text, PLAIN
    width, slash, side = factors.partition("/")
    if not re.fullmatch(_ALPHA, width):
        raise UsageError(
            f'"{text}": "{width}" is not a width multiplier',
            accepted="ARCH@ALPHA or ARCH@ALPHA/RES, such as v2@0.75/160",
        )
    return arch, Request(float(width), parse_resolution(side, text) if slash else None)


def said_twice(spec: Request, options: Request) -> str | None:
    """The first option, without its dashes, that sets what the spec already fixes."""
    for name, fixed, option in (
        ("alpha", spec.alpha, options.alpha),
        ("res", spec.resolution, options.resolution),
        ("rho", spec.resolution, options.rho),
    ):
        if fixed is not None and option is not None:
            return name
    return None


def with_spec(spec: Request, options: Request) -> Request:
    """The options together with the width and resolution that a spec fixes."""
    return options._replace(
        alpha=options.alpha if spec.alpha is None else spec.alpha,
        resolution=spec.resolution or options.resolution,
    )


def spec_text(config: Configuration, number: Callable[[float], str] = plain) -> str:
    """The part of a spec after the @, with depth and t where they are not the table's.

    ``number`` writes alpha, depth and t. Of a network that is not a table, its inputs.
    """
    if config.reader:
        return ", ".join(config.inputs)
    t = "" if config.t is None else f", t {number(config.t)}"
    depth = "" if config.depth == 1 else f", depth {number(config.depth)}"
    return f"{number(config.alpha)}/{resolution_text(config.resolution)}{depth}{t}"


def configure(arch: Architecture, request: Request = PLAIN) -> Configuration:
    """The configuration of a table that a request asks for.

    Raises UsageError for a value out of range, or a setting that the table cannot use.
    """
    if request.phi is not None:
        request = scaled_by_phi(arch, request)
    size = request.resolution
    if request.rho is not None:
        if size is not None:
            raise UsageError(
                "--res and --rho together: one of them gives the resolution"
            )
        size = side_at(arch, request.rho)
    return Configuration(
        name=arch.name,
        resolution=checked_resolution(arch, size),
        table_resolution=arch.resolution,
        alpha=1.0 if request.alpha is None else checked_alpha(request.alpha, arch),
        t=checked_t(arch, request.t),
        classes=checked_classes(arch, request.classes),
        output_stride=checked_output_stride(
            arch.output_stride
            if request.output_stride is None
            else request.output_stride
        ),
        depth=1.0 if request.depth is None else checked_depth(arch, request.depth),
        impl=checked_impl(arch, request.impl or PAPER),
    )


def scaled_by_phi(arch: Architecture, request: Request) -> Request:
    """The request with alpha, depth and resolution from phi: each factor to its power.

    The resolution is rounded to the nearest integer. Raises UsageError for a table
    without compound scaling, or a setting that phi already sets.
    """
    phi = real_number("phi", request.phi)
    compound = arch.compound
    if compound is None:
        raise UsageError(
            f"phi: {arch.name} has no compound scaling",
            accepted="a table whose settings have `compound`, such as efficientnet-b0",
        )
    for name in ("alpha", "depth", "resolution", "rho"):
        if getattr(request, name) is not None:
            option = "res" if name == "resolution" else name
            raise UsageError(f"--phi and --{option} together: phi sets all three")
    if not -MAX_PHI <= phi <= MAX_PHI:
        raise _out_of_range("phi", f"{phi:g}", f"{-MAX_PHI} to {MAX_PHI}")
    return request._replace(
        phi=None,
        alpha=compound.width**phi,
        depth=compound.depth**phi,
        resolution=max(1, round(arch.resolution * compound.resolution**phi)),
    )


def checked_depth(arch: Architecture, depth: object) -> float:
    """A depth multiplier above 0, or UsageError."""
    value = real_number("depth", depth)
    if not any(row.deepens for row in arch.rows):
        raise UsageError(f"depth: {arch.name} has no row with repeats that can change")
    if not 0 < value <= MAX_DEPTH:
        raise _out_of_range("depth", f"{value:g}", f"above 0, at most {MAX_DEPTH}")
    return value


def checked_alpha(alpha: object, arch: Architecture) -> float:
    """A width multiplier above 0, or UsageError; 1 where a table has no width rules."""
    value = real_number("alpha", alpha)
    if not 0 < value <= MAX_ALPHA:
        raise _out_of_range("alpha", f"{value:g}", f"above 0, at most {MAX_ALPHA:g}")
    if value != 1 and not arch.scaling[PAPER].scales:
        raise UsageError(
            f"alpha: {arch.name} has no width rules: its channels are those printed",
            accepted="1",
        )
    return value


def checked_resolution(arch: Architecture, resolution: object) -> tuple[int, int]:
    """(height, width); the table's own where None is given. Raises UsageError."""
    given = arch.resolution if resolution is None else resolution
    sides = given if isinstance(given, tuple) else (given, given)
    if len(sides) != 2:
        raise UsageError(
            f"resolution: {given} is not a size", accepted="a side, or (height, width)"
        )
    height, width = (whole_number("resolution", side) for side in sides)
    for side in (height, width):
        if not 1 <= side <= MAX_SIZE:
            raise _out_of_range("resolution", side, f"1 to {MAX_SIZE}")
    return height, width


def side_at(
    arch: Architecture,
    rho: object,
    option: str = "--rho",
    accepted: str = "a factor above 0, such as 0.714",
) -> int:
    """round(rho x the table's resolution), or UsageError."""
    value = real_number(option, rho)
    if not 0 < value <= MAX_SIZE:
        raise _out_of_range(option, rho, accepted)
    return round(value * arch.resolution)


def checked_t(arch: Architecture, t: object) -> float | None:
    """An expansion factor; None keeps the printed ones. Raises UsageError."""
    if t is None:
        return None
    value = real_number("t", t)
    if not arch.has_expansion:
        raise UsageError(f"t: {arch.name} has no expansion factor")
    if not 0 <= value <= MAX_EXPANSION:
        raise _out_of_range("t", f"{value:g}", f"0 to {MAX_EXPANSION}")
    return value


def checked_classes(arch: Architecture, classes: object) -> int:
    """A number of classes; the table's own where None is given. Raises UsageError."""
    if classes is None:
        return arch.classes if arch.has_classifier else 0
    value = whole_number("classes", classes)
    if not arch.has_classifier:
        raise UsageError(f"classes: {arch.name} has no classifier")
    low = 1 if arch.has_class_maps else 0  # a map of no channels is no output
    if not low <= value <= MAX_CLASSES:
        raise _out_of_range("classes", value, f"{low} to {MAX_CLASSES}")
    return value


def checked_output_stride(output_stride: int | None) -> int | None:
    """8, 16, 32 or None, or UsageError."""
    if output_stride is None:
        return None
    if output_stride not in OUTPUT_STRIDES:
        raise UsageError(
            f"output stride: {output_stride} is not accepted",
            accepted=", ".join(map(str, OUTPUT_STRIDES)),
        )
    return int(output_stride)


def checked_impl(arch: Architecture, impl: str) -> str:
    """An implementation that supports this table's family, or UsageError."""
    implementation(arch.family, arch.scaling, impl)
    return impl


def _out_of_range(name: str, value: object, accepted: str) -> UsageError:
    return UsageError(f"{name}: {value} is out of range", accepted=accepted)


def whole_number(name: str, value: Any) -> int:
    """An int from any kind of integer (numpy's included), or UsageError."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise UsageError(
            f"{name}: {value!r} is not a whole number", accepted="a whole number"
        ) from None


def real_number(name: str, value: object) -> float:
    """A float from any kind of number, or UsageError."""
    try:
        if isinstance(value, bool | str) or not hasattr(value, "__float__"):
            raise TypeError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(
            f"{name}: {value!r} is not a number", accepted="a number"
        ) from None
