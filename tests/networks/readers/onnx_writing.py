"""Writes ONNX files: small ones with ``onnx.helper``, networks with torch."""

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import pytest

Dims = Sequence[int | str | None]  # None: a side without size or name
EXPORTERS = {"torchscript": False, "dynamo": True}


def constant(name: str, dims: Sequence[int], kind: str = "FLOAT") -> Any:
    """A constant of zeros."""
    from onnx import TensorProto, helper

    made = TensorProto(name=name, dims=dims, data_type=TensorProto.DataType.Value(kind))
    size = helper.tensor_dtype_to_np_dtype(made.data_type).itemsize
    made.raw_data = bytes(prod(dims) * size)
    return made


def integers(name: str, values: Sequence[int]) -> Any:
    """A list of whole numbers, as shapes and axes are."""
    from onnx import TensorProto, helper

    return helper.make_tensor(name, TensorProto.INT64, [len(values)], values)


def model(
    nodes: Sequence[Any],
    inputs: Mapping[str, Dims],
    outputs: Mapping[str, Dims | None],
    constants: Sequence[Any] = (),
    *,
    kinds: Mapping[str, str] | None = None,
    functions: Sequence[Any] = (),
    shapes: Mapping[str, Dims] | None = None,
) -> Any:
    """A model; inputs are float unless ``kinds`` says otherwise."""
    from onnx import TensorProto, helper

    def info(name: str, dims: Dims | None) -> Any:
        kind = TensorProto.DataType.Value((kinds or {}).get(name, "FLOAT"))
        return helper.make_tensor_value_info(name, kind, dims)

    graph = helper.make_graph(
        nodes,
        "main",
        [info(*one) for one in inputs.items()],
        [info(*one) for one in outputs.items()],
        list(constants),
        value_info=[info(*one) for one in (shapes or {}).items()],
    )
    return helper.make_model(
        graph,
        functions=list(functions),
        opset_imports=[
            helper.make_opsetid("", 20),
            helper.make_opsetid("com.microsoft", 1),
            helper.make_opsetid("com.microsoft.nchwc", 1),
            helper.make_opsetid("mine", 1),
        ],
    )


def export(module: Any, inputs: tuple[Any, ...], path: Path, exporter: str) -> None:
    """Write a file. Random weights and statistics: equal constants would be merged."""
    import torch

    pytest.importorskip("onnxscript")
    torch.manual_seed(7)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            torch.nn.init.uniform_(tensor, 0.5, 1.5)
    dynamo = EXPORTERS[exporter]
    settings: Any = {"external_data": False, "verbose": False} if dynamo else {}
    torch.onnx.export(module.eval(), inputs, str(path), dynamo=dynamo, **settings)
