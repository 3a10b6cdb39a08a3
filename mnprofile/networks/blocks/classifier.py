"""The end of a network: the classifier, and the softmax that V1 prints after it."""

from dataclasses import dataclass

from mnprofile.graph.operators.linear import Linear
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class ClassifierRow(Row):
    """The last fully connected layer. ``classes`` is None where the table prints k."""

    classes: int | None = None

    classifies = True

    def build(self, to: Builder) -> None:
        if to.config.classes:
            name = to.named("classifier")
            to.tape.move(layer=name, block=name, type=None)
            to.tape.add(f"{name}.linear", Linear(to.config.classes))


class SoftmaxRow(Row):
    """The last row of MobileNetV1. It builds nothing: networks end at the logits."""

    is_counted = False
    ends = True

    def build(self, to: Builder) -> None:
        pass
