"""What Python shows of a result: the sheets of its command, as text, HTML and a frame.

Found by ``base.shown``. A result is known by the name of its class, so that showing one
loads nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from mnprofile.base import sheet
from mnprofile.base.sheet import Column, Sheet
from mnprofile.views.document import record_of
from mnprofile.views.sheets.configuration import headed, headline

if TYPE_CHECKING:
    import pandas as pd

LINES = 10  # of a repr


class View(NamedTuple):
    """The sheets that people read, and the one with every row and column."""

    sheets: tuple[Sheet, ...]
    full: Sheet


def text(result: object) -> str:
    """At most ten lines: the first sheet, without its middle and its notes."""
    name = type(result).__name__
    first = replace(view(result).sheets[0], notes=())
    lines = [line for line in sheet.to_text(first).split("\n") if line]
    title = lines.pop(0) if first.title else ""
    if len(lines) > LINES - 1:
        tail = 1 if first.total else 0
        head = LINES - 2 - tail
        left_out = len(lines) - head - tail
        lines[head : len(lines) - tail] = [f"... {left_out} more rows"]
    return "\n".join([f"{name}: {title}".rstrip(": "), *lines])


def html(result: object) -> str:
    """The sheets as HTML tables, escaped."""
    from mnprofile.views.html.tables import table  # MarkupSafe

    return "\n".join(table(one) for one in view(result).sheets)


def frame(result: object) -> pd.DataFrame:
    """The full sheet as a data frame."""
    import pandas as pd

    full = view(result).full
    return pd.DataFrame(
        [[sheet.plain(value) for value in row] for row in full.rows],
        columns=[column.key for column in full.columns],
    )


def view(result: Any) -> View:
    """How one result looks."""
    return VIEWS[type(result).__name__](result)


def _graph(graph: Any) -> View:
    keys = ("name", "op", "layer", "block", "stage", "in_shape", "out_shape", "row")
    columns = [Column(key, key.replace("_", " ").capitalize()) for key in keys]
    records = (
        {
            **record_of(node, "name", "layer", "block", "stage"),
            "op": node.op.kind,
            "in_shape": str(node.in_shape),
            "out_shape": str(node.out_shape),
            "row": node.origin.line,
        }
        for node in graph
    )
    full = Sheet.of(columns, records, title=headline(graph.config))
    return View((full.only("name op in_shape out_shape row"),), full)


def _architecture(arch: Any) -> View:
    one = _sheets("architecture").table_sheet(arch)
    return View((one,), one)


def _count(counted: Any) -> View:
    sheet_by = _sheets("count").sheet_by
    full = sheet_by(counted, "layer")
    shown = full.only("name type out_shape macs params row")
    by_type = sheet_by(counted, "type")
    by_type = by_type.only("type layers macs macs_share params")
    return View(tuple(headed([by_type, shown], counted.config)), full)


def _memory(memory: Any) -> View:
    step_sheet = _sheets("memory").step_sheet
    title = f"{headline(memory.config)}, {memory.bits} bits"
    shown = replace(step_sheet(memory, "block", mark="<- peak"), title=title)
    return View((shown,), step_sheet(memory, "layer"))


def _deployed(one: Any) -> View:
    from mnprofile.costs.deployment import deployed_record

    record = deployed_record(one)
    columns = (Column("quantity", "Quantity"), Column("value", "Value", "count"))
    full = Sheet(columns, tuple(record.items()), title="As deployed")
    return View((full,), full)


def _fields(fields: Any) -> View:
    keys = ("layer", "field", "stride", "sees_all")
    columns = tuple(Column(key, key.replace("_", " ").capitalize()) for key in keys)
    rows = tuple(
        (
            name,
            f"{one.h.size}x{one.w.size}" if one.is_defined else "not defined",
            f"{one.h.stride}x{one.w.stride}" if one.is_defined else "",
            "yes" if one.sees_all else "no",
        )
        for name, one in fields.items()
    )
    full = Sheet(columns, rows, title="Receptive fields")
    return View((full,), full)


def _explanation(one: Any) -> View:
    return _printed("explain", "layer_document", one.config)(one)


def _comparison(compared: Any) -> View:
    shown = _printed("comparison", "comparison_document", "stage", "macs", 5)(compared)
    full = _sheets("comparison").every_quantity_sheet(compared, "layer")
    return shown._replace(full=full)


def _printed(name: str, document: str, *settings: Any) -> Callable[[Any], View]:
    """What a command prints: a function of a module of sheets, with its settings."""

    def made(result: Any) -> View:
        found = getattr(_sheets(name), document)(result, *settings)
        return View(tuple(found.sheets), found.csv)

    return made


def _sheets(name: str) -> Any:
    """A module of sheets, which is loaded only where it is needed."""
    return import_module(f"mnprofile.views.sheets.{name}")


VIEWS: dict[str, Callable[[Any], View]] = {
    "Architecture": _architecture,
    "Check": _printed("check", "check_document", "stage"),
    "Comparison": _comparison,
    "Count": _count,
    "Deployed": _deployed,
    "Explanation": _explanation,
    "Fields": _fields,
    "Found": _printed("best", "best_document", 10),
    "Graph": _graph,
    "Ledger": _printed("ledger", "ledger_document", (), ()),
    "Memory": _memory,
    "NetworkExplanation": _printed("explain", "network_document"),
    "Reproduction": _printed("reproduction", "reproduction_document"),
}
