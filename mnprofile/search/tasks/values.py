"""Several values of an argument in one text: width=0.5,1.0 or depth=1:4:1."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from mnprofile.base.errors import UsageError
from mnprofile.networks.readers.inputs import parse_argument
from mnprofile.search.grids import parse_values

_OPENING, _CLOSING = "([{", ")]}"
_RANGE = re.compile(r"[^:]+:[^:]+:[^:]+")
_WHOLE = re.compile(r"[+-]?[0-9]+")


def argument_grid(texts: Sequence[str]) -> list[dict[str, object]]:
    """Every combination of the values of ``KEY=VALUES`` texts, the last one fastest.

    Raises UsageError for a key that is given twice, and for a wrong range.
    """
    axes: dict[str, list[object]] = {}
    for text in texts:
        key, _ = parse_argument(text)
        if key in axes:
            raise UsageError(f"--arg: {key} is given twice", accepted=f"{key}=A,B")
        axes[key] = list(argument_values(key, text.partition("=")[2]))
    return [dict(zip(axes, some, strict=True)) for some in product(*axes.values())]


def argument_values(key: str, text: str) -> Iterator[object]:
    """The values of one argument, each once: a Python literal, else text.

    Commas outside quotes and brackets separate them. ``a:b:c`` is a range if all three
    are numbers.
    """
    seen: set[str] = set()
    for part in split(text):
        pieces = part.split(":") if _RANGE.fullmatch(part) else []
        if pieces and all(map(_is_number, pieces)):
            whole = all(_WHOLE.fullmatch(piece.strip()) for piece in pieces)
            values: list[object] = [
                int(value) if whole else value
                for value in parse_values(part, f"--arg {key}")
            ]
        else:
            values = [parse_argument(f"{key}={part}")[1]]
        for value in values:
            if repr(value) not in seen:
                seen.add(repr(value))
                yield value


def split(text: str) -> list[str]:
    """Split at commas outside quotes and brackets: 1,(2,3),"a,b" has three parts."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth -= 1
        elif letter == "," and depth <= 0:
            parts.append("")
            continue
        parts[-1] += letter
    return parts


def _is_number(text: str) -> bool:
    try:
        value: Any = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return isinstance(value, int | float) and not isinstance(value, bool)
