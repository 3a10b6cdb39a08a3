"""The JSON objects that commands write, and reading those of an earlier run.

Files are not trusted: anything that this version does not write (a duplicate key, a
number that is not a count, another schema) is refused, with the file and the key.
"""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from mnprofile import __version__
from mnprofile.base.errors import UNMEASURED, MnprofileError, Place
from mnprofile.base.files import Input
from mnprofile.base.records import Record

CONVENTION = (
    "macs = multiply-adds of convolutions and fully connected layers, "
    "squeeze-excite included; bias, batch norm, activations, pooling, additions and "
    "SE products are not counted. flops = 2 x macs. "
    "params = weights + biases + batch-norm gamma and beta; "
    "buffers = batch-norm mean and variance. "
    "activations = output elements of the counted layers."
)
SCHEMA_VERSION = 1


def envelope(command: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object of one command: first who made it and what its numbers mean."""
    return {
        "schema": f"mnprofile/{command}",
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "mnprofile", "version": __version__},
        "convention": CONVENTION,
        **content,
    }


class RecordError(MnprofileError):
    """A JSON file that does not contain what it should."""

    kind = "record"


class IncomparableError(RecordError):
    """A record of another schema or convention: its numbers cannot be compared."""

    kind = "incomparable"
    exit_code = UNMEASURED


FILES = Input("JSON file", RecordError, 16 << 20)


def read_record(path: Path, command: str) -> Record:
    """Read the object of one command, counted by this version's convention.

    Raises:
        RecordError: the file is not such an object.
        IncomparableError: it has another schema version or convention.
        FileError: it cannot be read.
    """
    place, schema = Place(str(path)), f"mnprofile/{command}"
    record = Record(_load(path), RecordError, lambda _: place)
    if record.text("schema") != schema:
        record.refuse("schema", f'"{record.text("schema")}"', f'"{schema}"')
    for key, ours in (("schema_version", SCHEMA_VERSION), ("convention", CONVENTION)):
        if record.value(key) != ours:
            raise IncomparableError(
                f"{key}: not this version's, so the numbers cannot be compared",
                place=place,
                accepted=f'"{ours}"; write the file again with this version',
            )
    return record


def schema_of(path: Path) -> object:
    """What a JSON file says that it is. Raises RecordError or FileError."""
    return _load(path).get("schema")


def _load(path: Path) -> dict[str, Any]:
    place = Place(str(path))
    data = FILES.read(path)
    try:
        value = json.loads(
            data, object_pairs_hook=_no_duplicates, parse_constant=_no_constant
        )
    except RecursionError:
        raise RecordError("nested too deeply", place=place) from None
    except json.JSONDecodeError as fault:
        at = Place(str(path), fault.lineno, fault.colno)
        raise RecordError(f"not JSON: {fault.msg}", place=at) from None
    except ValueError as fault:
        raise RecordError(f"not JSON: {fault}", place=place) from None
    if not isinstance(value, dict):
        raise RecordError("not a JSON object", place=place)
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        number = Counter(key for key, _ in pairs)
        twice = next(key for key, _ in pairs if number[key] > 1)
        raise ValueError(f'the key "{twice[:80]}" appears twice in one object')
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
