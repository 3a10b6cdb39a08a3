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
        return tomllib.loads(text)
    except (ValueError, RecursionError) as found:
        message = str(found)
        at = re.search(_AT, message)
        if at is not None and at[1]:
            place = Place(file, above + int(at[1]), int(at[2]))
        else:
            place = Place(file, above or None)
        raise error(f"{fault}: {re.sub(_AT, '', message)}", place=place) from None
