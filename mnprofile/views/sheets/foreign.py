"""A comparison with another network: two sequences of layers side by side."""

from itertools import zip_longest
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.evidence.profilers.between import same
from mnprofile.evidence.profilers.foreign import (
    AROUND,
    COMPARED,
    LABELS,
    ForeignCheck,
    Unit,
    field_text,
)
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns
from mnprofile.views.sheets.configuration import headline, model_record


def foreign_document(outcome: ForeignCheck) -> Document:
    """The totals and the first difference; in CSV and JSON, all layers."""
    return Document(
        "check", _sheets(outcome), _sequence_sheet(outcome), lambda: _record(outcome)
    )


SCOPE = (
    "Compared: layers in order, the operators between them (additions, activations,"
    " norms, products, pooling), parameters. Not compared: which maps an addition or"
    " a product joins, constants such as epsilon, weights."
)


def verdict(outcome: ForeignCheck) -> str:
    """The outcome in a sentence."""
    if outcome.agrees:
        return (
            f"Agrees: {len(outcome.ours)} layers in the same order, with the same"
            f" operators between them, {outcome.params} parameters"
        )
    first = outcome.first
    if first is None and outcome.unseen_macs != outcome.product_macs:
        return (
            f"Differs: the layers agree, but {outcome.unseen_macs} multiply-adds are"
            " done outside nn.Conv2d and nn.Linear"
        )
    if first is None:
        more = outcome.params - outcome.count.totals.params
        return (
            "Differs: the layers agree, but outside convolutions and linear layers it"
            f" has {more:+d} parameters"
        )
    if first.theirs is None and first.ours is not None:
        return f"Differs: it lacks {first.ours.name} ({_line(first.ours)})"
    if first.ours is None and first.theirs is not None:
        return f'Differs: it has "{first.theirs.name}", which we do not have'
    assert first.ours is not None
    what = ", ".join(LABELS.get(key, key.replace("_", " ")) for key in first.fields)
    return f"Differs first at {first.ours.name} ({_line(first.ours)}): {what}"


def _line(unit: Unit) -> str:
    return f"line {unit.line} of the table" if unit.line else "no table line"


def _sheets(outcome: ForeignCheck) -> list[Sheet]:
    totals = Sheet(
        columns(
            "what", Column("ours", "Ours", "count"), Column("theirs", "Theirs", "count")
        ),
        (
            ("layers", len(outcome.ours), len(outcome.theirs)),
            ("parameters", outcome.count.totals.params, outcome.params),
            (
                "multiply-adds outside these layers",
                outcome.product_macs,
                outcome.unseen_macs,
            ),
        ),
        title=f"{headline(outcome.count.config)} against {outcome.factory}",
        notes=() if outcome.first else (verdict(outcome), SCOPE),
    )
    first = outcome.first
    if first is None:
        return [totals]
    sides = (first.ours, first.theirs)
    place = Sheet(
        columns(Column("field", ""), "ours theirs differs"),
        (
            ("layer", *(one.name if one else "none" for one in sides), None),
            ("table line", first.ours.line if first.ours else None, None, None),
            *(
                (
                    LABELS.get(key, key.replace("_", " ")),
                    *(field_text(one, key) if one else None for one in sides),
                    "differs" if key in first.fields else None,
                )
                for key in (*COMPARED, *AROUND)
            ),
        ),
        title=f"The first difference, layer {first.position} of {len(outcome.ours)}",
        notes=(verdict(outcome), SCOPE),
    )
    return [totals, place]


def _sequence_sheet(outcome: ForeignCheck) -> Sheet:
    """Both sequences, one row per position."""
    pairs = tuple(zip_longest(outcome.ours, outcome.theirs))
    return Sheet(
        columns(
            Column("position", "Layer", "number"),
            "row",
            Column("ours", "Ours"),
            Column("ours_layer", "Our layer"),
            Column("theirs", "Theirs"),
            Column("theirs_layer", "Their layer"),
            "same",
        ),
        tuple(
            (
                position,
                ours.line if ours else None,
                ours.name if ours else None,
                str(ours) if ours else None,
                theirs.name if theirs else None,
                str(theirs) if theirs else None,
                "yes" if _same(ours, theirs) else "no",
            )
            for position, (ours, theirs) in enumerate(pairs, start=1)
        ),
    )


def _same(ours: Unit | None, theirs: Unit | None) -> bool:
    if ours is None or theirs is None:
        return False
    around = ((getattr(one, key) for one in (ours, theirs)) for key in AROUND)
    return ours == theirs and all(same(*pair) for pair in around)


def _record(outcome: ForeignCheck) -> dict[str, Any]:
    first = outcome.first
    return {
        "model": model_record(outcome.count.config),
        "against": outcome.factory,
        "agrees": outcome.agrees,
        "params": {"ours": outcome.count.totals.params, "theirs": outcome.params},
        "unseen_macs": outcome.unseen_macs,
        "first_difference": first
        and {
            "position": first.position,
            "fields": list(first.fields),
            "ours": _unit_record(first.ours),
            "theirs": _unit_record(first.theirs),
        },
        "layers": [
            {"ours": _unit_record(ours), "theirs": _unit_record(theirs)}
            for ours, theirs in zip_longest(outcome.ours, outcome.theirs)
        ],
        "verdict": verdict(outcome),
    }


def _unit_record(unit: Unit | None) -> dict[str, Any] | None:
    if unit is None:
        return None
    return {"name": unit.name, "row": unit.line, **record_of(unit, *COMPARED, *AROUND)}
