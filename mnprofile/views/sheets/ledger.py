"""The ledger: what every other profiler prints for a network, as a sum of terms."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mnprofile.base.sheet import Column, Sheet, noted
from mnprofile.evidence.profilers.profiler import Profiler
from mnprofile.evidence.profilers.quantities import TALLIED
from mnprofile.evidence.profilers.torch_style import TorchStyle
from mnprofile.evidence.profilers.totals import Ledger, LedgerEntry
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
    told = (*notes, *_gaps(book, entries), written(book))
    return Document(
        "ledger",
        noted(headed([one for one in sheets if one.rows], book.config), told),
        term_sheet(entries),
        lambda: _record(book, entries),
    )


def _gaps(book: Ledger, entries: Sequence[LedgerEntry]) -> list[str]:
    """What profilers leave out of this network, and how much; what is not known."""
    missing: dict[tuple[str, int], list[str]] = {}
    unknown: dict[tuple[str, ...], list[str]] = {}
    for one in entries:
        name = one.profiler.name
        if one.unknown:
            unknown.setdefault(one.unknown, []).append(name)
        elif one.profiler.counts_macs:
            for lacking in one.missing:
                missing.setdefault(lacking, []).append(name)
    told = [
        f"No count for {amount} {TALLIED[key][1]}: {', '.join(names)}"
        for (key, amount), names in missing.items()
    ]
    told += [
        f"Not known for {', '.join(names)}: how it counts {_few(quantities)}"
        for quantities, names in unknown.items()
    ]
    parts = any(term.is_part for one in entries for term in one.terms)
    if parts:
        told.append(
            "*: of this quantity, only what the code writes as that profiler needs it:"
            " with a module of torch, or a function that it replaces; more often in a"
            " module that several others hold"
        )
    return told + _on_cpu(book) + _traced(book, entries)


def _few(quantities: Sequence[str]) -> str:
    names = [TALLIED[one][1] if one in TALLIED else one for one in quantities[:2]]
    more = len(quantities) - len(names)
    return "; ".join(names) + (f"; and {more} more" if more else "")


def _on_cpu(book: Ledger) -> list[str]:
    """What torch's own counter does not see where it runs a fused operator."""
    fused = [key for key in _FUSED if book.counts[key]]
    total = book["FlopCounterMode"].total
    if not fused or total is None:
        return []
    less = total - 2 * sum(book.counts[key] for key in fused)
    names = " and ".join(dict.fromkeys(_FUSED[key] for key in fused))
    return [
        f"FlopCounterMode prints {total} on meta tensors; on a CPU it has no count for"
        f" {names} and prints {less}, or less: in evaluation mode"
        " nn.MultiheadAttention hides its projections too"
    ]


_FUSED = {
    "attention": "scaled_dot_product_attention",
    "attention_masked": "scaled_dot_product_attention",
    "lstm": "LSTM layers",
    "projected": "LSTM layers",
}


def _traced(book: Ledger, entries: Sequence[LedgerEntry]) -> list[str]:
    names = [one.profiler.name for one in entries if not one.unknown]
    if not book.is_read or "torchprofile" not in names:
        return []
    return ["torchprofile adds 1 for each product of two sizes that the code computes"]


def written(book: Ledger) -> str:
    """What is known or assumed about the code, in a sentence."""
    if book.is_read:
        return (
            "As the code is written: modules of torch, operators, functions; a function"
            " that code has imported by name is not replaced by a profiler's."
        )
    return assumed_text(book.writing)


def assumed_text(writing: TorchStyle) -> str:
    """What is assumed about code that is not there, in a sentence."""
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
        "formula": None if entry.unknown else entry.formula,
        "not_known": list(entry.unknown),
        "left_out": dict(entry.missing) if entry.profiler.counts_macs else {},
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


def breakdown_sheet(entry: LedgerEntry, total: int | None, title: str) -> Sheet:
    """A profiler's total as its terms and the rest that they leave."""
    rows = tuple(
        (TALLIED[term.quantity][1], term.count, term.factor, term.amount)
        for term in entry.terms
    )
    known = entry.total
    rest = ("unexplained rest", None, None, (total or 0) - (known or 0))
    return Sheet(
        columns("what count", Column("factor", "Times", "number"), "amount"),
        (*rows, rest) if total != known else rows,
        ("total", None, None, total),
        title,
    )


def _breakdown(book: Ledger, entry: LedgerEntry) -> Sheet:
    profiler = entry.profiler
    notes = [f"{profiler.name} {profiler.release} calls its total {profiler.prints}"]
    other = book.other[book.entries.index(entry)]
    if other.total != entry.total and not book.is_read:
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
                "not known" if one.total is None else one.total,
                one.besides if one.profiler.counts_macs else None,
                "" if one.unknown else one.formula,
                one.profiler.prints,
            )
            for one in book.entries
        ),
    )


def _other_way_sheet(book: Ledger) -> Sheet:
    """The totals that differ if pooling is written the other way."""
    style = book.writing.other_pooling().pooling
    other = replace(book, entries=book.other)
    sheet = _totals_sheet(other).only("profiler total formula")
    differ = (
        row
        for row, one, two in zip(sheet.rows, book.entries, book.other, strict=True)
        if one.total != two.total and not book.is_read
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
        "writing": None if book.is_read else writing_record(book.writing),
        "quantities": dict(book.counts),
        "profilers": [
            {
                **entry_record(one),
                "total_with_other_pooling": None
                if book.is_read
                else others[one.profiler.name],
            }
            for one in entries
        ],
    }
