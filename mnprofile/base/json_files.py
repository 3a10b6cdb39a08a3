"""The JSON objects that commands write, and such files of an earlier run, read back.

A file is read without trust: it is refused, with the file and the key, for anything but
what this version writes (a duplicate key, a number that is no count, another schema).
"""

import errno
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from mnprofile import __version__
from mnprofile.base.errors import UNMEASURED, FileError, MnprofileError, Place

CONVENTION = (
    "macs = multiply-adds of convolutions and fully connected layers, "
    "squeeze-excite included; bias, batch norm, activations, pooling, additions and "
    "SE products are not counted. flops = 2 x macs. "
    "params = weights + biases + batch-norm gamma and beta; "
    "buffers = batch-norm mean and variance. "
    "activations = output elements of the counted layers."
)
SCHEMA_VERSION = 1
MAX_BYTES = 16 << 20
MAX_COUNT = 1 << 63


def envelope(command: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object of one command: who made it and what its numbers mean, first."""
    return {
        "schema": f"mnprofile/{command}",
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "mnprofile", "version": __version__},
        "convention": CONVENTION,
        **content,
    }


class RecordError(MnprofileError):
    """A JSON file that does not hold what it should."""

    kind = "record"


class IncomparableError(RecordError):
    """A record of another schema or counting convention: its numbers do not compare."""

    kind = "incomparable"
    exit_code = UNMEASURED


@dataclass(frozen=True)
class Record:
    """One JSON object, and the keys that lead to it in its file."""

    file: str
    content: Mapping[str, Any]
    path: str = ""

    def refuse(self, key: str, message: str, accepted: str | None = None) -> NoReturn:
        """Raise RecordError naming the file and the key."""
        where = f"{self.path}.{key}" if self.path and key else self.path or key
        raise RecordError(
            f"{where}: {message}" if where else message,
            place=Place(self.file),
            accepted=accepted,
        )

    def only(self, *keys: str) -> None:
        """Refuse keys other than these."""
        for key in self.content:
            if key not in keys:
                self.refuse(key, "unknown key", ", ".join(keys))

    def value(self, key: str) -> Any:
        """Whatever stands under a key that must be there."""
        if key not in self.content:
            self.refuse(key, "missing")
        return self.content[key]

    def text(self, key: str) -> str:
        value = self.value(key)
        if not isinstance(value, str):
            self.refuse(key, "not a text")
        return value

    def count(self, key: str) -> int:
        """A whole number that is not negative."""
        value = self.value(key)
        if type(value) is not int or not 0 <= value < MAX_COUNT:
            self.refuse(key, "not a count", "a whole number, 0 or more")
        return value

    def record(self, key: str) -> "Record":
        value = self.value(key)
        path = f"{self.path}.{key}" if self.path else key
        if not isinstance(value, dict):
            self.refuse(key, "not an object")
        return Record(self.file, value, path)

    def records(self, key: str) -> "list[Record]":
        value = self.value(key)
        if not isinstance(value, list):
            self.refuse(key, "not a list")
        path = f"{self.path}.{key}" if self.path else key
        found = [
            Record(self.file, one, f"{path}[{index}]")
            for index, one in enumerate(value)
        ]
        for one in found:
            if not isinstance(one.content, dict):
                one.refuse("", "not an object")
        return found


def read_record(path: Path, schema: str) -> Record:
    """Read one file that holds ``schema``, counted by this version's convention.

    Raises:
        RecordError: not such a file.
        IncomparableError: another schema version or convention.
        FileError: it cannot be read.
    """
    file = str(path)
    record = Record(file, _load(path))
    if record.text("schema") != schema:
        record.refuse("schema", f'"{record.text("schema")}"', f'"{schema}"')
    for key, ours in (("schema_version", SCHEMA_VERSION), ("convention", CONVENTION)):
        if record.value(key) != ours:
            raise IncomparableError(
                f"{key}: written under another one, so its numbers do not compare",
                place=Place(file),
                accepted=f'"{ours}"; write the file again with this version',
            )
    return record


def _load(path: Path) -> dict[str, Any]:
    place = Place(str(path))
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        if fault.errno in (errno.ENOENT, errno.ENOTDIR):
            raise RecordError("no such file", place=place) from None
        raise FileError(fault.strerror or str(fault), place=place) from None
    if len(data) > MAX_BYTES:
        raise RecordError("the file is larger than 16 MiB", place=place)
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
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'the key "{twice[:80]}" stands twice in one object')
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
