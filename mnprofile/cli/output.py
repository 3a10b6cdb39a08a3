"""What every data command prints: one result as a table, JSON, CSV or Markdown."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from mnprofile.base import escape, files, sheet
from mnprofile.base.errors import UsageError
from mnprofile.base.sheet import Sheet

SUFFIXES = {".json": "json", ".csv": "csv", ".md": "md", ".txt": "table"}


def chosen_format(
    format_: str | None, output: Path | None, more: Mapping[str, str] | None = None
) -> str:
    """--format, else what the suffix of --output says, else a table.

    ``more`` maps further suffixes of one command to its formats. Raises UsageError for
    a suffix that says nothing.
    """
    known = SUFFIXES | dict(more or {})
    if format_ is not None:
        return format_
    if output is None or str(output) == "-":
        return "table"
    if output.suffix.lower() not in known:
        raise UsageError(
            f"--output: the suffix of {output.name} names no format",
            accepted=f"{', '.join(known)}, or --format",
        )
    return known[output.suffix.lower()]


def emit(
    format_: str | None,
    output: Path | None,
    *,
    sheets: Sequence[Sheet],
    csv: Sheet,
    record: Callable[[], dict[str, Any]],
    markdown: Callable[[], str] | None = None,
) -> None:
    """Print a result, or write it to --output.

    ``sheets`` are what a person reads (table and Markdown), ``csv`` the one sheet with
    every column, ``record`` makes the JSON object, ``markdown`` a page that is more
    than its sheets. CSV has no place for notes, so the sheets' go to stderr.
    """
    kind = chosen_format(format_, output)
    to_stdout = output is None or str(output) == "-"
    if kind == "json":
        text = json.dumps(record(), indent=2) + "\n"
    elif kind == "csv":
        text = sheet.to_csv(csv)
        for note in (note for one in sheets for note in one.notes):
            warn(note)
    elif kind == "md":
        if markdown is not None:
            text = markdown()
        else:
            text = "\n".join(sheet.to_markdown(one) for one in sheets)
    else:
        width = terminal_width() if to_stdout else None
        text = "\n".join(_as_table(one, width) for one in sheets)
    write(text, output)


def _as_table(one: Sheet, width: int | None) -> str:
    if width is None:
        return sheet.to_text(one)
    return sheet.to_terminal(one, width=width, styled=not os.environ.get("NO_COLOR"))


def write(text: str, output: Path | None) -> None:
    """Text to standard output, or to a file all or nothing."""
    if output is None or str(output) == "-":
        click.echo(text, nl=False, color=True)
    else:
        files.write_text(output, text)


def warn(message: str) -> None:
    """A note on stderr."""
    print(escape.visible(message), file=sys.stderr)


def terminal_width() -> int | None:
    """The width of the terminal on standard output, or None where there is none."""
    if not sys.stdout.isatty():
        return None
    import shutil  # 4 ms that only a terminal should pay

    return shutil.get_terminal_size().columns
