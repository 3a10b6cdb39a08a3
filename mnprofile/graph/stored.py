"""What a model file says of its own bytes: types of tensors, and what is stored."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class StoredBytes(NamedTuple):
    """Bytes that a file stores for one operator.

    ``scales`` are the quantisation scales of its weights; zero points and the scales of
    activations are not counted.
    """

    weights: int = 0
    biases: int = 0
    scales: int = 0
    other: int = 0


def added(parts: Iterable[StoredBytes]) -> StoredBytes:
    """The sum of several, kind by kind."""
    return StoredBytes(*map(sum, zip(StoredBytes(), *parts, strict=True)))


class StoredFile(NamedTuple):
    """The bytes of a network that was read from a model file.

    ``bits`` are those of one element of each input's and node's output; ``kept`` is
    what the file stores for a node; ``by_type`` are the bytes of all constants.
    """

    format: str  # "ONNX" or "TFLite"
    size: int  # of the file
    bits: Mapping[str, int]
    kept: Mapping[str, StoredBytes]
    by_type: Mapping[str, int]
    is_external: bool = False  # constants lie beside the file
