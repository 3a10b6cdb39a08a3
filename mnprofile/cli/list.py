"""mnprofile list: the shipped tables."""

from pathlib import Path

import click

from mnprofile.cli.help import Command
from mnprofile.cli.options import output_options
from mnprofile.cli.output import emit
from mnprofile.costs.counting import count
from mnprofile.networks.catalog import architectures, build, heads
from mnprofile.views.sheets.tables import tables_document

EXAMPLES = """
mnprofile list
mnprofile list --format json
"""


@click.command("list", cls=Command, examples=EXAMPLES)
@output_options()
def command(format_: str | None, output: Path | None) -> None:
    """List the architecture tables, with their figures at alpha 1."""
    tables = [(arch, count(build(arch)).totals) for arch in architectures()]
    emit(tables_document(tables, heads()), format_, output)
