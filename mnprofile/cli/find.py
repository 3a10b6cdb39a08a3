"""mnprofile find: the best known configuration within limits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnprofile.base import units
from mnprofile.base.errors import OK, VERDICT
from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Column, Sheet
from mnprofile.cli.options import ArchType, output_options
from mnprofile.cli.output import emit
from mnprofile.cli.sweep import LIMITS, limit_options

if TYPE_CHECKING:
    from mnprofile.search.best import Choice, Found

_COLUMNS = (
    Column("model", "Model"),
    Column("alpha", "Alpha", "number"),
    Column("resolution", "Res", "number"),
    Column("macs", "Multiply-adds", "count"),
    Column("params", "Params", "count"),
    Column("activations", "Activations", "count"),
    Column("act_peak_bytes", "Peak bytes", "count"),
    Column("top1", "Top-1 %", "number"),
)
_KIND = Column("top1_kind", "Top-1 is")
_SOURCE = Column("top1_source", "Source")


@click.command("find")
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
    help="How many to show.",
)
@output_options()
def command(
    archs: tuple[str, ...],
    published: bool,
    alpha: str | None,
    res: str | None,
    top: int,
    bits: str | None,
    format_: str | None,
    output: Path | None,
    **limits: str | None,
) -> int:
    """Find the configurations with the best top-1 within limits.

    Published accuracies come first, by top-1 and then by multiply-adds; estimates
    between published figures that promise more are listed apart. It says which limit
    binds and what the next better configuration costs. ARCH is v1, v2, v3-large and
    v3-small unless given. Exit code 1 when nothing fits.

    \b
    Examples:
      mnprofile find --max-macs 100M --max-params 3M --top 10
      mnprofile find v2 --min-top1 70 --published
      mnprofile find v1 v2 --max-activations 2M --format json
      mnprofile find --max-memory 256KiB --bits 8
    """
    from mnprofile.search.best import find
    from mnprofile.search.grids import DEFAULT_TABLES

    found = find(
        archs or DEFAULT_TABLES,
        **_limits(limits),
        bits=int(bits or 8),
        published_only=published,
        alpha=alpha,
        resolution=res,
    )
    emit(
        format_,
        output,
        sheets=_sheets(found, top, memory=bool(bits or limits["max_memory"])),
        csv=_csv_sheet(found, top),
        record=lambda: envelope("find", _record(found, top)),
    )
    return OK if found.ranked else VERDICT


def _limits(given: dict[str, str | None]) -> dict[str, Any]:
    """The limits as numbers. Raises UsageError naming the option."""
    from mnprofile.search.conditions import limit_value

    limits: dict[str, Any] = {}
    for name, (column, _) in LIMITS.items():
        text, option = given[name], "--" + name.replace("_", "-")
        if text is None:
            continue
        limits[name] = limit_value(column, text, option)
    return limits


def _sheets(found: Found, top: int, *, memory: bool) -> list[Sheet]:
    """The published ones, the estimates that promise more, and what binds."""
    limits = ", ".join(map(str, found.limits))
    title = f"Published, within {limits}" if limits else "Published"
    sheets = [_sheet(found.published[:top], title, memory=memory)]
    if found.estimates:
        title = "Estimates that promise more than any published one"
        sheets.append(_sheet(found.estimates[:top], title, memory=memory))
    sheets = [sheet for sheet in sheets if sheet.rows] or sheets[:1]
    last = sheets[-1]
    notes = (*verdict(found), *_estimate_notes(found.estimates[:top]))
    if memory:
        notes = (*notes, f"Peak bytes: live activations at {found.bits} bits")
    sheets[-1] = Sheet(last.columns, last.rows, None, last.title, notes)
    return sheets


def _sheet(choices: Sequence[Choice], title: str, *, memory: bool) -> Sheet:
    rows = tuple(_cells(choice) for choice in choices)
    full = Sheet((*_COLUMNS, _KIND, _SOURCE), rows, None, title)
    peak = ["act_peak_bytes"] * memory
    return full.only("model", "alpha", "resolution", "macs", "params", *peak, "top1")


def _csv_sheet(found: Found, top: int) -> Sheet:
    shown = (*found.published[:top], *found.estimates[:top])
    return Sheet((*_COLUMNS, _KIND, _SOURCE), tuple(_cells(choice) for choice in shown))


def _cells(choice: Choice) -> tuple[Any, ...]:
    return (
        choice.arch.name,
        choice.alpha,
        choice.resolution,
        choice.macs,
        choice.params,
        choice.activations,
        choice.act_peak_bytes,
        choice.top1,
        "published" if choice.is_published else "estimate",
        choice.accuracy.label,
    )


def verdict(found: Found) -> tuple[str, ...]:
    """What fits best, which limit binds, and what the next better one would cost."""
    if not found.searched:
        return (
            "No accuracy is known here: none is published, and none lies between"
            " published ones.",
        )
    best = found.best
    if best is None:
        assert found.nearest is not None
        return (
            f"None of {found.searched} configurations of known accuracy fits.",
            f"Nearest: {_sentence(found.nearest, found)}; it breaks"
            f" {_overshoots(found.nearest, found)}.",
        )
    kind = "" if best.is_published else " (an estimate)"
    fits = (
        f"{len(found.ranked)} of {found.searched} fit."
        f" Best: {_sentence(best, found)}{kind}."
    )
    after = found.next_better
    if after is None:
        return (fits, "No limit binds: nothing known is more accurate.")
    return (
        fits,
        f"Next better: {_sentence(after, found)};"
        f" it breaks {_overshoots(after, found)}.",
    )


def _sentence(choice: Choice, found: Found) -> str:
    kind = "" if choice.is_published else " estimated"
    is_limited = any(limit.column == "act_peak_bytes" for limit in found.limits)
    peak = f", {units.short_bytes(choice.act_peak_bytes)} peak" if is_limited else ""
    return (
        f"{choice.spec}, top-1 {units.plain(choice.top1)} %{kind},"
        f" {units.short(choice.macs)} macs, {units.short(choice.params)} params{peak}"
    )


def _overshoots(choice: Choice, found: Found) -> str:
    """The limits that a choice breaks, and by how much."""
    parts = []
    for limit in found.binding:
        value = getattr(choice, limit.column)
        if limit.column == "top1":
            parts.append(f"{limit} by {limit.value - value:.1f} points")
        else:
            is_memory = limit.column == "act_peak_bytes"
            short = units.short_bytes if is_memory else units.short
            parts.append(f"{limit} by {short(int(value - limit.value))}")
    return " and ".join(parts)


def _estimate_notes(choices: Sequence[Choice]) -> tuple[str, ...]:
    fits = {choice.arch.name: choice.accuracy.fit for choice in choices}
    return tuple(
        f"Estimates of {name} are off by {fit.mean_error:.1f} points of top-1 in the"
        f" mean, {fit.worst_error:.1f} at worst (leave-one-out)."
        for name, fit in fits.items()
        if fit is not None
    )


def _record(found: Found, top: int) -> dict[str, Any]:
    """A search as JSON has it."""
    return {
        "limits": [
            {"quantity": one.column, "sign": one.sign, "value": one.value}
            for one in found.limits
        ],
        "bits": found.bits,
        "searched": found.searched,
        "fitting": len(found.ranked),
        "published": [_choice_record(one) for one in found.published[:top]],
        "estimates": [_choice_record(one) for one in found.estimates[:top]],
        "binding": [str(limit) for limit in found.binding],
        "next_better": _choice_record(found.next_better),
        "nearest": _choice_record(found.nearest),
        "verdict": list(verdict(found)),
    }


def _choice_record(choice: Choice | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    keys = [column.key for column in (*_COLUMNS, _KIND, _SOURCE)]
    return dict(zip(keys, _cells(choice), strict=True))
