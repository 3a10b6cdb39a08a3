"""How a source counts: which quantities, which layers, how many classes, and rounding.

A convention is declared once for one quantity of some tables of a source, as data with
its reasoning, and is a linear recipe over what ``counting`` counts: ``params`` of
``{ weights = 1, biases = 1, bn_channels = 3 }`` adds three a batch-norm channel.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mnprofile.base.errors import FiguresError, Place, nearest
from mnprofile.base.units import Rounding
from mnprofile.evidence.literature import sources

ROUNDINGS: tuple[Rounding, ...] = ("nearest", "floor", "ceil")
COUNTABLE = (
    "macs",
    "weights",
    "biases",
    "bn_channels",
    "activations",
    "batch_norm_elems",
    "activation_elems",
    "pool_elems",
    "add_elems",
    "scale_elems",
)
MAP_ELEMENTS = "map_elems"  # of the largest block output; bytes where times 2
_BLOCK = re.compile("stem|last_conv|pool|classifier|(block|conv|fc)[0-9]+")


@dataclass(frozen=True, slots=True)
class Convention:
    """What one quantity of some tables means, and how it was rounded."""

    tables: tuple[str, ...]
    quantity: str
    counts: tuple[tuple[str, int], ...]  # (counted quantity, factor)
    classes: int
    rounding: Rounding
    reason: str
    without: tuple[str, ...] = ()  # blocks left out
    significant: int | None = None  # leading digits kept, where not all printed
    impl: str = "paper"

    @property
    def recipe(self) -> str:
        """What is added up: "weights + biases + 3 bn_channels, 1001 classes"."""
        terms = " + ".join(
            name if factor == 1 else f"{factor} {name}" for name, factor in self.counts
        )
        parts = [terms]
        if self.without:
            parts.append(f"without {', '.join(self.without)}")
        parts.append(f"{self.classes} classes" if self.classes else "no classifier")
        return ", ".join(parts)

    @property
    def rounding_text(self) -> str:
        digits = f", {self.significant} digits" if self.significant else ""
        return self.rounding + digits


@cache
def conventions(source: str) -> Mapping[tuple[str, str], Convention]:
    """The conventions of a source by (table, quantity).

    Raises:
        FiguresError: an entry that is malformed, speaks of a table or quantity that the
            CSV does not have, or declares what another one has declared.
    """
    path = sources.declaration_file(source)
    held = {(figure.table, figure.quantity) for figure in sources.figures(source)}
    found: dict[tuple[str, str], Convention] = {}
    entries = sources.declaration(source).get("convention", [])
    for number, entry in enumerate(entries, start=1):
        what = f"convention {number}"
        convention = _convention(path, what, entry, sources.impl(source))
        for table in convention.tables:
            key = (table, convention.quantity)
            if key not in held:
                close = nearest(table, sorted({name for name, _ in held}))
                raise FiguresError(
                    f'{what}: no figure of table "{table}" is {convention.quantity}',
                    place=Place(str(path)),
                    suggestion=close if close != table else None,
                )
            if key in found:
                raise FiguresError(
                    f"{what}: {convention.quantity} of {table} is declared twice",
                    place=Place(str(path)),
                )
            found[key] = convention
    return found


def _convention(path: Path, what: str, entry: Any, impl: str) -> Convention:
    types = {
        "tables": list,
        "quantity": str,
        "count": dict,
        "classes": int,
        "without": list,
        "rounding": str,
        "significant": int,
        "reason": str,
    }
    sources.check_keys(path, what, entry, types, optional={"without", "significant"})

    def one_of(key: str, value: object, accepted: tuple[str, ...]) -> None:
        if value not in accepted:
            raise FiguresError(
                f'{what}: {key} "{value}" is not known',
                place=Place(str(path)),
                accepted=", ".join(accepted),
            )

    one_of("quantity", entry["quantity"], sources.COSTS)
    one_of("rounding", entry["rounding"], ROUNDINGS)
    memory = entry["quantity"] == sources.MEMORY
    if not entry["count"]:
        raise FiguresError(f"{what}: count is empty", place=Place(str(path)))
    for name, factor in entry["count"].items():
        one_of("count", name, (MAP_ELEMENTS,) if memory else COUNTABLE)
        if type(factor) is not int:
            raise FiguresError(
                f"{what}: count: {name} = {factor!r}",
                place=Place(str(path)),
                accepted="a whole number",
            )
    for block in entry.get("without", ()):
        if not isinstance(block, str) or not _BLOCK.fullmatch(block):
            raise FiguresError(
                f'{what}: without "{block}"',
                place=Place(str(path)),
                accepted="stem, last_conv, pool, classifier, or block7, conv1, fc1",
            )
    return Convention(
        tables=tuple(entry["tables"]),
        quantity=entry["quantity"],
        counts=tuple(entry["count"].items()),
        classes=entry["classes"],
        rounding=entry["rounding"],
        reason=" ".join(entry["reason"].split()),
        without=tuple(entry.get("without", ())),
        significant=entry.get("significant"),
        impl=impl,
    )
