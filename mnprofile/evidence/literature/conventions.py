"""How a source counts: which quantities, which layers, how many classes, and rounding.

A convention is declared once for one quantity of some tables of a source, as data with
its reasoning, and is a weighted sum of what ``counting`` counts: ``params`` of
``{ weights = 1, biases = 1, bn_channels = 3 }`` adds three per batch-norm channel.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from mnprofile.base.errors import FiguresError, nearest
from mnprofile.base.records import Record
from mnprofile.base.units import Rounding, printed_like
from mnprofile.costs.counting import Layer, total
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
MAP_ELEMENTS = "map_elems"  # of the largest block output; times 2: bytes
_POWERS = {"": 0, "1": 0, "K": 3, "M": 6, "G": 9, "%": -2, "channels/kB": 3}
_KEYS = {
    "tables": list,
    "quantity": str,
    "count": dict,
    "classes": int,
    "without": list,
    "rounding": str,
    "significant": int,
    "reason": str,
}
_BLOCK = re.compile("stem|last_conv|pool|classifier|(block|conv|fc)[0-9]+")


class Convention(NamedTuple):
    """What one quantity of some tables means, and how it was rounded."""

    tables: tuple[str, ...]
    quantity: str
    counts: tuple[tuple[str, int], ...]  # (counted quantity, factor)
    classes: int
    rounding: Rounding
    reason: str
    without: tuple[str, ...] = ()  # blocks left out
    significant: int | None = None  # leading digits kept; None for all printed
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

    def total(self, layers: Iterable[Layer]) -> int:
        """The terms summed over some layers. A batch-norm channel has two buffers."""
        sums = total(layers)
        return sum(
            factor
            * (sums.buffers // 2 if name == "bn_channels" else getattr(sums, name))
            for name, factor in self.counts
        )

    def printed(self, part: int, whole: int, *, like: str, unit: str) -> str | None:
        """part / whole rounded by this convention, in the form of ``like``.

        ``unit`` is the unit of ``like``. None if ``like`` is not a number. Raises
        FiguresError for an unknown unit.
        """
        if unit not in _POWERS:
            known = ", ".join(filter(None, _POWERS))
            raise FiguresError(f'unknown unit "{unit}"', accepted=known)
        return printed_like(
            part,
            whole,
            like,
            power=_POWERS[unit],
            rounding=self.rounding,
            significant=self.significant,
        )

    @property
    def rounding_text(self) -> str:
        digits = f", {self.significant} digits" if self.significant else ""
        return self.rounding + digits


@cache
def conventions(source: str) -> Mapping[tuple[str, str], Convention]:
    """The conventions of a source by (table, quantity).

    Raises:
        FiguresError: an entry is malformed, names a table or quantity that the CSV does
            not have, or repeats another one's declaration.
    """
    held = {(figure.table, figure.quantity) for figure in sources.figures(source)}
    found: dict[tuple[str, str], Convention] = {}
    for entry in sources.declared(
        source, "convention", _KEYS, optional={"without", "significant"}
    ):
        convention = _convention(entry, sources.impl(source))
        for table in convention.tables:
            key = (table, convention.quantity)
            if key not in held:
                close = nearest(table, sorted({name for name, _ in held}))
                entry.refuse(
                    "",
                    f'table "{table}" has no figures of {convention.quantity}',
                    suggestion=close if close != table else None,
                )
            if key in found:
                entry.refuse("", f"{convention.quantity} of {table} is declared twice")
            found[key] = convention
    return found


def _convention(entry: Record, impl: str) -> Convention:
    def one_of(key: str, value: object, accepted: tuple[str, ...]) -> None:
        if value not in accepted:
            entry.refuse("", f'{key} "{value}" is not known', ", ".join(accepted))

    given = entry.content
    one_of("quantity", given["quantity"], sources.COSTS)
    one_of("rounding", given["rounding"], ROUNDINGS)
    memory = given["quantity"] == sources.MEMORY
    if not given["count"]:
        entry.refuse("", "count is empty")
    for name, factor in given["count"].items():
        one_of("count", name, (MAP_ELEMENTS,) if memory else COUNTABLE)
        if type(factor) is not int:
            entry.refuse("", f"count: {name} = {factor!r}", "a whole number")
    for block in given.get("without", ()):
        if not isinstance(block, str) or not _BLOCK.fullmatch(block):
            accepted = "stem, last_conv, pool, classifier, or block7, conv1, fc1"
            entry.refuse("", f'without "{block}"', accepted)
    return Convention(
        tables=tuple(given["tables"]),
        quantity=given["quantity"],
        counts=tuple(given["count"].items()),
        classes=given["classes"],
        rounding=given["rounding"],
        reason=" ".join(given["reason"].split()),
        without=tuple(given.get("without", ())),
        significant=given.get("significant"),
        impl=impl,
    )
