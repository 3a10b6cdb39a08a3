"""An ONNX file as a graph."""

from collections.abc import Mapping

from mnprofile.graph.graph import Graph, Tape
from mnprofile.graph.operators.op import Shape, shape_of
from mnprofile.graph.operators.reshaping import Unused
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest
from mnprofile.networks.readers.lowering import Dims, Lowering, Stored, Value
from mnprofile.networks.readers.model_files import FILES, finish, refuse_code_options
from mnprofile.networks.readers.onnx_file import read_onnx
from mnprofile.networks.readers.onnx_functions import inlined
from mnprofile.networks.readers.onnx_inference import infer
from mnprofile.networks.readers.onnx_inputs import MAP_RANK, Sizes
from mnprofile.networks.readers.onnx_operators import lower
from mnprofile.networks.readers.program import Call, Program


def read(arch: str, asked: ReadRequest) -> tuple[Imported, Graph]:
    """The network in an ONNX file. Raises ModelFileError, UsageError, FileError."""
    refuse_code_options(arch, asked)
    with FILES.mapped(arch) as data:
        file = read_onnx(data, arch)
        program = inlined(file)
        sizes = Sizes(program, arch, asked)
        low = Lowering(
            file,
            program.tensors,
            Tape(graph_inputs(sizes.inputs, sizes.batch)),
            sizes.batch,
            sizes.of(program),
            lambda: infer(data, arch, sizes.inputs),
        )
        low.notes += sizes.notes
        run(low, program)
    inputs = tuple(
        InputSpec(dims, name if len(sizes.inputs) > 1 else "")
        for name, dims in sizes.inputs.items()
    )
    return finish(low, program, inputs)


def graph_inputs(inputs: Mapping[str, Dims], batch: int) -> dict[str, Shape]:
    """The inputs without the batch; images have their channels first."""
    found = {}
    for name, dims in inputs.items():
        inner = dims[1:] if len(dims) > 1 and dims[0] == batch else dims
        found[name] = shape_of(inner, 0 if len(dims) >= MAP_RANK else -1)
    return found


def run(low: Lowering, program: Program) -> None:
    """Record every call of the main graph, in the order of the file."""
    for name, shape in low.tape.inputs:
        axis = getattr(shape, "axis", 0)
        low.values[name] = Value(name, low.sizes[name], axis - len(shape.dims))
        low.dtypes[name] = program.tensors[name].dtype
    for tensor in program.tensors.values():
        if tensor.is_stored:
            low.stored[tensor.name] = Stored(
                tensor.sizes or (), (tensor.name,), tensor.values
            )
    for call in program.calls:
        for name in call.inputs:
            low.readers[name] = low.readers.get(name, 0) + 1
    for name in program.outputs:
        low.readers[name] = low.readers.get(name, 0) + 1
    for call in program.calls:
        if any(one in low.values for one in call.outputs if one):
            low.refuse(call, "two nodes make this output")
        lower(low, call)
    keep_unused(low, program)


def keep_unused(low: Lowering, program: Program) -> None:
    """Trained constants that no operator reads, as a row of their own."""
    unused = [
        tensor.name
        for tensor in program.tensors.values()
        if tensor.is_stored and not low.readers.get(tensor.name)
    ]
    total = sum(low.new_parameters(low.stored[name]) for name in unused)
    if total and program.calls:
        call = Call("not used", "not used", (), ("",))
        low.emit(call, Unused(total), dims=(), output=None)
