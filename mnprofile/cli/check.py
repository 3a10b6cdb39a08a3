"""mnprofile check ARCH: compare with profilers that run the network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click

from mnprofile.base.errors import OK, UNMEASURED, VERDICT, UsageError
from mnprofile.cli.options import (
    network_of,
    network_options,
    output_options,
    writing_options,
)
from mnprofile.cli.output import emit
from mnprofile.cli.progress import step_bar
from mnprofile.evidence.profilers.cross_check import Check, check
from mnprofile.evidence.profilers.foreign import check_against
from mnprofile.networks.readers.inputs import parse_argument
from mnprofile.views.sheets.check import By, check_document
from mnprofile.views.sheets.foreign import foreign_document


@click.command("check")
@network_options
@writing_options
@click.option(
    "--by",
    type=click.Choice(get_args(By)),
    default="layer",
    show_default=True,
    help="How to group the rows of the table.",
)
@click.option(
    "--counter",
    "counters",
    multiple=True,
    metavar="NAME|all",
    help="Also run this profiler, in its own process. Repeatable.",
)
@click.option(
    "--against",
    "factory",
    metavar="MODULE:CALLABLE",
    help="Compare with the network that this returns. IMPORTS AND RUNS its code.",
)
@click.option(
    "--against-arg",
    "against_arguments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Argument of the callable: a Python literal or text. Repeatable.",
)
@output_options()
def command(
    pooling: Any,
    activations: Any,
    by: By,
    counters: tuple[str, ...],
    factory: str | None,
    against_arguments: tuple[str, ...],
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> int:
    """Compare with profilers that run the real network.

    The network is built in torch from the layer graph and run under fvcore and torch's
    FlopCounterMode, which are compared layer by layer, and under every --counter, which
    is compared in total. Each total must be exactly what `mnprofile ledger` says that
    the profiler counts.

    --against MODULE:CALLABLE compares with another network instead: its convolutions
    and fully connected layers in the order in which they run, and its parameters. This
    imports MODULE (also from the current folder) and runs the named code with your
    permissions: only name code that you trust.

    \b
    Needs pip install 'mnprofile[check]'; --counter also needs
    pip install 'mnprofile[check-all]'. Counters: torchinfo, ptflops,
    ptflops-aten, ptflops-modules, thop, torchprofile, calflops,
    calflops-macs; "all" runs those that are installed.

    \b
    Exit codes: 0 all agree; 1 something differs or is unexplained;
    2 invalid argument or callable; 3 a package is missing, or a profiler
    failed.

    \b
    Examples:
      mnprofile check v2 --alpha 0.75 --res 160
      mnprofile check v2 --by stage --counter all
      mnprofile check v2 --against torchvision.models:mobilenet_v2
      mnprofile check v2@0.75 --against torchvision.models:mobilenet_v2 \\
                --against-arg width_mult=0.75
    """
    keywords = _keywords(factory, against_arguments, counters)
    _, graph = network_of(**given)
    if factory is not None:
        outcome = check_against(graph, factory, keywords)
        emit(foreign_document(outcome), format_, output)
        return OK if outcome.agrees else VERDICT
    style = {"pooling": pooling, "activations": activations}
    with step_bar() as progress:
        checked = check(graph, counters=counters, progress=progress, **style)
    emit(check_document(checked, by), format_, output)
    return _exit_code(checked)


def _keywords(
    factory: str | None, arguments: Sequence[str], counters: Sequence[str]
) -> dict[str, object]:
    """What the callable is called with. Raises UsageError for options that clash."""
    keywords = dict(parse_argument(one, "--against-arg") for one in arguments)
    if factory is None and arguments:
        raise UsageError("--against-arg needs --against")
    if factory is not None and counters:
        raise UsageError("--against and --counter cannot be used together")
    return keywords


def _exit_code(checked: Check) -> int:
    if not checked.agrees:
        return VERDICT
    return OK if checked.is_complete else UNMEASURED
