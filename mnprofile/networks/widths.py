"""Width rules, declared as data: from printed channels to the channels that are built.

Each implementation rounds, pads and dilates in its own way. At alpha 1.0 all build the
printed channels. The rules are plain arithmetic on one number or an array of numbers.

Sources (code): TF-slim ``nets/mobilenet_v1.py`` and ``nets/mobilenet/`` (the authors'
code, impl "paper"); torchvision ``models/mobilenetv2.py``, ``mobilenetv3.py``; Keras
``applications/mobilenet*.py``; timm ``models/efficientnet.py``, ``mobilenetv3.py``,
``_efficientnet_builder.py``.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from mnprofile.base.errors import UsageError
from mnprofile.graph.arithmetic import (
    at_least,
    decide,
    half_even,
    multiple_of,
    whole,
)
from mnprofile.graph.operators.convolution import CENTRED, SAME, Explicit, Padding

Impl = Literal["paper", "torchvision", "keras", "timm"]
IMPLS: tuple[Impl, ...] = get_args(Impl)
Rounding = Literal["nearest", "down", "half-even"]
Scales = Literal["always", "wider", "never"]
DepthRounding = Literal["up", "nearest"]


class Width(NamedTuple):
    """The channels of one row as printed, and what they depend on.

    ``factor`` is the printed channels divided by the printed input channels (t of a
    bottleneck); ``built_in`` is the input channels that the layers above produce.
    """

    printed: float
    factor: float
    built_in: int
    alpha: float


class WidthRule(NamedTuple):
    """How one kind of channel count follows alpha: a product, then a rounding.

    ``of`` says which product: the printed channels times alpha, or the input channels
    as built times the row's factor. ``scales`` can make alpha only widen ("wider") or
    ignore it ("never"); below ``from_alpha`` it is ignored, too.

    The product is rounded to the nearest multiple of ``divisor``, at least ``minimum``
    and never under 0.9 times the product (``make_divisible`` of the authors' code).
    With a divisor of 1 its fraction is cut off ("down") or it is rounded to the nearest
    integer, ties to even ("half-even"); a ``minimum`` of 0 refuses what leaves no
    channel, as the libraries do. ``cut_first`` cuts off its fraction before that,
    ``decimals`` rounds the factor.
    """

    of: Literal["printed", "input"] = "printed"
    scales: Scales = "always"
    from_alpha: float = 0.0
    divisor: int = 8
    minimum: int = 8
    rounding: Rounding = "nearest"
    cut_first: bool = False
    decimals: int | None = None

    def channels(self, width: Width) -> int:
        """Channels of a row: the printed ones at alpha 1, else what the rule gives."""
        if decide(width.alpha == 1):
            return whole(width.printed)
        return self.scaled(width)

    def scaled(self, width: Width) -> int:
        """Channels of a row by the rule, even at alpha 1."""
        if self.of == "input":
            factor = width.factor
            if self.decimals is not None:
                factor = round(factor, self.decimals)
            return self.rounded(width.built_in * factor)
        starts_later = self.from_alpha and decide(width.alpha < self.from_alpha)
        if self.scales == "never" or starts_later:
            # A table's own factor can print less than one channel.
            return at_least(whole(width.printed), 1)
        alpha = at_least(width.alpha, 1) if self.scales == "wider" else width.alpha
        return self.rounded(width.printed * alpha)

    def rounded(self, value: float) -> int:
        """Round a product to a channel count.

        Raises UsageError if none is left and the rule has no minimum.
        """
        if self.cut_first:
            value = whole(value)
        match self.rounding:
            case "nearest":
                return multiple_of(self.divisor, value, self.minimum)
            case "down":
                found = whole(value)
            case "half-even":
                found = half_even(value)
        if not self.minimum and decide(found < 1):
            raise UsageError(
                "a layer is left without a channel, which the implementation refuses",
                accepted="a larger alpha or t, or another impl",
            )
        return at_least(found, self.minimum)


class Implementation(NamedTuple):
    """How one implementation of a family computes channel counts, pads and dilates.

    At an output stride, a stride beyond it becomes the dilation of the layers after it;
    ``dilates_own`` gives it to the layer itself, too.
    """

    stem: WidthRule  # the first convolution
    output: WidthRule  # blocks and convolutions in between
    last: WidthRule  # the convolution before the pooling
    head: WidthRule  # 1x1 convolutions between pooling and classifier
    expanded: WidthRule | None  # inside an inverted residual; None: there are none
    squeezed: WidthRule  # squeeze-excite, from a quarter of the expanded channels
    padding: Padding = SAME
    strided_depthwise: Padding | None = None  # of depthwise rows with a stride
    dilates_own: bool = False
    scales: bool = True  # False: alpha must be 1
    strides_late: bool = False  # a residual block's stride: at its first k x k, not 1x1
    inception_kernel: int = 5  # torchvision's GoogLeNet has 3x3 in place of 5x5
    even_halves: bool = True  # of ShuffleNetV2 at a stride; else the input passes by
    biased: bool = False  # convolutions before batch norm, too (ResNet of Keras)
    expands_always: bool = False  # an expansion stands even where the factor is 1
    fixed_depth: tuple[int, ...] = ()  # rows that a depth multiplier leaves alone
    depth: DepthRounding = "up"  # of repeats times the depth multiplier


BY_8 = WidthRule()
KEPT = WidthRule(scales="never")
WIDER = WidthRule(scales="wider")
INPUT_BY_8 = WidthRule(of="input")
CUT = WidthRule(divisor=1, minimum=1, rounding="down")
CUT_BY_8 = WidthRule(cut_first=True)
# int() and round() can give 0, for which Keras and torch build no layer.
KERAS_CUT = WidthRule(divisor=1, minimum=0, rounding="down")


# The rules that a table's settings can name; any other can be spelled out.
NAMED = {
    "by 8": BY_8,
    "by 8 of the input": INPUT_BY_8,
    "by 8, cut first": CUT_BY_8,
    "cut": CUT,
    "kept": KEPT,
    "wider": WIDER,
}
WIDTHS = ("stem", "output", "last", "head", "expanded", "squeezed")


def _implementation(rule: WidthRule, **others: Any) -> Implementation:
    """One rule for all outputs, with other values of some fields."""
    plain = Implementation(rule, rule, rule, rule, INPUT_BY_8, BY_8)
    return plain._replace(**others)


Scaling = Mapping[str, Implementation]  # by the name of the implementation

SCALINGS: dict[str, Scaling] = {
    "v1": {
        "paper": _implementation(
            WidthRule(divisor=1, minimum=8, rounding="down"), expanded=None
        ),
        "keras": _implementation(
            KERAS_CUT, expanded=None, strided_depthwise=Explicit(bottom=1, right=1)
        ),
        "timm": _implementation(BY_8, expanded=None, padding=CENTRED),
    },
    "v2": {
        # TF-slim with finegrain_classification_mode, as its released models have it.
        "paper": _implementation(BY_8, last=WIDER),
        "torchvision": _implementation(
            BY_8,
            last=WIDER,
            expanded=WidthRule("input", divisor=1, minimum=0, rounding="half-even"),
            padding=CENTRED,
            dilates_own=True,
        ),
        "keras": _implementation(
            CUT_BY_8,
            stem=BY_8,
            last=WIDER,
            expanded=KERAS_CUT._replace(of="input"),
        ),
        "timm": _implementation(BY_8, last=WIDER, padding=CENTRED),
    },
    "v3": {
        # The released 0.75 models of TF-slim keep the penultimate layer unscaled.
        "paper": _implementation(BY_8, head=WIDER),
        "torchvision": _implementation(
            BY_8,
            last=INPUT_BY_8,
            expanded=BY_8,
            squeezed=CUT_BY_8,
            padding=CENTRED,
            dilates_own=True,  # as its ``dilated``
        ),
        "keras": _implementation(BY_8, stem=KEPT, last=INPUT_BY_8, head=WIDER),
        "timm": _implementation(
            BY_8,
            stem=WidthRule(from_alpha=0.75),
            head=KEPT,
            # timm writes the factors with two decimals: 2.3, 4.5, 3.67.
            expanded=WidthRule("input", decimals=2),
            padding=CENTRED,
        ),
    },
    # Channels as printed, in networks without a width multiplier.
    "fixed": {"paper": _implementation(KEPT, scales=False)},
}
FAMILIES = tuple(SCALINGS)


def implementation(family: str, scaling: Scaling, impl: str) -> Implementation:
    """One implementation of a table's width rules.

    Raises UsageError for an unknown implementation, or one without these rules.
    """
    if impl not in IMPLS:
        raise UsageError(
            f'impl: unknown implementation "{impl}"', accepted=", ".join(IMPLS)
        )
    if impl not in scaling:
        known = ", ".join(name for name in IMPLS if name in scaling)
        raise UsageError(
            f"impl: {impl} has no {family.upper()} width rules"
            if scaling is SCALINGS.get(family)
            else f"impl: {impl} has no width rules for this table",
            accepted=known,
        )
    return scaling[impl]
