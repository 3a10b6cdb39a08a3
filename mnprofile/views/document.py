"""One result in every form that a command prints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mnprofile.base import sheet
from mnprofile.base.sheet import Sheet


@dataclass(frozen=True)
class Document:
    """A result as people and machines read it.

    ``command`` names its JSON schema. ``sheets`` are what a person reads (table and
    Markdown), ``csv`` is the one sheet with every column, ``record`` makes the content
    of the JSON object, ``markdown`` a page that is more than the sheets.
    """

    command: str
    sheets: Sequence[Sheet]
    csv: Sheet
    record: Callable[[], dict[str, Any]]
    markdown: Callable[[], str] | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of all sheets, which CSV cannot hold."""
        return tuple(note for one in self.sheets for note in one.notes)

    def text(self, kind: str, *, width: int | None = None, styled: bool = False) -> str:
        """The result as json, csv, md or table.

        ``width`` is that of a terminal, None if a table goes to a file or a pipe;
        ``styled`` adds ANSI styles on a terminal.
        """
        if kind == "json":
            import json  # 1 ms that only JSON should pay

            from mnprofile.base.json_files import envelope

            record = envelope(self.command, self.record())
            return json.dumps(record, indent=2) + "\n"
        if kind == "csv":
            return sheet.to_csv(self.csv)
        if kind == "md" and self.markdown is not None:
            return self.markdown()
        if kind == "md":
            return "\n".join(map(sheet.to_markdown, self.sheets))
        if width is None:
            return "\n".join(map(sheet.to_text, self.sheets))
        return "\n".join(
            sheet.to_terminal(one, width=width, styled=styled) for one in self.sheets
        )


def record_of(source: object, *names: str) -> dict[str, Any]:
    """Some attributes by their names, for a JSON record."""
    return {name: getattr(source, name) for name in names}
