"""``mnprofile.report``: the page of ``mnprofile report``, from Python."""

import os
from collections.abc import Sequence
from pathlib import Path

from mnprofile.base import files
from mnprofile.base.errors import UsageError
from mnprofile.costs.counting import count
from mnprofile.graph.graph import Graph
from mnprofile.networks.catalog import Arch
from mnprofile.networks.configuration import parse_spec
from mnprofile.networks.finding import find_network
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.html import report_page as reports
from mnprofile.views.html.panels import ReportNetwork

Reported = Graph | Arch


def report(
    networks: Reported | Sequence[Reported], output: str | os.PathLike[str]
) -> Path:
    """Write an HTML report of some networks, its figures as Markdown, and its plot.

    Args:
        networks: graphs built from tables, or names, specs and paths; one or several.
        output: the folder to write to; created if it does not exist.

    Returns:
        The path of the page, ``index.html``.

    Raises:
        UsageError: a graph that was not built from a table, or a table given twice.
        FileError: the folder cannot be written to.
    """
    single = isinstance(networks, Graph | str | os.PathLike | Architecture)
    given: Sequence[Reported] = [networks] if single else networks  # type: ignore[assignment, list-item]
    found = [_network(one) for one in given]
    names = [one.arch.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f'"{twice}" is given twice; a report takes each table once')
    folder = Path(output)
    contents = {
        folder / name: text for name, text in reports.report_files(found).items()
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"output: {folder} is not a folder") from None
    files.write_texts(contents)
    return folder / reports.PAGE


def _network(network: Reported) -> ReportNetwork:
    if isinstance(network, str | os.PathLike):
        arch, graph = find_network(os.fspath(network))
        return ReportNetwork(arch, count(graph), parse_spec(os.fspath(network))[0])
    counted = count(network)
    if not isinstance(counted.graph.table, Architecture):
        raise UsageError(f"report: {counted.config.name} was not built from a table")
    return ReportNetwork(counted.graph.table, counted)
