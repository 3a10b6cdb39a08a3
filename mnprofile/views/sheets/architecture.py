"""A table as parsed, and the layer graph built from it."""

from typing import Any

from mnprofile.base.sheet import Column, Sheet, to_markdown
from mnprofile.graph import drawing
from mnprofile.graph.graph import Graph
from mnprofile.networks.imported import Network
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import (
    errata_record,
    headline,
    model_record,
    source_notes,
)


def architecture_document(arch: Network, graph: Graph) -> Document:
    """The table and its graph as a tree; in Markdown as a Mermaid chart.

    Of a network that is not a table, the tree and the chart.
    """
    tree = _tree_sheet(graph)
    sheets = [tree]
    if isinstance(arch, Architecture):
        sheets = [table_sheet(arch), tree]
    return Document(
        "show",
        sheets,
        sheets[0],
        lambda: _record(arch, graph),
        lambda: "\n".join(
            [
                *map(to_markdown, sheets[:-1]),
                f"```mermaid\n{drawing.to_mermaid(graph)}```\n",
            ]
        ),
    )


def table_sheet(arch: Architecture) -> Sheet:
    """The cells as they are read: errata are applied, and noted below."""
    grid = arch.table.grid
    return Sheet(
        columns(
            "line",
            *(Column(cell.text, cell.text) for cell in grid.headers),
        ),
        tuple((row[0].line, *(cell.text for cell in row)) for row in grid.rows),
        title=f"{arch.title} ({arch.name}). {arch.source}",
        notes=tuple(source_notes(arch)),
    )


def _tree_sheet(graph: Graph) -> Sheet:
    lines = drawing.to_tree(graph)
    return Sheet(
        (Column("tree", "Layer graph (height x width x channels)"),),
        tuple((line,) for line in lines),
        title=headline(graph.config),
        notes=graph.notes,
    )


def _record(arch: Network, graph: Graph) -> dict[str, Any]:
    table = {}
    if isinstance(arch, Architecture):
        table = {"table": _table_record(arch)}
    return {
        "model": model_record(graph.config),
        **table,
        "errata": errata_record(arch),
        "released_code": list(arch.from_code),
        "nodes": [
            {
                "name": node.name,
                "op": node.op.kind,
                "inputs": list(node.inputs),
                **record_of(node, "layer", "block", "stage"),
                "row": node.origin.line,
                "in_shape": list(node.in_shape.dims),
                "out_shape": list(node.out_shape.dims),
            }
            for node in graph
        ],
        "notes": list(graph.notes),
    }


def _table_record(arch: Architecture) -> dict[str, Any]:
    table = arch.table
    return {
        "title": arch.title,
        "source": arch.source,
        "dialect": arch.style.name,
        "settings": table.settings,
        "headers": [cell.text for cell in table.grid.headers],
        "rows": [
            {
                "line": read[0].line,
                "printed": [cell.text for cell in printed],
                "read": [cell.text for cell in read],
            }
            for printed, read in zip(table.printed.rows, table.grid.rows, strict=True)
        ],
    }
