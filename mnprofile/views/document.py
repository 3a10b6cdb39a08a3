"""One result in every form that a command prints."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mnprofile.base import sheet
from mnprofile.base.sheet import Sheet
from mnprofile.graph.graph import Graph, Node


class Document(NamedTuple):
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


class UnknownOperator(NamedTuple):
    """An operator without a rule: how often it is called, and where first."""

    operator: str
    layer: str
    calls: int

    def __str__(self) -> str:
        times = "once" if self.calls == 1 else f"{self.calls} times"
        return (
            f"at least: there is no rule for {self.operator}, called {times}"
            f" (first in {self.layer}); what it costs is missing from every total"
        )


def unknown_operators(graph: Graph) -> tuple[UnknownOperator, ...]:
    """The operators of a graph that have no rule, in the order of their first call."""
    names = [_told(node) for node in graph.unknown]
    calls = Counter(names)
    layers = (node.layer for node in reversed(graph.unknown))
    first = dict(zip(reversed(names), layers, strict=True))
    return tuple(UnknownOperator(name, first[name], calls[name]) for name in calls)


def _told(node: Node) -> str:
    """An operator, and what a reader knows of it: the branches of an If."""
    detail = getattr(node.op, "detail", "")
    return f"{node.type} {detail}" if detail else node.type


def at_least(document: Document, unknown: Sequence[UnknownOperator]) -> Document:
    """The same result, which says that its totals are lower bounds, and why."""
    record = document.record
    return document._replace(
        sheets=sheet.noted(document.sheets, map(str, unknown)),
        record=lambda: {**record(), "unknown": [one._asdict() for one in unknown]},
    )


def record_of(source: object, *names: str) -> dict[str, Any]:
    """Some attributes by their names, for a JSON record."""
    return {name: getattr(source, name) for name in names}
