"""Shapes that neither an ONNX file nor a rule of ours gives: asked of ONNX itself."""

from collections.abc import Mapping
from typing import Any

from mnprofile.base.errors import Place
from mnprofile.base.extras import require
from mnprofile.networks.readers.files.program import Dims, ModelFileError

SMALL = 1 << 10  # bytes of a constant that may be needed: shapes, axes
MAX_COPIES = 1 << 20  # of constants, which it makes for each graph within a graph


def infer(data: memoryview, path: str, inputs: Mapping[str, Dims]) -> dict[str, Dims]:
    """The shapes that ``onnx.shape_inference`` finds, for inputs of these sizes.

    Weights are left out of what it is given. Raises MissingExtraError where ONNX is not
    installed, ModelFileError where it refuses the file.
    """
    require("onnx", "onnx")
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.ModelProto.FromString(data)
    except DecodeError:
        raise ModelFileError("not a whole ONNX file", place=Place(path)) from None
    graphs, constants = _graphs(model.graph), len(model.graph.initializer)
    if graphs * constants > MAX_COPIES:
        raise ModelFileError(
            f"{graphs} graphs within graphs and {constants} constants are too many for"
            " onnx.shape_inference",
            place=Place(path),
            accepted="a file that states its shapes",
        )
    _prepare(model.graph, inputs)
    try:
        known = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception as fault:  # it raises errors of several kinds
        reason = str(fault).strip().splitlines()[0]
        raise ModelFileError(
            f"onnx.shape_inference refuses it: {reason}", place=Place(path)
        ) from None
    found = {}
    for one in (*known.graph.value_info, *known.graph.output):
        shape = one.type.tensor_type.shape
        dims = tuple(dim.dim_value for dim in shape.dim)
        if one.type.tensor_type.HasField("shape") and 0 not in dims:
            found[one.name] = dims
    return found


def _graphs(graph: Any) -> int:
    """How many graphs there are within a graph."""
    inner = [
        one.g for node in graph.node for one in node.attribute if one.HasField("g")
    ]
    return len(inner) + sum(map(_graphs, inner))


def _prepare(graph: Any, inputs: Mapping[str, Dims]) -> None:
    """Leave out weights and what the file says of shapes; give sizes to the inputs."""
    for tensor in graph.initializer:
        if len(tensor.raw_data) > SMALL:
            tensor.ClearField("raw_data")
    del graph.value_info[:]
    for one in graph.output:
        one.type.tensor_type.ClearField("shape")
    for one in graph.input:
        shape = one.type.tensor_type.shape
        if one.name in inputs:
            del shape.dim[:]
            for side in inputs[one.name]:
                shape.dim.add().dim_value = side
