"""The end of a network: the classifier, and the softmax that V1 prints after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mnprofile.graph.operators.linear import Linear
from mnprofile.networks.notation.rows import Row

if TYPE_CHECKING:
    from mnprofile.networks.blocks.builder import Builder


@dataclass(frozen=True)
class ClassifierRow(Row):
    """The last fully connected layer. ``classes`` is None where the table prints k."""

    classes: int | None = None

    classifies: ClassVar[bool] = True

    def build(self, to: Builder) -> None:
        if to.config.classes:
            name = to.named("classifier")
            to.tape.move(layer=name, block=name, type=None)
            to.tape.add(f"{name}.linear", Linear(to.config.classes))


class SoftmaxRow(Row):
    """The last row of MobileNetV1. It builds nothing: networks end at the logits."""

    is_counted: ClassVar[bool] = False
    ends: ClassVar[bool] = True

    def build(self, to: Builder) -> None:
        pass
