"""Parse TOML text; errors give the line and column."""

import re
import tomllib
from typing import Any

from mnprofile.base.errors import MnprofileError, Place

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
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as found:
        message = str(found)
        at = re.search(_AT, message)
        if at is not None and at[1]:
            place = Place(file, above + int(at[1]), int(at[2]))
        else:
            place = Place(file, above or None)
        raise error(f"{fault}: {re.sub(_AT, '', message)}", place=place) from None
