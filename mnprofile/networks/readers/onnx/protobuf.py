"""The wire format of Protocol Buffers, read lazily and within limits.

A message is a run of fields: a number, a wire type and a value. Parsing a model file
with generated classes copies its weights, and a file of a few megabytes can claim more
messages than fit in memory. Here a nested message is a pair of offsets until something
asks for it, so weights in a memory-mapped file are never touched.
"""

import struct
from collections.abc import Iterator
from typing import NoReturn

from mnprofile.base.errors import Place
from mnprofile.networks.readers.files.program import ModelFileError

MAX_FIELDS = 250_000  # in one message
MAX_TEXT = 1 << 16  # bytes of a name
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class Message:
    """One message: its fields by number, each with its values in order.

    A value is an integer (a varint), or the two offsets of anything else. ``where``
    names the message in errors.
    """

    __slots__ = ("data", "end", "fields", "file", "where")

    def __init__(
        self, data: memoryview, file: str, where: str, start: int = 0, end: int = -1
    ) -> None:
        self.data = data
        self.file = file
        self.where = where
        self.end = len(data) if end < 0 else end
        self.fields: dict[int, list[int | tuple[int, int]]] = {}
        self._read(start)

    def _read(self, at: int) -> None:
        end, fields = self.end, self.fields
        left = MAX_FIELDS
        while at < end:
            tag, at = self._varint(at, end)
            value: int | tuple[int, int]
            wire = tag & 7
            if wire == VARINT:
                value, at = self._varint(at, end)
            else:
                if wire == BYTES:
                    size, at = self._varint(at, end)
                elif wire in (FIXED64, FIXED32):
                    size = 8 if wire == FIXED64 else 4
                else:
                    self.refuse(f"a field of wire type {wire}", at)
                value = (at, at + size)
                at += size
                if at > end:
                    self.refuse("a field that ends after its message", at - size)
            left -= 1
            if left < 0:
                self.refuse(f"more than {MAX_FIELDS} fields", at)
            fields.setdefault(tag >> 3, []).append(value)

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """An integer of 7 bits per byte, lowest first, and the offset after it."""
        data = self.data
        if at < end and data[at] < 0x80:
            return data[at], at + 1
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                self.refuse("an integer that ends after its message", at)
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, at
        return self.refuse("an integer of more than ten bytes", at)

    def refuse(self, what: str, at: int | None = None) -> NoReturn:
        """Raise ModelFileError for this message."""
        byte = "" if at is None else f" at byte {at}"
        raise ModelFileError(
            f"{self.where}: {what}{byte}",
            place=Place(self.file),
            accepted="a whole ONNX file",
        )

    def has(self, number: int) -> bool:
        return number in self.fields

    def size(self, number: int) -> int:
        """The number of values of a field."""
        return len(self.fields.get(number, ()))

    def message(self, number: int, where: str) -> "Message | None":
        """A nested message, the last one where there are several."""
        spans = self._spans(number)
        return self._nested(spans[-1], where) if spans else None

    def messages(self, number: int, where: str) -> Iterator["Message"]:
        """Nested messages, each read when it is reached."""
        for index, span in enumerate(self._spans(number)):
            yield self._nested(span, f"{where} {index}")

    def _nested(self, span: tuple[int, int], where: str) -> "Message":
        return Message(self.data, self.file, where, *span)

    def text(self, number: int) -> str:
        """A string, "" where there is none."""
        return (self.texts(number) or [""])[-1]

    def texts(self, number: int) -> list[str]:
        """Strings; bytes that are not UTF-8 become backslash escapes."""
        found = []
        for start, end in self._spans(number):
            if end - start > MAX_TEXT:
                self.refuse(f"a text of {end - start} bytes", start)
            found.append(str(self.data[start:end], "utf-8", errors="backslashreplace"))
        return found

    def integer(self, number: int, default: int = 0) -> int:
        """A signed 64-bit integer."""
        return (self.integers(number) or [default])[-1]

    def integers(self, number: int) -> list[int]:
        """Signed 64-bit integers, one per field or packed into one."""
        found: list[int] = []
        for value in self.fields.get(number, ()):
            if isinstance(value, int):
                found.append(value)
                continue
            at, end = value
            if len(found) + end - at > MAX_FIELDS:
                self.refuse(f"more than {MAX_FIELDS} integers", at)
            while at < end:
                one, at = self._varint(at, end)
                found.append(one)
        return [one - (1 << 64) if one >> 63 else one for one in found]

    def floats(self, number: int) -> list[float]:
        """32-bit numbers, one per field or packed into one."""
        found: list[float] = []
        for start, end in self._spans(number):
            if (end - start) % 4 or end - start > 4 * MAX_FIELDS:
                self.refuse(f"32-bit numbers in {end - start} bytes", start)
            found += struct.unpack(f"<{(end - start) // 4}f", self.data[start:end])
        return found

    def raw(self, number: int) -> memoryview | None:
        """The bytes of a field, not copied."""
        spans = self._spans(number)
        return self.data[slice(*spans[-1])] if spans else None

    def _spans(self, number: int) -> list[tuple[int, int]]:
        spans = []
        for value in self.fields.get(number, ()):
            if isinstance(value, int):
                self.refuse(f"an integer in field {number}")
            spans.append(value)
        return spans
