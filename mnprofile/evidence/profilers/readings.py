"""What a profiler printed beside what the ledger says, and which profilers to run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mnprofile.base import extras
from mnprofile.base.errors import UsageError, nearest
from mnprofile.evidence.profilers.rules import profiler_of
from mnprofile.evidence.profilers.totals import Ledger, LedgerEntry
from mnprofile.evidence.profilers.worker import MEASURES, Code, Twin, run

ALWAYS = ("fvcore", "FlopCounterMode")  # run for the layers

Progress = Callable[[str, int, int], None]  # next step, steps done, steps in total


@dataclass(frozen=True, slots=True)
class Reading:
    """What a profiler printed, and what the ledger says it prints.

    ``sizes`` are the products of two sizes that are in the total: a trace has them.
    """

    entry: LedgerEntry
    version: str
    total: int | None
    failure: str = ""
    sizes: int = 0

    @property
    def name(self) -> str:
        return self.entry.profiler.name

    @property
    def rest(self) -> int | None:
        """The part that no term explains; None without both totals."""
        expected = self.entry.total
        if self.total is None or expected is None:
            return None
        return self.total - expected - self.sizes


def counter_readings(
    names: Sequence[str],
    book: Ledger,
    network: Twin | Code,
    progress: Progress,
    steps: int,
) -> Iterator[Reading]:
    """What the profilers ``names`` print, the last of ``steps``: each in a process."""
    for done, name in enumerate(names, start=steps - len(names)):
        progress(name, done, steps)
        ran = run(name, book[name].profiler.package, network)
        yield Reading(book[name], ran.version, ran.total, ran.failure, ran.sizes)


def chosen_counters(counters: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """The profilers to run besides fvcore and FlopCounterMode, and the missing ones.

    Raises UsageError, and MissingExtraError for one that is asked for by name, torch or
    fvcore.
    """
    for package in ("torch", "fvcore"):
        extras.require(package)
    if "all" in (name.lower() for name in counters):
        found = [
            name for name in MEASURES if extras.is_installed(profiler_of(name).package)
        ]
        return found, tuple(name for name in MEASURES if name not in found)
    chosen = []
    runnable = (*ALWAYS, *MEASURES, "all")
    for name in counters:
        try:
            profiler = profiler_of(name)
        except UsageError as fault:
            raise UsageError(
                fault.message,
                accepted=", ".join(runnable),
                suggestion=nearest(name, runnable),
            ) from None
        if profiler.name in ALWAYS or profiler.name in chosen:
            continue
        if profiler.name not in MEASURES:
            raise UsageError(
                f"{profiler.name} is only in the ledger; it cannot be run from here",
                accepted=", ".join(runnable),
            )
        extras.require(profiler.package, "check-all")
        chosen.append(profiler.name)
    return chosen, ()
