"""A table as parsed, and the layer graph built from it."""

from typing import Any

from mnprofile.base.sheet import Column, Sheet, to_markdown
from mnprofile.graph import drawing
from mnprofile.graph.graph import Graph
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import (
    errata_notes,
    errata_record,
    headline,
    model_record,
)


def architecture_document(arch: Architecture, graph: Graph) -> Document:
    """The table and its graph as a tree; in Markdown as a Mermaid chart."""
    table = table_sheet(arch)
    return Document(
        "show",
        [table, _tree_sheet(graph)],
        table,
        lambda: _record(arch, graph),
        lambda: f"{to_markdown(table)}\n```mermaid\n{drawing.to_mermaid(graph)}```\n",
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
        notes=tuple(errata_notes(arch)),
    )


def _tree_sheet(graph: Graph) -> Sheet:
    lines = drawing.to_tree(graph)
    return Sheet(
        (Column("tree", "Layer graph (height x width x channels)"),),
        tuple((line,) for line in lines),
        title=headline(graph.config),
        notes=graph.notes,
    )


def _record(arch: Architecture, graph: Graph) -> dict[str, Any]:
    table = arch.table
    return {
        "model": model_record(graph.config),
        "table": {
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
                for printed, read in zip(
                    table.printed.rows, table.grid.rows, strict=True
                )
            ],
        },
        "errata": errata_record(arch),
        "nodes": [
            {
                "name": node.name,
                "op": node.op.kind,
                "inputs": list(node.inputs),
                "layer": node.layer,
                "block": node.block,
                "stage": node.stage,
                "row": node.origin.line,
                "in_shape": [node.in_shape.c, node.in_shape.h, node.in_shape.w],
                "out_shape": [node.out_shape.c, node.out_shape.h, node.out_shape.w],
            }
            for node in graph
        ],
        "notes": list(graph.notes),
    }
