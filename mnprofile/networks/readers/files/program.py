"""What a model file holds, as plain values: tensors, and the calls between them.

ONNX and TFLite files become the same ``Program``; it knows no operator and no cost. In
a run of it a call takes and gives a ``Value`` or, of a constant, what is ``Stored``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

from mnprofile.base.errors import MnprofileError, Place

MAX_RANK = 32
MAX_ELEMENTS = 1 << 50  # of one tensor
MAX_VALUES = 64  # a constant of at most so many elements is decoded
FEW_NODES, MAX_NODES = 4_000, 100_000  # that any file may have, and none more than
BYTES_PER_NODE = 256  # of a file with more than a few; weights are many more

# Bits of one element, by type. A type of no fixed size has none.
BITS_OF = {
    "bool": 8,
    "string": 0,
    "complex64": 64,
    "complex128": 128,
    "bfloat16": 16,
    **{f"float{bits}": bits for bits in (16, 32, 64)},
    **{f"int{bits}": bits for bits in (2, 4, 8, 16, 32, 64)},
    **{f"uint{bits}": bits for bits in (2, 4, 8, 16, 32, 64)},
    **{f"float8{kind}": 8 for kind in ("e4m3fn", "e4m3fnuz", "e5m2", "e5m2fnuz")},
    "float8e8m0": 8,
    "float4e2m1": 4,
    "float6e2m3": 6,
    "float6e3m2": 6,
}
Dim = int | str  # a size, or the name of one that is not known: "" where it has none
Dims = tuple[int, ...]
Values = tuple[int | float, ...]


class ModelFileError(MnprofileError):
    """A model file that cannot be read, or whose parts contradict each other."""

    kind = "model-file"


def most_nodes(size: int) -> int:
    """How many nodes a file of ``size`` bytes may have, so that none is slow."""
    return min(MAX_NODES, max(FEW_NODES, size // BYTES_PER_NODE))


def check_nodes(nodes: int, size: int, path: str) -> None:
    """Raise ModelFileError for more nodes, inputs and outputs than a file may have."""
    if nodes > most_nodes(size):
        raise ModelFileError(
            f"{nodes} nodes, inputs and outputs in a file of {size} bytes",
            place=Place(path),
            accepted=f"{FEW_NODES}; up to {MAX_NODES} in a file with {BYTES_PER_NODE}"
            " bytes for each",
        )


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value in the file: its type, its shape as far as known, and who makes it.

    ``dims`` is None where the file says nothing. ``is_stored`` is a constant whose
    elements are in the file or beside it; ``values`` are those of a small one, and
    ``same_as`` is the first tensor with the same elements, if this is not it.
    """

    name: str
    dtype: str = ""
    dims: tuple[Dim, ...] | None = None
    is_stored: bool = False
    values: Values | None = None
    scales: int = 0  # quantisation scales that TFLite stores with it
    same_as: str = ""

    @property
    def sizes(self) -> Dims | None:
        """The shape, or None where a part of it is not known."""
        if self.dims is None:
            return None
        sizes: tuple[Any, ...] = self.dims
        for dim in sizes:
            if not isinstance(dim, int):
                return None
        return sizes

    @property
    def elements(self) -> int:
        """The number of elements of a tensor whose shape is known."""
        return prod(self.sizes or ())

    @property
    def bytes(self) -> int:
        """Bytes of the elements, with sub-byte types packed."""
        return -(-self.elements * BITS_OF.get(self.dtype, 0) // 8)


@dataclass(frozen=True, slots=True)
class Call:
    """One operator of the file. An input that is left out is ``""``.

    ``scopes`` are the names of the modules that it came from, outermost first, where
    the exporter left them.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, object] = field(default_factory=dict)
    domain: str = ""
    scopes: tuple[str, ...] = ()

    def number(self, name: str, default: int = 0) -> int:
        """A whole number, the default where it is left out or of another type."""
        value = self.attributes.get(name)
        return value if isinstance(value, int) else default

    def numbers(self, name: str) -> Dims:
        """Whole numbers, none where they are left out or of another type."""
        value = self.attributes.get(name)
        if isinstance(value, tuple) and all(isinstance(one, int) for one in value):
            return value
        return ()

    def text(self, name: str, default: str = "") -> str:
        value = self.attributes.get(name)
        return value if isinstance(value, str) else default


class Value(NamedTuple):
    """A tensor of a run: the node that makes it, and its dimensions in the file.

    ``channels`` is the dimension of the channels, counted from the end.
    """

    node: str
    dims: Dims
    channels: int = -1


class Stored(NamedTuple):
    """A constant: its shape, and the tensors of the file that it is made of.

    ``values`` are its elements where they are few; ``scales`` are the tensors with the
    quantisation scales of it.
    """

    dims: Dims
    roots: tuple[str, ...] = ()
    values: Values | None = None
    scales: tuple[str, ...] = ()

    @property
    def elements(self) -> int:
        return prod(self.dims)


@dataclass(frozen=True, slots=True)
class Program:
    """One graph of the file. ``inputs`` leave out constants."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    calls: tuple[Call, ...]
    tensors: Mapping[str, Tensor]


class Function(NamedTuple):
    """A local function of an ONNX file: a program whose inputs have no shapes."""

    program: Program
    attributes: Mapping[str, object]  # their default values


@dataclass(frozen=True, slots=True)
class ModelFile:
    """Everything that a file says about its network."""

    path: str
    size: int  # bytes
    format: str  # "ONNX" or "TFLite"
    producer: str
    main: Program
    functions: Mapping[tuple[str, str], Function] = field(default_factory=dict)
    subgraphs: tuple[Program, ...] = ()  # all of a TFLite file, by their numbers
    part: str = ""  # which of several networks in the file, as "#2"
    is_external: bool = False  # weights lie in other files
    notes: tuple[str, ...] = ()
