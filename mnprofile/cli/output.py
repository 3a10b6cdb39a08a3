"""What every data command prints: one result as a table, JSON, CSV or Markdown."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from mnprofile.base import escape, files
from mnprofile.base.errors import UsageError
from mnprofile.cli import REFUSES_UNKNOWN, wrapped
from mnprofile.graph.graph import Graph
from mnprofile.views.document import Document, at_least, unknown_operators

_UNKNOWN = "mnprofile.unknown"
SUFFIXES = {".json": "json", ".csv": "csv", ".md": "md", ".txt": "table"}


def chosen_format(
    format_: str | None, output: Path | None, more: Mapping[str, str] | None = None
) -> str:
    """--format if given, else the format of --output's suffix, else a table.

    ``more`` maps further suffixes of one command to its formats. Raises UsageError for
    an unknown suffix.
    """
    known = SUFFIXES | dict(more or {})
    if format_ is not None:
        return format_
    if output is None or str(output) == "-":
        return "table"
    if output.suffix.lower() not in known:
        raise UsageError(
            f"--output: unknown suffix of {output.name}",
            accepted=f"{', '.join(known)}, or --format",
        )
    return known[output.suffix.lower()]


def note_unknown(graph: Graph, *, strict: bool = False) -> None:
    """Keep the operators that a network of this command has no rule for.

    Every result that ``emit`` prints says so. ``strict`` makes it a verdict: exit code
    1 where the command would return 0.
    """
    if graph.unknown:
        meta = click.get_current_context().meta
        meta[_UNKNOWN] = (*meta.get(_UNKNOWN, ()), *unknown_operators(graph))
        meta[REFUSES_UNKNOWN] = strict


def emit(document: Document, format_: str | None, output: Path | None) -> None:
    """Print a result, or write it to --output.

    CSV has no place for notes, so they go to stderr.
    """
    unknown = click.get_current_context().meta.get(_UNKNOWN, ())
    if unknown:
        document = at_least(document, unknown)
    kind = chosen_format(format_, output)
    if kind == "csv":
        for note in document.notes:
            warn(note)
    width = terminal_width() if output is None or str(output) == "-" else None
    styled = not os.environ.get("NO_COLOR")
    write(document.text(kind, width=width, styled=styled), output)


def write(text: str, output: Path | None) -> None:
    """Write text to standard output, or atomically to a file."""
    if output is None or str(output) == "-":
        click.echo(escape.no_command(text), nl=False, color=True)
    else:
        files.write_text(output, text)


def warn(message: str) -> None:
    """Print a note on stderr."""
    if not is_quiet():
        text = escape.no_command(wrapped(escape.visible(message)))
        print(text, file=sys.stderr)


def is_quiet() -> bool:
    """Whether --quiet was given."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get("mnprofile.quiet"))


def in_terminal(format_: str | None, output: Path | None) -> bool:
    """Whether a table is drawn in a terminal."""
    is_table = chosen_format(format_, output) == "table"
    to_file = output is not None and str(output) != "-"
    return is_table and not to_file and terminal_width() is not None


def terminal_width() -> int | None:
    """The width of the terminal on standard output, or None where there is none."""
    if not sys.stdout.isatty():
        return None
    import shutil  # takes 4 ms; only a terminal needs it

    return shutil.get_terminal_size().columns
