"""The best known configurations within limits, which bind, and the next better one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mnprofile.base.sheet import Column, Sheet, noted
from mnprofile.base.units import plain, short, short_bytes
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.time import approximate, latency_notes

if TYPE_CHECKING:
    from mnprofile.search.best import Choice, Found


def best_document(found: Found, top: int, *, memory: bool = False) -> Document:
    """The first ``top`` published ones, and the estimates that promise more.

    ``memory`` also shows the peak memory to people.
    """
    published, estimates = found.published[:top], found.estimates[:top]
    limits = ", ".join(map(str, found.limits))
    title = f"Published, within {limits}" if limits else "Published"
    more = "Estimates that promise more than any published one"
    peak = ["act_peak_bytes"] if memory else []
    timed = found.device is not None
    shown = ["model", "alpha", "resolution", "macs", "params", *peak, "top1"]
    shown += ["latency_ms"] * timed
    sheets = [
        choice_sheet(choices, text, timed=timed, tilde=True).only(*shown)
        for choices, text in ((published, title), (estimates, more))
    ]
    sheets = [sheet for sheet in sheets if sheet.rows] or sheets[:1]
    notes = [*verdict(found), *_estimate_notes(estimates)]
    if memory:
        notes.append(f"Peak bytes: live activations at {found.bits} bits")
    if found.device is not None:
        archs = dict.fromkeys(one.arch.family for one in (*published, *estimates))
        notes += latency_notes(found.device, archs)
    return Document(
        "find",
        noted(sheets, notes),
        choice_sheet((*published, *estimates), timed=timed),
        lambda: _record(found, top),
    )


def choice_sheet(
    choices: Iterable[Choice],
    title: str = "",
    *,
    timed: bool = False,
    tilde: bool = False,
) -> Sheet:
    """One row per configuration; ``tilde`` marks estimated latencies for people."""
    records = [_choice_record(one, timed=timed) for one in choices]
    if tilde and timed:
        records = [{**one, "latency_ms": _about(one)} for one in records]
    return Sheet.of(
        columns(
            "model alpha resolution macs params activations act_peak_bytes top1",
            Column("top1_kind", "Top-1 is"),
            Column("top1_source", "Source"),
            "latency_ms latency_kind" if timed else "",
        ),
        records,
        title=title,
    )


def _about(record: dict[str, Any]) -> Any:
    return approximate(record["latency_ms"], record["latency_kind"])


def verdict(found: Found) -> tuple[str, ...]:
    """What fits best, which limit binds, and the cost of the next better one."""
    if not found.searched:
        return (
            "No accuracy is known for these configurations: none is published, or lies"
            " between published ones.",
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
    peak = f", {short_bytes(choice.act_peak_bytes)} peak" if is_limited else ""
    ms = ""
    if choice.latency_ms is not None:
        ms = f", {approximate(choice.latency_ms, choice.latency_kind)} ms"
    return (
        f"{choice.spec}, top-1 {plain(choice.top1)} %{kind},"
        f" {short(choice.macs)} macs, {short(choice.params)} params{peak}{ms}"
    )


def _overshoots(choice: Choice, found: Found) -> str:
    """The limits that a choice breaks, and by how much."""
    parts = []
    for limit in found.binding:
        value = getattr(choice, limit.column)
        if limit.column == "top1":
            parts.append(f"{limit} by {limit.value - value:.1f} points")
        elif limit.column == "latency_ms":
            over = "is not known" if value is None else f"by {value - limit.value:.1f}"
            parts.append(f"{limit} {over}")
        else:
            text = short_bytes if limit.column == "act_peak_bytes" else short
            parts.append(f"{limit} by {text(int(value - limit.value))}")
    return " and ".join(parts)


def _estimate_notes(choices: Sequence[Choice]) -> tuple[str, ...]:
    fits = {choice.arch.name: choice.accuracy.fit for choice in choices}
    return tuple(
        f"Estimates of {name} are off by {fit.mean_error:.1f} points of top-1 on"
        f" average, {fit.worst_error:.1f} at worst (leave-one-out)."
        for name, fit in fits.items()
        if fit is not None
    )


def _record(found: Found, top: int) -> dict[str, Any]:
    """The JSON record of a search."""
    timed = found.device is not None
    published, estimates = found.published[:top], found.estimates[:top]
    return {
        "limits": [
            {"quantity": one.column, "sign": one.sign, "value": one.value}
            for one in found.limits
        ],
        "bits": found.bits,
        "searched": found.searched,
        "fitting": len(found.ranked),
        **({"device": found.device.name} if found.device else {}),
        "published": [_choice_record(one, timed=timed) for one in published],
        "estimates": [_choice_record(one, timed=timed) for one in estimates],
        "binding": [str(limit) for limit in found.binding],
        "next_better": _known(found.next_better, timed=timed),
        "nearest": _known(found.nearest, timed=timed),
        "verdict": list(verdict(found)),
    }


def _known(choice: Choice | None, *, timed: bool) -> dict[str, Any] | None:
    return _choice_record(choice, timed=timed) if choice else None


def _choice_record(choice: Choice, *, timed: bool) -> dict[str, Any]:
    return {
        "model": choice.arch.name,
        **record_of(choice, "alpha", "resolution", "macs", "params", "activations"),
        **record_of(choice, "act_peak_bytes", "top1"),
        "top1_kind": "published" if choice.is_published else "estimate",
        "top1_source": choice.accuracy.label,
        **(record_of(choice, "latency_ms", "latency_kind") if timed else {}),
    }
