"""Width rules that a table's settings name or spell out.

    scaling = { like = "v2", last = "kept", output = { divisor = 4 } }

Anything not mentioned is as in the family given by ``like``. A key that is the name of
an implementation holds what differs there:

    [scaling]
    like = "v2"
    stem = "kept"
    [scaling.timm]
    stem = "by 8"
"""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from mnprofile.base.errors import nearest
from mnprofile.graph.operators.convolution import CENTRED
from mnprofile.networks.notation.cells import MAX_CHANNELS, RefusalError
from mnprofile.networks.widths import (
    FAMILIES,
    IMPLS,
    NAMED,
    SCALINGS,
    WIDTHS,
    DepthRounding,
    Implementation,
    Rounding,
    Scales,
    Scaling,
    WidthRule,
)

Check = tuple[Callable[[Any], bool], str]  # a test of a value, and what it accepts


def own_scaling(spelled: Mapping[str, object]) -> tuple[str, Scaling]:
    """The family that the rules are based on, and the rules of each implementation.

    Raises RefusalError for anything that is not such a rule.
    """
    family = spelled.get("like")
    if not isinstance(family, str) or family not in FAMILIES:
        raise RefusalError(
            "like: not a family", accepted=", ".join(map(repr, FAMILIES))
        )
    others = {key: value for key, value in spelled.items() if key in IMPLS}
    own = {k: v for k, v in spelled.items() if k != "like" and k not in others}
    paper = _changed(SCALINGS[family]["paper"], own, ("like", *IMPLS))
    found = {"paper": paper}
    for name, changes in others.items():
        if not isinstance(changes, dict):
            raise RefusalError(f"{name}: not a table of rules", accepted="{}")
        padding = CENTRED if name in ("torchvision", "timm") else paper.padding
        try:
            found[name] = _changed(paper._replace(padding=padding), changes, ())
        except RefusalError as fault:
            fault.message = f"{name}: {fault.message}"
            raise
    return family, found


def _changed(
    base: Implementation, changes: Mapping[str, Any], others: tuple[str, ...]
) -> Implementation:
    """The rules with some of them replaced; ``others`` are keys that belong here."""
    rules: dict[str, Any] = {}
    for key, value in changes.items():
        if key in WIDTHS:
            rules[key] = _rule(key, value)
        else:
            name = _checked("", key, value, _FLAGS, (*others, *WIDTHS))
            rules[name] = tuple(value) if key == _ROWS else value
    return base._replace(**rules)


def _checked(
    path: str,
    key: str,
    value: object,
    checks: Mapping[str, Check],
    others: tuple[str, ...] = (),
) -> str:
    """The field of a rule that a key sets. Refuses other keys, and other values."""
    if key not in checks:
        known = (*others, *checks)
        raise RefusalError(
            f"{path}{key}: unknown key",
            accepted=", ".join(known),
            suggestion=nearest(key, known),
        )
    accepts, accepted = checks[key]
    if not accepts(value):
        raise RefusalError(f"{path}{key}: not accepted", accepted=accepted)
    return key.replace("-", "_")


def _rule(width: str, value: object) -> WidthRule:
    if isinstance(value, str) and value in NAMED:
        return NAMED[value]
    if not isinstance(value, dict):
        raise RefusalError(
            f"{width}: not a width rule",
            accepted=", ".join(map(repr, NAMED)) + ", or { divisor = 4 }",
        )
    given: dict[str, Any] = {
        _checked(f"{width}: ", key, one, _KEYS): one for key, one in value.items()
    }
    rounding = given.get("rounding", "nearest")
    given.setdefault("divisor", 8 if rounding == "nearest" else 1)
    if rounding != "nearest" and given["divisor"] != 1:
        raise RefusalError(
            f"{width}: rounding: {rounding} takes no divisor", accepted="divisor = 1"
        )
    given.setdefault("minimum", given["divisor"])
    return WidthRule(**given)


def _one_of(*accepted: object) -> Check:
    return lambda value: value in accepted, ", ".join(map(str, accepted))


def _whole(low: int, high: int) -> Check:
    return (
        lambda value: type(value) is int and low <= value <= high,
        f"a whole number from {low} to {high}",
    )


_FLAG: Check = (lambda value: isinstance(value, bool), "true or false")
_KEYS: dict[str, Check] = {
    "of": _one_of("printed", "input"),
    "scales": _one_of(*get_args(Scales)),
    "from-alpha": (
        lambda value: type(value) in (int, float) and 0 <= value <= 16,
        "a number from 0 to 16",
    ),
    "divisor": _whole(1, 1024),
    "minimum": _whole(1, MAX_CHANNELS),
    "rounding": _one_of(*get_args(Rounding)),
    "cut-first": _FLAG,
    "decimals": _whole(0, 6),
}

_ROWS = "fixed-depth"
_FLAGS: dict[str, Check] = {
    "expands-always": _FLAG,
    "strides-late": _FLAG,
    "inception-kernel": _one_of(3, 5),
    "even-halves": _FLAG,
    "depth": _one_of(*get_args(DepthRounding)),
    "biased": _FLAG,
    _ROWS: (
        lambda value: (
            isinstance(value, list)
            and all(type(one) is int and one > 0 for one in value)
        ),
        "a list of row numbers",
    ),
}
