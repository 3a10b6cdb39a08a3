"""Why figures of a source are set aside: what the source does not say.

An ``[[aside]]`` of its TOML file gives the reason for the figures of some tables, or of
some rows of them, whose network is "other" or "head" or which a board measured.
"""

from functools import cache
from typing import NamedTuple

from mnprofile.base.errors import FiguresError, Place
from mnprofile.evidence.literature.sources import (
    HEAD,
    Printed,
    declaration_file,
    declared,
    figures,
)

_TYPES = {"tables": list, "rows": list, "reason": str}


class Aside(NamedTuple):
    """A reason, and the tables and rows that it is for; () for all rows."""

    tables: tuple[str, ...]
    rows: tuple[str, ...]  # models
    reason: str

    def is_about(self, figure: Printed) -> bool:
        return (
            figure.is_aside
            and figure.table in self.tables
            and (not self.rows or figure.model in self.rows)
        )


@cache
def asides(source: str) -> tuple[Aside, ...]:
    """Every aside of a source. Raises FiguresError for one that is about no figure."""
    found = []
    for entry in declared(source, "aside", _TYPES, optional={"rows"}):
        tables, rows = entry.content["tables"], entry.content.get("rows", ())
        reason = " ".join(entry.text("reason").split())
        aside = Aside(tuple(map(str, tables)), tuple(map(str, rows)), reason)
        if not any(aside.is_about(figure) for figure in figures(source)):
            place = Place(str(declaration_file(source)))
            raise FiguresError(f"{entry.path}: about no figure set aside", place=place)
        found.append(aside)
    return tuple(found)


def reason_of(figure: Printed) -> str:
    """Why a figure is set aside: the declared reason, or else what it is about."""
    for aside in asides(figure.source):
        if aside.is_about(figure):
            return aside.reason
    of_head = figure.variant if figure.network == HEAD else ""
    return of_head or figure.dataset
