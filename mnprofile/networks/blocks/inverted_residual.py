"""The inverted residual block of MobileNetV2, V3, MnasNet and EfficientNet."""

from dataclasses import dataclass
from typing import ClassVar

from mnprofile.base.errors import TableError
from mnprofile.graph.arithmetic import decide
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Add
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.blocks.squeeze_excite import squeeze_excite
from mnprofile.networks.notation.cells import (
    OperatorWord,
    Readers,
    SqueezeExcite,
    Words,
    a_nonlinearity,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.widths import SCALINGS, Width, WidthRule

_WORD = OperatorWord(modifiers={"noskip": ("shortcut", False)})


@dataclass(frozen=True)
class BottleneckRow(Row):
    """Expansion, depthwise convolution, (squeeze-excite,) projection, shortcut.

    V2 prints the factor t, V3 the expanded channels; the other is None. ``shortcut``
    is False where a table leaves out the addition that the shapes would allow.
    """

    kernel: int
    out: int
    activation: ActivationKind | None
    stride: int = 1
    t: float | None = None
    expanded: int | None = None
    squeeze_excite: SqueezeExcite | None = None
    shortcut: bool = True
    dilation: int = 1

    words: ClassVar[Words] = {"bottleneck": _WORD, "bneck": _WORD}
    readers: ClassVar[Readers] = {"activation": a_nonlinearity}
    expands = True
    is_repeatable = True
    deepens = True

    @property
    def factor(self) -> float:
        """Expanded channels divided by input channels, as printed."""
        if self.t is not None:
            return self.t
        assert self.expanded is not None
        return self.expanded / self.channels

    def build(self, to: Builder) -> None:
        rule = expansion_rule(to)
        to.open_block = False
        for repeat in range(to.repeats(self)):
            self._block(to, rule, first=repeat == 0)

    def _block(self, to: Builder, rule: WidthRule, *, first: bool) -> None:
        tape = to.tape
        printed_stride = self.stride if first else 1
        block, stride, dilation = to.begin(printed_stride, self.dilation)
        before, built_in = tape.last, tape.shape.c
        out = to.channels(self, self.out)
        shortcut = self.shortcut and printed_stride == 1 and decide(built_in == out)
        t = to.config.t if self.factor > 1 else None
        if t is not None and decide(t == 0):
            if shortcut:
                to.identities.append(block)
                return
            to.kept_table_t.append(block)
            t = None
        inner = self._expanded(to, rule, t, first=first)
        self.layers(to, block, inner, stride, dilation)
        if self.squeeze_excite:
            se = self.squeeze_excite
            squeeze_excite(to, f"{block}.se", se, "relu", built_in)
        self.project(to, block, out, inner)
        if shortcut:
            tape.layer(f"{block}.add", Add(), before)

    def layers(
        self, to: Builder, block: str, inner: int, stride: int, dilation: int
    ) -> None:
        """What comes before squeeze-excite and projection."""
        if to.rules.expands_always or not decide(inner == to.tape.shape.c):
            to.convolution(f"{block}.expand", to.conv(inner, 1), self.activation)
        op = to.depthwise(self.kernel, stride, dilation)
        to.convolution(f"{block}.depthwise", op, self.activation)

    def project(self, to: Builder, block: str, out: int, inner: int) -> None:
        """The linear projection to the output channels."""
        to.convolution(f"{block}.project", to.conv(out, 1), None)

    def _expanded(
        self, to: Builder, rule: WidthRule, t: float | None, *, first: bool
    ) -> int:
        """Channels inside a block; with a factor of 1, those of its input.

        ``t`` replaces the printed factor. Later repeats have the row's output as input.
        """
        built_in = to.tape.shape.c
        if t is not None:
            return built_in if decide(t == 1) else rule.rounded(t * built_in)
        if self.factor == 1:
            return built_in
        printed_in = self.channels if first else self.out
        printed = self.expanded or self.factor * printed_in
        width = Width(printed, self.factor, built_in, to.width_multiplier)
        return rule.scaled(width) if self.expanded is None else rule.channels(width)


def expansion_rule(to: Builder) -> WidthRule:
    """The rule for expanded channels. Raises TableError where the scaling has none."""
    rule = to.rules.expanded
    if rule is None:
        able = [
            name
            for name, scaling in SCALINGS.items()
            if all(one.expanded for one in scaling.values())
        ]
        raise TableError(
            f"scaling {to.arch.family} has no rule for the expansion of a bottleneck",
            place=to.arch.table.setting_place("scaling"),
            accepted=", ".join(able),
        )
    return rule
