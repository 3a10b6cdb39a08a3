"""mnprofile reproduce [SOURCE]: every published cost figure beside ours."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from mnprofile.base.errors import OK, VERDICT
from mnprofile.base.json_files import envelope
from mnprofile.base.sheet import Column, Sheet
from mnprofile.cli.options import output_options
from mnprofile.cli.output import chosen_format, emit
from mnprofile.evidence.literature.reproduction import (
    ConventionFit,
    Reproduction,
    Result,
    Verdict,
    reproduce,
)
from mnprofile.evidence.literature.sources import sources, title
from mnprofile.views.sheets.reproduction import (
    errata_sheets,
    fit_sheet,
    listed_sheets,
    source_sheet,
    table_sheets,
)

VERDICTS = tuple(str(verdict) for verdict in Verdict)


class SourceType(click.ParamType[str]):
    """A source: completed by name, else by file name."""

    name = "source"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        found = [
            CompletionItem(name) for name in sources() if name.startswith(incomplete)
        ]
        return found or [CompletionItem(incomplete, type="file")]


class VerdictType(click.Choice[str]):
    """A verdict, with spaces or hyphens: "needs a head" or needs-a-head."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        return super().convert(str(value).lower().replace("-", " "), param, ctx)


@click.command("reproduce")
@click.argument("source", metavar="[SOURCE]", required=False, type=SourceType())
@click.option("--all", "every", is_flag=True, help="List every figure.")
@click.option(
    "--status",
    type=VerdictType(VERDICTS),
    metavar="VERDICT",
    help=f"List the figures of one verdict: {', '.join(VERDICTS)}.",
)
@output_options()
def command(
    source: str | None,
    every: bool,
    status: str | None,
    format_: str | None,
    output: Path | None,
) -> int:
    """Hold every published cost figure against ours.

    SOURCE is one of the shipped sources, or a CSV file of figures with its TOML file
    beside it; all shipped sources without it. A figure is reproduced when the digits
    we get under its table's convention are the printed ones. With SOURCE the
    conventions are shown, each with how many figures it fits.

    Ends with 1 when a figure is unexplained.

    \b
    Examples:
      mnprofile reproduce
      mnprofile reproduce paper-v1 --all
      mnprofile reproduce --status erratum
      mnprofile reproduce --all --output published.md
    """
    numbered = chosen_format(format_, output) == "table"
    done = reproduce(source)
    chosen = done.results if status is None else done.only(Verdict(status))
    if status is not None:
        sheets = listed_sheets(done, chosen, Verdict(status), numbered=numbered)
    elif every:
        sheets = [source_sheet(done), fit_sheet(done)]
        sheets += errata_sheets(done, numbered=numbered)
        exact = () if numbered else ("exact",)  # a terminal has no room for it
        sheets += table_sheets(done.results, *exact, "rounding", "verdict")
    else:
        sheets = [source_sheet(done)]
        if source is not None:
            sheets.append(fit_sheet(done))
    if not done.explained and status is None:
        unexplained = done.only(Verdict.UNEXPLAINED)
        sheets += listed_sheets(
            done, unexplained, Verdict.UNEXPLAINED, numbered=numbered
        )
    emit(
        format_,
        output,
        sheets=sheets,
        csv=_csv_sheet(chosen),
        record=lambda: envelope("reproduce", reproduce_record(done, chosen)),
    )
    return OK if done.explained else VERDICT


def reproduce_record(done: Reproduction, chosen: Iterable[Result]) -> dict[str, Any]:
    """The verdicts as JSON has them."""
    return {
        "explained": done.explained,
        "totals": {"figures": len(done.results), **_tally_record(done)},
        "sources": [
            {
                "name": name,
                "title": title(name),
                "figures": len(done.of(name)),
                **_tally_record(done, name),
            }
            for name in done.sources
        ],
        "conventions": [_fit_record(fit) for fit in done.fits],
        "figures": [result_record(result) for result in chosen],
        "table_errata": [
            {
                "source": one.source,
                "architecture": one.architecture,
                "row": one.erratum.row,
                "column": one.erratum.column,
                "printed": one.erratum.printed,
                "reads": one.erratum.read_as,
                "reason": one.erratum.why,
            }
            for one in done.table_errata
        ],
    }


def result_record(result: Result) -> dict[str, Any]:
    """One figure and its verdict as JSON has it."""
    figure, convention, misprint = result.figure, result.convention, result.misprint
    return {
        "source": figure.source,
        "table": figure.table,
        "where": figure.where,
        "model": figure.model,
        "network": figure.network,
        "alpha": figure.alpha,
        "resolution": figure.resolution,
        "part": figure.part or None,
        "quantity": figure.quantity,
        "printed": figure.printed,
        "unit": figure.unit,
        "ours": result.ours,
        "exact": result.exact,
        "convention": convention.recipe if convention else None,
        "rounding": convention.rounding_text if convention else None,
        "verdict": str(result.verdict),
        "reason": result.reason or None,
        "established": misprint.established if misprint else None,
    }


def _tally_record(done: Reproduction, source: str | None = None) -> dict[str, int]:
    return {
        str(verdict).replace(" ", "_"): number
        for verdict, number in done.tally(source).items()
    }


def _fit_record(fit: ConventionFit) -> dict[str, Any]:
    convention = fit.convention
    record: dict[str, Any] = {
        "source": fit.source,
        "table": fit.table,
        "quantity": fit.quantity,
        "fits": fit.reproduced,
        "figures": fit.figures,
    }
    if convention is not None:
        record |= {
            "count": dict(convention.counts),
            "classes": convention.classes,
            "without": list(convention.without),
            "impl": convention.impl,
            "rounding": convention.rounding,
            "significant": convention.significant,
            "reason": convention.reason,
        }
    return record


def _csv_sheet(results: Sequence[Result]) -> Sheet:
    """Every field of every figure."""
    records = [result_record(result) for result in results]
    keys = list(records[0]) if records else ["source", "verdict"]
    return Sheet(
        tuple(Column(key, key) for key in keys),
        tuple(tuple(record.values()) for record in records),
    )
