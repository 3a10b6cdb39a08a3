"""mnprofile report ARCH...: one self-contained page."""

from pathlib import Path

import click

from mnprofile import files
from mnprofile.blocks import build_rows
from mnprofile.cli.options import ArchType, impl_option, settings_of
from mnprofile.cli.output import warn
from mnprofile.counting import count
from mnprofile.errors import UsageError

MAX_NETWORKS = 12


@click.command("report")
@click.argument("arch", metavar="ARCH...", type=ArchType(), nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder to write to; it is made where there is none.",
)
@impl_option
def command(arch: tuple[str, ...], output: Path, impl: str) -> None:
    """Write an HTML report of some networks, with an explorer.

    ARCH is a table or a configuration (v2@0.75/160). Three files are written:

    \b
    index.html    the report: opens from disk, needs no network
    report.md     its figures as Markdown
    accuracy.svg  its accuracy plot

    \b
    Examples:
      mnprofile report v1 v2 v3-large v3-small -o site/
      mnprofile report my_network.md v2@0.75/160 -o site/
    """
    if len(arch) > MAX_NETWORKS:
        raise UsageError(
            f"{len(arch)} networks", accepted=f"at most {MAX_NETWORKS} in one report"
        )
    from mnprofile import reports  # Jinja2 is loaded by this command only
    from mnprofile.panels import Network

    networks: list[Network] = []
    for spec in arch:
        settings = settings_of(
            spec,
            alpha=None,
            res=None,
            rho=None,
            t=None,
            classes=None,
            impl=impl,
            output_stride=None,
        )
        if any(settings.arch.name == one.arch.name for one in networks):
            raise UsageError(
                f'"{settings.arch.name}" twice: a report takes a table once',
                accepted="mnprofile diff, for two configurations of one table",
            )
        counted = count(build_rows(settings.arch, **settings.build_arguments()))
        networks.append(Network(settings.arch, counted))
    try:
        output.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"--output: {output} is no folder") from None
    for name, text in (
        (reports.PAGE, reports.report_page(networks)),
        (reports.MARKDOWN, reports.report_markdown(networks)),
        (reports.PICTURE, reports.picture(networks)),
    ):
        files.write_text(output / name, text)
        warn(f"wrote {output / name}")
