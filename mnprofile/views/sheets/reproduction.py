"""The verdicts on published figures as tables for people."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from mnprofile.base.sheet import Column, Sheet
from mnprofile.evidence.literature.reproduction import Reproduction, Result, Verdict
from mnprofile.evidence.literature.sources import MEMORY, Printed, title

LEGEND = (
    "Reproduced: the printed digits, under a convention declared once a table."
    " Erratum: a misprint, with what it should read and why."
    " Other: a network outside the tables."
    " Head: a detection, segmentation or embedding head that is not counted."
)


def source_sheet(done: Reproduction) -> Sheet:
    """A line a source: how many of its figures got which verdict."""
    columns = (
        Column("source", "Source"),
        Column("figures", "Figures", "number"),
        *(
            Column(str(verdict).replace(" ", "_"), label, "number")
            for verdict, label in zip(
                Verdict,
                ("Reproduced", "Errata", "Other", "Head", "Unexplained"),
                strict=True,
            )
        ),
    )
    return Sheet(
        columns,
        tuple(
            (name, len(done.of(name)), *done.tally(name).values())
            for name in done.sources
        ),
        ("total", len(done.results), *done.tally().values()),
        _heading(done),
        (LEGEND,),
    )


def _heading(done: Reproduction) -> str:
    names = [title(name) for name in done.sources]
    if len(names) == 1:
        return f"{names[0]}: cost figures beside ours"
    return f"{len(names)} sources: cost figures beside ours"


def fit_sheet(done: Reproduction) -> Sheet:
    """A line a table and quantity: its convention, and how many figures it fits."""
    columns = (
        Column("table", "Table"),
        Column("quantity", "Quantity"),
        Column("fits", "Fits", "number"),
        Column("convention", "Convention"),
        Column("rounding", "Rounding"),
    )
    several = len(done.sources) > 1
    rows = tuple(
        (
            f"{fit.source}, {fit.table}" if several else fit.table,
            _quantity(fit.quantity),
            f"{fit.reproduced} of {fit.figures}",
            fit.convention.recipe if fit.convention else "none declared",
            fit.convention.rounding_text if fit.convention else "",
        )
        for fit in done.fits
    )
    reasons: dict[str, list[str]] = {}
    for fit in done.fits:
        if fit.convention is not None:
            named = f"{fit.source}, " if several else ""
            why = f"{_quantity(fit.quantity)}: {fit.convention.reason}"
            reasons.setdefault(named + "{} " + why, []).append(fit.table)
    notes = tuple(
        text.replace("{}", ", ".join(tables), 1) for text, tables in reasons.items()
    )
    return Sheet(
        columns, rows, title="Conventions, and how many figures fit", notes=notes
    )


def _place(figure: Printed) -> str:
    """A figure's row, with the configuration where its name does not say it."""
    label = _label(figure)
    if figure.alpha is None or figure.resolution is None:
        return label
    said = str(figure.resolution) in label
    return label if said else f"{label} {figure.alpha:g}/{figure.resolution}"


def errata_sheets(done: Reproduction, *, numbered: bool) -> list[Sheet]:
    """By source, a line a misprint of a figure; then those of architecture tables.

    ``numbered`` puts the reasons under the table, where a terminal has room for them.
    """
    sheets = []
    for source in done.sources:
        entries: dict[int, list[Result]] = {}
        for one in done.of(source):
            if one.verdict is Verdict.ERRATUM:
                entries.setdefault(id(one.misprint), []).append(one)
        rows = [
            (
                f"{some[0].figure.table}, {_quantity(some[0].figure.quantity)}: "
                + ", ".join(dict.fromkeys(_place(one.figure) for one in some)),
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
            one.erratum.printed,
            one.erratum.read_as,
            one.erratum.why,
        )
        for one in done.table_errata
    ]
    if rows:
        heading = "Errata: the architecture tables"
        sheets.append(_errata_sheet(heading, rows, numbered))
    return sheets


def _errata_sheet(
    heading: str, rows: list[tuple[str, str, str | None, str]], numbered: bool
) -> Sheet:
    sheet = Sheet(
        (
            Column("number", "", "number"),
            Column("place", "Where"),
            Column("printed", "Printed", "number"),
            Column("reads", "Reads", "number"),
            Column("reason", "Why, and how established"),
        ),
        tuple((number, *row) for number, row in enumerate(rows, start=1)),
        title=heading,
    )
    if not numbered:
        return sheet.only("place", "printed", "reads", "reason")
    reasons = tuple(f"{number}. {why}" for number, *_, why in sheet.rows)
    return replace(sheet.only("number", "place", "printed", "reads"), notes=reasons)


def listed_sheets(
    done: Reproduction, chosen: Sequence[Result], status: Verdict, *, numbered: bool
) -> list[Sheet]:
    """The figures of one verdict."""
    if status is Verdict.ERRATUM:
        return errata_sheets(done, numbered=numbered)
    count = f"{len(chosen)} of {len(done.results)} figures: {status}"
    last = "rounding" if status is Verdict.REPRODUCED else "reason"
    return [Sheet((), (), title=count), *table_sheets(chosen, last)]


def table_sheets(results: Sequence[Result], *last: str) -> list[Sheet]:
    """A sheet a printed table: what is printed, what we get, and the last columns."""
    shown = ("row", "alpha", "resolution", "quantity", "printed", "ours", *last)
    return [
        replace(_figure_sheet(list(some)).only(*shown), title=f"{source}, {table}")
        for (source, table), some in groupby(
            results, key=lambda one: (one.figure.source, one.figure.table)
        )
    ]


def _figure_sheet(results: Sequence[Result]) -> Sheet:
    """A line a figure."""
    return Sheet(
        (
            Column("row", "Row"),
            Column("alpha", "Alpha", "number"),
            Column("resolution", "Res", "number"),
            Column("quantity", "Quantity"),
            Column("printed", "Printed", "number"),
            Column("ours", "Ours", "number"),
            Column("exact", "Counted", "number"),
            Column("rounding", "Rounding"),
            Column("verdict", "Verdict"),
            Column("reason", "Why"),
        ),
        tuple(
            (
                _label(one.figure),
                one.figure.alpha,
                one.figure.resolution,
                _quantity(one.figure.quantity),
                one.figure.printed,
                one.ours,
                one.exact,
                one.convention.rounding_text if one.convention else None,
                str(one.verdict),
                one.reason,
            )
            for one in results
        ),
    )


def _why(result: Result) -> str:
    if result.misprint is None:
        return result.reason
    return f"{result.reason}. Established: {result.misprint.established}"


def _label(figure: Printed) -> str:
    return f"{figure.model}, {figure.part}" if figure.part else figure.model


def _quantity(name: str) -> str:
    return "memory" if name == MEMORY else name.replace("_", " ")
