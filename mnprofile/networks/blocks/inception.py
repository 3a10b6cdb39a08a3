"""The inception module of GoogLeNet."""

from dataclasses import dataclass

from mnprofile.graph.operators.elementwise import ActivationKind
from mnprofile.graph.operators.joining import Concatenate
from mnprofile.graph.operators.window_pooling import Pool
from mnprofile.networks.blocks.builder import Builder
from mnprofile.networks.notation.cells import Size
from mnprofile.networks.notation.rows import Row


@dataclass(frozen=True)
class InceptionRow(Row):
    """Four branches, concatenated (Szegedy et al. 2015, Figure 2b).

    ``direct`` 1x1; 3x3 and 5x5, each after a 1x1 reduction: (reduced, out);
    ``projected`` 1x1 after max pooling.
    """

    direct: int
    three: tuple[int, int]
    five: tuple[int, int]
    projected: int
    activation: ActivationKind
    batch_norm: bool = True

    @property
    def gives(self) -> Size:
        out = self.direct + self.three[1] + self.five[1] + self.projected
        return self.input._replace(c=out)

    def build(self, to: Builder) -> None:
        tape = to.tape
        block, *_ = to.begin()
        before = tape.last

        def layer(name: str, out: int, kernel: int) -> None:
            op = to.conv(out, kernel, bias=not self.batch_norm)
            layer = f"{block}.{name}"
            to.convolution(layer, op, self.activation, batch_norm=self.batch_norm)

        layer("conv1", self.direct, 1)
        ends = [tape.last]
        wide = to.rules.inception_kernel
        for name, kernel, (reduced, out) in (
            ("conv3", 3, self.three),
            ("conv5", wide, self.five),
        ):
            tape.last = before
            layer(f"{name}_reduce", reduced, 1)
            layer(name, out, kernel)
            ends.append(tape.last)
        tape.last = before
        tape.layer(f"{block}.pool", Pool("max", 3, padding=to.rules.padding))
        layer("pool_proj", self.projected, 1)
        ends.append(tape.last)
        tape.last = ends[0]
        tape.layer(f"{block}.concatenate", Concatenate(), *ends[1:])
