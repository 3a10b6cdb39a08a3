"""Every published cost figure held against what we count: one verdict each.

The digits we get under the declared convention are compared with the printed ones as
text; there is no tolerance. An erratum must say what the figure should read, and
counts only where that is what we get: so an error of ours turns reproduced figures and
errata alike into unexplained ones.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mnprofile.evidence.literature.conventions import Convention, conventions
from mnprofile.evidence.literature.misprints import Misprint, misprint_of, misprints
from mnprofile.evidence.literature.recount import Networks, recount
from mnprofile.evidence.literature.sources import (
    HEAD,
    OTHER,
    Printed,
    declaration,
    figures,
    sources,
    title,
)
from mnprofile.networks import catalog
from mnprofile.networks.notation.markdown import Erratum


class Verdict(StrEnum):
    """What became of a printed figure."""

    REPRODUCED = "reproduced"
    ERRATUM = "erratum"
    OTHER_NETWORK = "other network"
    NEEDS_A_HEAD = "needs a head"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Result:
    """One printed figure and its verdict.

    ``ours`` has the form of the print (of the erratum's reading, where there is one),
    ``exact`` is the count behind it. Both are None for networks that we do not count.
    """

    figure: Printed
    verdict: Verdict
    ours: str | None = None
    exact: str | None = None
    convention: Convention | None = None
    misprint: Misprint | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ConventionFit:
    """How many of the figures under a convention it gives, for one table."""

    source: str
    table: str
    quantity: str
    convention: Convention | None
    reproduced: int
    figures: int


@dataclass(frozen=True, slots=True)
class TableErratum:
    """A misprint of an architecture table that a source prints."""

    source: str
    architecture: str
    erratum: Erratum


@dataclass(frozen=True, slots=True)
class Reproduction:
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

    def only(self, verdict: Verdict) -> tuple[Result, ...]:
        return tuple(one for one in self.results if one.verdict is verdict)

    def tally(self, source: str | None = None) -> dict[Verdict, int]:
        """The number of figures by verdict, of one source or of all."""
        some = self.results if source is None else self.of(source)
        counted = Counter(one.verdict for one in some)
        return {verdict: counted[verdict] for verdict in Verdict}

    @property
    def fits(self) -> tuple[ConventionFit, ...]:
        """A line a table and quantity that we count, in the order of the sources."""
        groups: dict[tuple[str, str, str], list[Result]] = {}
        for one in self.results:
            if one.figure.network not in (OTHER, HEAD):
                figure = one.figure
                key = (figure.source, figure.table, figure.quantity)
                groups.setdefault(key, []).append(one)
        return tuple(
            ConventionFit(
                *key,
                convention=some[0].convention,
                reproduced=sum(one.verdict is Verdict.REPRODUCED for one in some),
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
    """Hold every cost figure of one source, of some, or of all, against our counts.

    Args:
        source: names of shipped sources, or paths to a CSV file of figures that has its
            TOML file beside it; all shipped sources where None.

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
        title(name), misprints(name)  # malformed, they are errors for any figure
        declared = conventions(name)
        results += (
            _result(figure, declared.get((figure.table, figure.quantity)), networks)
            for figure in held
            if figure.is_cost
        )
    return Reproduction(tuple(results))


def _result(
    figure: Printed, convention: Convention | None, networks: Networks
) -> Result:
    if figure.network == OTHER:
        return Result(figure, Verdict.OTHER_NETWORK, reason=figure.dataset)
    if figure.network == HEAD:
        reason = figure.variant or figure.dataset
        return Result(figure, Verdict.NEEDS_A_HEAD, reason=reason)
    if convention is None:
        reason = f"no convention is declared for {figure.quantity} of {figure.table}"
        return Result(figure, Verdict.UNEXPLAINED, reason=reason)
    misprint = misprint_of(figure)
    expected = misprint.reads if misprint else figure.printed
    value = recount(figure, convention, expected, networks)
    if value.text == expected:
        verdict = Verdict.ERRATUM if misprint else Verdict.REPRODUCED
        reason = misprint.reason if misprint else ""
    else:
        verdict = Verdict.UNEXPLAINED
        reason = f"we count {value.exact}, not {expected}"
        if misprint:
            reason += f", as the erratum reads {figure.printed}"
    return Result(
        figure, verdict, value.text, value.exact, convention, misprint, reason
    )
