"""Printed figures that are known to be wrong, and what they should read."""

from functools import cache
from typing import NamedTuple

from mnprofile.base.errors import FiguresError, Place
from mnprofile.evidence.literature.sources import (
    HEAD,
    OTHER,
    Printed,
    declaration_file,
    declared,
    figures,
)

_TEXTS = ("table", "quantity", "printed", "reads", "reason", "established")


class Misprint(NamedTuple):
    """A printed figure that is wrong, what it should read, and how that is known."""

    table: str
    quantity: str
    printed: str
    reads: str
    reason: str
    established: str
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
def misprints(source: str) -> tuple[Misprint, ...]:
    """Every known misprint of a source, checked against the figures of its CSV.

    Raises FiguresError for an entry that is about no figure, or about one that an
    earlier entry covers.
    """
    found: list[Misprint] = []
    for number, misprint in enumerate(_declared(source), start=1):
        fault = _fault_of(misprint, source, found)
        if fault:
            raise FiguresError(
                f"erratum {number}: {fault}", place=Place(str(declaration_file(source)))
            )
        found.append(misprint)
    return tuple(found)


@cache
def _declared(source: str) -> tuple[Misprint, ...]:
    """The misprints as declared, not yet checked against the figures."""
    types = dict.fromkeys(_TEXTS, str) | {"rows": list}
    return tuple(
        Misprint(
            **{key: " ".join(entry.text(key).split()) for key in _TEXTS},
            rows=tuple(map(str, entry.content.get("rows", ()))),
        )
        for entry in declared(source, "erratum", types, optional={"rows"})
    )


def _fault_of(misprint: Misprint, source: str, earlier: list[Misprint]) -> str:
    """What is wrong with an entry; empty if nothing is."""
    printed = f"{misprint.quantity} {misprint.printed} in {misprint.table}"
    about = [figure for figure in figures(source) if misprint.is_about(figure)]
    if not about:
        return f"not a printed figure: {printed}"
    for row in misprint.rows:
        if not any(_names(row, figure) for figure in about):
            return f'no row "{row}" has {printed}'
    if misprint.reads == misprint.printed:
        return f"the correction is what is printed, {printed}"
    if any(figure.network in (OTHER, HEAD) for figure in about):
        return f"{printed} is also printed for a network that is not counted"
    if any(one.is_about(figure) for one in earlier for figure in about):
        return f"another erratum already covers {printed}"
    return ""


def misprint_of(figure: Printed) -> Misprint | None:
    """The known misprint of a figure, if it is one."""
    for entry in _declared(figure.source):
        if entry.is_about(figure):
            return entry
    return None
