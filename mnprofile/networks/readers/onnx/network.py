"""An ONNX file as a graph."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from mnprofile.base.errors import Place
from mnprofile.graph.graph import Graph
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.files.finishing import FILES, refuse_code_options, run
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import ModelFileError
from mnprofile.networks.readers.inputs import InputSpec, ReadRequest
from mnprofile.networks.readers.onnx.file import read_onnx
from mnprofile.networks.readers.onnx.functions import inlined
from mnprofile.networks.readers.onnx.inference import infer
from mnprofile.networks.readers.onnx.inputs import Sizes
from mnprofile.networks.readers.onnx.operators import DOMAINS


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
        DOMAINS,
        program.tensors,
        sizes.batch,
        sizes.of(program),
        lambda: infer(data, arch, sizes.inputs),
        notes=sizes.notes,
    )
    return run(low, program, sizes.inputs)


def from_onnx(
    path: str | os.PathLike[str],
    input: Sequence[int] | Mapping[str, Sequence[int]] | None = None,  # noqa: A002 - the public name
) -> Graph:
    """The layer graph of an ONNX file, as ``build`` gives it for a table.

    Args:
        path: the file. Weights are not read; external data need not exist.
        input: the dimensions of its input with the batch, or a dict of these by name,
            where the file does not fix them. An unknown batch is taken as 1.

    Raises:
        ModelFileError: the file is damaged, or its parts contradict each other.
        UsageError: dimensions of an input are not known, or do not fit.
        MissingExtraError: a shape that no rule gives, and ONNX is not installed.

    >>> import mnprofile
    >>> graph = mnprofile.from_onnx("net.onnx", (1, 3, 96, 96))  # doctest: +SKIP
    """
    named = input.items() if isinstance(input, Mapping) else [("", input)]
    specs = (InputSpec(tuple(dims), name) for name, dims in named if dims)
    return read(os.fspath(path), ReadRequest(inputs=tuple(specs)))[1]
