"""FlatBuffers tables, every offset checked.

The format has offsets everywhere, and the runtime for Python follows them unchecked: a
damaged one gives an error of another module, or values from another place. A reader
here accepts an offset only if what it points to lies in the buffer. Parts may be
shared, so that a small file can claim a huge one: what is read of it, each part as
often as it is, may be little more than the file.
"""

import struct
from collections.abc import Iterator
from typing import NoReturn

from mnprofile.base.errors import Place
from mnprofile.networks.readers.files.program import ModelFileError

SHARED = 4  # times as many bytes as the file has may be read ...
SOME = 1 << 16  # ... and these, as a writer may share what is equal
OF_A_TABLE = 64  # bytes that a table weighs, for the time that it takes
MAX_TEXT = 1 << 16  # bytes of a name


class Buffer:
    """The bytes of a file, and how much may still be read of it."""

    __slots__ = ("data", "file", "left")

    def __init__(self, data: memoryview, file: str) -> None:
        self.data = data
        self.file = file
        self.left = SHARED * len(data) + SOME

    def root(self, where: str) -> "Table":
        return Table(self, self.number("I", 0, where), where)

    def spend(self, size: int, where: str) -> None:
        """Take from the bytes to read. Raises ModelFileError where none are left."""
        self.left -= size
        if self.left < 0:
            self.refuse(where, "parts of the file are shared too often")

    def number(self, code: str, at: int, where: str) -> int:
        """A little-endian number at an offset."""
        size = struct.calcsize(code)
        if not 0 <= at <= len(self.data) - size:
            self.refuse(where, f"offset {at} is outside the file")
        value: int = struct.unpack_from(f"<{code}", self.data, at)[0]
        return value

    def refuse(self, where: str, what: str) -> NoReturn:
        """Raise ModelFileError for a part of the file."""
        raise ModelFileError(
            f"{where}: {what}", place=Place(self.file), accepted="a whole TFLite file"
        )


class Table:
    """One table: fields by their number in the schema. ``where`` is for errors."""

    __slots__ = ("at", "buffer", "entries", "size", "where")

    def __init__(self, buffer: Buffer, at: int, where: str) -> None:
        self.buffer = buffer
        self.at = at
        self.where = where
        buffer.spend(OF_A_TABLE, where)
        self.entries = at - buffer.number("i", at, where)  # of the field table
        self.size = buffer.number("H", self.entries, where)

    def _field(self, number: int) -> int | None:
        """Where a field is, or None where it has its default."""
        entry = 4 + 2 * number
        if entry + 2 > self.size:
            return None
        offset = self.buffer.number("H", self.entries + entry, self.where)
        return self.at + offset if offset else None

    def number(self, number: int, code: str = "i", default: int = 0) -> int:
        """A scalar field; ``code`` is its type as the struct module writes it."""
        at = self._field(number)
        return default if at is None else self.buffer.number(code, at, self.where)

    def _target(self, at: int) -> int:
        return at + self.buffer.number("I", at, self.where)

    def table(self, number: int, where: str) -> "Table | None":
        """A nested table, or None."""
        at = self._field(number)
        return None if at is None else Table(self.buffer, self._target(at), where)

    def _vector(self, number: int, width: int) -> tuple[int, int]:
        """Where the elements of a vector begin, and how many there are."""
        at = self._field(number)
        if at is None:
            return 0, 0
        start = self._target(at)
        length = self.buffer.number("I", start, self.where)
        if start + 4 + length * width > len(self.buffer.data):
            self.buffer.refuse(
                self.where, f"a vector of {length} elements ends outside the file"
            )
        return start + 4, length

    def size_of(self, number: int, width: int) -> int:
        """The number of elements of a vector, which are not read."""
        return self._vector(number, width)[1]

    def numbers(self, number: int, code: str = "i") -> tuple[int, ...]:
        """A vector of numbers."""
        width = struct.calcsize(code)
        start, length = self._vector(number, width)
        self.buffer.spend(length * width, self.where)
        return struct.unpack_from(f"<{length}{code}", self.buffer.data, start)

    def tables(self, number: int, where: str) -> Iterator["Table"]:
        """A vector of tables, each read when it is reached."""
        start, length = self._vector(number, 4)
        for index in range(length):
            target = self._target(start + 4 * index)
            yield Table(self.buffer, target, f"{where} {index}")

    def raw(self, number: int) -> memoryview:
        """A vector of bytes, not copied."""
        start, length = self._vector(number, 1)
        return self.buffer.data[start : start + length]

    def text(self, number: int) -> str:
        """A string; bytes that are not UTF-8 become backslash escapes."""
        raw = self.raw(number)
        if len(raw) > MAX_TEXT:
            self.buffer.refuse(self.where, f"a text of {len(raw)} bytes")
        self.buffer.spend(len(raw), self.where)
        return str(raw, "utf-8", errors="backslashreplace")
