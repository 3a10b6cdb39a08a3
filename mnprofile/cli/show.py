"""mnprofile show ARCH: the table as parsed, and its layer graph."""

from pathlib import Path
from typing import Any

import click

from mnprofile.cli.help import Command
from mnprofile.cli.options import network_of, network_options, output_options
from mnprofile.cli.output import chosen_format, emit, write
from mnprofile.graph import drawing
from mnprofile.views.sheets.architecture import architecture_document

EXAMPLES = """
mnprofile show v3-large
mnprofile show v2 --format mermaid
mnprofile show v2 --alpha 0.5 --format dot -o v2.dot
"""


@click.command("show", cls=Command, examples=EXAMPLES)
@network_options
@output_options("mermaid", "dot")
def command(format_: str | None, output: Path | None, **given: Any) -> None:
    """Show a table as parsed, and the layer graph built from it."""
    arch, graph = network_of(**given)
    kind = chosen_format(format_, output, {".mmd": "mermaid", ".dot": "dot"})
    if kind in ("mermaid", "dot"):
        draw = drawing.to_mermaid if kind == "mermaid" else drawing.to_dot
        write(draw(graph), output)
        return
    emit(architecture_document(arch, graph), kind, output)
