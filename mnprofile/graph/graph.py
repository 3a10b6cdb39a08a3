"""The layer graph: named operators, what feeds them, and where each came from.

It does not depend on tables or families: an ``Origin`` says where a layer came from,
for example a line of a table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mnprofile.base.shown import Shown
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.operators.op import GraphError, Op, Shape
from mnprofile.graph.stored import StoredFile
from mnprofile.graph.written import Derived, Written

NO_SHAPE = Shape(0, 0, 0)  # the input of an operator that has none
INPUT = "input"  # the image, where it is the only input


class Origin(NamedTuple):
    """Where a layer came from: a file and a line (of a table: with its row and text).

    For a PyTorch module they are its class' source, for a node of a model file ``text``
    is its name.
    """

    source: str
    line: int | None = None
    row: int | None = None
    text: str = ""


class Parameters(NamedTuple):
    """What an operator stores; weights are the multiplicative ones."""

    weights: int = 0
    biases: int = 0
    bn_affine: int = 0
    other_params: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One operator of the network.

    A ``layer`` is a counted operator with what belongs to it (convolution, batch norm,
    activation); a ``block`` is a unit of the table, such as a bottleneck; a ``stage``
    is what runs at one resolution, named for its printed stride relative to the input:
    s2, s4 ... s32, then head. (An output stride turns later strides into dilation, but
    does not change the names.)

    ``other_shapes`` are those of its other inputs. ``stored`` are its parameters where
    they are not those that the operator's rules give: none in a second call with the
    weights of an earlier one, or what weights are computed from. ``times`` is how often
    a run executes it: a loop's body as often as the loop does. ``written`` is how
    PyTorch code calls it, for a network that was read from such code.
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
    other_shapes: tuple[Shape, ...] = ()
    stored: Parameters | None = None
    times: int = 1
    written: Written | None = field(default=None, compare=False, repr=False)

    @property
    def parameters(self) -> Parameters:
        """The parameters that this operator adds to those of the network."""
        if self.stored is not None:
            return self.stored
        op, x = self.op, self.in_shape
        return Parameters(
            op.weights(x), op.biases(x), op.bn_affine(x), op.other_params(x)
        )

    @property
    def macs(self) -> int:
        """Multiply-adds: weights x positions, and products of activations."""
        op, x = self.op, self.in_shape
        return self.times * (
            op.weights(x) * op.positions(x, self.out_shape)
            + op.products(x, *self.other_shapes)
        )


@dataclass(frozen=True, slots=True, repr=False)
class Graph(Shown):
    """Nodes in topological order, and the inputs and outputs of the network.

    ``inputs`` are named shapes, one image in most networks; ``outputs`` are the names
    of the nodes (or inputs) that a run returns, such as one per head. ``file`` is what
    the model file says of its bytes, if it was read from one, ``table`` the
    architecture that it was built from, if it was. ``derived`` and ``constants``
    are what else PyTorch code runs that some profiler counts: calls as a whole, and
    operators on constants alone.
    """

    config: Configuration
    inputs: tuple[tuple[str, Shape], ...]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...] = ()
    file: StoredFile | None = None
    table: object = field(default=None, compare=False)
    derived: tuple[Derived, ...] = field(default=(), compare=False)
    constants: tuple[Node, ...] = field(default=(), compare=False)

    @property
    def input_shape(self) -> Shape:
        """The shape of the first input."""
        return self.inputs[0][1]

    @property
    def unknown(self) -> tuple[Node, ...]:
        """The operators without a rule: with any, every total is "at least"."""
        return tuple(node for node in self.nodes if node.op.is_unknown)

    @property
    def layers(self) -> dict[str, list[Node]]:
        """The operators of each layer, in network order."""
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.layer, []).append(node)
        return found

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __reduce__(self) -> tuple[object, ...]:
        """For another process: without the table, whose style holds functions."""
        known = (self.inputs, self.nodes, self.outputs, self.notes, self.file)
        return Graph, (self.config, *known, None, self.derived, self.constants)


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

    def move(self, **changes: Any) -> None:
        """Change the position, field by field."""
        self.at = self.at._replace(**changes)

    def add(self, name: str, op: Op, *others: str) -> str:
        """Add an operator fed by the last one (and ``others``); return its name.

        An operator that takes no inputs gets none. Raises GraphError if the name is
        taken or the maps do not fit together.
        """
        if name in self.shapes:
            raise GraphError(f'two operators are called "{name}"')
        inputs = () if op.takes == 0 else (self.last, *others)
        if op.takes not in (None, len(inputs)):
            raise GraphError(f"{name}: inputs: {len(inputs)} given, not {op.takes}")
        x = self.shape if inputs else NO_SHAPE
        other_shapes = tuple(self.shapes[key] for key in others)
        try:
            out = op.out_shape(x, *other_shapes)
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
                other_shapes=other_shapes,
            )
        )
        self.shapes[name] = out
        self.last = name
        return name

    def layer(self, name: str, op: Op, *others: str) -> str:
        """Add a layer of one operator, both of this name; return it."""
        self.move(layer=name)
        return self.add(name, op, *others)

    def graph(self, config: Configuration, notes: tuple[str, ...] = ()) -> Graph:
        """The graph of the recorded operators."""
        outputs = tuple(self.outputs) or (self.last,)
        return Graph(config, self.inputs, tuple(self.nodes), outputs, notes)
