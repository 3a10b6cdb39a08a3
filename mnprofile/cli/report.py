"""mnprofile report ARCH...: one self-contained page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnprofile.base.errors import OK, VERDICT, UsageError
from mnprofile.cli.help import Command
from mnprofile.cli.options import (
    ArchType,
    impl_option,
    network_of,
    picture_options,
    reading_options,
    reading_words,
    readings_of,
)
from mnprofile.cli.output import warn
from mnprofile.costs.counting import count
from mnprofile.networks.configuration import parse_spec
from mnprofile.networks.imported import Imported

if TYPE_CHECKING:
    from mnprofile.views.html.panels import Panel, ReportNetwork

EXAMPLES = """
mnprofile report v1 v2 v3-large v3-small -o site/
mnprofile report v2 -o site/ --plots site/plots --plot-format pdf
mnprofile report v1 v2 --check --reproduce -o site/
mnprofile report my_network.md v2@0.75/160 -o site/
"""


@click.command("report", cls=Command, examples=EXAMPLES)
@click.argument("arch", metavar="ARCH...", type=ArchType(), nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write to; created if it does not exist.",
)
@impl_option
@reading_options
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also write every plot as a picture into this folder.",
)
@click.option(
    "--plot-format",
    type=click.Choice(["svg", "png", "pdf"]),
    default="svg",
    show_default=True,
    help='Format of these pictures; png and pdf need the extra "pictures".',
)
@picture_options
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
    plots: Path | None,
    plot_format: str,
    size: str,
    theme: str,
    **reading: Any,
) -> int:
    """Write an HTML report of some networks, with an explorer.

    ARCH is a table or a configuration (v2@0.75/160), a PyTorch network or a model
    file; --input, --arg, --train and --strict apply to each of the latter that takes
    them. Three files are written:

    \b
    index.html    the report: opens from disk and works offline
    report.md     its figures as Markdown
    accuracy.svg  its accuracy plot

    --plots writes every plot as a picture for slides or a paper: accuracies, and of
    each network its stages and layers by three quantities, and its memory.

    --check compares the networks with fvcore and torch, as mnprofile check does, and
    --reproduce adds the published cost figures of these networks with their verdicts.
    If either disagrees, the report is written all the same and the exit code is 1.
    """
    from mnprofile.costs.latency.devices import device_of
    from mnprofile.views.html import report_page, reporting  # these load Jinja2
    from mnprofile.views.plots.picture import picture, style_of

    style = style_of(size, theme, plot_format)
    networks = reporting.checked(
        [
            _network(spec, {"impl": impl}, own)
            for spec, own in zip(arch, readings_of(arch, reading), strict=True)
        ]
    )
    agrees, verdicts = _verdicts(networks, checks=checks, reproduces=reproduces)
    where = device_of(device) if device is not None else None
    made = report_page.report_files(networks, verdicts, where)
    contents: dict[Path, str | bytes] = {
        output / name: text for name, text in made.items()
    }
    folders = {"--output": output}
    if plots is not None:
        folders["--plots"] = plots
        contents |= {
            plots / f"{name}.{plot_format}": picture(figure, plot_format, style)
            for name, figure in report_page.pictures(networks, where).items()
        }
    reporting.write_files(contents, folders)
    for path in contents:
        warn(f"wrote {path}")
    return OK if agrees else VERDICT


def _network(
    spec: str, configuration: dict[str, Any], reading: dict[str, Any] | None
) -> "ReportNetwork":
    """A network as ARCH and the options say: ``reading`` is None for a table."""
    from mnprofile.views.html.panels import ReportNetwork

    if reading is None:
        table, graph = network_of(spec, **configuration)
        return ReportNetwork(table, count(graph), parse_spec(spec)[0])
    network, graph = network_of(spec, **reading)
    return ReportNetwork(
        network, count(graph), parse_spec(spec)[0], reading_words(reading)
    )


def _verdicts(
    networks: "Sequence[ReportNetwork]", *, checks: bool, reproduces: bool
) -> "tuple[bool, list[Panel]]":
    """Whether all checks agree, and one panel per kind of check asked for."""
    agrees, panels = True, []
    if checks:
        from mnprofile.evidence.profilers.cross_check import check
        from mnprofile.views.html.proof_panels import crosscheck_panel

        for one in networks:
            if isinstance(one.arch, Imported):
                raise UsageError(
                    f"--check: {one.arch.name} is not a table",
                    accepted=f"mnprofile check {one.arch.name}",
                )
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
