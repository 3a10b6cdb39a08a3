"""TFLite files as plain values. Weights are not read.

Field numbers are those of TensorFlow Lite's schema (version 3).
"""

import re
import struct
from dataclasses import dataclass, field, replace

from mnprofile.base.errors import Place, nearest
from mnprofile.networks.readers.files.program import (
    BITS_OF,
    MAX_ELEMENTS,
    MAX_RANK,
    MAX_VALUES,
    Call,
    ModelFile,
    ModelFileError,
    Program,
    Tensor,
    Values,
    check_nodes,
)
from mnprofile.networks.readers.tflite.flatbuffer import Buffer, Table
from mnprofile.networks.readers.tflite.schema import (
    CUSTOM,
    OPERATORS,
    OPTIONS,
    OPTIONS_2,
    SUBGRAPHS,
    TYPES,
)

IDENTIFIER = b"TFL3"
_LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED")
_PRODUCT = re.compile("conv|depthwise|matmul|tensordot|einsum|biasadd", re.IGNORECASE)
STRUCT = {"int32": "i", "int64": "q", "float32": "f"}


def read_tflite(data: memoryview, path: str, key: str | None = None) -> ModelFile:
    """Everything that a TFLite file says about its network.

    ``key`` is the name of a signature or the number of a subgraph, counted from 1: the
    first if it is None. Raises ModelFileError.
    """
    if data[4:8] != IDENTIFIER:
        raise ModelFileError(
            "this is not a TFLite file",
            place=Place(path),
            accepted=f'a FlatBuffers file with the identifier "{IDENTIFIER.decode()}"',
        )
    model = Buffer(data, path).root("model")
    codes = [_operator(code) for code in model.tables(1, "operator code")]
    buffers = list(model.tables(4, "buffer"))
    names: set[str] = set()
    firsts: dict[int, Tensor] = {}
    programs = tuple(
        _Subgraph(table, codes, buffers, names, firsts).program()
        for table in model.tables(2, "subgraph")
    )
    nodes = sum(len((*p.calls, *p.inputs, *p.outputs)) for p in programs)
    check_nodes(nodes, len(data), path)
    if not programs:
        raise ModelFileError("there is no subgraph in this file", place=Place(path))
    signatures = [
        (one.text(2), one.number(4, "I")) for one in model.tables(7, "signature")
    ]
    main, part = _chosen(programs, signatures, path, key)
    return ModelFile(
        path=path,
        size=len(data),
        format="TFLite",
        producer=model.text(3),
        main=main,
        subgraphs=programs,
        part=part,
        notes=_others(programs, signatures, main),
    )


def _chosen(
    programs: tuple[Program, ...],
    signatures: list[tuple[str, int]],
    path: str,
    key: str | None,
) -> tuple[Program, str]:
    """The subgraph with a signature's name or a number, and how ARCH says so."""
    if key is None:
        return programs[0], ""
    named = dict(signatures)
    index = named.get(key, int(key) - 1 if key.isascii() and key.isdigit() else -1)
    if not 0 <= index < len(programs):
        raise ModelFileError(
            f'there is no signature or subgraph "{key}"',
            place=Place(path),
            accepted=", ".join([*named, f"1 to {len(programs)}"]),
            suggestion=nearest(key, list(named)),
        )
    return programs[index], f"#{key}"


def _others(
    programs: tuple[Program, ...], signatures: list[tuple[str, int]], main: Program
) -> tuple[str, ...]:
    """A note on networks in the file besides the one that is counted."""
    run = {index for one in programs for call in one.calls for index in _runs(call)}
    names = {index: key for key, index in signatures}
    told = [
        names.get(index) or one.name or str(index + 1)
        for index, one in enumerate(programs)
        if index not in run and one is not main
    ]
    if not told:
        return ()
    index = next(at for at, one in enumerate(programs) if one is main)
    own = names.get(index) or main.name or str(index + 1)
    others = ", ".join(f'"{one}"' for one in told[:5])
    more = f" and {len(told) - 5} more" if len(told) > 5 else ""
    return (f'figures are of "{own}"; FILE#NAME counts another: {others}{more}',)


def _runs(call: Call) -> list[object]:
    """The numbers of the subgraphs that an operator runs."""
    return [call.attributes[name] for name in SUBGRAPHS if name in call.attributes]


def _operator(code: Table) -> tuple[str, str]:
    """Name and domain of an operator: those of a custom one are its own."""
    # Files up to version 3a have only the first field, of one byte.
    number = max(code.number(0, "b"), code.number(3, "i"))
    if number == CUSTOM:
        return code.text(1) or "unnamed", "custom"
    if not 0 <= number < len(OPERATORS):
        return f"builtin operator {number}", ""
    return OPERATORS[number], ""


@dataclass
class _Subgraph:
    """One subgraph being read. Tensors are known by their index there.

    ``taken`` are the names of all tensors so far, ``firsts`` the first one of each
    buffer: several may have the same elements.
    """

    table: Table
    codes: list[tuple[str, str]]
    buffers: list[Table]
    taken: set[str]
    firsts: dict[int, Tensor]
    tensors: dict[str, Tensor] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def program(self) -> Program:
        for table in self.table.tables(0, "tensor"):
            tensor = self._tensor(table)
            self.names.append(tensor.name)
            self.tensors[tensor.name] = tensor
        calls = tuple(
            self._call(index, table)
            for index, table in enumerate(self.table.tables(3, "operator"))
        )
        return Program(
            name=self.table.text(4),
            inputs=self._named(self.table, 1),
            outputs=self._named(self.table, 2),
            calls=calls,
            tensors=self.tensors,
        )

    def _named(self, table: Table, number: int) -> tuple[str, ...]:
        """Tensors by name; -1 is an input that is left out."""
        found = []
        for index in table.numbers(number):
            if not -1 <= index < len(self.names):
                table.buffer.refuse(table.where, f"there is no tensor {index}")
            found.append("" if index < 0 else self.names[index])
        return tuple(found)

    def _tensor(self, table: Table) -> Tensor:
        number = table.number(1, "b")
        dtype = TYPES[number] if 0 <= number < len(TYPES) else f"type {number}"
        dims = table.numbers(0)
        elements = 1
        for dim in dims[: MAX_RANK + 1]:
            if dim < 0:
                table.buffer.refuse(table.where, f"a dimension of {dim}")
            elements *= dim
        if len(dims) > MAX_RANK or elements > MAX_ELEMENTS:
            table.buffer.refuse(
                table.where, f"{len(dims)} dimensions with too many elements"
            )
        name = table.text(3)
        if not name or name in self.taken:
            name = f"{name or 'tensor'}#{len(self.taken)}"
        self.taken.add(name)
        quantisation = table.table(4, "quantisation")
        scales = quantisation.size_of(2, 4) if quantisation else 0
        tensor = Tensor(name, dtype, dims, scales=scales)
        stored = self._data(table)
        if not stored:
            return tensor
        is_dense = table.table(6, "sparsity") is None and BITS_OF.get(dtype)
        if is_dense and len(stored) != tensor.bytes:
            table.buffer.refuse(
                table.where,
                f'"{name}" is {dtype} {list(dims)}, {tensor.bytes} bytes, but holds'
                f" {len(stored)} bytes",
            )
        first = self.firsts.setdefault(table.number(2, "I"), tensor)
        # In one subgraph a converter may only have merged equal contents.
        is_same = first.name not in self.tensors and first is not tensor
        is_same = is_same and (first.dtype, first.dims) == (dtype, dims)
        return replace(
            tensor,
            is_stored=True,
            values=_values(tensor, stored),
            same_as=first.name if is_same else "",
        )

    def _data(self, table: Table) -> memoryview:
        """The elements of a constant, nothing for other tensors."""
        index = table.number(2, "I")
        if index >= len(self.buffers):
            table.buffer.refuse(table.where, f"there is no buffer {index}")
        if index == 0 or table.number(5, "?"):
            return memoryview(b"")
        one = self.buffers[index]
        offset, size = one.number(1, "Q"), one.number(2, "Q")
        if offset <= 1:
            return one.raw(0)
        data = table.buffer.data  # a file over 2 GB has its weights after the tables
        if offset + size > len(data):
            table.buffer.refuse(one.where, "its data ends outside the file")
        return data[offset : offset + size]

    def _call(self, index: int, table: Table) -> Call:
        code = table.number(0, "I")
        if code >= len(self.codes):
            table.buffer.refuse(table.where, f"there is no operator code {code}")
        operator, domain = self.codes[code]
        place = 12 if operator in OPTIONS_2 else 4
        options = table.table(place, f"options of {operator}") if not domain else None
        outputs = self._named(table, 2)
        name = _name(operator, outputs[0]) if outputs else f"{operator} {index}"
        scopes = tuple(filter(None, name.split("/")[:-1]))
        table.buffer.spend(len(name) + 8 * len(scopes), table.where)
        return Call(
            name=name,
            operator=operator,
            inputs=self._named(table, 1),
            outputs=outputs,
            attributes={
                one.name: options.number(one.number, one.code, one.default)
                if options
                else one.default
                for one in OPTIONS.get(operator, ())
            },
            domain=domain,
            scopes=scopes,
        )


def _values(tensor: Tensor, stored: memoryview) -> Values | None:
    """The elements of a small constant, None for those of no use here."""
    code = STRUCT.get(tensor.dtype)
    if code is None or tensor.elements > MAX_VALUES or len(stored) != tensor.bytes:
        return None
    return struct.unpack(f"<{tensor.elements}{code}", stored)


def _name(operator: str, output: str) -> str:
    """The operation that an operator came from, behind the modules that it was in.

    A converter names a tensor after everything that it fused into one operator, as in
    ``block_1/relu/Relu;block_1/bn/add_1;block_1/conv/convolution``: a layer is named
    for its product, anything else for the first.
    """
    parts = output.split(";")
    if operator in _LAYERS:
        products = (one for one in parts if _PRODUCT.search(one.rpartition("/")[2]))
        return next(products, parts[0])
    return parts[0]
