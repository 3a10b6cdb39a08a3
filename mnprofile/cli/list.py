"""mnprofile list: the shipped tables."""

from pathlib import Path

import click

from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Column, Sheet
from mnprofile.cli.options import output_options
from mnprofile.cli.output import emit
from mnprofile.costs.counting import count
from mnprofile.networks.catalog import build, shipped


@click.command("list")
@output_options()
def command(format_: str | None, output: Path | None) -> None:
    """List the architecture tables, with their figures at alpha 1.

    \b
    Examples:
      mnprofile list
      mnprofile list --format json
    """
    tables = [(arch, count(build(arch)).totals) for arch in shipped()]
    sheet = Sheet(
        (
            Column("alias", "Alias"),
            Column("name", "Name"),
            Column("title", "Title"),
            Column("source", "Source"),
            Column("resolution", "Res", "number"),
            Column("macs", "Multiply-adds", "count"),
            Column("params", "Params", "count"),
        ),
        tuple(
            (
                ", ".join(arch.aliases),
                arch.name,
                arch.title,
                arch.source,
                arch.resolution,
                totals.macs,
                totals.params,
            )
            for arch, totals in tables
        ),
        notes=("At alpha 1, each table's own resolution and classes.",),
    )
    records = [
        {
            "name": arch.name,
            "aliases": list(arch.aliases),
            "title": arch.title,
            "source": arch.source,
            "resolution": arch.resolution,
            "macs": totals.macs,
            "params": totals.params,
            "errata": len(arch.errata),
        }
        for arch, totals in tables
    ]
    emit(
        format_,
        output,
        sheets=[sheet.only("alias", "title", "macs", "params")],
        csv=sheet,
        record=lambda: envelope("list", {"tables": records}),
    )
