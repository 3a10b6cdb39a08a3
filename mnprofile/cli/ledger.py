"""mnprofile ledger ARCH: what other profilers print, and why."""

from pathlib import Path
from typing import Any

import click

from mnprofile.cli.help import Command
from mnprofile.cli.options import (
    network_of,
    network_options,
    output_options,
    writing_options,
)
from mnprofile.cli.output import emit
from mnprofile.evidence.profilers.rules import profiler_of
from mnprofile.evidence.profilers.totals import ledger
from mnprofile.views.sheets.ledger import ledger_document

EXAMPLES = """
mnprofile ledger v2 --alpha 0.75 --res 160
mnprofile ledger v3-large --pooling module
mnprofile ledger v2 --profiler thop --profiler ptflops
"""


@click.command("ledger", cls=Command, examples=EXAMPLES)
@network_options
@writing_options
@click.option(
    "--profiler",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this profiler, with the amount of each term. Repeatable.",
)
@output_options()
def command(
    pooling: Any,
    activations: Any,
    names: tuple[str, ...],
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> None:
    """Show what other profilers print for a network, and why, without running them.

    A profiler's total is a sum of quantities of the network, each times a factor: M is
    the multiply-adds, the rest is what that profiler adds. The rules were read from
    each profiler's code and apply to one image in evaluation mode;
    `mnprofile check --counter all` compares them with real runs.
    """
    chosen = [profiler_of(name) for name in names]
    _, graph = network_of(**given)
    book = ledger(graph, pooling=pooling, activations=activations)
    emit(ledger_document(book, chosen, graph.notes), format_, output)
