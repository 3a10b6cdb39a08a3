"""Every published cost figure compared with our count, with one verdict each.

The digits we get under the declared convention are compared with the printed ones as
text, without tolerance. An erratum must say what the figure should read, or of which
network or table it is right, and is accepted only if that is what we get: an error of
ours turns both reproduced figures and errata into unexplained ones.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from mnprofile.base.shown import Shown
from mnprofile.evidence.literature.asides import asides, reason_of
from mnprofile.evidence.literature.conventions import Convention, conventions
from mnprofile.evidence.literature.errata import (
    COPIED,
    KINDS,
    FigureErratum,
    errata,
    erratum_of,
    original_of,
)
from mnprofile.evidence.literature.recount import Networks, recount
from mnprofile.evidence.literature.sources import (
    HEAD,
    ON_DEVICE,
    Printed,
    declaration,
    figures,
    sources,
    title,
)
from mnprofile.networks import catalog
from mnprofile.networks.notation.table import Erratum


class Verdict(StrEnum):
    """The verdict on a printed figure."""

    REPRODUCED = "reproduced"
    OTHER_VERSION = "other version"
    COPIED = "copied"
    LAST_DIGIT = "last digit"
    MISPRINT = "misprint"
    OTHER_NETWORK = "other network"
    NEEDS_A_HEAD = "needs a head"
    MEASURED = "measured"
    UNEXPLAINED = "unexplained"


ERRATA = tuple(map(Verdict, KINDS))
# Not counted.
SET_ASIDE = (Verdict.OTHER_NETWORK, Verdict.NEEDS_A_HEAD, Verdict.MEASURED)
AS_PRINTED = (Verdict.REPRODUCED, Verdict.OTHER_VERSION)  # our digits are the printed


class Result(NamedTuple):
    """One printed figure and its verdict.

    ``ours`` is written as the figure is printed (as the erratum corrects it, if there
    is one), ``exact`` is the count behind it. Both are None for networks that we do not
    count.
    """

    figure: Printed
    verdict: Verdict
    ours: str | None = None
    exact: str | None = None
    convention: Convention | None = None
    erratum: FigureErratum | None = None
    reason: str = ""


class ConventionFit(NamedTuple):
    """How many figures of one table its convention reproduces."""

    source: str
    table: str
    quantity: str
    convention: Convention | None
    reproduced: int
    figures: int

    @property
    def holds(self) -> bool:
        """Whether it fits a figure; one that fits nothing is only a guess."""
        return self.reproduced > 0


class TableErratum(NamedTuple):
    """A misprint of an architecture table that a source prints."""

    source: str
    architecture: str
    erratum: Erratum


@dataclass(frozen=True, slots=True, repr=False)
class Reproduction(Shown):
    """The verdicts on the cost figures of some sources."""

    results: tuple[Result, ...]

    @property
    def explained(self) -> bool:
        """Whether no figure is left unexplained."""
        return not self.only(Verdict.UNEXPLAINED)

    @property
    def sources(self) -> list[str]:
        return list(dict.fromkeys(result.figure.source for result in self.results))

    def of(self, source: str) -> tuple[Result, ...]:
        return tuple(one for one in self.results if one.figure.source == source)

    def only(self, *verdicts: Verdict) -> tuple[Result, ...]:
        return tuple(one for one in self.results if one.verdict in verdicts)

    def counted(self, source: str | None = None) -> int:
        """The number of figures that we count, of one source or of all."""
        tally = self.tally(source)
        return sum(tally[verdict] for verdict in Verdict if verdict not in SET_ASIDE)

    def tally(self, source: str | None = None) -> dict[Verdict, int]:
        """The number of figures by verdict, of one source or of all."""
        some = self.results if source is None else self.of(source)
        counted = Counter(one.verdict for one in some)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def fits(self) -> tuple[ConventionFit, ...]:
        """One fit per table and quantity that we count, in the order of the sources."""
        groups: dict[tuple[str, str, str], list[Result]] = {}
        for one in self.results:
            figure = one.figure
            if not figure.is_aside:
                key = (figure.source, figure.table, figure.quantity)
                groups.setdefault(key, []).append(one)
        return tuple(
            ConventionFit(
                *key,
                convention=some[0].convention,
                reproduced=sum(one.verdict in AS_PRINTED for one in some),
                figures=len(some),
            )
            for key, some in groups.items()
        )

    @property
    def table_errata(self) -> tuple[TableErratum, ...]:
        """The misprints of the architecture tables that the sources print."""
        return tuple(
            TableErratum(source, arch.name, erratum)
            for source in self.sources
            for name in declaration(source).get("architectures", ())
            for arch in (catalog.load(name),)
            for erratum in arch.errata
        )


def reproduce(source: str | Iterable[str] | None = None) -> Reproduction:
    """Compare the cost figures of one source, several or all with our counts.

    Args:
        source: names of shipped sources, or paths to CSV files of figures, each with
            its TOML file next to it; None for all shipped sources.

    Raises:
        UsageError: no source of that name.
        FiguresError: a malformed CSV or TOML file.
        FileError: a file that cannot be read.

    >>> reproduce("slim-v2-v3").tally()[Verdict.UNEXPLAINED]
    0
    """
    if source is None:
        source = sources()
    chosen = [source] if isinstance(source, str) else list(source)
    networks = Networks()
    results: list[Result] = []
    for name in dict.fromkeys(chosen):
        held = figures(name)
        # These raise if malformed, whatever the figures.
        title(name), errata(name), asides(name)
        declared = conventions(name)
        results += (
            _result(figure, declared.get((figure.table, figure.quantity)), networks)
            for figure in held
            if figure.is_cost
        )
    return Reproduction(tuple(results))


def _aside(figure: Printed) -> Verdict:
    if figure.quantity in ON_DEVICE:
        return Verdict.MEASURED
    return Verdict.NEEDS_A_HEAD if figure.network == HEAD else Verdict.OTHER_NETWORK


def _result(
    figure: Printed, convention: Convention | None, networks: Networks
) -> Result:
    if figure.is_aside:
        return Result(figure, _aside(figure), reason=reason_of(figure))
    if convention is None:
        reason = f"no convention is declared for {figure.quantity} of {figure.table}"
        return Result(figure, Verdict.UNEXPLAINED, reason=reason)
    erratum = erratum_of(figure)
    expected, counted = figure.printed, figure
    if erratum:
        expected = erratum.reads
        counted = figure._replace(network=erratum.network or figure.network)
    value = recount(counted, convention, expected, networks)
    verdict, reason = Verdict.REPRODUCED, ""
    if erratum:
        verdict, reason = Verdict(erratum.kind), erratum.reason
    fault = ""
    if value.text != expected:
        fault = f"we count {value.exact}, not {expected}"
        if erratum and verdict is not Verdict.OTHER_VERSION:
            fault += f", the erratum's correction of {figure.printed}"
    elif erratum and verdict is Verdict.COPIED:
        fault = _fault_of_copy(figure, erratum, networks)
    if fault:
        verdict, reason = Verdict.UNEXPLAINED, fault
    return Result(figure, verdict, value.text, value.exact, convention, erratum, reason)


def _fault_of_copy(figure: Printed, erratum: FigureErratum, networks: Networks) -> str:
    """Why a figure is not a copy of one that is right in its place; empty if it is."""
    source, table = erratum.copy_of
    original = original_of(figure, erratum)
    if original is None:
        return f"{source}, {table} does not print {figure.printed} for this network"
    theirs = erratum_of(original)
    verdict = Verdict.COPIED
    if theirs is None or theirs.kind != COPIED:
        convention = conventions(source).get((table, figure.quantity))
        verdict = _result(original, convention, networks).verdict
    if verdict in (*AS_PRINTED, Verdict.LAST_DIGIT):
        return ""
    return f"{figure.printed} is not right in {source}, {table} either: {verdict}"
