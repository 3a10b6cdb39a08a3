"""Mappings from untrusted files: a value of the wrong type is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from mnprofile.base.errors import MnprofileError, Place, nearest


@dataclass(frozen=True)
class Record:
    """A mapping, and what its errors need: their class and the place of each key.

    ``place`` gives the place of a key, or of the whole mapping for "". ``path`` leads
    to the mapping in its file ("budgets.phone") and precedes the key in every message.
    """

    content: Mapping[str, Any]
    error: type[MnprofileError]
    place: Callable[[str], Place]
    path: str = ""

    def refuse(
        self,
        key: str,
        message: str,
        accepted: str | None = None,
        suggestion: str | None = None,
    ) -> NoReturn:
        """Raise the error for a key, or for the whole mapping if ``key`` is ""."""
        where = self._path(key) if key else self.path
        raise self.error(
            f"{where}: {message}" if where else message,
            place=self.place(key),
            accepted=accepted,
            suggestion=suggestion,
        )

    def only(self, *known: str) -> None:
        """Refuse keys other than these."""
        for key in self.content:
            if key not in known:
                self.refuse(key, "unknown key", ", ".join(known), nearest(key, known))

    def value(self, key: str) -> Any:
        """The value of a required key, whatever its type."""
        if key not in self.content:
            self.refuse(key, "missing")
        return self.content[key]

    def text(self, key: str) -> str:
        value = self.value(key)
        if not isinstance(value, str):
            self.refuse(key, "not a string")
        return value

    def count(self, key: str) -> int:
        """A whole number that is not negative."""
        value = self.value(key)
        if type(value) is not int or value < 0:
            self.refuse(key, "not a count", "a whole number, 0 or more")
        return value

    def record(self, key: str) -> "Record":
        """The mapping at a key."""
        return self._inner(self._path(key), self.value(key))

    def members(self) -> "dict[str, Record]":
        """The mapping at every key."""
        return {key: self.record(key) for key in self.content}

    def records(self, key: str, *, optional: bool = False) -> "list[Record]":
        """The mappings in the list at a key, which may be missing if ``optional``."""
        values = [] if optional and key not in self.content else self.value(key)
        if not isinstance(values, list):
            self.refuse(key, "not a list")
        path = self._path(key)
        return [
            self._inner(f"{path}[{index}]", value) for index, value in enumerate(values)
        ]

    def _inner(self, path: str, value: Any) -> "Record":
        found = Record(value, self.error, self.place, path)
        if not isinstance(value, dict):
            found.refuse("", "not an object")
        return found

    def _path(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
