"""Printed figures that do not come out as they stand, of which kind, and why.

An ``[[erratum]]`` of a source's TOML file has one of four kinds. Each says something
that ``reproduction`` counts again, so a wrong entry explains nothing:

- ``misprint``: wrong as printed; ``reads`` is what it should read.
- ``last digit``: ``reads`` differs by one in the last digit, and no rounding that fits
  the table gives the printed one.
- ``other version``: right for another version of the network, whose table is
  ``network``.
- ``copied``: right where ``copy_of`` prints it, which counts otherwise or has another
  version of the network; ``reads`` is what it should read here.
"""

import re
from functools import cache
from typing import NamedTuple

from mnprofile.base.errors import FiguresError, Place
from mnprofile.base.records import Record
from mnprofile.evidence.literature.sources import (
    Printed,
    declaration_file,
    declared,
    figures,
)

MISPRINT, LAST_DIGIT, OTHER_VERSION, COPIED = KINDS = (
    "misprint",
    "last digit",
    "other version",
    "copied",
)
_TYPES = {
    **dict.fromkeys(("table", "quantity", "printed", "reason", "established"), str),
    **dict.fromkeys(("reads", "kind", "network"), str),
    "copy_of": dict,
    "rows": list,
}
_OPTIONAL = {"reads", "kind", "network", "copy_of", "rows"}
_NEEDED = {OTHER_VERSION: "network", COPIED: "copy_of"}  # else: reads


class FigureErratum(NamedTuple):
    """A figure that does not come out, of which kind, and how that is known."""

    table: str
    quantity: str
    printed: str
    reads: str  # as printed, if it is right for another version
    reason: str
    established: str
    kind: str = MISPRINT
    network: str = ""  # of the table to count, if not that of the figure
    copy_of: tuple[str, str] = ("", "")  # source and table
    rows: tuple[str, ...] = ()  # parts of the place or model; () for all rows

    def is_about(self, figure: Printed) -> bool:
        return (
            self.printed == figure.printed
            and self.quantity == figure.quantity
            and self.table == figure.table
            and (not self.rows or any(_names(row, figure) for row in self.rows))
        )


def _names(row: str, figure: Printed) -> bool:
    return row in figure.where or row in figure.model


@cache
def errata(source: str) -> tuple[FigureErratum, ...]:
    """Every erratum of a source, checked against the figures of its CSV.

    Raises FiguresError for an entry that is about no figure, about one that an earlier
    entry covers, or that contradicts its kind.
    """
    found: list[FigureErratum] = []
    for number, erratum in enumerate(_declared(source), start=1):
        fault = _fault_of(erratum, source, found)
        if fault:
            raise FiguresError(
                f"erratum {number}: {fault}", place=Place(str(declaration_file(source)))
            )
        found.append(erratum)
    return tuple(found)


@cache
def _declared(source: str) -> tuple[FigureErratum, ...]:
    """The errata as declared, not yet checked against the figures."""
    entries = declared(source, "erratum", _TYPES, optional=_OPTIONAL)
    return tuple(map(_erratum, entries))


def _erratum(entry: Record) -> FigureErratum:
    def text(key: str) -> str:
        return " ".join(entry.text(key).split()) if key in entry.content else ""

    kind = text("kind") or MISPRINT
    if kind not in KINDS:
        entry.refuse("", f'kind "{kind}" is not known', ", ".join(KINDS))
    needed = _NEEDED.get(kind, "reads")
    if needed not in entry.content:
        entry.refuse("", f'{needed} is missing, which kind "{kind}" needs')
    copy_of = entry.content.get("copy_of", {})
    if copy_of and sorted(copy_of) != ["source", "table"]:
        entry.refuse("", f"copy_of has {', '.join(copy_of)}", "source, table")
    return FigureErratum(
        table=text("table"),
        quantity=text("quantity"),
        printed=text("printed"),
        reads=text("reads") or text("printed"),
        reason=text("reason"),
        established=text("established"),
        kind=kind,
        network=text("network"),
        copy_of=(str(copy_of.get("source", "")), str(copy_of.get("table", ""))),
        rows=tuple(map(str, entry.content.get("rows", ()))),
    )


def _fault_of(erratum: FigureErratum, source: str, earlier: list[FigureErratum]) -> str:
    """What is wrong with an entry; empty if nothing is."""
    printed = f"{erratum.quantity} {erratum.printed} in {erratum.table}"
    about = [figure for figure in figures(source) if erratum.is_about(figure)]
    if not about:
        return f"not a printed figure: {printed}"
    for row in erratum.rows:
        if not any(_names(row, figure) for figure in about):
            return f'no row "{row}" has {printed}'
    if any(figure.is_aside for figure in about):
        return f"{printed} is also printed for a network that is not counted"
    if any(one.is_about(figure) for one in earlier for figure in about):
        return f"another erratum already covers {printed}"
    return _contradiction(erratum, printed)


def _contradiction(erratum: FigureErratum, printed: str) -> str:
    """Why an entry cannot be of its kind; empty if it can."""
    as_printed = erratum.reads == erratum.printed
    if as_printed and erratum.kind != OTHER_VERSION:
        return f"the correction is what is printed, {printed}"
    if not as_printed and erratum.kind == OTHER_VERSION:
        return f"{printed} cannot be right for another version and read otherwise"
    if erratum.kind == LAST_DIGIT and not _next_to(erratum.printed, erratum.reads):
        return f"{erratum.reads} differs by more than one in the last digit: {printed}"
    return ""


def _next_to(one: str, other: str) -> bool:
    """Whether two figures of one form differ by one in the last digit."""
    if re.sub("[0-9]+", "#", one) != re.sub("[0-9]+", "#", other):
        return False
    digits = (int(re.sub("[^0-9]", "", text)) for text in (one, other))
    return abs(next(digits) - next(digits)) == 1


def erratum_of(figure: Printed) -> FigureErratum | None:
    """The erratum about a figure, if there is one."""
    found = (one for one in _declared(figure.source) if one.is_about(figure))
    return next(found, None)


def original_of(figure: Printed, erratum: FigureErratum) -> Printed | None:
    """The figure that a copied one is a copy of, if the named table prints it."""
    source, table = erratum.copy_of
    for one in figures(source):
        if (
            (one.table, one.quantity, one.part) == (table, figure.quantity, figure.part)
            and (one.alpha, one.resolution) == (figure.alpha, figure.resolution)
            and _digits(one.printed) == _digits(figure.printed)
            and one.family == figure.family
        ):
            return one
    return None


def _digits(printed: str) -> str:
    """The digits of a figure without its unit."""
    return printed.strip("MGK% ")
