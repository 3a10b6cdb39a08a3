"""An ONNX file as a graph."""

from collections.abc import Mapping
from pathlib import Path

from mnprofile.base.errors import Place
from mnprofile.graph.graph import Graph, Tape
from mnprofile.graph.operators.op import Shape, shape_of
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.files.finishing import (
    FILES,
    finish,
    refuse_code_options,
    run,
)
from mnprofile.networks.readers.files.lowering import Dims, Lowering
from mnprofile.networks.readers.files.program import ModelFileError
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest
from mnprofile.networks.readers.onnx.file import read_onnx
from mnprofile.networks.readers.onnx.functions import inlined
from mnprofile.networks.readers.onnx.inference import infer
from mnprofile.networks.readers.onnx.inputs import MAP_RANK, Sizes
from mnprofile.networks.readers.onnx.operators import lower


def read(arch: str, asked: ReadRequest) -> tuple[Imported, Graph]:
    """The network in an ONNX file. Raises ModelFileError, UsageError, FileError."""
    refuse_code_options(arch, asked)
    data = FILES.mapped(Path(arch))
    file = read_onnx(data, arch)
    program = inlined(file)
    sizes = Sizes(program, arch, asked)
    if not sizes.inputs:
        raise ModelFileError("the graph has no inputs", place=Place(arch))
    low = Lowering(
        file,
        program.tensors,
        Tape(graph_inputs(sizes.inputs, sizes.batch)),
        sizes.batch,
        sizes.of(program),
        lambda: infer(data, arch, sizes.inputs),
    )
    low.notes += sizes.notes
    run(low, program, lower)
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
