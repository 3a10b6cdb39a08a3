"""mnprofile list: the shipped tables."""

from pathlib import Path

import click

from mnprofile.cli.help import Command
from mnprofile.cli.options import output_options
from mnprofile.cli.output import emit
from mnprofile.costs.counting import count
from mnprofile.networks.catalog import build, heads, shipped
from mnprofile.views.sheets.tables import tables_document


@click.command("list", cls=Command)
@output_options()
def command(format_: str | None, output: Path | None) -> None:
    """List the architecture tables, with their figures at alpha 1.

    \b
    Examples:
      mnprofile list
      mnprofile list --format json
    """
    tables = [(arch, count(build(arch)).totals) for arch in shipped()]
    emit(tables_document(tables, heads()), format_, output)
