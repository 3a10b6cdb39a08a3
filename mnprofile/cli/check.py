"""mnprofile check ARCH: compare with profilers that run the network."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from mnprofile.base.errors import OK, UNMEASURED, VERDICT, UsageError
from mnprofile.cli.help import Command
from mnprofile.cli.options import (
    by_option,
    network_of,
    network_options,
    output_options,
    with_head,
    writing_options,
)
from mnprofile.cli.output import emit
from mnprofile.cli.progress import step_bar
from mnprofile.cli.tasks import (
    AXES,
    TASK_OPTIONS,
    TaskRun,
    is_many,
    run_tasks,
    take_many,
    task_options,
)
from mnprofile.evidence.profilers.cross_check import Check, check
from mnprofile.evidence.profilers.foreign import check_against
from mnprofile.graph.graph import Graph
from mnprofile.networks.imported import Imported, Network
from mnprofile.networks.readers.inputs import parse_argument
from mnprofile.views.sheets.check import By, check_document
from mnprofile.views.sheets.checked_grid import checked_grid_document, tally
from mnprofile.views.sheets.foreign import foreign_document

if TYPE_CHECKING:
    from mnprofile.evidence.profilers.module_check import ModuleCheck
    from mnprofile.search.tasks.task import Task
    from mnprofile.views.document import Document

EXAMPLES = """
mnprofile check v2 --alpha 0.75 --res 160
mnprofile check v2 --by stage --counter all
mnprofile check v2 --against torchvision.models:mobilenet_v2
mnprofile check v2 --alpha 0.35:1.4:0.35 --res 128,224 --workers 2
mnprofile check --grid published --workers 2 --results checked.jsonl
mnprofile check v2@0.75 --against torchvision.models:mobilenet_v2 \\
          --against-arg width_mult=0.75
"""


@click.command("check", cls=Command, examples=EXAMPLES)
@network_options
@writing_options
@by_option(get_args(By))
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
@click.option(
    "--grid",
    "grid_name",
    type=click.Choice(["published"]),
    help="Check every width and size that is printed for the family of ARCH; without"
    " ARCH, of every table.",
)
@task_options
@output_options()
def command(
    arch: str | None,
    pooling: Any,
    activations: Any,
    by: By,
    counters: tuple[str, ...],
    factory: str | None,
    against_arguments: tuple[str, ...],
    grid_name: str | None,
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> int:
    """Compare with profilers that run the real network.

    The network is built in torch from the layer graph and run under fvcore and torch's
    FlopCounterMode, which are compared layer by layer, and under every --counter, which
    is compared in total. Each total must be exactly what `mnprofile ledger` says that
    the profiler counts.

    A PyTorch network (ARCH is MODULE:CALLABLE) is run itself: under these two, which
    are compared module by module, and under every --counter.

    --against MODULE:CALLABLE compares with another network instead: its convolutions
    and fully connected layers in the order in which they run, and its parameters. This
    imports MODULE (also from the current folder) and runs the named code with your
    permissions: only name code that you trust.

    Lists and ranges, as `mnprofile sweep` takes them, or --grid published check many
    configurations, each in a process of its own: one that crashes or takes too long
    becomes a row with the reason.

    Needs the extra check (torch, fvcore); --counter needs the extra check-all.
    Counters: torchinfo, ptflops, ptflops-aten, ptflops-modules, thop, torchprofile,
    calflops, calflops-macs; "all" runs those that are installed.

    Exit codes: 0 all agree; 1 something differs or is unexplained; 2 invalid argument
    or callable; 3 a package is missing, or a profiler failed.
    """
    how = TaskRun(**{name: given.pop(name) for name in TASK_OPTIONS})
    keywords = _keywords(factory, against_arguments, counters)
    style = {"pooling": pooling, "activations": activations}
    if grid_name or any(is_many(given[name]) for name in _AXES):
        if factory is not None:
            raise UsageError("--against compares one configuration, not a grid")
        tasks = _tasks(arch, given, grid_name, {**style, "counters": counters})
        return _check_grid(arch, tasks, how, format_, output)
    if not how.is_default:
        raise UsageError("--workers and the like need a grid", accepted=_GRIDS)
    if arch is None:
        raise UsageError("ARCH is missing", accepted=f"ARCH, or {_GRIDS}")
    network, graph = network_of(arch, **given)
    if factory is not None:
        outcome = check_against(graph, factory, keywords)
        emit(foreign_document(outcome), format_, output)
        return OK if outcome.agrees else VERDICT
    document, code = _check_one(network, graph, by, counters, style)
    emit(document, format_, output)
    return code


def _check_one(
    network: Network,
    graph: Graph,
    by: By,
    counters: Sequence[str],
    style: dict[str, Any],
) -> "tuple[Document, int]":
    """A network in torch, and the exit code: a table's own twin, or its own code."""
    checked: Check | ModuleCheck
    if not isinstance(network, Imported):
        with step_bar() as progress:
            checked = check(graph, counters=counters, progress=progress, **style)
        return check_document(checked, by), _exit_code(checked)
    if network.module is None:
        raise UsageError(
            f"check: {network.name} is a model file, which torch does not run",
            accepted="a table, or MODULE:CALLABLE; --against compares a file with one",
        )
    from mnprofile.evidence.profilers.module_check import check_module
    from mnprofile.evidence.profilers.worker import Code
    from mnprofile.views.sheets.module_check import module_document

    code = Code(network.spelling, network.asked)
    with step_bar() as progress:
        checked = check_module(network.module, graph, counters, code, progress)
    return module_document(checked), _exit_code(checked)


def _check_grid(
    arch: str | None,
    tasks: "Sequence[Task]",
    how: TaskRun,
    format_: str | None,
    output: Path | None,
) -> int:
    """Many configurations, each in a process of its own."""
    from mnprofile.search.tasks.versions import versions_of

    also = versions_of([] if arch is None else [arch])
    rows = [one.row for one in run_tasks(tasks, how, also)]
    emit(checked_grid_document(rows), format_, output)
    return grid_exit_code(rows)


_GRIDS = "--grid published, or lists and ranges such as --alpha 0.35:1.4:0.35"
_AXES = ("phi", *AXES)
take_many(command, _AXES)
for _param in command.params:
    if _param.name == "arch":
        _param.required = False


def _tasks(
    arch: str | None, given: dict[str, Any], grid_name: str | None, more: dict[str, Any]
) -> "list[Task]":
    """The configurations of a grid as tasks. Raises UsageError.

    ``more`` are arguments that they share; those of ``given`` come to it.
    """
    from mnprofile.networks.catalog import architectures, load
    from mnprofile.search.grids import grids_for
    from mnprofile.search.tasks.checks import check_tasks, published_grids

    for name in ("table", "settings", "inputs", "arguments"):
        if given[name]:
            known = {"settings": "set", "inputs": "input", "arguments": "arg"}
            raise UsageError(f"--{known.get(name, name)}: not for a grid of tables")
    axes = {name: given[name] for name in _AXES}
    axes["impl"] = axes["impl"] or "paper"
    output_stride = given["output_stride"]
    more["output_stride"] = output_stride and int(output_stride)
    if given["depth"] is not None:
        if axes["phi"] is not None:
            raise UsageError("--phi and --depth together: phi sets the depth")
        more["depth"] = given["depth"]
    arch = None if arch is None else with_head(arch, given["head"])
    if grid_name is None:
        if arch is None:
            raise UsageError("ARCH is missing", accepted=f"ARCH, or {_GRIDS}")
        return check_tasks(grids_for(arch, **axes), more)
    set_too = [name for name in _AXES[:-1] if given[name] is not None]
    if set_too:
        option = set_too[0].replace("resolution", "res")
        raise UsageError(f"--grid published already sets --{option}")
    archs = architectures() if arch is None else [load(arch)]
    return check_tasks(published_grids(archs, axes["impl"]), more)


def grid_exit_code(rows: Sequence[dict[str, Any]]) -> int:
    """1 if a configuration differs, else 3 if one failed or is incomplete."""
    found = tally(rows)
    if found["differ"]:
        return VERDICT
    return UNMEASURED if found["failed"] or found["incomplete"] else OK


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


def _exit_code(checked: "Check | ModuleCheck") -> int:
    if not checked.agrees:
        return VERDICT
    return OK if checked.is_complete else UNMEASURED
