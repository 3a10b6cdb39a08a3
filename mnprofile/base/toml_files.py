"""Parse TOML text; errors give the line and column."""

import re
import tomllib
from typing import Any

from mnprofile.base.errors import MnprofileError, Place

# tomllib takes time and memory that grow with the square of the number of parts of a
# key: a line of 60 KB takes 9 seconds.
MAX_DOTS = 32  # on one line; no key has more parts

# tomllib gives the position only at the end of its message.
_AT = r" \(at (?:line (\d+), column (\d+)|end of document)\)$"


def parse(
    text: str,
    file: str,
    error: type[MnprofileError],
    *,
    fault: str = "not valid TOML",
    above: int = 0,
) -> dict[str, Any]:
    """The content of TOML text that begins after the first ``above`` lines of a file.

    Raises ``error``, its message beginning with ``fault``.
    """
    for number, line in enumerate(text.split("\n"), start=above + 1):
        if line.count(".") > MAX_DOTS and not line.lstrip().startswith("#"):
            raise error(
                f"{fault}: more than {MAX_DOTS} dots", place=Place(file, number)
            )
    try:
        content = tomllib.loads(text)
        large = _too_large(content)
    except (ValueError, RecursionError) as found:
        message = str(found)
        at = re.search(_AT, message)
        if at is not None and at[1]:
            place = Place(file, above + int(at[1]), int(at[2]))
        else:
            place = Place(file, above or None)
        if "set_int_max_str_digits" in message:
            message = _LARGE
        raise error(f"{fault}: {re.sub(_AT, '', message)}", place=place) from None
    if large:
        place = Place(file, above or None)
        raise error(f"{fault}: {large}: {_LARGE}", place=place)
    return content


_LARGE = "a whole number of more than 64 bits"  # all that TOML has


def _too_large(content: dict[str, Any]) -> str:
    """The keys that lead to a whole number that no TOML file can hold, or ""."""
    rest: list[tuple[str, Any]] = [*content.items()]
    while rest:
        key, value = rest.pop()
        if isinstance(value, dict):
            rest += [(f"{key}.{inner}"[:80], one) for inner, one in value.items()]
        elif isinstance(value, list):
            rest += [(key, one) for one in value]
        elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            return key
    return ""
