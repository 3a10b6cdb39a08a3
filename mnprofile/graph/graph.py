"""The layer graph: named operators, what feeds them, and where each came from.

It does not depend on tables or families: an ``Origin`` says where a layer came from,
for example a line of a table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from mnprofile.graph.configuration import Configuration
from mnprofile.graph.operators.op import GraphError, Op, Shape

INPUT = "input"  # the image, where it is the only input


class Origin(NamedTuple):
    """Where a layer came from: a file, and a line and row of the table in it."""

    source: str
    line: int | None = None
    row: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One operator of the network.

    A ``layer`` is a counted operator with what belongs to it (convolution, batch norm,
    activation); a ``block`` is a unit of the table, such as a bottleneck; a ``stage``
    is what runs at one resolution, named for its printed stride relative to the input:
    s2, s4 ... s32, then head. (An output stride turns later strides into dilation, but
    does not change the names.)
    """

    name: str
    op: Op
    inputs: tuple[str, ...]
    in_shape: Shape
    out_shape: Shape
    layer: str
    block: str
    stage: str
    type: str
    origin: Origin = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in topological order, and the inputs and outputs of the network.

    ``inputs`` are named shapes, one image in most networks; ``outputs`` are the names
    of the nodes (or inputs) that a run returns, such as one per head.
    """

    config: Configuration
    inputs: tuple[tuple[str, Shape], ...]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def input_shape(self) -> Shape:
        """The shape of the first input."""
        return self.inputs[0][1]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)


class Position(NamedTuple):
    """Where in the network the next operators belong, and where they come from."""

    layer: str = ""
    block: str = ""
    stage: str = ""
    origin: Origin = Origin("")
    type: str | None = None  # instead of the operator's own


class Tape:
    """Records operators one after another and follows the shapes.

    ``at`` is the position that the next operators get, ``last`` the name of the node
    that feeds them. ``outputs`` are the nodes that the network returns: the last node
    if none is named.
    """

    def __init__(self, inputs: Shape | Mapping[str, Shape]) -> None:
        named = {INPUT: inputs} if isinstance(inputs, Shape) else inputs
        self.inputs = tuple(named.items())
        self.nodes: list[Node] = []
        self.shapes: dict[str, Shape] = dict(named)
        self.at = Position()
        self.last = self.inputs[0][0]
        self.outputs: list[str] = []

    @property
    def shape(self) -> Shape:
        return self.shapes[self.last]

    def move(self, **changes: object) -> None:
        """Change the position, field by field."""
        self.at = self.at._replace(**changes)  # type: ignore[arg-type]

    def add(self, name: str, op: Op, *others: str) -> str:
        """Add an operator fed by the last one (and ``others``); return its name.

        Raises GraphError if the name is taken or the maps do not fit together.
        """
        if name in self.shapes:
            raise GraphError(f'two operators are called "{name}"')
        inputs = (self.last, *others)
        if op.takes not in (None, len(inputs)):
            raise GraphError(f"{name}: inputs: {len(inputs)} given, not {op.takes}")
        x = self.shape
        try:
            out = op.out_shape(x, *(self.shapes[key] for key in others))
        except GraphError as fault:
            raise GraphError(f"{name}: {fault.message}") from None
        self.nodes.append(
            Node(
                name=name,
                op=op,
                inputs=inputs,
                in_shape=x,
                out_shape=out,
                layer=self.at.layer,
                block=self.at.block,
                stage=self.at.stage,
                type=self.at.type or op.type,
                origin=self.at.origin,
            )
        )
        self.shapes[name] = out
        self.last = name
        return name

    def graph(self, config: Configuration, notes: tuple[str, ...] = ()) -> Graph:
        """The graph of the recorded operators."""
        outputs = tuple(self.outputs) or (self.last,)
        return Graph(config, self.inputs, tuple(self.nodes), outputs, notes)
