"""mnprofile sweep ARCH...: grids of configurations, as rows and as plots."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from mnprofile.base import files
from mnprofile.base.errors import OK, FileError, Place, UsageError
from mnprofile.base.units import Bits, check_bits
from mnprofile.cli.help import Command
from mnprofile.cli.limits import LIMITS, limit_options, limit_values
from mnprofile.cli.options import (
    READING_OPTIONS,
    ArchType,
    output_options,
    picture_options,
    reading_options,
    together,
)
from mnprofile.cli.output import chosen_format, emit, warn
from mnprofile.cli.plot_files import Drawing, drawing_to
from mnprofile.cli.progress import size_bar
from mnprofile.cli.tasks import TASK_OPTIONS, TaskRun, task_options
from mnprofile.networks.finding import foreign_reader
from mnprofile.views.sheets.sweep import accuracy_notes, sweep_document, write_rows

DEFAULT_PLOT = Path("reports") / "sweep.html"
_AXES = ("alpha", "rho", "t", "phi", "classes", "impl")
# Maximum number of rows per format.
MAX_ROWS = {
    "table": 5_000,
    "md": 5_000,
    "json": 1_000_000,
    "csv": 20_000_000,
    "parquet": 1_000_000_000,
}
_LARGER = {
    "table": "--output FILE.csv or FILE.parquet",
    "md": "--output FILE.csv or FILE.parquet",
    "json": "--format csv, or --output FILE.parquet",
    "csv": "--output FILE.parquet",
    "parquet": "larger steps",
}


@dataclass(frozen=True)
class Ask:
    """What the command line asks for, except for the output."""

    archs: tuple[str, ...]
    axes: dict[str, str | None]
    where: tuple[str, ...]
    limits: dict[str, str | None]
    published: bool
    pareto: bool
    bits: str | None
    device: str | None
    x_axis: str = "macs"

    @property
    def shows_memory(self) -> bool:
        """Whether memory is asked for; otherwise tables omit its column."""
        asked = any("act_peak_bytes" in text for text in self.where)
        return asked or bool(self.bits or self.limits["max_memory"])

    @property
    def element_bits(self) -> Bits:
        """Bits per element in memory; 8 by default."""
        return check_bits(int(self.bits or 8))

    @property
    def wants_frontier(self) -> bool:
        return self.pareto or self.is_bare

    @property
    def is_bare(self) -> bool:
        """Whether nothing is given, which asks for the frontier of four networks."""
        given = (
            *self.axes.values(),
            *self.limits.values(),
            *self.where,
            self.device,
        )
        return not (self.archs or any(given) or self.published)


# The values of each axis, as lists and ranges.
axis_options = together(
    click.option("--alpha", metavar="VALUES", help="Width multipliers."),
    click.option("--res", metavar="VALUES", help="Input sizes: 224, or 320x240."),
    click.option("--rho", metavar="VALUES", help="Input sizes, relative to the table."),
    click.option("--phi", metavar="VALUES", help="Compound scaling, instead of these."),
    click.option("--t", metavar="VALUES", help="Expansion factors."),
    click.option("--classes", metavar="VALUES", help="Numbers of classes."),
    click.option(
        "--impl",
        metavar="NAMES",
        help="Width rules: paper, torchvision, keras, timm. [default: paper]",
    ),
)

EXAMPLES = """
mnprofile sweep
mnprofile sweep v1 v2 -o sweep.csv --plot sweep.html
mnprofile sweep --plot slide.pdf --size 1280x720 --theme dark
mnprofile sweep v2 --alpha 0.35:1.4:0.05 --res 96:224:32 --t 1,3,6 -o v2.md
mnprofile sweep v2 v3-small --max-params 3M --pareto
mnprofile sweep timm:create_model --arg model_name=resnet18,resnet34 \\
          --res 160,192,224 --workers 2
mnprofile sweep v2 --res 96:224:16 --max-memory 256KiB --bits 8
"""


@click.command("sweep", cls=Command, examples=EXAMPLES)
@click.argument("archs", metavar="[ARCH]...", nargs=-1, type=ArchType())
@axis_options
@reading_options
@limit_options
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help='Further limit, such as "weights<2M" or "alpha>=0.5". Repeatable.',
)
@click.option("--published", is_flag=True, help="Only published accuracies.")
@click.option("--pareto", is_flag=True, help="Only the best top-1 at each cost.")
@click.option(
    "--accuracy",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Top-1 that you know of networks in code.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    help="Write plots as HTML, or top-1 over cost as .svg, .png or .pdf.",
)
@picture_options
@click.option("--no-plot", is_flag=True, help="Write no plots.")
@click.option(
    "--x",
    "x_axis",
    default="macs",
    show_default=True,
    metavar="QUANTITY",
    help='Plot top-1 against macs, params, activations or "latency:Pixel 1".',
)
@task_options
@output_options("parquet")
def command(
    archs: tuple[str, ...],
    where: tuple[str, ...],
    published: bool,
    pareto: bool,
    bits: str | None,
    plot: Path | None,
    no_plot: bool,
    x_axis: str,
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> int:
    """Count every configuration of a grid of widths, sizes and expansions.

    ARCH is an alias, a table's name or a path; v2@0.75 fixes the width. VALUES are
    numbers and inclusive ranges start:stop:step: 0.35,0.5:1.4:0.1. An axis that is not
    given takes the family's published values. With no ARCH and no values, the result is
    the frontier of v1, v2, v3-large and v3-small over their published grids, plotted to
    reports/sweep.html.

    top1 is a published figure, an estimate between published figures, or empty; the
    estimates' leave-one-out error is printed with them. act_peak_bytes is the peak
    memory of live activations, as computed by "mnprofile memory".

    Where ARCH is a PyTorch network or a model file, the grid is over --arg and --res:
    each KEY takes values separated by commas, or a range. Each network is built and
    counted in a process of its own, and one that fails becomes a row with the reason.
    --accuracy has a column top1 in percent, and any of model, resolution and the names
    of arguments.
    """
    axes = {name: given[name] for name in _AXES} | {"resolution": given["res"]}
    limits = {name: given[name] for name in LIMITS}
    device = given["device"]
    ask = Ask(archs, axes, where, limits, published, pareto, bits, device, x_axis)
    kind = _kind(format_, output)
    how = TaskRun(**{name: given[name] for name in TASK_OPTIONS})
    reading = {name: given[name] for name in READING_OPTIONS}
    if plot is not None and no_plot:
        raise UsageError("--plot and --no-plot cannot be used together")
    path = _plot_path(plot, wanted=ask.is_bare and not no_plot)
    draw = (
        None
        if path is None
        else drawing_to(path, str(given["size"]), str(given["theme"]))
    )
    if any(foreign_reader(arch) for arch in archs):
        accuracy = given["accuracy"]
        return _networks(ask, reading, how, kind, output, draw, accuracy)
    _refuse_for_tables(reading, how, given["accuracy"])
    files.check_targets([output, path])
    run(ask, kind, output, draw)
    return OK


def _refuse_for_tables(
    reading: dict[str, Any], how: TaskRun, accuracy: Path | None
) -> None:
    """Raise UsageError for an option that only a sweep over other networks has."""
    for option, value in (
        ("arg", reading["arguments"]),
        ("input", reading["inputs"]),
        ("accuracy", accuracy),
    ):
        if value:
            raise UsageError(
                f"--{option}: the grid is over tables",
                accepted="a PyTorch network or a model file",
            )
    if not how.is_default:
        raise UsageError(
            "--workers and the like are for networks that are not tables",
            accepted="a table is counted at once",
        )


def _networks(
    ask: Ask,
    reading: dict[str, Any],
    how: TaskRun,
    kind: str,
    output: Path | None,
    plot: Drawing | None,
    accuracy: Path | None,
) -> int:
    """A sweep over networks that are not tables. Raises UsageError for a table too."""
    from mnprofile.cli import sweep_networks

    tables = [arch for arch in ask.archs if foreign_reader(arch) is None]
    if tables:
        raise UsageError(
            f"{tables[0]} is a table, and others are not",
            accepted="one sweep for each kind",
        )
    sweep_networks.refuse(ask, accuracy)
    return sweep_networks.run(
        ask, _conditions(ask), reading, how, kind, output, plot, accuracy
    )


def _kind(format_: str | None, output: Path | None) -> str:
    """The format asked for; Parquet only for a file. Raises UsageError."""
    kind = chosen_format(format_, output, {".parquet": "parquet"})
    if kind == "parquet" and (output is None or str(output) == "-"):
        raise UsageError(
            "--format parquet needs a file", accepted="--output FILE.parquet"
        )
    return kind


def _plot_path(plot: Path | None, *, wanted: bool) -> Path | None:
    """Where the plots go, or None. Only the default folder is created if missing."""
    if plot is None:
        if not wanted:
            return None
        plot = DEFAULT_PLOT
        try:
            plot.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise FileError(
                f"cannot create the folder: {fault.strerror}",
                place=Place(str(plot.parent)),
            ) from None
    if not plot.parent.is_dir():
        raise FileError("no such folder", place=Place(str(plot.parent)))
    return plot


def run(ask: Ask, kind: str, output: Path | None, plot: Drawing | None) -> None:
    """Do the sweep, write the rows, then the plots."""
    from mnprofile.costs.latency.devices import device_of
    from mnprofile.search import row_files as rowfiles
    from mnprofile.search.conditions import KNOWN
    from mnprofile.search.grids import DEFAULT_TABLES, grids_for, total_size
    from mnprofile.search.rows import groups_of
    from mnprofile.search.stream import stream
    from mnprofile.views.plots.accuracy import x_axis
    from mnprofile.views.plots.sample import Sample

    conditions = _conditions(ask)
    axis = x_axis(ask.x_axis)
    axes: dict[str, Any] = {**ask.axes, "impl": ask.axes["impl"] or "paper"}
    axes["device"] = device_of(ask.device) if ask.device is not None else None
    grids = grids_for(ask.archs or DEFAULT_TABLES, **axes)
    pareto, bits = ask.wants_frontier, ask.element_bits
    size = total_size(grids)
    if size > MAX_ROWS[kind] and not (conditions or pareto):
        raise UsageError(
            f"the grid has {size:,} configurations, too many for {kind}",
            accepted=f"up to {MAX_ROWS[kind]:,} rows: limits such as --max-macs,"
            f" --pareto, larger steps, or {_LARGER[kind]}",
        )
    groups = groups_of(grids)
    if kind == "parquet":
        rowfiles.require_parquet()
    sample = Sample(axis) if plot is not None else None
    with size_bar(size) as advance:
        rows = stream(grids, conditions, pareto=pareto, bits=bits, progress=advance)
        if sample is not None and pareto:
            # Only the frontier is printed; the plot shows the other rows too.
            for some in stream(grids, [*conditions, KNOWN], bits=bits):
                sample.add(some)
        elif sample is not None:
            rows = sample.seen(rows)
        parts = rowfiles.capped(rows, MAX_ROWS[kind], kind)
        _write(kind, output, parts, groups, grids, ask)
    if sample is not None and plot is not None:
        from mnprofile.views.html.sweep_page import TablePlots  # loads Jinja2

        plot.write(TablePlots(sample, grids, accuracy_notes(groups)))


def _conditions(ask: Ask) -> list[Any]:
    """The conditions on a configuration. Raises UsageError."""
    from mnprofile.search.conditions import ONLY_PUBLISHED, Condition, parse_condition

    limits = limit_values(ask.limits).items()
    conditions = [Condition(*LIMITS[name], value) for name, value in limits]
    conditions += [parse_condition(text) for text in ask.where]
    return [*conditions, ONLY_PUBLISHED] if ask.published else conditions


def _write(
    kind: str,
    output: Path | None,
    parts: Iterable[Any],
    groups: Sequence[Any],
    grids: Sequence[Any],
    ask: Ask,
) -> None:
    """Write the rows in their format; notes go below them, or to stderr."""
    bits = ask.element_bits
    if kind in ("table", "md"):
        document = sweep_document(
            parts,
            groups,
            bits=bits,
            memory=ask.shows_memory,
            frontier=ask.wants_frontier,
        )
        emit(document, kind, output)
        return
    with _target(output) as file:
        notes = write_rows(kind, file, parts, groups, grids, bits)
    if kind != "json":
        for note in notes:
            warn(note)


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """A file for the result; standard output receives it only once complete."""
    if output is not None and str(output) != "-":
        with files.replacing(output) as file:
            yield file
        return
    with tempfile.SpooledTemporaryFile(max_size=1 << 26) as spool:
        yield spool
        spool.seek(0)
        sys.stdout.flush()
        shutil.copyfileobj(spool, sys.stdout.buffer)
        sys.stdout.buffer.flush()
