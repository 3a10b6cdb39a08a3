"""From the calls of a model file to the operators of our graph.

What the readers of both formats share: which tensors are constants, which shapes are
known, which parameters were counted already, and how a call becomes a node.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import NoReturn

from mnprofile.base.errors import Place
from mnprofile.graph.graph import Node, Origin, Parameters, Tape
from mnprofile.graph.operators.op import GraphError, Op, Shape, ShapeError, shape_of
from mnprofile.graph.operators.tensors import Constant, Copy, Output, Unknown, View
from mnprofile.graph.stored import StoredBytes
from mnprofile.networks.readers.files.program import (
    Call,
    Dims,
    ModelFile,
    ModelFileError,
    Stored,
    Tensor,
    Value,
    Values,
)
from mnprofile.networks.readers.placing import is_map, modules_of

_TRAINED = ("float", "bfloat", "float8")


@dataclass
class Lowering:
    """One run of a program, being recorded.

    ``rules`` are those of the format's operators, by domain and name. ``sizes`` are the
    shapes that the file gives, ``infer`` finds others: it is called once, when one is
    needed that no rule gives.
    """

    file: ModelFile
    rules: Mapping[str, Mapping[str, "Rule"]]
    tensors: Mapping[str, Tensor]
    tape: Tape = field(init=False)
    batch: int
    sizes: dict[str, Dims]
    infer: Callable[[], Mapping[str, Dims]] | None = None
    channels_last: bool = False
    values: dict[str, Value] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    readers: dict[str, int] = field(default_factory=dict)  # how many read a tensor
    counted: set[str] = field(default_factory=set)  # constants counted as parameters
    positions: dict[str, int] = field(default_factory=dict)  # of nodes on the tape
    dtypes: dict[str, str] = field(default_factory=dict)  # of nodes
    scopes: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of nodes
    bytes: dict[str, StoredBytes] = field(default_factory=dict)  # of nodes
    notes: list[str] = field(default_factory=list)
    copies: dict[str, int] = field(default_factory=dict)  # of a node's name
    inside: list[int] = field(default_factory=lambda: [0])  # calls, in one for all
    depth: int = 0  # of graphs within graphs
    weight_names: tuple[str, ...] = ()  # of the layer that is being recorded

    # --- what is known of a tensor -----------------------------------------------

    def name(self, call: Call, at: int) -> str:
        """The name of an input, "" if it is left out."""
        return call.inputs[at] if at < len(call.inputs) else ""

    def constant(self, call: Call, at: int) -> Stored | None:
        """An input that is a constant, else None."""
        return self.stored.get(self.name(call, at))

    def numbers(self, call: Call, at: int) -> Values | None:
        """The elements of an input that is a small constant, else None."""
        known = self.constant(call, at)
        return known.values if known else None

    def value(self, call: Call, at: int) -> Value:
        """An input; a constant becomes a node. Raises ModelFileError."""
        name = self.name(call, at)
        if not name:
            self.refuse(call, f"input {at} is left out")
        if name in self.values:
            return self.values[name]
        if name not in self.stored:
            self.refuse(call, f'it reads "{name}", which nothing before it makes')
        return self._constant(call, name, self.new_parameters(self.stored[name]))

    def moving(self, call: Call) -> list[Value]:
        """The inputs that are not constants. Raises ModelFileError."""
        names = enumerate(call.inputs)
        places = [at for at, name in names if name and name not in self.stored]
        return [self.value(call, at) for at in places]

    def state(self, call: Call, at: int) -> Value:
        """An input that is a constant, as a node without parameters."""
        return self._constant(call, self.name(call, at), 0)

    def _constant(self, call: Call, name: str, trained: int) -> Value:
        known, node = self.stored[name], self._unique(name)
        dims, axis = self.graph_dims(known.dims, -1)
        self._place(call, node)
        self.tape.add(node, Constant(dims, axis, trained=False))
        self._note(node, call, self._type_of(known), Parameters(other_params=trained))
        if trained:
            self.bytes[node] = StoredBytes(other=self.bytes_of(known.roots))
        value = Value(node, known.dims)
        if trained or name not in self.values:
            self.values[name] = value
        return value

    def dims(self, call: Call, at: int) -> Dims:
        """The dimensions of an input, constant or not."""
        known = self.constant(call, at)
        return known.dims if known else self.value(call, at).dims

    def is_trained(self, known: Stored) -> bool:
        """Whether its elements are parameters: not indices, not a single number."""
        roots = [self.tensors[root] for root in known.roots]
        return known.elements > 1 and bool(
            known.scales or any(r.scales or r.dtype.startswith(_TRAINED) for r in roots)
        )

    def is_quantised(self, known: Stored) -> bool:
        """Whether it is stored in a type that only weights and maps have."""
        return self._type_of(known) in ("int8", "uint8", "int4", "uint4")

    def _type_of(self, known: Stored) -> str:
        return self.tensors[known.roots[0]].dtype if known.roots else ""

    def shape(self, value: Value) -> Shape:
        return self.tape.shapes[value.node]

    def is_map(self, value: Value) -> bool:
        """Whether it is a map with its channels first, not a tensor of another rank."""
        return is_map(self.shape(value))

    def node(self, name: str) -> Node | None:
        """The node of a name, None where it is an input."""
        index = self.positions.get(name)
        return None if index is None else self.tape.nodes[index]

    def is_read_once(self, name: str) -> bool:
        """Whether no more than one call, or output of the program, is this tensor."""
        return self.readers.get(name, 0) <= 1

    def given(self, name: str) -> Dims | None:
        """The shape of a tensor by the file, or by inference on it."""
        if name not in self.sizes and self.infer is not None:
            infer, self.infer = self.infer, None
            self.sizes = {**infer(), **self.sizes}
        return self.sizes.get(name)

    def needed(self, call: Call, output: int = 0) -> Dims:
        """The shape of an output that no rule gives. Raises ModelFileError."""
        dims = self.given(call.outputs[output])
        if dims is None:
            self.refuse(
                call,
                f'the shape of its output "{call.outputs[output]}" is not known',
                accepted="a file with shapes, such as onnx.shape_inference writes",
            )
        return dims

    def graph_dims(self, dims: Dims, channels: int) -> tuple[Dims, int]:
        """Dimensions without the batch, and which of them are the channels.

        Maps of TFLite have their channels last, ours first.
        """
        rank = len(dims)
        if rank > 1 and dims[0] == self.batch:
            dims = dims[1:]
        if self.channels_last and rank >= 4:
            return (dims[-1], *dims[:-1]), 0
        return dims, channels % max(len(dims), 1)

    # --- parameters --------------------------------------------------------------

    def bytes_of(self, roots: Iterable[str]) -> int:
        return sum(self.tensors[root].bytes for root in roots)

    def new_parameters(self, known: Stored) -> int:
        """Elements of a constant that are parameters, 0 if they were counted before."""
        if not self.is_trained(known):
            return 0
        new = [root for root in known.roots if root not in self.counted]
        self.counted.update(new)
        return sum(self.tensors[root].elements for root in new)

    def is_new(self, known: Stored) -> bool:
        """Whether a weight is used for the first time; it is not any more."""
        fresh = not known.roots or any(one not in self.counted for one in known.roots)
        self.counted.update(known.roots)
        return fresh

    def parameters(
        self, op: Op, x: Shape, weight: Stored | None, bias: Stored | None
    ) -> tuple[Parameters, StoredBytes]:
        """What an operator stores; a constant that another one uses too counts once."""
        weights = biases = weight_bytes = bias_bytes = 0
        if weight is not None and self.is_new(weight):
            weights, weight_bytes = op.weights(x), self.bytes_of(weight.roots)
        if bias is not None and self.is_new(bias):
            biases, bias_bytes = op.biases(x), self.bytes_of(bias.roots)
        scales = 0
        if weight_bytes and weight is not None:
            scales = self.bytes_of(weight.scales) + 4 * sum(
                self.tensors[root].scales for root in weight.roots
            )
        found = StoredBytes(weight_bytes, bias_bytes, scales)
        self.weight_names = tuple(
            root for one in (weight, bias) if one for root in one.roots
        )
        return Parameters(weights, biases), found

    # --- recording ---------------------------------------------------------------

    def emit(
        self,
        call: Call,
        op: Op,
        *inputs: Value,
        dims: Dims | None = None,
        stored: Parameters | None = None,
        kept: StoredBytes | None = None,
        output: int | None = 0,
    ) -> Value:
        """A node for a call. Raises ModelFileError if the file states another shape.

        ``dims`` are the dimensions of its output in the file; where None, what the
        operator's rule gives, with the batch. With ``output`` None the node is a step
        on the way to the call's output.
        """
        node = self._unique(call.name or (call.outputs or [call.operator])[0])
        self._place(call, node)
        if inputs:
            self.tape.last = inputs[0].node
        try:
            self.tape.add(node, op, *(one.node for one in inputs[1:]))
        except (GraphError, ShapeError) as fault:
            self.refuse(call, fault.message)
        made = self.tape.shapes[node]
        if dims is None:
            dims = (self.batch, *made.dims)
            if self.channels_last and len(dims) >= 4:
                dims = (self.batch, *made.dims[1:], made.dims[0])
        name = call.outputs[output] if output is not None else ""
        self._check(call, name, dims, made)
        tensor = self.tensors.get(name)
        dtype = tensor.dtype if tensor else ""
        if not dtype and inputs:
            dtype = self.dtypes[inputs[0].node]
        self._note(node, call, dtype, stored)
        if kept is not None:
            self.bytes[node] = kept
        channels = getattr(made, "axis", 0) - len(made.dims)
        if (self.channels_last and len(dims) >= 4) or -channels > len(dims):
            channels = -1  # last, or a map without its sides
        value = Value(node, dims, channels)
        if name:
            self.values[name] = value
        return value

    def _place(self, call: Call, node: str) -> None:
        origin = Origin(self.file.path, text=call.name)
        self.tape.move(layer=node, origin=origin, type=None)

    def _note(
        self, node: str, call: Call, dtype: str, stored: Parameters | None
    ) -> None:
        """What the graph does not know of its last node."""
        if stored is not None:
            self.tape.nodes[-1] = replace(self.tape.nodes[-1], stored=stored)
        self.positions[node] = len(self.tape.nodes) - 1
        self.dtypes[node] = dtype
        self.scopes[node] = modules_of(self.weight_names, call.scopes)
        self.weight_names = ()

    def _check(self, call: Call, name: str, dims: Dims, made: Shape) -> None:
        stated = self.sizes.get(name, dims)
        if stated != dims or prod(dims) not in (
            prod(made.dims),
            prod(made.dims) * self.batch,
        ):
            self.refuse(
                call,
                f"the file says that its output is {list(stated)}, but from its inputs"
                f" it is {list(dims)}",
            )

    def copy(
        self,
        call: Call,
        name: str,
        *inputs: Value,
        dims: Dims,
        channels: int = -1,
        output: int | None = 0,
    ) -> Value:
        """Elements in other places or another number."""
        op = Copy(*self.graph_dims(dims, channels), name)
        return self.emit(call, op, *inputs, dims=dims, output=output)

    def view(
        self,
        call: Call,
        x: Value,
        dims: Dims,
        channels: int = -1,
        *,
        name: str = "view",
        output: int | None = 0,
    ) -> Value:
        """The same memory with other dimensions."""
        shape, axis = self.graph_dims(dims, channels)
        return self.emit(call, View(shape, axis, name), x, dims=dims, output=output)

    def as_map(self, call: Call, x: Value) -> Value:
        """A tensor as a map: its channels after the batch (last in TFLite)."""
        wanted = -1 if self.channels_last else 1 - len(x.dims)
        shape = shape_of(*self.graph_dims(x.dims, wanted))
        if shape == self.shape(x):
            return x
        return self.view(call, x, x.dims, wanted, output=None)

    def alias(self, call: Call, value: Value, output: int = 0) -> None:
        """The output of a call is its input: nothing happens in it."""
        self.values[call.outputs[output]] = value

    def keep(self, call: Call, made: Stored, output: int = 0) -> None:
        """The output of a call is a constant."""
        self.stored[call.outputs[output]] = made

    def counter(self, call: Call) -> Value:
        """A number that is another one in each run of a loop."""
        node = self._unique(f"{call.name or call.operator}: step")
        self._place(call, node)
        self.tape.add(node, Constant((), trained=False))
        self._note(node, call, "int64", Parameters())
        return Value(node, ())

    def unknown(
        self, call: Call, why: str = "", inside: Parameters | None = None
    ) -> None:
        """A call without a rule: its outputs have the shapes that the file gives.

        ``inside`` are the parameters of graphs that it may run.
        """
        name = f"{call.domain}.{call.operator}" if call.domain else call.operator
        inputs = [self.values[one] for one in call.inputs if one in self.values]
        first: Value | None = None
        for at, output in enumerate(call.outputs):
            if not output:
                continue
            dims = self.needed(call, at)
            shape, axis = self.graph_dims(dims, -1)
            if first is not None:
                self.emit(call, Output(shape, axis), first, dims=dims, output=at)
                continue
            op = Unknown(name, shape, axis, why)
            known = [self.stored[one] for one in call.inputs if one in self.stored]
            stored = inside or Parameters(
                other_params=sum(map(self.new_parameters, known))
            )
            first = self.emit(call, op, *inputs, dims=dims, output=at, stored=stored)

    def _unique(self, name: str) -> str:
        """A name that no node has yet."""
        free = name
        while free in self.tape.shapes:
            self.copies[name] = self.copies.get(name, 1) + 1
            free = f"{name}#{self.copies[name]}"
        return free

    def refuse(self, call: Call, what: str, accepted: str | None = None) -> NoReturn:
        """Raise ModelFileError for a call."""
        told = f'{call.operator} "{call.name or ", ".join(call.outputs)}"'
        raise ModelFileError(
            f"{told}: {what}", place=Place(self.file.path), accepted=accepted
        )


Rule = Callable[[Lowering, Call], object]
