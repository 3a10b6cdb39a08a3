"""The shipped tables, with their figures at alpha 1."""

from collections.abc import Sequence
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.costs.counting import Counts
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.document import Document, record_of
from mnprofile.views.sheets.columns import columns


def tables_document(
    tables: Sequence[tuple[Architecture, Counts]], heads: Sequence[str]
) -> Document:
    """Some tables and their totals, and the names of the heads."""
    records = [_record(arch, totals) for arch, totals in tables]
    sheet = Sheet.of(
        columns(
            "family alias",
            Column("name", "Name"),
            "title source resolution macs params",
        ),
        (
            {**record, "alias": ", ".join(record["aliases"]) or record["name"]}
            for record in records
        ),
        notes=(
            "At alpha 1, each table's own resolution and classes.",
            f"Heads, for --head or as in v2+ssdlite: {', '.join(heads)}.",
        ),
    )
    return Document(
        "list",
        [sheet.only("family alias macs params")],
        sheet,
        lambda: {"tables": records, "heads": list(heads)},
    )


def _record(arch: Architecture, totals: Counts) -> dict[str, Any]:
    return {
        "name": arch.name,
        "aliases": list(arch.aliases),
        "family": arch.group,
        **record_of(arch, "title", "source", "resolution"),
        **record_of(totals, "macs", "params"),
        "errata": len(arch.errata),
    }
