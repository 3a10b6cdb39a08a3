"""The ledger: what every other profiler prints for a network, as a sum of terms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base.sheet import Column, Sheet, noted
from mnprofile.evidence.profilers.rules import (
    COMPLETE,
    PRODUCTS,
    TALLIED,
    Ledger,
    LedgerEntry,
    Profiler,
    gaps,
    profiler_of,
)
from mnprofile.evidence.profilers.torch_style import TorchStyle
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import headed, model_record


def ledger_document(
    book: Ledger, chosen: Sequence[Profiler], notes: Sequence[str]
) -> Document:
    """A ledger; for people, with the terms of each profiler if some are chosen."""
    entries = [one for one in book.entries if not chosen or one.profiler in chosen]
    if chosen:
        sheets = [_breakdown(book, one) for one in entries]
    else:
        sheets = [_totals_sheet(book), _other_way_sheet(book), _quantities_sheet(book)]
    return Document(
        "ledger",
        noted(
            headed(sheets, book.config), (*notes, *_gaps(book), written(book.writing))
        ),
        term_sheet(entries),
        lambda: _record(book, entries),
    )


def _gaps(book: Ledger) -> list[str]:
    """What profilers leave out of this network, and how much."""
    counts = book.counts
    told = [
        f"{name} has no count for {_PRODUCTS[key]}: {counts[key]} multiply-adds are"
        " missing"
        for key in PRODUCTS
        if counts[key]
        for name in gaps(book)
        if key not in profiler_of(name).rule and name in COMPLETE
    ]
    if counts["attention"]:
        on_cpu = book["FlopCounterMode"].total - 2 * counts["attention"]
        told.append(
            "FlopCounterMode prints this on meta tensors and on a GPU; on a CPU it has"
            f" no count for {_PRODUCTS['attention']} and prints {on_cpu}, or less: in"
            " evaluation mode nn.MultiheadAttention hides its projections too"
        )
    if any(counts[key] for key in (*PRODUCTS, "layer_norm", "group_norm")):
        told.append(
            "Only the rules of fvcore and FlopCounterMode cover attention and layer"
            " norm; those of the others were read for convolutional networks"
        )
    return told


_PRODUCTS = {
    "matmul": "matrix products of activations",
    "attention": "scaled_dot_product_attention",
}


def written(writing: TorchStyle) -> str:
    """What is assumed about the code, in a sentence."""
    ways = {"module": "nn modules", "functional": "nn.functional calls"}
    return (
        f"Assumes code with pooling as {ways[writing.pooling]}, activations as"
        f" {ways[writing.activations]}, additions and SE products as + and *; see"
        " --pooling and --activations."
    )


def writing_record(writing: TorchStyle) -> dict[str, str]:
    """The JSON record of the same."""
    return record_of(writing, "pooling", "activations")


def legend(entries: Iterable[LedgerEntry]) -> str:
    """The symbols that some formulas use, in one line."""
    used = {term.quantity for one in entries for term in one.terms}
    return "; ".join(
        f"{symbol}: {what}" for key, (symbol, what) in TALLIED.items() if key in used
    )


def entry_record(entry: LedgerEntry) -> dict[str, Any]:
    """The JSON record of a profiler's sum."""
    return {
        "profiler": entry.profiler.name,
        **record_of(entry.profiler, "package", "release", "prints"),
        "total": entry.total,
        "besides_macs": entry.besides,
        "formula": entry.formula,
        "terms": _term_records(entry),
    }


def _term_records(entry: LedgerEntry) -> list[dict[str, Any]]:
    names = ("quantity", "factor", "count", "amount")
    return [record_of(term, *names) for term in entry.terms]


def term_sheet(entries: Iterable[LedgerEntry]) -> Sheet:
    """One row per term of every profiler."""
    return Sheet.of(
        columns("profiler prints quantity factor count amount"),
        (
            {"profiler": one.profiler.name, "prints": one.profiler.prints, **term}
            for one in entries
            for term in _term_records(one)
        ),
    )


def breakdown_sheet(entry: LedgerEntry, total: int, title: str) -> Sheet:
    """A profiler's total as its terms and the rest that they leave."""
    rows = tuple(
        (TALLIED[term.quantity][1], term.count, term.factor, term.amount)
        for term in entry.terms
    )
    rest = ("unexplained rest", None, None, total - entry.total)
    return Sheet(
        columns("what count", Column("factor", "Times", "number"), "amount"),
        (*rows, rest) if total != entry.total else rows,
        ("total", None, None, total),
        title,
    )


def _breakdown(book: Ledger, entry: LedgerEntry) -> Sheet:
    profiler = entry.profiler
    notes = [f"{profiler.name} {profiler.release} calls its total {profiler.prints}"]
    other = book.other[book.entries.index(entry)]
    if other.total != entry.total:
        style = book.writing.other_pooling().pooling
        notes.append(f"With --pooling {style} it prints {other.total}: {other.formula}")
    return breakdown_sheet(entry, entry.total, "").noted(*notes)


def _totals_sheet(book: Ledger) -> Sheet:
    return Sheet(
        columns(
            "profiler",
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


def _other_way_sheet(book: Ledger) -> Sheet:
    """The totals that differ if pooling is written the other way."""
    style = book.writing.other_pooling().pooling
    other = replace(book, entries=book.other)
    sheet = _totals_sheet(other).only("profiler", "total", "formula")
    differ = (
        row
        for row, one, two in zip(sheet.rows, book.entries, book.other, strict=True)
        if one.total != two.total
    )
    return replace(
        sheet, rows=tuple(differ), title=f"With --pooling {style} these differ"
    )


def _quantities_sheet(book: Ledger) -> Sheet:
    return Sheet(
        columns("symbol count what"),
        tuple(
            (symbol, book.counts[key], what)
            for key, (symbol, what) in TALLIED.items()
            if book.counts[key]
        ),
        title="The quantities",
    )


def _record(book: Ledger, entries: Sequence[LedgerEntry]) -> dict[str, Any]:
    others = {one.profiler.name: one.total for one in book.other}
    return {
        "model": model_record(book.config),
        "writing": writing_record(book.writing),
        "quantities": dict(book.counts),
        "profilers": [
            {
                **entry_record(one),
                "total_with_other_pooling": others[one.profiler.name],
            }
            for one in entries
        ],
    }
