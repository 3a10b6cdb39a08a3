"""The verdicts on published figures: by source, by convention, and one by one."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.evidence.literature.reproduction import (
    ERRATA,
    SET_ASIDE,
    ConventionFit,
    Reproduction,
    Result,
    Verdict,
)
from mnprofile.evidence.literature.sources import MEMORY, Printed, title
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns

LEGEND = (
    "Reproduced: the printed digits, under a convention declared once per table."
    " Version: right for another version of the network, whose table gives the digits."
    " Copied: right in the table it was copied from, not here."
    " Digit: a last digit that no rounding of its table gives."
    " Misprint: wrong as printed; what it should read, and why."
    " Aside, not counted: networks outside the tables, heads for detection,"
    " segmentation or embedding, and memory that a board measured; --all says what the"
    " source leaves out."
)
_LABELS = {  # of verdicts, short enough for 80 columns
    Verdict.OTHER_VERSION: "Version",
    Verdict.LAST_DIGIT: "Digit",
    Verdict.UNEXPLAINED: "Open",
}
_COUNTED = tuple(one for one in Verdict if one not in SET_ASIDE)


# The fields of a figure's record.
_FIELDS = columns(
    "source table where model network alpha resolution part quantity printed unit ours",
    Column("exact", "Counted", "number"),
    "convention rounding verdict",
    Column("reason", "Why"),
    "established",
)


def reproduction_document(
    done: Reproduction,
    *,
    status: Sequence[Verdict] = (),
    every: bool = False,
    fits: bool = False,
    numbered: bool = True,
) -> Document:
    """The verdicts; for people a summary, the figures of one verdict, or all figures.

    ``fits`` shows the conventions after the summary. ``numbered`` puts long reasons
    under their table, for a terminal, and omits what a terminal has no room for.
    """
    chosen = done.only(*status) if status else done.results
    if status:
        sheets = _listed_sheets(done, status, numbered=numbered)
    else:
        sheets = [source_sheet(done), *([fit_sheet(done)] if every or fits else [])]
        if every:
            sheets += errata_sheets(done, numbered=numbered)
            exact = () if numbered else ("exact",)
            sheets += _table_sheets(done.results, *exact, "rounding", "verdict")
        if not done.explained:
            sheets += _listed_sheets(done, [Verdict.UNEXPLAINED], numbered=numbered)
    return Document(
        "reproduce",
        sheets,
        figure_sheet(chosen).only(*(column.key for column in _FIELDS)),
        lambda: reproduction_record(done, chosen),
    )


def source_sheet(done: Reproduction) -> Sheet:
    """One row per source: the number of its figures with each verdict."""
    heads = columns(
        "source figures",
        Column("aside", "Aside", "number"),
        *(
            Column(_key(one), _LABELS.get(one, str(one).capitalize()), "number")
            for one in _COUNTED
        ),
    )

    def cells(name: str, source: str | None) -> tuple[str | int, ...]:
        tally, counted = done.tally(source), done.counted(source)
        figures = sum(tally.values())
        kinds = (tally[one] for one in _COUNTED)
        return (name, figures, figures - counted, *kinds)

    return Sheet(
        heads,
        tuple(cells(name, name) for name in done.sources),
        cells("total", None),
        _heading(done),
        (_sentence(done), LEGEND),
    )


def _sentence(done: Reproduction) -> str:
    """How many figures are counted, how many come out, and what the others are."""
    tally, counted = done.tally(), done.counted()
    kinds = ", ".join(
        f"{tally[verdict]} {verdict}" for verdict in _COUNTED if tally[verdict]
    )
    aside = len(done.results) - counted
    return (
        f"{counted} of {len(done.results)} figures are counted: {kinds}."
        f" {aside} are set aside."
    )


def _key(verdict: Verdict) -> str:
    return str(verdict).replace(" ", "_")


def _heading(done: Reproduction) -> str:
    names = [title(name) for name in done.sources]
    if len(names) == 1:
        return f"{names[0]}: published cost figures and ours"
    return f"{len(names)} sources: published cost figures and ours"


def fit_sheet(done: Reproduction) -> Sheet:
    """One row per table and quantity: its convention, and how many figures it fits."""
    several = len(done.sources) > 1
    rows = tuple(
        (
            f"{fit.source}, {fit.table}" if several else fit.table,
            _quantity(fit.quantity),
            f"{fit.reproduced} of {fit.figures}",
            _recipe(fit),
            fit.convention.rounding_text if fit.convention and fit.holds else "",
        )
        for fit in done.fits
    )
    reasons: dict[str, list[str]] = {}
    for fit in done.fits:
        if fit.convention is not None and fit.holds:
            named = f"{fit.source}, " if several else ""
            why = f"{_quantity(fit.quantity)}: {fit.convention.reason}"
            reasons.setdefault(named + "{} " + why, []).append(fit.table)
    notes = tuple(
        text.replace("{}", ", ".join(tables), 1) for text, tables in reasons.items()
    )
    return Sheet(
        columns("table quantity fits convention rounding"),
        rows,
        title="Conventions, and how many figures fit",
        notes=notes,
    )


def _recipe(fit: ConventionFit) -> str:
    if fit.convention is None:
        return "none declared"
    recipe = fit.convention.recipe
    return recipe if fit.holds else f"none established: {recipe} fits no figure"


def _place(figure: Printed) -> str:
    """A figure's row, with the configuration if its name does not say it."""
    label = _label(figure)
    if figure.alpha is None or figure.resolution is None:
        return label
    said = str(figure.resolution) in label
    return label if said else f"{label} {figure.alpha:g}/{figure.resolution}"


def errata_sheets(
    done: Reproduction, kinds: Sequence[Verdict] = ERRATA, *, numbered: bool
) -> list[Sheet]:
    """By source, one row per erratum; then those of the architecture tables.

    ``numbered`` puts the reasons under the table, where a terminal has room for them.
    """
    sheets = []
    for source in done.sources:
        entries: dict[int, list[Result]] = {}
        for one in done.of(source):
            if one.verdict in kinds:
                entries.setdefault(id(one.erratum), []).append(one)
        rows = [
            (
                f"{some[0].figure.table}, {_quantity(some[0].figure.quantity)}: "
                + ", ".join(dict.fromkeys(_place(one.figure) for one in some)),
                str(some[0].verdict),
                some[0].figure.printed,
                some[0].ours,
                _why(some[0]),
            )
            for some in entries.values()
        ]
        if rows:
            sheets.append(_errata_sheet(f"Errata: {title(source)}", rows, numbered))
    rows = [
        (
            f"{title(one.source)}, {one.architecture}, row {one.erratum.row},"
            f" {one.erratum.column}",
            str(Verdict.MISPRINT),
            one.erratum.printed,
            one.erratum.read_as,
            one.erratum.why,
        )
        for one in done.table_errata
    ]
    if rows and Verdict.MISPRINT in kinds:
        heading = "Errata: the architecture tables"
        sheets.append(_errata_sheet(heading, rows, numbered))
    return sheets


def _errata_sheet(
    heading: str, rows: list[tuple[str, str, str, str | None, str]], numbered: bool
) -> Sheet:
    sheet = Sheet(
        columns(
            Column("number", "", "number"),
            Column("place", "Where"),
            "kind printed reads",
            Column("reason", "Why, and how established"),
        ),
        tuple((number, *row) for number, row in enumerate(rows, start=1)),
        title=heading,
    )
    if not numbered:
        return sheet.only("place kind printed reads reason")
    reasons = tuple(f"{number}. {why}" for number, *_, why in sheet.rows)
    return replace(sheet.only("number place kind printed reads"), notes=reasons)


def _listed_sheets(
    done: Reproduction, status: Sequence[Verdict], *, numbered: bool
) -> list[Sheet]:
    """The figures of one verdict, or the errata of some kinds."""
    if set(status) <= set(ERRATA):
        return errata_sheets(done, status, numbered=numbered)
    chosen = done.only(*status)
    count = f"{len(chosen)} of {len(done.results)} figures: {', '.join(status)}"
    last = "rounding" if Verdict.REPRODUCED in status else "reason"
    return [Sheet((), (), title=count), *_table_sheets(chosen, last)]


def _table_sheets(results: Sequence[Result], *last: str) -> list[Sheet]:
    """A sheet per printed table: what is printed, what we get, and the last columns."""
    shown = ("row", "alpha", "resolution", "named_quantity", "printed", "ours", *last)
    return [
        replace(figure_sheet(tuple(some)).only(*shown), title=f"{source}, {table}")
        for (source, table), some in groupby(
            results, key=lambda one: (one.figure.source, one.figure.table)
        )
    ]


def figure_sheet(results: Sequence[Result]) -> Sheet:
    """One row per figure: the fields of its record, and two as people read them."""
    return Sheet.of(
        columns(Column("row", "Row"), Column("named_quantity", "Quantity"), *_FIELDS),
        (
            {
                **result_record(one),
                "row": _label(one.figure),
                "named_quantity": _quantity(one.figure.quantity),
            }
            for one in results
        ),
    )


def _why(result: Result) -> str:
    if result.erratum is None:
        return result.reason
    return f"{result.reason}. Established: {result.erratum.established}"


def _label(figure: Printed) -> str:
    return f"{figure.model}, {figure.part}" if figure.part else figure.model


def _quantity(name: str) -> str:
    return "memory" if name == MEMORY else name.replace("_", " ")


def reproduction_record(done: Reproduction, chosen: Sequence[Result]) -> dict[str, Any]:
    """The JSON record of the verdicts."""
    return {
        "explained": done.explained,
        "totals": _tally_record(done),
        "sources": [
            {"name": name, "title": title(name), **_tally_record(done, name)}
            for name in done.sources
        ],
        "conventions": [_fit_record(fit) for fit in done.fits],
        "figures": [result_record(result) for result in chosen],
        "table_errata": [
            {
                **record_of(one, "source", "architecture"),
                **record_of(one.erratum, "row", "column", "printed"),
                "reads": one.erratum.read_as,
                "reason": one.erratum.why,
            }
            for one in done.table_errata
        ],
    }


def result_record(result: Result) -> dict[str, Any]:
    """The JSON record of one figure and its verdict."""
    figure, convention, erratum = result.figure, result.convention, result.erratum
    return {
        **record_of(figure, "source", "table", "where", "model", "network"),
        **record_of(figure, "alpha", "resolution"),
        "part": figure.part or None,
        **record_of(figure, "quantity", "printed", "unit"),
        **record_of(result, "ours", "exact"),
        "convention": convention.recipe if convention else None,
        "rounding": convention.rounding_text if convention else None,
        "verdict": str(result.verdict),
        "reason": result.reason or None,
        "established": erratum.established if erratum else None,
    }


def _tally_record(done: Reproduction, source: str | None = None) -> dict[str, int]:
    tally = done.tally(source)
    return {
        "figures": sum(tally.values()),
        "counted": done.counted(source),
        **{_key(verdict): number for verdict, number in tally.items()},
    }


def _fit_record(fit: ConventionFit) -> dict[str, Any]:
    convention = fit.convention
    record: dict[str, Any] = {
        **record_of(fit, "source", "table", "quantity"),
        "fits": fit.reproduced,
        "figures": fit.figures,
        "established": fit.holds,
    }
    if convention is not None:
        record |= {
            "count": dict(convention.counts),
            "classes": convention.classes,
            "without": list(convention.without),
            **record_of(convention, "impl", "rounding", "significant", "reason"),
        }
    return record
