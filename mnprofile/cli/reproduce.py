"""mnprofile reproduce [SOURCE]: compare published cost figures with ours."""

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from mnprofile.base.errors import OK, VERDICT
from mnprofile.cli.help import Command
from mnprofile.cli.options import output_options
from mnprofile.cli.output import chosen_format, emit
from mnprofile.evidence.literature.reproduction import ERRATA, Verdict, reproduce
from mnprofile.evidence.literature.sources import sources
from mnprofile.views.sheets.reproduction import reproduction_document

ERRATUM = "erratum"
VERDICTS = (*(str(verdict) for verdict in Verdict), ERRATUM)


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


def _verdicts(status: str | None) -> tuple[Verdict, ...]:
    if status is None:
        return ()
    return ERRATA if status == ERRATUM else (Verdict(status),)


EXAMPLES = """
mnprofile reproduce
mnprofile reproduce paper-v1 --all
mnprofile reproduce --status erratum
mnprofile reproduce --all --output published.md
"""


@click.command("reproduce", cls=Command, examples=EXAMPLES)
@click.argument("source", metavar="[SOURCE]", required=False, type=SourceType())
@click.option("--all", "every", is_flag=True, help="List every figure.")
@click.option(
    "--status",
    type=VerdictType(VERDICTS),
    metavar="VERDICT",
    help=f"List the figures with one verdict: {', '.join(VERDICTS[:-1])}; or"
    f" {ERRATUM}: those of {', '.join(ERRATA)}.",
)
@output_options()
def command(
    source: str | None,
    every: bool,
    status: str | None,
    format_: str | None,
    output: Path | None,
) -> int:
    """Compare every published cost figure with ours.

    SOURCE is one of the shipped sources, or a CSV file of figures with its TOML file
    next to it; the default is all shipped sources. A figure is reproduced if ours,
    under its table's convention, has the printed digits. With SOURCE, the conventions
    are shown, each with the number of figures that it fits.

    Exit code 1 if a figure is unexplained.
    """
    done = reproduce(source)
    document = reproduction_document(
        done,
        status=_verdicts(status),
        every=every,
        fits=source is not None,
        numbered=chosen_format(format_, output) == "table",
    )
    emit(document, format_, output)
    return OK if done.explained else VERDICT
