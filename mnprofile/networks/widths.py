"""Width-multiplier rules: printed channels to built ones, by family and implementation.

Each implementation rounds in its own way. At alpha 1.0 they agree: the printed channels
stand. All rules are plain arithmetic on one number or an array of them.

Sources, read in code: TF-slim ``nets/mobilenet_v1.py`` and ``nets/mobilenet/`` (the
authors' code, impl "paper"); torchvision ``models/mobilenetv2.py``, ``mobilenetv3.py``;
Keras ``applications/mobilenet*.py``; timm ``models/efficientnet.py``,
``mobilenetv3.py``, ``_efficientnet_builder.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mnprofile.base.errors import UsageError
from mnprofile.graph.arithmetic import at_least, decide, half_even, multiple_of_8, whole
from mnprofile.networks.notation.rows import Family

Impl = Literal["paper", "torchvision", "keras", "timm"]
IMPLS: tuple[Impl, ...] = ("paper", "torchvision", "keras", "timm")


@dataclass(frozen=True, slots=True)
class Width:
    """The channels of one row as printed, and what they depend on.

    ``factor`` is printed channels over printed input channels (t of a bottleneck);
    ``built_in`` the input channels that the layers above really produce.
    """

    printed: float
    factor: float
    built_in: int
    alpha: float


Rule = Callable[[Width], int]


@dataclass(frozen=True, slots=True)
class Rules:
    """How one implementation of one family finds each kind of channel count."""

    stem: Rule  # the first convolution
    output: Rule  # blocks and convolutions in between
    last: Rule  # the convolution before the pooling
    head: Rule  # 1x1 convolutions between pooling and classifier
    expanded: Rule  # the inside of an inverted residual block
    round_expanded: Callable[[float], int]  # t x input channels, for a given t
    squeezed: Callable[[int], int]  # squeeze-excite, from the expanded channels


# --- the rules by name ---------------------------------------------------------------


def _scaled_by_8(w: Width) -> int:
    return multiple_of_8(w.printed * w.alpha)


def _kept(w: Width) -> int:
    return whole(w.printed)


def _never_narrowed(w: Width) -> int:
    """Scaled for alpha above 1 only."""
    return multiple_of_8(w.printed * at_least(w.alpha, 1))


def _slim_v1(w: Width) -> int:
    return at_least(whole(w.printed * w.alpha), 8)


def _keras_v1(w: Width) -> int:
    return at_least(whole(w.printed * w.alpha), 1)


def _keras_v2(w: Width) -> int:
    return multiple_of_8(whole(w.printed * w.alpha))


def _times_input_by_8(w: Width) -> int:
    return multiple_of_8(w.built_in * w.factor)


def _times_input_rounded(w: Width) -> int:
    return at_least(half_even(w.built_in * w.factor), 1)


def _times_input_whole(w: Width) -> int:
    return at_least(whole(w.built_in * w.factor), 1)


def _timm_expanded(w: Width) -> int:
    """timm writes the factors with two decimals: 2.3, 4.5, 3.67."""
    return multiple_of_8(w.built_in * round(w.factor, 2))


def _timm_v3_stem(w: Width) -> int:
    """Left alone under alpha 0.75."""
    return _kept(w) if decide(w.alpha < 0.75) else _scaled_by_8(w)


def _positive_round(value: float) -> int:
    return at_least(half_even(value), 1)


def _positive_whole(value: float) -> int:
    return at_least(whole(value), 1)


def _quarter(expanded: int) -> int:
    return multiple_of_8(expanded / 4)


def _quarter_cut(expanded: int) -> int:
    return multiple_of_8(expanded // 4)


def _all(rule: Rule, **exceptions: object) -> Rules:
    """Rules that use one rule for every output, but for the exceptions."""
    fields: dict[str, object] = {
        "stem": rule,
        "output": rule,
        "last": rule,
        "head": rule,
        "expanded": _times_input_by_8,
        "round_expanded": multiple_of_8,
        "squeezed": _quarter,
    }
    return Rules(**(fields | exceptions))  # type: ignore[arg-type]


RULES: dict[tuple[Family, Impl], Rules] = {
    ("v1", "paper"): _all(_slim_v1),
    ("v1", "keras"): _all(_keras_v1),
    ("v1", "timm"): _all(_scaled_by_8),
    # V2: TF-slim with finegrain_classification_mode, as its released models have it.
    ("v2", "paper"): _all(_scaled_by_8, last=_never_narrowed),
    ("v2", "torchvision"): _all(
        _scaled_by_8,
        last=_never_narrowed,
        expanded=_times_input_rounded,
        round_expanded=_positive_round,
    ),
    ("v2", "keras"): _all(
        _keras_v2,
        stem=_scaled_by_8,
        last=_never_narrowed,
        expanded=_times_input_whole,
        round_expanded=_positive_whole,
    ),
    ("v2", "timm"): _all(_scaled_by_8, last=_never_narrowed),
    # V3: the released 0.75 models of TF-slim keep the penultimate layer unscaled.
    ("v3", "paper"): _all(_scaled_by_8, head=_never_narrowed),
    ("v3", "torchvision"): _all(
        _scaled_by_8,
        last=_times_input_by_8,
        expanded=_scaled_by_8,
        squeezed=_quarter_cut,
    ),
    ("v3", "keras"): _all(
        _scaled_by_8, stem=_kept, last=_times_input_by_8, head=_never_narrowed
    ),
    ("v3", "timm"): _all(
        _scaled_by_8, stem=_timm_v3_stem, head=_kept, expanded=_timm_expanded
    ),
}


def rules_for(family: Family, impl: str) -> Rules:
    """The rules of one implementation.

    Raises UsageError for an unknown implementation, or one that has no such family.
    """
    if impl not in IMPLS:
        raise UsageError(
            f'impl: "{impl}" is no implementation', accepted=", ".join(IMPLS)
        )
    found = RULES.get((family, impl))
    if found is None:
        known = ", ".join(name for name in IMPLS if (family, name) in RULES)
        raise UsageError(
            f"impl: {impl} has no {family.upper()} width rules", accepted=known
        )
    return found


def channels(rule: Rule, width: Width) -> int:
    """Built channels of a row: the printed ones at alpha 1, the rule's otherwise."""
    return whole(width.printed) if decide(width.alpha == 1) else rule(width)
