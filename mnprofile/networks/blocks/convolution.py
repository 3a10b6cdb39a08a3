"""A convolution over all channels, or a fully connected layer after the pooling."""

from dataclasses import dataclass, replace
from typing import ClassVar

from mnprofile.graph.operators.convolution import Padding
from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.linear import Linear
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.blocks.classifier import ClassifierRow
from mnprofile.networks.blocks.squeeze_excite import squeeze_excite
from mnprofile.networks.notation.cells import (
    MAX_CHANNELS,
    OperatorWord,
    PerClass,
    Readers,
    SqueezeExcite,
    Words,
    outputs,
    up_to,
)
from mnprofile.networks.notation.rows import Row
from mnprofile.networks.widths import WidthRule


@dataclass(frozen=True)
class ConvRow(Row):
    """A convolution; ``is_block`` says that it counts as a block by itself."""

    kernel: int
    out: int | PerClass
    stride: int = 1
    activation: ActivationKind | None = None
    batch_norm: bool = True
    squeeze_excite: SqueezeExcite | None = None
    is_block: bool = False
    padding: Padding | None = None  # None: as the implementation pads
    dilation: int = 1
    groups: int = 1
    plain: bool = False  # neither batch norm nor bias

    words: ClassVar[Words] = {
        "conv2d": OperatorWord(
            takes_nbn=True,
            modifiers={"plain": ("plain", True), "gN": ("groups", up_to(MAX_CHANNELS))},
        )
    }
    readers: ClassVar[Readers] = {"out": outputs}
    for_classes = ClassifierRow
    is_repeatable = True

    @property
    def is_pointwise(self) -> bool:
        return self.kernel == 1 and self.stride == 1

    @property
    def follows_pooling(self) -> bool:
        return self.is_pointwise

    def build(self, to: Builder) -> None:
        if to.pooled:
            self._fully_connected(to)
            return
        joins = self.is_pointwise and to.open_block  # it completes a depthwise layer
        rule, block = self._place(to, joins=joins)
        layer = block
        if block.startswith("block") and not self.name:
            layer = block + (".pointwise" if joins else ".conv")
        to.open_block = False
        self._convolution(to, rule, block, layer, repeats=False)
        later = to.rules.output if to.index == 0 else rule
        for _ in range(self.repeats - 1):
            name = to.next("conv")
            self._convolution(to, later, name, name, repeats=True)

    def _place(self, to: Builder, *, joins: bool) -> tuple[WidthRule, str]:
        """Its width rule and the name of its block, which depend on where it is."""
        if to.index == 0:
            return to.rules.stem, "stem"
        if joins:
            return to.rules.output, to.block
        if self.is_pointwise and (to.below is None or to.below.pools):
            return to.rules.last, to.named("last_conv")
        return to.rules.output, to.next("block" if self.is_block else "conv")

    def _channels(self, to: Builder, rule: WidthRule, *, repeats: bool) -> int:
        if isinstance(self.out, PerClass):
            return self.out.factor * to.config.classes
        return rule.channels(to.width(self, self.out, repeats=repeats))

    def _convolution(
        self, to: Builder, rule: WidthRule, block: str, layer: str, *, repeats: bool
    ) -> None:
        out = self._channels(to, rule, repeats=repeats)
        stride, dilation = to.strided(1 if repeats else self.stride, self.dilation)
        to.tape.move(block=block, stage=to.stage)
        op = to.conv(
            out,
            self.kernel,
            stride,
            dilation if self.kernel > 1 else 1,
            bias=not (self.batch_norm or self.plain),
            groups=self.groups,
        )
        if self.padding is not None:
            op = replace(op, padding=self.padding)
        batch_norm = self.batch_norm and not self.plain
        to.convolution(layer, op, self.activation, batch_norm=batch_norm)
        if self.squeeze_excite:
            se, activation = self.squeeze_excite, self.activation or "relu"
            squeeze_excite(to, f"{block}.se", se, activation)

    def _fully_connected(self, to: Builder) -> None:
        """A 1x1 convolution on the pooled map is a fully connected layer."""
        for repeat in range(self.repeats):
            layer = to.next("fc")
            out = self._channels(to, to.rules.head, repeats=repeat > 0)
            to.tape.move(block=layer, stage="head", layer=layer)
            normed = self.batch_norm and not self.plain
            if normed or self.groups > 1:
                bias = not (normed or self.plain)
                op = to.conv(out, 1, bias=bias, groups=self.groups)
                to.tape.move(type="Fully Connected")
                to.convolution(layer, op, self.activation, batch_norm=normed)
                to.tape.move(type=None)
            else:
                to.tape.add(f"{layer}.linear", Linear(out, bias=not self.plain))
                to.activation(layer, self.activation)
