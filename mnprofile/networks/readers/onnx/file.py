"""ONNX files as plain values. Weights are not read, external data is not opened.

Field numbers are those of onnx.proto (ONNX 1.23); a test compares them with the
generated classes.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace

from mnprofile.base.errors import Place
from mnprofile.networks.readers.files.program import (
    BITS_OF,
    MAX_ELEMENTS,
    MAX_RANK,
    MAX_VALUES,
    Call,
    Dim,
    Function,
    ModelFile,
    ModelFileError,
    Program,
    Tensor,
    Values,
    check_nodes,
)
from mnprofile.networks.readers.onnx.protobuf import Message

MAX_DEPTH = 16  # of graphs within graphs
CONSTANTS = 16  # that weigh as much as a node
EDGES = 32  # inputs and outputs of a node that weigh as much as another node

# TensorProto.DataType, from 1.
_TYPES_TEXT = """
float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64
complex64 complex128 bfloat16 float8e4m3fn float8e4m3fnuz float8e5m2 float8e5m2fnuz
uint4 int4 float4e2m1 float8e8m0 uint2 int2
float6e2m3 float6e3m2
"""
TYPES = _TYPES_TEXT.split()
STRUCT = {
    "float32": "f",
    "float64": "d",
    "int8": "b",
    "uint8": "B",
    "bool": "B",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
}
SCOPES = "pkg.torch.onnx.name_scopes"  # a list of strings as Python writes it
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
EXTERNAL = 1  # TensorProto.DataLocation
LISTS = (6, 7, 8)  # AttributeProto.AttributeType: FLOATS, INTS, STRINGS


def read_onnx(data: memoryview, path: str) -> ModelFile:
    """Everything that an ONNX file says about its network. Raises ModelFileError."""
    return _Reader(path, len(data)).file(Message(data, path, "model"))


@dataclass
class _Reader:
    """One file being read: how many nodes it has so far, and what was met."""

    path: str
    size: int
    nodes: int = 0  # read so far, with inputs and outputs of graphs
    is_external: bool = False

    def file(self, model: Message) -> ModelFile:
        graph = model.message(7, "graph")
        if graph is None:
            raise ModelFileError(
                "there is no graph in this file",
                place=Place(self.path),
                accepted="an ONNX model",
            )
        main = self.program(graph, 0)
        functions = dict(map(self._function, model.messages(25, "function")))
        return ModelFile(
            path=self.path,
            size=self.size,
            format="ONNX",
            producer=" ".join(filter(None, (model.text(2), model.text(3)))),
            main=main,
            functions=functions,
            is_external=self.is_external,
        )

    def program(self, graph: Message, depth: int) -> Program:
        if depth > MAX_DEPTH:
            graph.refuse(f"graphs within graphs, more than {MAX_DEPTH} deep")
        tensors = {one.name: one for one in self._infos(graph, 13)}
        self._note(graph.size(11) + graph.size(12) + graph.size(5) // CONSTANTS)
        inputs = self._infos(graph, 11)
        outputs = self._infos(graph, 12)
        tensors |= {one.name: one for one in (*inputs, *outputs)}
        for message in graph.messages(5, "initializer"):
            tensor = self._tensor(message)
            tensors[tensor.name] = tensor
        for message in graph.messages(15, "sparse initializer"):
            values = message.message(1, "values")
            name = "" if values is None else values.text(8)
            dims = self._dims(message, 3, name)
            tensors[name] = Tensor(name, "float32", dims, is_stored=True)
        calls = self._calls(graph, 1, tensors, depth)
        return Program(
            name=graph.text(2),
            inputs=tuple(one.name for one in inputs if not tensors[one.name].is_stored),
            outputs=tuple(one.name for one in outputs),
            calls=calls,
            tensors=tensors,
        )

    def _function(self, message: Message) -> tuple[tuple[str, str], Function]:
        tensors = {one.name: one for one in self._infos(message, 12)}
        calls = self._calls(message, 7, tensors, 1)
        program = Program(
            name=message.text(1),
            inputs=tuple(message.texts(4)),
            outputs=tuple(message.texts(5)),
            calls=calls,
            tensors=tensors,
        )
        defaults = dict(
            self._attribute(one, 1) for one in message.messages(11, "attribute")
        )
        return (message.text(10), program.name), Function(program, defaults)

    def _calls(
        self, graph: Message, field: int, tensors: dict[str, Tensor], depth: int
    ) -> tuple[Call, ...]:
        """The nodes, and their constants among ``tensors``."""
        self._note(graph.size(field))
        calls = []
        for message in graph.messages(field, "node"):
            call = self._call(message, depth)
            if call.operator == "Constant" and call.domain == "" and call.outputs:
                name = call.outputs[0]
                tensors[name] = _constant(name, call)
            else:
                calls.append(call)
        return tuple(calls)

    def _note(self, nodes: int) -> None:
        """Count nodes, inputs and outputs, of which a file may have so many."""
        self.nodes += nodes
        check_nodes(self.nodes, self.size, self.path)

    def _call(self, message: Message, depth: int) -> Call:
        name = message.text(3)
        operator = message.text(4)
        attributes = dict(
            self._attribute(one, depth) for one in message.messages(5, "attribute")
        )
        domain = message.text(7)
        inputs, outputs = tuple(message.texts(1)), tuple(message.texts(2))
        self._note((len(inputs) + len(outputs)) // EDGES)
        return Call(
            name=name,
            operator=operator,
            inputs=inputs,
            outputs=outputs,
            attributes=attributes,
            domain="" if domain == "ai.onnx" else domain,
            scopes=_scopes(message, name),
        )

    def _attribute(self, message: Message, depth: int) -> tuple[str, object]:
        """An attribute by name; its value is of the field that is set."""
        read: dict[int, Callable[[], object]] = {
            2: lambda: message.floats(2)[-1],
            3: lambda: message.integer(3),
            4: lambda: message.text(4),
            5: lambda: [self._tensor(one) for one in message.messages(5, "tensor")][-1],
            6: lambda: self._graphs(message, 6, depth)[-1],
            7: lambda: tuple(message.floats(7)),
            8: lambda: tuple(message.integers(8)),
            9: lambda: tuple(message.texts(9)),
            11: lambda: self._graphs(message, 11, depth),
            21: lambda: Reference(message.text(21)),  # of the function that it is in
        }
        found = next((read[number] for number in read if message.has(number)), None)
        if found is None:  # an empty list, or a number that is 0
            found = tuple if message.integer(20) in LISTS else int
        return message.text(1), found()

    def _graphs(self, message: Message, field: int, depth: int) -> tuple[Program, ...]:
        graphs = message.messages(field, "graph")
        return tuple(self.program(one, depth + 1) for one in graphs)

    def _infos(self, graph: Message, field: int) -> list[Tensor]:
        """Types and shapes, as far as the file gives them."""
        found = []
        for message in graph.messages(field, "value info"):
            name = message.text(1)
            kind = message.message(2, "type")
            tensor = kind.message(1, "tensor type") if kind else None
            if tensor is None:
                found.append(Tensor(name))
                continue
            shape = tensor.message(2, "shape")
            sides = shape.messages(1, "dimension") if shape else ()
            dims = tuple(map(_dim, sides)) if shape else None
            if dims and len(dims) > MAX_RANK:
                message.refuse(f"{len(dims)} dimensions")
            found.append(Tensor(name, _type(tensor.integer(1)), dims))
        return found

    def _dims(self, message: Message, field: int, name: str) -> tuple[int, ...]:
        """The shape of a constant."""
        dims = tuple(message.integers(field))
        elements = 1
        for dim in dims[: MAX_RANK + 1]:
            if dim < 0:
                message.refuse(f'"{name}" has a dimension of {dim}')
            elements *= dim
        if len(dims) > MAX_RANK or elements > MAX_ELEMENTS:
            message.refuse(f'"{name}" claims {len(dims)} dimensions, too many elements')
        return dims

    def _tensor(self, message: Message) -> Tensor:
        """A constant. Raises ModelFileError if its data is not of its shape."""
        name = message.text(8)
        dtype = _type(message.integer(2))
        tensor = Tensor(name, dtype, self._dims(message, 1, name), is_stored=True)
        if message.integer(14) == EXTERNAL:
            self.is_external = True
            return tensor
        raw = message.raw(9)
        if raw is not None and BITS_OF.get(dtype) and len(raw) != tensor.bytes:
            message.refuse(
                f'"{name}" is {dtype} {list(tensor.sizes or ())}, {tensor.bytes} bytes,'
                f" but holds {len(raw)} bytes"
            )
        if tensor.elements > MAX_VALUES:
            return tensor
        return replace(tensor, values=_values(message, tensor))


class Reference(str):
    """The name of an attribute of the function that a node is in."""

    __slots__ = ()


def _values(message: Message, tensor: Tensor) -> Values | None:
    """The elements of a small constant, None where they have a type of no use here."""
    code = STRUCT.get(tensor.dtype)
    raw = message.raw(9)
    if code is None:
        return None
    if raw is not None:
        return struct.unpack(f"<{tensor.elements}{code}", raw)
    found: Values = ()
    if tensor.dtype == "float32":
        found = tuple(message.floats(4))
    elif code in "qQI":
        found = tuple(message.integers(7) or message.integers(11))
    elif code not in "d":
        found = tuple(message.integers(5))
    return found if len(found) == tensor.elements else None


def _constant(name: str, call: Call) -> Tensor:
    """The output of a Constant node."""
    for value in call.attributes.values():
        if isinstance(value, Tensor):
            return replace(value, name=name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            dtype = "int64" if isinstance(value, int) else "float32"
            return Tensor(name, dtype, (), is_stored=True, values=(value,))
        if isinstance(value, tuple) and all(isinstance(v, int | float) for v in value):
            dtype = "float32" if value and isinstance(value[0], float) else "int64"
            return Tensor(
                name, dtype, (len(value),), is_stored=True, values=value[:MAX_VALUES]
            )
    return Tensor(name, "string", (), is_stored=True)


def _dim(message: Message) -> Dim:
    """A size, or the name of an unknown one. Exporters write 0 and -1 for those too."""
    size = message.integer(1)
    return size if size > 0 else message.text(2)


def _type(number: int) -> str:
    return TYPES[number - 1] if 0 < number <= len(TYPES) else f"type {number}"


def _scopes(message: Message, name: str) -> tuple[str, ...]:
    """The modules that a node came from, outermost first.

    torch's newer exporter writes them down; the older one, and those of Keras, put them
    in the name, as in ``/features/features.0/Conv``.
    """
    for entry in message.messages(9, "metadata"):
        if entry.text(1) == SCOPES:
            quoted = _QUOTED.findall(entry.text(2))
            return tuple(filter(None, (a or b for a, b in quoted[:-1])))
    return tuple(filter(None, name.split("/")[:-1]))
