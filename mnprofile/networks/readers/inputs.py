"""What a network that is read from code or a file is told: ``--input``, ``--set``."""

import ast
import os
import re
from math import prod
from typing import NamedTuple

from mnprofile.base import toml_files
from mnprofile.base.errors import UsageError, nearest
from mnprofile.graph.configuration import Configuration

MAX_ELEMENTS = 1 << 40  # of one input: it is never filled, but figures stay readable
MAX_INPUTS = 100
DTYPES = (
    "float32",
    "float16",
    "bfloat16",
    "float64",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint8",
    "bool",
)
_SHAPE = re.compile(r"[0-9]{1,12}(?:[x×][0-9]{1,12}){0,15}")
ACCEPTED = "[NAME:]SHAPE[:DTYPE], as in 1x3x224x224 or input_ids:1x128:int64"


class InputSpec(NamedTuple):
    """The dimensions of one input, the batch included; its name and type if given."""

    dims: tuple[int, ...]
    name: str = ""
    dtype: str = ""

    def __str__(self) -> str:
        """As ``parse_input`` reads it."""
        shape = "x".join(map(str, self.dims))
        return ":".join(part for part in (self.name, shape, self.dtype) if part)


class ReadRequest(NamedTuple):
    """What was asked for of a network that is not a shipped table.

    ``table`` is the number or label of a tabular, ``settings`` are those of a table.
    ``resolution`` is (height, width), the size of an image that needs no ``inputs``.
    ``arguments`` are those of a callable; ``train`` keeps the training mode.
    """

    inputs: tuple[InputSpec, ...] = ()
    arguments: tuple[tuple[str, object], ...] = ()
    resolution: tuple[int, int] | None = None
    train: bool = False
    table: str | None = None
    settings: tuple[tuple[str, object], ...] = ()


def parse_input(text: str) -> InputSpec:
    """``input_ids:1x128:int64`` -> an input; a name may have colons."""
    parts = text.split(":")
    dtype = ""
    if len(parts) > 1 and not _SHAPE.fullmatch(parts[-1]):
        dtype = parts.pop()
        if dtype not in DTYPES:
            raise UsageError(
                f'--input: "{text}": "{dtype}" is not a type',
                accepted=", ".join(DTYPES),
                suggestion=nearest(dtype, DTYPES),
            )
    shape = parts.pop()
    if not _SHAPE.fullmatch(shape):
        raise UsageError(f'--input: "{text}" is not an input', accepted=ACCEPTED)
    dims = tuple(map(int, re.split("[x×]", shape)))
    if not 1 <= prod(dims) <= MAX_ELEMENTS:
        raise UsageError(
            f'--input: "{text}" has {prod(dims)} elements',
            accepted=f"1 to {MAX_ELEMENTS}",
        )
    return InputSpec(dims, ":".join(parts), dtype)


def parse_inputs(texts: tuple[str, ...]) -> tuple[InputSpec, ...]:
    """Every ``--input``; a name may occur once. Raises UsageError."""
    if len(texts) > MAX_INPUTS:
        raise UsageError(
            f"--input: {len(texts)} inputs", accepted=f"at most {MAX_INPUTS}"
        )
    found = tuple(map(parse_input, texts))
    names = [one.name for one in found if one.name]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f'--input: "{name}" is given twice')
    return found


def parse_argument(text: str, option: str = "--arg") -> tuple[str, object]:
    """``width_mult=0.75`` -> ("width_mult", 0.75); other than a literal, it is text."""
    key, equals, value = text.partition("=")
    if not (equals and key.isidentifier()):
        raise UsageError(
            f'{option}: "{text}" is not an argument',
            accepted="KEY=VALUE, such as width_mult=0.75",
        )
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return key, value


def parse_setting(text: str) -> tuple[str, object]:
    """``scaling=v2`` -> ("scaling", "v2"); other than a TOML value, it is text."""
    key, equals, value = (part.strip() for part in text.partition("="))
    if not (equals and key):
        raise UsageError(
            f'--set: "{text}" is not a setting',
            accepted="KEY=VALUE, such as scaling=v2",
        )
    try:
        return key, toml_files.parse(f"value = {value}", "--set", UsageError)["value"]
    except UsageError:
        return key, value


def split_part(arch: str) -> tuple[str, str | None]:
    """``net.tflite#2`` -> the path, and which network of the file."""
    path, mark, key = arch.rpartition("#")
    if not mark or os.path.lexists(arch):
        return arch, None
    return path, key


def fixed(name: str, reader: str, inputs: tuple[InputSpec, ...]) -> Configuration:
    """The configuration of a network that is what it is."""
    image = next((one.dims[-2:] for one in inputs if len(one.dims) == 4), (0, 0))
    height, width = image
    return Configuration(
        name=name,
        impl="",
        alpha=1.0,
        resolution=(height, width),
        table_resolution=None,
        t=None,
        classes=0,
        reader=reader,
        inputs=tuple(map(str, inputs)),
    )
