"""Recurrent layers."""

from dataclasses import dataclass
from typing import Literal

from mnprofile.graph.operators.op import Op, Shape, TensorShape

Cell = Literal["lstm", "gru", "rnn"]
GATES: dict[Cell, int] = {"lstm": 4, "gru": 3, "rnn": 1}


@dataclass(frozen=True, slots=True)
class Recurrent(Op):
    """LSTM, GRU or plain recurrent layers: (steps, c) -> (steps, hidden).

    Every weight is used once per step: those of the input, c x hidden per gate, and
    those of the state, hidden x hidden. Later layers take the output of the one before,
    of both directions if ``directions`` is 2. With a ``projection`` (LSTM) the state
    has so many channels. ``biases_per_gate`` is 2 in PyTorch and ONNX, 1 in Keras.
    """

    kind = "recurrent"
    is_counted = True
    mixes_channels = True
    sees_all = True
    takes = None  # the first states may be given
    cell: Cell
    hidden: int
    layers: int = 1
    directions: int = 1
    biases_per_gate: int = 2
    projection: int = 0

    @property
    def type(self) -> str:
        return self.cell.upper()

    @property
    def product(self) -> str:  # type: ignore[override] # of each cell
        return "projected" if self.projection else self.cell

    def tally(self, x: Shape, y: Shape) -> dict[str, int]:
        steps = x.elements // x.dims[-1]
        units = self.hidden * self.layers * self.directions * steps
        bias = self.biases(x) * steps
        return {f"{self.cell}_units": units, f"{self.cell}_bias": bias}

    @property
    def state(self) -> int:
        """Channels of the output of one direction."""
        return self.projection or self.hidden

    def out_shape(self, x: Shape, *others: Shape) -> Shape:
        return TensorShape((*x.dims[:-1], self.state * self.directions))

    def weights(self, x: Shape) -> int:
        gates = GATES[self.cell] * self.hidden
        taken = [x.dims[-1], *[self.state * self.directions] * (self.layers - 1)]
        project = self.projection * self.hidden
        return self.directions * sum(
            gates * (channels + self.state) + project for channels in taken
        )

    def biases(self, x: Shape) -> int:
        gates = GATES[self.cell] * self.hidden
        return self.layers * self.directions * gates * self.biases_per_gate
