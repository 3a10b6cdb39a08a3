"""mnprofile show ARCH: the table as parsed, and its layer graph."""

from pathlib import Path
from typing import Any

import click

from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Column, Sheet, to_markdown
from mnprofile.cli.options import (
    arch_argument,
    config_options,
    network_of,
    output_options,
)
from mnprofile.cli.output import chosen_format, emit, write
from mnprofile.graph import drawing
from mnprofile.graph.graph import Graph
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.sheets.configuration import (
    errata_notes,
    errata_record,
    headline,
    model_record,
)


@click.command("show")
@arch_argument
@config_options
@output_options("mermaid", "dot")
def command(format_: str | None, output: Path | None, **given: Any) -> None:
    """Show a table as parsed, and the layer graph built from it.

    \b
    Examples:
      mnprofile show v3-large
      mnprofile show v2 --format mermaid
      mnprofile show v2 --alpha 0.5 --format dot -o v2.dot
    """
    arch, graph = network_of(**given)
    kind = chosen_format(format_, output, {".mmd": "mermaid", ".dot": "dot"})
    if kind in ("mermaid", "dot"):
        draw = drawing.to_mermaid if kind == "mermaid" else drawing.to_dot
        write(draw(graph), output)
        return
    table = _table_sheet(arch)
    if kind == "md":
        chart = f"```mermaid\n{drawing.to_mermaid(graph)}```\n"
        write(f"{to_markdown(table)}\n{chart}", output)
        return
    emit(
        kind,
        output,
        sheets=[table, _tree_sheet(graph)],
        csv=table,
        record=lambda: envelope("show", _record(arch, graph)),
    )


def _table_sheet(arch: Architecture) -> Sheet:
    """The cells as the network is read: errata applied, and said so below."""
    grid = arch.table.grid
    return Sheet(
        (
            Column("line", "Line", "number"),
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
