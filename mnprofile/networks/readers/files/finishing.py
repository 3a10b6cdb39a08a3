"""What the readers of model files share: opening a file, and the finished graph."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mnprofile.base.errors import Place, UsageError
from mnprofile.base.files import Input
from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.tensors import Unused
from mnprofile.graph.stored import StoredFile
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.files.lowering import Lowering, Stored, Value
from mnprofile.networks.readers.files.program import (
    BITS_OF,
    Call,
    ModelFileError,
    Program,
)
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest, fixed
from mnprofile.networks.readers.placing import is_map, placed

FILES = Input("model file", ModelFileError, 1 << 33)


def refuse_code_options(arch: str, asked: ReadRequest) -> None:
    """Raise UsageError for options that only a network in code can take."""
    for option, given in (("arg", asked.arguments), ("train", asked.train)):
        if given:
            raise UsageError(
                f"--{option}: {arch} is a file", accepted="a PyTorch network"
            )


def run(
    low: Lowering, program: Program, lower: Callable[[Lowering, Call], None]
) -> None:
    """Record every call of a program, in the order of the file."""
    for name, shape in low.tape.inputs:
        axis = getattr(shape, "axis", 0)
        low.values[name] = Value(name, low.sizes[name], axis - len(shape.dims))
        low.dtypes[name] = program.tensors[name].dtype
    for tensor in program.tensors.values():
        if tensor.is_stored:
            low.stored[tensor.name] = Stored(
                tensor.sizes or (), (tensor.name,), tensor.values
            )
    for name in (*program.outputs, *(n for call in program.calls for n in call.inputs)):
        low.readers[name] = low.readers.get(name, 0) + 1
    for call in program.calls:
        for name in call.outputs:
            if name and (name in low.values or name in low.stored):
                low.refuse(call, f'its output "{name}" is made before it too')
        try:
            lower(low, call)
        except (ArithmeticError, IndexError, ValueError):
            # Rules index dimensions as if every tensor had them.
            low.refuse(call, "its inputs and attributes do not fit together")
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
        low.emit(call, Unused(total), dims=(0,), output=None)


def finish(
    low: Lowering, program: Program, inputs: tuple[InputSpec, ...]
) -> tuple[Imported, Graph]:
    """The graph of what was recorded, and where it came from."""
    file, tape = low.file, low.tape
    tape.outputs = [
        low.values[name].node for name in program.outputs if name in low.values
    ]
    missing = [
        name
        for name in program.outputs
        if name and name not in low.values and name not in low.stored
    ]
    if missing:
        raise ModelFileError(
            f'nothing makes its output "{missing[0]}"', place=Place(file.path)
        )
    path = Path(file.path)
    name = path.stem
    image = next((one for _, one in tape.inputs if is_map(one)), None)
    config = fixed(name, file.format, inputs)
    if image is not None:
        config = replace(config, resolution=(image.h, image.w))
    graph = replace(
        tape.graph(config, tuple(low.notes)),
        nodes=placed(tape.nodes, low.scopes, image),
        file=_stored(low, program),
    )
    source = f"{file.format} file {path.name}"
    if file.producer:
        source += f", written by {file.producer}"
    title = f"{name} ({file.format})"
    return Imported(name, title, source, file.path), graph


def _stored(low: Lowering, program: Program) -> StoredFile:
    by_type: dict[str, int] = {}
    for tensor in program.tensors.values():
        if tensor.is_stored:
            by_type[tensor.dtype] = by_type.get(tensor.dtype, 0) + tensor.bytes
    return StoredFile(
        format=low.file.format,
        size=os.path.getsize(low.file.path),  # noqa: PTH202 - a text is given
        bits={name: BITS_OF.get(kind, 0) or 32 for name, kind in low.dtypes.items()},
        kept=low.bytes,
        by_type=dict(sorted(by_type.items(), key=lambda item: -item[1])),
        is_external=low.file.is_external,
    )
