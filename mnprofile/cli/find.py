"""mnprofile find: the best known configuration within limits."""

from pathlib import Path

import click

from mnprofile.base.errors import OK, VERDICT
from mnprofile.cli.help import Command
from mnprofile.cli.limits import limit_options, limit_values
from mnprofile.cli.options import ArchType, output_options
from mnprofile.cli.output import emit
from mnprofile.views.sheets.best import best_document

EXAMPLES = """
mnprofile find --max-macs 100M --max-params 3M --top 10
mnprofile find v2 --min-top1 70 --published
mnprofile find v1 v2 --max-activations 2M --format json
mnprofile find --max-memory 256KiB --bits 8
mnprofile find v2 v3-large --max-latency 30ms --device "Pixel 1"
"""


@click.command("find", cls=Command, examples=EXAMPLES)
@click.argument("archs", metavar="[ARCH]...", nargs=-1, type=ArchType())
@limit_options
@click.option("--published", is_flag=True, help="Only published accuracies.")
@click.option("--alpha", metavar="VALUES", help="Widths to try, such as 0.5:1:0.01.")
@click.option("--res", metavar="VALUES", help="Input sizes to try.")
@click.option(
    "--top",
    type=click.IntRange(1, 1000),
    default=5,
    show_default=True,
    help="Number of configurations to show.",
)
@output_options()
def command(
    archs: tuple[str, ...],
    published: bool,
    alpha: str | None,
    res: str | None,
    top: int,
    bits: str | None,
    device: str | None,
    format_: str | None,
    output: Path | None,
    **limits: str | None,
) -> int:
    """Find the configurations with the best top-1 within limits.

    Published accuracies come first, by top-1 and then by multiply-adds; estimates
    between published figures that promise more are listed separately. Also shows which
    limit binds and what the next better configuration costs. By default ARCH is v1, v2,
    v3-large and v3-small. Exit code 1 if nothing fits.
    """
    from mnprofile.search.best import find
    from mnprofile.search.grids import DEFAULT_TABLES

    found = find(
        archs or DEFAULT_TABLES,
        **limit_values(limits),
        bits=int(bits or 8),
        published_only=published,
        alpha=alpha,
        resolution=res,
        device=device,
    )
    memory = bool(bits or limits["max_memory"])
    emit(best_document(found, top, memory=memory), format_, output)
    return OK if found.ranked else VERDICT
