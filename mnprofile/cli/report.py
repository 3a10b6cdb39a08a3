"""mnprofile report ARCH...: one self-contained page."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mnprofile.base import files
from mnprofile.base.errors import OK, VERDICT, UsageError
from mnprofile.cli.options import ArchType, impl_option, network_of
from mnprofile.cli.output import warn
from mnprofile.costs.counting import count

if TYPE_CHECKING:
    from mnprofile.views.html.panels import Panel, ReportNetwork

MAX_NETWORKS = 12


@click.command("report")
@click.argument("arch", metavar="ARCH...", type=ArchType(), nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write to; created if it does not exist.",
)
@impl_option
@click.option("--check", "checks", is_flag=True, help="Add a cross-check; needs torch.")
@click.option("--reproduce", "reproduces", is_flag=True, help="Add published figures.")
@click.option(
    "--device",
    metavar="NAME",
    help='Add the time on a device of mnprofile time, such as "Pixel 1".',
)
def command(
    arch: tuple[str, ...],
    output: Path,
    impl: str,
    checks: bool,
    reproduces: bool,
    device: str | None,
) -> int:
    """Write an HTML report of some networks, with an explorer.

    ARCH is a table or a configuration (v2@0.75/160). Three files are written:

    \b
    index.html    the report: opens from disk and works offline
    report.md     its figures as Markdown
    accuracy.svg  its accuracy plot

    --check compares the networks with fvcore and torch, as mnprofile check does, and
    --reproduce adds the published cost figures of these networks with their verdicts.
    If either disagrees, the report is written all the same and the exit code is 1.

    \b
    Examples:
      mnprofile report v1 v2 v3-large v3-small -o site/
      mnprofile report v1 v2 --check --reproduce -o site/
      mnprofile report my_network.md v2@0.75/160 -o site/
    """
    if len(arch) > MAX_NETWORKS:
        raise UsageError(
            f"{len(arch)} networks are too many",
            accepted=f"at most {MAX_NETWORKS} in one report",
        )
    from mnprofile.costs.latency.devices import device_of
    from mnprofile.views.html import (
        report_page as reports,  # Jinja2 is loaded by this command only
    )
    from mnprofile.views.html.panels import ReportNetwork

    networks: list[ReportNetwork] = []
    for spec in arch:
        table, graph = network_of(spec, impl=impl)
        if any(table.name == one.arch.name for one in networks):
            raise UsageError(
                f'"{table.name}" is given twice; a report takes each table once',
                accepted="mnprofile diff, for two configurations of one table",
            )
        networks.append(ReportNetwork(table, count(graph)))
    agrees, verdicts = _verdicts(networks, checks=checks, reproduces=reproduces)
    texts = {
        output / reports.PAGE: reports.report_page(
            networks, verdicts, device_of(device) if device is not None else None
        ),
        output / reports.MARKDOWN: reports.report_markdown(networks),
        output / reports.PICTURE: reports.picture(networks),
    }
    files.check_targets(texts)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"--output: {output} is not a folder") from None
    files.write_texts(texts)
    for path in texts:
        warn(f"wrote {path}")
    return OK if agrees else VERDICT


def _verdicts(
    networks: "list[ReportNetwork]", *, checks: bool, reproduces: bool
) -> "tuple[bool, list[Panel]]":
    """Whether all checks agree, and one panel per kind of check asked for."""
    agrees, panels = True, []
    if checks:
        from mnprofile.evidence.profilers.cross_check import check
        from mnprofile.views.html.proof_panels import crosscheck_panel

        checked = [(one, check(one.counted.graph)) for one in networks]
        agrees = all(outcome.agrees for _, outcome in checked)
        panels.append(crosscheck_panel(checked))
    if reproduces:
        from mnprofile.evidence.literature.reproduction import reproduce
        from mnprofile.views.html.proof_panels import reproduction_panel

        done = reproduce()
        agrees = agrees and done.explained
        panels.append(reproduction_panel(networks, done))
    return agrees, panels
