"""Which reader a network that is not a table needs, and what it refuses.

A reader is an entry in ``READERS``; its module has

    read(arch: str, asked: ReadRequest) -> tuple[Imported, Graph]

and is imported when a network is its own. ``arch`` is what the user wrote.
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from mnprofile.base.errors import UsageError
from mnprofile.base.extras import require
from mnprofile.graph.graph import Graph
from mnprofile.networks.configuration import Request
from mnprofile.networks.imported import Imported
from mnprofile.networks.readers.inputs import ReadRequest, split_part

HEAD = 64  # bytes at the start of a file, by which a reader may know its own


class Reader(NamedTuple):
    """A way to read a network. ``claims`` tells from ARCH and a file's first bytes.

    ``why_fixed`` completes "--alpha: ARCH has no width multiplier: ...". ``takes`` are
    the fields of a ReadRequest that it uses.
    """

    name: str
    module: str
    claims: Callable[[str, bytes], bool]
    why_fixed: str
    instead: str
    takes: tuple[str, ...] = ()
    package: str = ""  # that it needs, of the extra "check"
    has_parts: bool = False  # FILE#NAME is one network of several in a file


def _is_torch(arch: str, _: bytes) -> bool:
    if ":" not in arch:
        return False
    from mnprofile.networks.readers.torch_calling import is_callable_name

    return is_callable_name(arch)


_FIXED = "a model file is one network"
_ITS_SIZE = "--input NAME:SHAPE, for its input"
READERS: tuple[Reader, ...] = (
    Reader(
        "torch",
        "mnprofile.networks.readers.torch_modules",
        _is_torch,
        "a PyTorch network is what its code makes it",
        "an argument of its own code, such as --arg width_mult=0.75",
        ("inputs", "arguments", "train"),
        "torch",
    ),
    Reader(
        "TFLite",
        "mnprofile.networks.readers.tflite.network",
        lambda arch, head: head[4:8] == b"TFL3" or _ends(arch, ".tflite", ".lite"),
        _FIXED,
        _ITS_SIZE,
        has_parts=True,
    ),
    Reader(
        "ONNX",
        "mnprofile.networks.readers.onnx.network",
        # The version of the format comes first, then who wrote the file or its graph.
        lambda arch, head: (
            _ends(arch, ".onnx")
            or (
                head[:1] == b"\x08"
                and head[2:3] in (b"\x12", b"\x1a", b"\x3a", b"\x42")
            )
        ),
        _FIXED,
        _ITS_SIZE,
        ("inputs",),
    ),
)


def _ends(arch: str, *suffixes: str) -> bool:
    return arch.lower().endswith(suffixes)


def reader_of(arch: str) -> Reader | None:
    """The reader of a network that is not a table, or None."""
    head, (path, part) = b"", split_part(arch)
    if os.path.isfile(path):  # noqa: PTH113 - unlike Path.is_file it never raises
        try:
            with open(path, "rb") as file:
                head = file.read(HEAD)
        except OSError:
            head = b""  # its reader says why it cannot be read
    known = (one for one in READERS if part is None or one.has_parts)
    return next((one for one in known if one.claims(path, head)), None)


def read_network(
    reader: Reader, arch: str, asked: ReadRequest, settings: Request
) -> tuple[Imported, Graph]:
    """Read a network.

    Raises UsageError for settings that only a table has, and what the reader raises.
    """
    for option, value, what in (
        ("alpha", settings.alpha, "width multiplier"),
        ("rho", settings.rho, "resolution of its own that rho is relative to"),
        ("t", settings.t, "expansion factor"),
        ("classes", settings.classes, "number of classes to set"),
        ("output-stride", settings.output_stride, "output stride to set"),
        ("impl", settings.impl, "width rules"),
    ):
        if value is not None:
            raise UsageError(
                f"--{option}: {arch} has no {what}: {reader.why_fixed}",
                accepted=reader.instead,
            )
    if reader.package:
        require(reader.package)
    read = import_module(reader.module).read
    network, graph = read(arch, asked)
    return network, graph
