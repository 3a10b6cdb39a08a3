"""Writes small TFLite files, with the classes that ``flatc`` made from the schema.

Nothing here knows how the package reads them. A file is a list of calls on tensors::

    file = TFLite()
    x = file.tensor("x", (1, 8, 8, 3))
    w = file.constant("w", (4, 3, 3, 3))
    y = file.call("CONV_2D", [x, w, -1], "y", (1, 8, 8, 4), "Conv2DOptions", StrideW=1)
    data = file.bytes([x], [y])
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

BYTES = {
    "FLOAT32": 4, "FLOAT16": 2, "INT32": 4, "UINT8": 1, "INT64": 8, "INT16": 2,
    "INT8": 1, "BOOL": 1,
}  # fmt: skip


def schema(name: str) -> Any:
    """A module of the generated classes."""
    return importlib.import_module(f"tflite.{name}")


@dataclass
class TFLite:
    """One subgraph being written. Tensors are known by their number."""

    dtype: str = "FLOAT32"  # of tensors that state none
    tensors: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def tensor(
        self, name: str, shape: Sequence[int], dtype: str = "", scales: int = 0
    ) -> int:
        self.tensors.append(
            {
                "name": name,
                "shape": tuple(shape),
                "dtype": dtype or self.dtype,
                "data": None,
                "scales": scales,
            }
        )
        return len(self.tensors) - 1

    def constant(
        self,
        name: str,
        shape: Sequence[int],
        dtype: str = "",
        data: bytes | None = None,
        scales: int = 0,
    ) -> int:
        number = self.tensor(name, shape, dtype, scales)
        made = self.tensors[number]
        made["data"] = (
            bytes(prod(shape) * BYTES[made["dtype"]]) if data is None else data
        )
        return number

    def call(
        self,
        operator: str,
        inputs: Sequence[int],
        name: str,
        shape: Sequence[int],
        options: str = "",
        *,
        dtype: str = "",
        **fields: int,
    ) -> int:
        """An operator and its one output. ``fields`` are those of the options."""
        output = self.tensor(name, shape, dtype)
        self.operator(operator, inputs, [output], options, **fields)
        return output

    def operator(
        self,
        operator: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        options: str = "",
        **fields: int,
    ) -> None:
        """An operator with tensors that are there already as its outputs."""
        self.calls.append(
            {
                "operator": operator,
                "inputs": list(inputs),
                "outputs": list(outputs),
                "options": options,
                "fields": fields,
            }
        )

    def share(self, name: str, other: str) -> None:
        """Let a constant have the buffer of another one before it."""
        made = next(one for one in self.tensors if one["name"] == name)
        made["shares"] = other

    def bytes(
        self,
        inputs: Sequence[int],
        outputs: Sequence[int],
        others: Sequence["Part"] = (),
        signatures: Mapping[str, int] | None = None,
    ) -> bytes:
        """The whole file: this subgraph first; signatures name subgraphs by number."""
        import flatbuffers

        b = flatbuffers.Builder(1024)
        parts = [Part(self, inputs, outputs), *others]
        calls = [call for part in parts for call in part.file.calls]
        names = sorted({call["operator"] for call in calls})
        codes = [_code(b, name) for name in names]
        buffers = [_buffer(b, None)]
        graphs = [part.file._graph(b, part, names, buffers) for part in parts]
        named = signatures or {}
        keys = [b.CreateString(key) for key in named]
        defined = [
            _table(b, "SignatureDef", SignatureKey=key, SubgraphIndex=at)
            for key, at in zip(keys, named.values(), strict=True)
        ]
        model = _table(
            b,
            "Model",
            Version=3,
            OperatorCodes=_offsets(b, codes),
            Subgraphs=_offsets(b, graphs),
            Description=b.CreateString("written by a test"),
            Buffers=_offsets(b, buffers),
            SignatureDefs=_offsets(b, defined) if defined else None,
        )
        b.Finish(model, file_identifier=b"TFL3")
        return bytes(b.Output())

    def _graph(self, b: Any, part: "Part", names: list[str], buffers: list[int]) -> int:
        tensors = []
        places: dict[str, int] = {}
        for one in self.tensors:
            index = places.get(one.get("shares", ""), 0)
            if one["data"] is not None and not index:
                index = places[one["name"]] = len(buffers)
                buffers.append(_buffer(b, one["data"]))
            tensors.append(_tensor(b, one, index))
        calls = [_call(b, call, names.index(call["operator"])) for call in self.calls]
        return _table(
            b,
            "SubGraph",
            Tensors=_offsets(b, tensors),
            Inputs=_numbers(b, part.inputs),
            Outputs=_numbers(b, part.outputs),
            Operators=_offsets(b, calls),
            Name=b.CreateString("main"),
        )


class Part(NamedTuple):
    """One subgraph of several, with the numbers of its inputs and outputs."""

    file: TFLite
    inputs: Sequence[int]
    outputs: Sequence[int]


def _table(b: Any, kind: str, **fields: Any) -> int:
    module = schema(kind)
    getattr(module, f"{kind}Start")(b)
    for name, value in fields.items():
        if value is not None:
            getattr(module, f"{kind}Add{name}")(b, value)
    made: int = getattr(module, f"{kind}End")(b)
    return made


def _offsets(b: Any, targets: Sequence[int]) -> int:
    b.StartVector(4, len(targets), 4)
    for target in reversed(targets):
        b.PrependUOffsetTRelative(target)
    made: int = b.EndVector()
    return made


def _numbers(b: Any, values: Sequence[int]) -> int:
    b.StartVector(4, len(values), 4)
    for value in reversed(values):
        b.PrependInt32(value)
    made: int = b.EndVector()
    return made


def _code(b: Any, operator: str) -> int:
    known = vars(schema("BuiltinOperator").BuiltinOperator)
    number = known.get(operator, known["CUSTOM"])
    custom = None if operator in known else b.CreateString(operator)
    return _table(
        b,
        "OperatorCode",
        DeprecatedBuiltinCode=min(number, 127),
        CustomCode=custom,
        Version=1,
        BuiltinCode=number,
    )


def _buffer(b: Any, data: bytes | None) -> int:
    return _table(b, "Buffer", Data=None if data is None else b.CreateByteVector(data))


def _tensor(b: Any, one: dict[str, Any], buffer: int) -> int:
    quantisation = None
    if one["scales"]:
        b.StartVector(4, one["scales"], 4)
        for _ in range(one["scales"]):
            b.PrependFloat32(0.5)
        scale = b.EndVector()
        quantisation = _table(b, "QuantizationParameters", Scale=scale)
    return _table(
        b,
        "Tensor",
        Shape=_numbers(b, one["shape"]),
        Type=getattr(schema("TensorType").TensorType, one["dtype"]),
        Buffer=buffer,
        Name=b.CreateString(one["name"]),
        Quantization=quantisation,
    )


def _call(b: Any, call: dict[str, Any], code: int) -> int:
    inputs, outputs = _numbers(b, call["inputs"]), _numbers(b, call["outputs"])
    options = kind = None
    if call["options"]:
        options = _table(b, call["options"], **call["fields"])
        kind = getattr(schema("BuiltinOptions").BuiltinOptions, call["options"])
    return _table(
        b,
        "Operator",
        OpcodeIndex=code,
        Inputs=inputs,
        Outputs=outputs,
        BuiltinOptionsType=kind,
        BuiltinOptions=options,
    )
