"""Shapes that neither an ONNX file nor a rule of ours gives: asked of ONNX itself."""

from collections.abc import Mapping

from mnprofile.base.errors import Place
from mnprofile.base.extras import require
from mnprofile.networks.readers.lowering import Dims
from mnprofile.networks.readers.program import ModelFileError

SMALL = 1 << 10  # bytes of a constant that may be needed: shapes, axes


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
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > SMALL:
            tensor.ClearField("raw_data")
    del model.graph.value_info[:]
    for one in model.graph.input:
        if one.name in inputs:
            shape = one.type.tensor_type.shape
            del shape.dim[:]
            for side in inputs[one.name]:
                shape.dim.add().dim_value = side
    for one in model.graph.output:
        one.type.tensor_type.ClearField("shape")
    try:
        known = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception as fault:  # noqa: BLE001 - it raises errors of several kinds
        reason = str(fault).strip().splitlines()[0]
        raise ModelFileError(
            f"onnx.shape_inference refuses it: {reason}", place=Place(path)
        ) from None
    found = {}
    for one in (*known.graph.value_info, *known.graph.output):
        tensor_type = one.type.tensor_type
        if tensor_type.HasField("shape"):
            dims = tuple(dim.dim_value for dim in tensor_type.shape.dim)
            if 0 not in dims:
                found[one.name] = dims
    return found


