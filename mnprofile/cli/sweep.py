"""mnprofile sweep ARCH...: grids of configurations, as rows and as plots."""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from mnprofile.base import files, units
from mnprofile.base.errors import FileError, Place, UsageError
from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Column, Sheet, Value
from mnprofile.base.units import BITS, Bits, check_bits
from mnprofile.cli.options import ArchType
from mnprofile.cli.output import SUFFIXES, chosen_format, emit, warn

DEFAULT_PLOT = Path("reports") / "sweep.html"
# The most rows that a format is good for.
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
    """What the command line asks for, the output aside."""

    archs: tuple[str, ...]
    axes: dict[str, str | None]
    where: tuple[str, ...]
    limits: dict[str, str | None]
    published: bool
    pareto: bool
    bits: str | None

    @property
    def shows_memory(self) -> bool:
        """Whether memory is asked for; else people's tables leave its column out."""
        asked = any("act_peak_bytes" in text for text in self.where)
        return asked or bool(self.bits or self.limits["max_memory"])

    @property
    def element_bits(self) -> Bits:
        """Bits of an element in memory: 8 unless asked for otherwise."""
        return check_bits(int(self.bits or 8))

    @property
    def wants_frontier(self) -> bool:
        return self.pareto or self.is_bare

    @property
    def is_bare(self) -> bool:
        """Whether nothing narrows it: the frontier of the four networks is meant."""
        given = (*self.axes.values(), *self.limits.values(), *self.where)
        return not (self.archs or any(given) or self.published)


def limit_options(function: Any) -> Any:
    """--max-macs, --max-params, --max-activations, --max-memory, --bits, --min-top1."""
    for option in reversed(
        (
            click.option("--max-macs", metavar="N", help="At most 100M, 1.5G, 512K."),
            click.option("--max-params", metavar="N", help="At most so many."),
            click.option("--max-activations", metavar="N", help="At most so many."),
            click.option(
                "--max-memory",
                metavar="BYTES",
                help="At most so much live activation memory: 256KiB, 256kB.",
            ),
            click.option(
                "--bits",
                type=click.Choice([str(bits) for bits in BITS]),
                help="Of an element in memory. [default: 8]",
            ),
            click.option("--min-top1", metavar="PERCENT", help="At least 70, say."),
        )
    ):
        function = option(function)
    return function


def axis_options(function: Any) -> Any:
    """The values of each axis, as lists and ranges."""
    for option in reversed(
        (
            click.option("--alpha", metavar="VALUES", help="Width multipliers."),
            click.option("--res", metavar="VALUES", help="Input sizes; 320x240 too."),
            click.option("--rho", metavar="VALUES", help="Sizes over the table's."),
            click.option("--t", metavar="VALUES", help="Expansion factors."),
            click.option("--classes", metavar="VALUES", help="Numbers of classes."),
            click.option(
                "--impl",
                metavar="NAMES",
                help="paper, torchvision, keras, timm. [default: paper]",
            ),
        )
    ):
        function = option(function)
    return function


@click.command("sweep")
@click.argument("archs", metavar="[ARCH]...", nargs=-1, type=ArchType())
@axis_options
@limit_options
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help='Another limit, such as "weights<2M" or "alpha>=0.5".',
)
@click.option("--published", is_flag=True, help="Only published accuracies.")
@click.option("--pareto", is_flag=True, help="Only the accuracy/MACs frontier.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write plots as HTML.")
@click.option("--no-plot", is_flag=True, help="Write no plots.")
@click.option(
    "--x",
    "x_axis",
    default="macs",
    show_default=True,
    metavar="QUANTITY",
    help='What top-1 is drawn against: macs, params, activations, "latency:Pixel 1".',
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["table", "json", "csv", "md", "parquet"]),
    help="[default: table]",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Write to a file (- is standard output); its suffix gives the format.",
)
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
    **given: str | None,
) -> None:
    """Count every configuration of a grid of widths, sizes and expansions.

    ARCH is an alias, a table's name or a path; v2@0.75 fixes the width. VALUES are
    numbers and inclusive ranges start:stop:step: 0.35,0.5:1.4:0.1. An axis that is not
    given has the family's published values. With no ARCH and no values: the frontier of
    v1, v2, v3-large and v3-small over their published grids, plotted to
    reports/sweep.html.

    top1 is a published figure, an estimate between published figures, or empty; the
    estimates' leave-one-out error is printed with them. act_peak_bytes is the most
    memory that live activations need at once, as "mnprofile memory" has it.

    \b
    Examples:
      mnprofile sweep
      mnprofile sweep v1 v2 -o sweep.csv --plot sweep.html
      mnprofile sweep v2 --alpha 0.35:1.4:0.05 --res 96:224:32 --t 1,3,6 -o v2.md
      mnprofile sweep v2 --alpha 0.1:2:0.001 --max-macs 20M -o v2.csv
      mnprofile sweep v2 v3-small --max-params 3M --pareto
      mnprofile sweep v2 --res 96:224:16 --max-memory 256KiB --bits 8
    """
    axes = {name: given[name] for name in ("alpha", "res", "rho", "t", "classes")}
    axes["impl"] = given["impl"]
    limits = {name: given[name] for name in LIMITS}
    ask = Ask(archs, axes, where, limits, published, pareto, bits)
    kind = _kind(format_, output)
    if plot is not None and no_plot:
        raise UsageError("--plot and --no-plot together")
    run(ask, kind, output, _plot_path(plot, wanted=ask.is_bare and not no_plot), x_axis)


# Option -> column and sign of its condition.
LIMITS = {
    "max_macs": ("macs", "<="),
    "max_params": ("params", "<="),
    "max_activations": ("activations", "<="),
    "max_memory": ("act_peak_bytes", "<="),
    "min_top1": ("top1", ">="),
}


def _kind(format_: str | None, output: Path | None) -> str:
    """The format asked for; Parquet too, which only files can be. Raises UsageError."""
    suffix = output.suffix.lower() if output is not None else ""
    if format_ is None and suffix == ".parquet":
        return "parquet"
    if format_ == "parquet" and (output is None or str(output) == "-"):
        raise UsageError(
            "--format parquet writes no text", accepted="--output FILE.parquet"
        )
    if format_ is None and output is not None and suffix not in ("", *SUFFIXES):
        raise UsageError(
            f"--output: the suffix of {output.name} names no format",
            accepted=f"{', '.join(SUFFIXES)}, .parquet, or --format",
        )
    return chosen_format(format_, output)


def _plot_path(plot: Path | None, *, wanted: bool) -> Path | None:
    """Where the plots go, or None. The default folder is made; another must exist."""
    if plot is None:
        if not wanted:
            return None
        plot = DEFAULT_PLOT
        try:
            plot.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise FileError(
                f"cannot make the folder: {fault.strerror}",
                place=Place(str(plot.parent)),
            ) from None
    if not plot.parent.is_dir():
        raise FileError("no such folder", place=Place(str(plot.parent)))
    return plot


def run(ask: Ask, kind: str, output: Path | None, plot: Path | None, x: str) -> None:
    """Do the sweep, write the rows, then the plots."""
    from mnprofile.search import row_files as rowfiles
    from mnprofile.search.conditions import KNOWN, ONLY_PUBLISHED, parse_condition
    from mnprofile.search.grids import DEFAULT_TABLES, grids_for, total_size
    from mnprofile.search.rows import groups_of
    from mnprofile.search.stream import stream
    from mnprofile.views.plots.accuracy import x_axis
    from mnprofile.views.plots.sample import Sample

    conditions = conditions_of(ask.limits)
    conditions += [parse_condition(text) for text in ask.where]
    if ask.published:
        conditions.append(ONLY_PUBLISHED)
    axis = x_axis(x)
    axes = {**ask.axes, "resolution": ask.axes["res"]}
    del axes["res"]
    impl = axes.pop("impl")
    grids = grids_for(ask.archs or DEFAULT_TABLES, impl=impl or "paper", **axes)
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
    with progress_bar(size) as advance:
        source = [stream(grids, conditions, pareto=pareto, bits=bits, progress=advance)]
        if sample is not None and pareto:
            # The frontier is the answer; the plot shows what it stands out from.
            for rows in stream(grids, [*conditions, KNOWN], bits=bits):
                sample.add(rows)
        elif sample is not None:
            source[0] = sample.seen(source[0])
        parts = rowfiles.capped(source[0], MAX_ROWS[kind], kind)
        _write(kind, output, parts, groups, grids, ask)
    if sample is not None and plot is not None:
        from mnprofile.views.html.sweep_page import page  # loads Jinja2

        files.write_text(plot, page(sample, grids, accuracy_notes(groups)))
        warn(f"Plots: {plot}")


def conditions_of(limits: dict[str, str | None]) -> list[Any]:
    """--max-macs 100M and the others as conditions. Raises UsageError."""
    from mnprofile.search.conditions import Condition, limit_value

    return [
        Condition(
            column, sign, limit_value(column, text, "--" + name.replace("_", "-"))
        )
        for name, (column, sign) in LIMITS.items()
        if (text := limits.get(name)) is not None
    ]


def _write(
    kind: str,
    output: Path | None,
    parts: Iterable[Any],
    groups: Sequence[Any],
    grids: Sequence[Any],
    ask: Ask,
) -> None:
    """Write the rows in their format; notes go below them, or to stderr."""
    from mnprofile.search import row_files as rowfiles

    names = rowfiles.columns_of(groups)
    notes = accuracy_notes(groups)
    if kind in ("table", "md"):
        _people(kind, output, parts, groups, notes, ask)
        return
    notes.append(f"act_peak_bytes: live activations at {ask.element_bits} bits")
    with _target(output) as file:
        if kind == "json":
            asked = {"grids": [grid_record(one) for one in grids]}
            head = envelope("sweep", asked | {"bits": ask.element_bits})
            rowfiles.write_json(
                file, parts, names, head, lambda count: {"count": count, "notes": notes}
            )
        elif kind == "csv":
            rowfiles.write_csv(file, parts, names)
        else:
            sides = [side for one in grids for side in one.resolutions]
            square = all(height == width for height, width in sides)
            rowfiles.write_parquet(file, parts, names, square=square)
    if kind != "json":
        for note in notes:
            warn(note)


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """A file for the result: standard output gets it only when it is whole."""
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


def _people(
    kind: str,
    output: Path | None,
    parts: Iterable[Any],
    groups: Sequence[Any],
    notes: list[str],
    ask: Ask,
) -> None:
    """The rows as people read them."""
    from mnprofile.search import row_files as rowfiles

    table = rowfiles.frame(parts, groups)
    title = "Frontier of top-1 over multiply-adds" if ask.wants_frontier else ""
    # Latencies are in the files and plots only, so their sources are too.
    estimated = (table["top1_kind"] == "estimate").any()
    shown = [note for note in notes if ": latency on " not in note]
    if estimated:
        shown.append("~ estimate, between published figures")
    else:
        shown = [note.partition("; estimates ")[0] for note in shown]
    if ask.shows_memory:
        shown.append(f"Peak bytes: live activations at {ask.element_bits} bits")
    sheet = sheet_of(table, title, shown, memory=ask.shows_memory)
    emit(kind, output, sheets=[sheet], csv=sheet, record=dict)


def sheet_of(
    table: Any, title: str, notes: Sequence[str], *, memory: bool = False
) -> Sheet:
    """A frame of sweep rows as a table for people, with peaks of memory or without."""
    labels = {
        "model": Column("model", "Model"),
        "impl": Column("impl", "Impl"),
        "alpha": Column("alpha", "Alpha", "number"),
        "resolution": Column("resolution", "Res", "number"),
        "t": Column("t", "t", "number"),
        "classes": Column("classes", "Classes", "number"),
        "macs": Column("macs", "Mult-adds", "count"),
        "params": Column("params", "Params", "count"),
        "act_peak_bytes": Column("act_peak_bytes", "Peak bytes", "count"),
        "top1": Column("top1", "Top-1 %", "number"),
    }
    several = {"impl", "classes"}
    shown = [
        name
        for name in labels
        if not (name in several and table[name].nunique() < 2)
        and (memory or name != "act_peak_bytes")
        and not (name in ("t", "top1") and table[name].isna().all())
    ]
    columns = [[_plain(value) for value in table[name].tolist()] for name in shown]
    if "top1" in shown:
        kinds = table["top1_kind"].tolist()
        columns[-1] = [
            f"~{value}" if kind == "estimate" else value
            for value, kind in zip(columns[-1], kinds, strict=True)
        ]
    rows: tuple[tuple[Value, ...], ...] = tuple(zip(*columns, strict=True))
    if not rows:
        notes = ("No configuration passes.", *notes)
    return Sheet(tuple(labels[name] for name in shown), rows, None, title, tuple(notes))


def _plain(value: Any) -> Value:
    """A cell of a frame; nan is empty."""
    return None if isinstance(value, float) and math.isnan(value) else value


def accuracy_notes(groups: Sequence[Any]) -> list[str]:
    """Where each table's top-1 comes from, how far its estimates may be off, and where
    its latencies come from."""
    notes, seen = [], set()
    for group in groups:
        name = group.arch.name
        if name in seen or group.accuracy is None:
            continue
        seen.add(name)
        fit = group.accuracy.fit
        text = f"{name}: top-1 of {group.accuracy.label}"
        if fit is not None:
            text += (
                "; estimates between its figures are off by"
                f" {fit.mean_error:.1f} points in the mean, {fit.worst_error:.1f} at"
                " worst (leave-one-out)"
            )
        notes.append(text)
        if group.latencies:
            sources = "; ".join(
                f"{latency.device} of {latency.label}" for latency in group.latencies
            )
            notes.append(f"{name}: latency on {sources}")
    return notes


def grid_record(grid: Any) -> dict[str, Any]:
    """A grid as JSON has it."""
    return {
        "model": grid.arch.name,
        "alphas": len(grid.alphas),
        "resolutions": len(grid.resolutions),
        "ts": len(grid.ts),
        "classes": list(grid.classes),
        "impls": list(grid.impls),
        "size": grid.size,
    }


@contextmanager
def progress_bar(size: int) -> Iterator[Callable[[int], None]]:
    """Progress with rate and time left, on stderr, where that is a terminal."""
    if not sys.stderr.isatty() or size < 1_000_000:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.fields[seen]}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size, seen="", rate="")

        def advance(count: int) -> None:
            bar.advance(task, count)
            now = bar.tasks[0]
            bar.update(
                task,
                seen=f"{units.short(int(now.completed))} of {units.short(size)}",
                rate=f"{units.short(int(now.speed or 0))}/s",
            )

        yield advance
