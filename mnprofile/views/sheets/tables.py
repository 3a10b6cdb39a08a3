"""The shipped tables, with their figures at alpha 1."""

from collections.abc import Sequence
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.costs.counting import Figures
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.document import Document
from mnprofile.views.sheets.columns import RESOLUTION, counts


def tables_document(tables: Sequence[tuple[Architecture, Figures]]) -> Document:
    """Some tables and their totals."""
    records = [_record(arch, totals) for arch, totals in tables]
    sheet = Sheet.of(
        (
            Column("alias", "Alias"),
            Column("name", "Name"),
            Column("title", "Title"),
            Column("source", "Source"),
            RESOLUTION,
            *counts("macs", "params"),
        ),
        ({**record, "alias": ", ".join(record["aliases"])} for record in records),
        notes=("At alpha 1, each table's own resolution and classes.",),
    )
    return Document(
        "list",
        [sheet.only("alias", "title", "macs", "params")],
        sheet,
        lambda: {"tables": records},
    )


def _record(arch: Architecture, totals: Figures) -> dict[str, Any]:
    return {
        "name": arch.name,
        "aliases": list(arch.aliases),
        "title": arch.title,
        "source": arch.source,
        "resolution": arch.resolution,
        "macs": totals.macs,
        "params": totals.params,
        "errata": len(arch.errata),
    }
