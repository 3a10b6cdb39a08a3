"""What the readers of model files share: opening a file, and the finished graph."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mnprofile.base.errors import Place, UsageError
from mnprofile.base.files import Input
from mnprofile.graph.graph import Graph, Tape
from mnprofile.graph.operators.op import shape_of
from mnprofile.graph.operators.tensors import Unused
from mnprofile.graph.stored import StoredFile
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import (
    BITS_OF,
    Call,
    Dims,
    ModelFileError,
    Program,
    Stored,
    Tensor,
    Value,
    most_nodes,
)
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest, fixed
from mnprofile.networks.readers.placing import is_map, placed

FILES = Input("model file", ModelFileError, 1 << 33)
MAP_RANK = 4  # an image with its batch
MAX_INSIDE = 30_000  # calls in graphs within graphs
MAX_DEPTH = 16  # of graphs within graphs


def refuse_code_options(arch: str, asked: ReadRequest) -> None:
    """Raise UsageError for options that only a network in code can take."""
    for option, given in (("arg", asked.arguments), ("train", asked.train)):
        if given:
            raise UsageError(
                f"--{option}: {arch} is a file", accepted="a PyTorch network"
            )


def run(
    low: Lowering, program: Program, inputs: Mapping[str, Dims]
) -> tuple[Imported, Graph]:
    """Record every call of a program, in the order of the file: the finished graph.

    ``inputs`` are the dimensions of its inputs with the batch; images have their
    channels first, or last where the format has them there.
    """
    shapes = {
        name: shape_of(*low.graph_dims(dims, 0 if len(dims) >= MAP_RANK else -1))
        for name, dims in inputs.items()
    }
    low.tape = Tape(shapes)
    for name, shape in shapes.items():
        axis = getattr(shape, "axis", 0)
        low.values[name] = Value(name, inputs[name], axis - len(shape.dims))
        low.dtypes[name] = program.tensors[name].dtype
    record(low, program)
    _keep_unused(low, program)
    names = [name if len(inputs) > 1 else "" for name in inputs]
    specs = tuple(map(InputSpec, inputs.values(), names))
    return _finished(low, program, specs)


def record(low: Lowering, program: Program) -> None:
    """Record the calls of a program whose inputs are known."""
    _note_inside(low, len(program.calls) + 1)
    for tensor in program.tensors.values():
        if tensor.is_stored:
            root = tensor.same_as or tensor.name
            low.stored[tensor.name] = Stored(tensor.sizes or (), (root,), tensor.values)
    for name in _read(program):
        low.readers[name] = low.readers.get(name, 0) + 1
    for call in program.calls:
        for name in call.outputs:
            if name and (name in low.values or name in low.stored):
                low.refuse(call, f'its output "{name}" is made before it too')
        rule = low.rules.get(call.domain, {}).get(call.operator, Lowering.unknown)
        try:
            if any(call.outputs):
                rule(low, call)
        except (ArithmeticError, IndexError, ValueError):
            # Rules index dimensions as if every tensor had them.
            low.refuse(call, "its inputs and attributes do not fit together")


def _note_inside(low: Lowering, calls: int) -> None:
    """Count the calls of graphs within graphs. Raises ModelFileError for too many."""
    low.inside[0] += calls if low.depth else 0
    most = min(MAX_INSIDE, most_nodes(low.file.size))
    if low.inside[0] > most or low.depth > MAX_DEPTH:
        raise ModelFileError(
            "its graphs within graphs become too many nodes",
            place=Place(low.file.path),
            accepted=f"at most {most} nodes, {MAX_DEPTH} graphs deep",
        )


def _read(program: Program) -> Iterator[str]:
    """The names that a program reads, also in graphs within it."""
    yield from program.outputs
    for call in program.calls:
        yield from call.inputs
        for inner in call.attributes.values():
            if isinstance(inner, Program):
                yield from _read(inner)


def _keep_unused(low: Lowering, program: Program) -> None:
    """Trained constants that no operator reads, as a row of their own."""
    unused = [
        tensor.name
        for tensor in program.tensors.values()
        if tensor.is_stored and not low.readers.get(tensor.name)
    ]
    total = sum(low.new_parameters(low.stored[name]) for name in unused)
    if total and program.calls:
        call = Call("not used", "not used", (), ("",))
        low.emit(call, Unused(total), dims=(0,), output=None)


def _finished(
    low: Lowering, program: Program, inputs: tuple[InputSpec, ...]
) -> tuple[Imported, Graph]:
    """The graph of what was recorded, and where it came from."""
    file, tape = low.file, low.tape
    tape.outputs = [
        low.values[name].node for name in program.outputs if name in low.values
    ]
    for name in program.outputs:
        if name and name not in low.values and name not in low.stored:
            told = f'nothing makes its output "{name}"'
            raise ModelFileError(told, place=Place(file.path))
    path = Path(file.path)
    name = path.stem + file.part
    image = next((one for _, one in tape.inputs if is_map(one)), None)
    config = fixed(name, file.format, inputs)
    if image is not None:
        config = config._replace(resolution=(image.h, image.w))
    graph = replace(
        tape.graph(config, tuple(low.notes)),
        nodes=placed(tape.nodes, low.scopes, image),
        file=_stored(low, program),
    )
    source = f"{file.format} file {path.name}"
    if file.producer:
        source += f", written by {file.producer}"
    title = f"{name} ({file.format})"
    return Imported(name, title, source, file.path + file.part), graph


def _constants(programs: Iterable[object]) -> Iterator[Tensor]:
    """Every constant of some programs, and of the graphs within them."""
    for program in programs:
        if isinstance(program, tuple):  # attributes may hold several
            yield from _constants(program)
        elif isinstance(program, Program):
            for tensor in program.tensors.values():
                if tensor.is_stored and not tensor.same_as:
                    yield tensor
            for call in program.calls:
                yield from _constants(call.attributes.values())


def _stored(low: Lowering, program: Program) -> StoredFile:
    by_type: dict[str, int] = {}
    for tensor in _constants(low.file.subgraphs or (program,)):
        by_type[tensor.dtype] = by_type.get(tensor.dtype, 0) + tensor.bytes
    return StoredFile(
        format=low.file.format,
        size=low.file.size,
        bits={name: BITS_OF.get(kind, 0) or 32 for name, kind in low.dtypes.items()},
        kept=low.bytes,
        by_type=dict(sorted(by_type.items(), key=lambda item: -item[1])),
        is_external=low.file.is_external,
    )
