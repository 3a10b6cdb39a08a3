"""mnprofile ledger ARCH: what every other profiler prints, and why."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Column, Sheet
from mnprofile.cli.options import (
    arch_argument,
    config_options,
    network_of,
    output_options,
    writing_options,
)
from mnprofile.cli.output import emit
from mnprofile.evidence.profilers.rules import (
    PROFILERS,
    QUANTITIES,
    Entry,
    Ledger,
    ledger,
    profiler_of,
)
from mnprofile.evidence.profilers.torch_style import Writing
from mnprofile.views.sheets.configuration import headline, model_record


@click.command("ledger")
@arch_argument
@config_options
@writing_options
@click.option(
    "--profiler",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only this one, with the amount of every term. Repeatable.",
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
    """What every other profiler prints for a network, and why. Runs none of them.

    A profiler's total is a sum of quantities of the network, each times a factor: M is
    the multiply-adds, all else is what that profiler adds to them. Rules were read in
    each profiler's code and hold for one image in evaluation mode;
    `mnprofile check --counter all` holds them against real runs.

    \b
    Examples:
      mnprofile ledger v2 --alpha 0.75 --res 160
      mnprofile ledger v3-large --pooling module
      mnprofile ledger v2 --profiler thop --profiler ptflops
    """
    chosen = [profiler_of(name) for name in names] or list(PROFILERS)
    _, graph = network_of(**given)
    book = ledger(graph, pooling=pooling, activations=activations)
    entries = [one for one in book.entries if one.profiler in chosen]
    terms = term_sheet(entries)
    if names:
        sheets = [_breakdown(book, one) for one in entries]
    else:
        sheets = [_totals(book), _other_way(book), _terms(book)]
    sheets[0] = replace(sheets[0], title=headline(book.config))
    notes = (*graph.notes, written(book.writing))
    sheets[-1] = replace(sheets[-1], notes=(*sheets[-1].notes, *notes))
    emit(
        format_,
        output,
        sheets=sheets,
        csv=terms,
        record=lambda: envelope("ledger", _record(book, entries)),
    )


def written(writing: Writing) -> str:
    """What is assumed of the code, in a sentence."""
    ways = {"module": "nn modules", "functional": "calls of nn.functional"}
    return (
        f"Written with pooling as {ways[writing.pooling]}, activations as"
        f" {ways[writing.activations]}, additions and SE products as + and *;"
        " --pooling and --activations choose."
    )


def legend(entries: Iterable[Entry]) -> str:
    """The symbols that some formulas use, in a line."""
    used = {term.quantity for one in entries for term in one.terms}
    return "; ".join(
        f"{symbol}: {what}" for key, (symbol, what) in QUANTITIES.items() if key in used
    )


def entry_record(entry: Entry) -> dict[str, Any]:
    """A profiler's sum as JSON has it."""
    return {
        "profiler": entry.profiler.name,
        "package": entry.profiler.package,
        "release": entry.profiler.release,
        "prints": entry.profiler.prints,
        "total": entry.total,
        "besides_macs": entry.besides,
        "formula": entry.formula,
        "terms": [
            {
                "quantity": term.quantity,
                "factor": term.factor,
                "count": term.count,
                "amount": term.amount,
            }
            for term in entry.terms
        ],
    }


def term_sheet(entries: Iterable[Entry]) -> Sheet:
    """A line a term of every profiler: what CSV holds."""
    return Sheet(
        (
            Column("profiler", "Profiler"),
            Column("prints", "Prints"),
            Column("quantity", "Quantity"),
            Column("factor", "Factor", "number"),
            Column("count", "Count", "count"),
            Column("amount", "Amount", "count"),
        ),
        tuple(
            (
                one.profiler.name,
                one.profiler.prints,
                term.quantity,
                term.factor,
                term.count,
                term.amount,
            )
            for one in entries
            for term in one.terms
        ),
    )


def breakdown_sheet(entry: Entry, total: int, title: str) -> Sheet:
    """A profiler's total as its terms and the rest that they leave."""
    rows = tuple(
        (QUANTITIES[term.quantity][1], term.count, term.factor, term.amount)
        for term in entry.terms
    )
    rest = ("unexplained rest", None, None, total - entry.total)
    return Sheet(
        (
            Column("what", "What"),
            Column("count", "Count", "count"),
            Column("factor", "Times", "number"),
            Column("amount", "Amount", "count"),
        ),
        (*rows, rest) if total != entry.total else rows,
        ("total", None, None, total),
        title,
    )


def _breakdown(book: Ledger, entry: Entry) -> Sheet:
    profiler = entry.profiler
    notes = [f"{profiler.name} {profiler.release} calls its total {profiler.prints}"]
    other = book.other[book.entries.index(entry)]
    if other.total != entry.total:
        style = book.writing.other_pooling().pooling
        notes.append(f"With --pooling {style} it prints {other.total}: {other.formula}")
    return replace(breakdown_sheet(entry, entry.total, ""), notes=tuple(notes))


def _totals(book: Ledger) -> Sheet:
    return Sheet(
        (
            Column("profiler", "Profiler"),
            Column("total", "Prints", "count"),
            Column("besides", "Besides M", "count"),
            Column("formula", "Sum"),
            Column("prints", "Called"),
        ),
        tuple(
            (
                one.profiler.name,
                one.total,
                one.besides if "macs" in one.profiler.rule else None,
                one.formula,
                one.profiler.prints,
            )
            for one in book.entries
        ),
    )


def _other_way(book: Ledger) -> Sheet:
    style = book.writing.other_pooling().pooling
    return Sheet(
        (
            Column("profiler", "Profiler"),
            Column("total", "Prints", "count"),
            Column("formula", "Sum"),
        ),
        tuple(
            (other.profiler.name, other.total, other.formula)
            for one, other in zip(book.entries, book.other, strict=True)
            if one.total != other.total
        ),
        title=f"With --pooling {style} these differ",
    )


def _terms(book: Ledger) -> Sheet:
    return Sheet(
        (
            Column("symbol", "Symbol"),
            Column("count", "Count", "count"),
            Column("what", "What"),
        ),
        tuple(
            (symbol, book.counts[key], what)
            for key, (symbol, what) in QUANTITIES.items()
            if book.counts[key]
        ),
        title="The quantities",
    )


def _record(book: Ledger, entries: list[Entry]) -> dict[str, Any]:
    others = {one.profiler.name: one.total for one in book.other}
    return {
        "model": model_record(book.config),
        "writing": {
            "pooling": book.writing.pooling,
            "activations": book.writing.activations,
        },
        "quantities": dict(book.counts),
        "profilers": [
            {
                **entry_record(one),
                "total_with_other_pooling": others[one.profiler.name],
            }
            for one in entries
        ],
    }
