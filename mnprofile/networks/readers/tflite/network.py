"""A TFLite file as a graph."""

import os
from pathlib import Path

from mnprofile.base.errors import Place, UsageError
from mnprofile.graph.graph import Graph
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.files.finishing import (
    FILES,
    MAP_RANK,
    refuse_code_options,
    run,
)
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Dims, ModelFileError
from mnprofile.networks.readers.inputs import ReadRequest, split_part
from mnprofile.networks.readers.tflite.file import read_tflite
from mnprofile.networks.readers.tflite.operators import OPERATORS


def read(arch: str, asked: ReadRequest) -> tuple[Imported, Graph]:
    """The network in a TFLite file: its first subgraph, or the one after a "#".

    Raises ModelFileError, UsageError, FileError.
    """
    refuse_code_options(arch, asked)
    path, key = split_part(arch)
    file = read_tflite(FILES.mapped(Path(path)), path, key)
    program = file.main
    sizes = {
        name: tensor.sizes or ()
        for name, tensor in program.tensors.items()
        if not tensor.is_stored
    }
    inputs = {name: sizes[name] for name in program.inputs if name in sizes}
    if not inputs:
        raise ModelFileError("the subgraph has no inputs", place=Place(arch))
    _check_inputs(arch, asked, inputs)
    batch = _batch(inputs)
    low = Lowering(
        file,
        {"": OPERATORS},
        {name: one for each in file.subgraphs for name, one in each.tensors.items()},
        batch,
        sizes,
        channels_last=True,
    )
    if batch > 1:
        low.notes.append(f"the batch is {batch}; figures are per sample")
    low.notes += file.notes
    return run(low, program, inputs)


def from_tflite(path: str | os.PathLike[str]) -> Graph:
    """The layer graph of a TFLite file, as ``build`` gives it for a table.

    ``net.tflite#NAME`` is the signature of that name, ``#2`` the second subgraph.
    Weights are not read. The graph's ``file`` says what the file stores, in bytes.

    Raises:
        ModelFileError: the file is damaged, or its parts contradict each other.

    >>> import mnprofile
    >>> graph = mnprofile.from_tflite("net.tflite")  # doctest: +SKIP
    """
    return read(os.fspath(path), ReadRequest())[1]


def _check_inputs(arch: str, asked: ReadRequest, inputs: dict[str, Dims]) -> None:
    """The file fixes its sizes: others are refused, its own may be given."""
    given = [one.dims for one in asked.inputs]
    image = asked.resolution
    sizes = list(inputs.values())
    if any(dims not in sizes for dims in given) or (
        image and not any(len(one) == MAP_RANK and one[1:3] == image for one in sizes)
    ):
        told = ", ".join(
            f"{name}:{'x'.join(map(str, dims))}" for name, dims in inputs.items()
        )
        raise UsageError(
            f"--{'input' if given else 'res'}: a TFLite file fixes its sizes",
            place=Place(arch),
            accepted=told,
        )


def _batch(inputs: dict[str, Dims]) -> int:
    batches = [dims[0] for dims in inputs.values() if len(dims) >= MAP_RANK]
    return max(batches[0], 1) if batches else 1
