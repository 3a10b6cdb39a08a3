"""``mnprofile.report``: the page of ``mnprofile report``, from Python."""

import os
from collections.abc import Mapping, Sequence
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
    found = checked([_network(one) for one in given])
    folder = Path(output)
    contents = {
        folder / name: text for name, text in reports.report_files(found).items()
    }
    write_files(contents, {"output": folder})
    return folder / reports.PAGE


def checked(networks: Sequence[ReportNetwork]) -> Sequence[ReportNetwork]:
    """The same networks. Raises UsageError unless each can be a part of one report."""
    names = [one.arch.name for one in networks]
    for one in networks:
        if names.count(one.arch.name) > 1:
            raise UsageError(
                f'"{one.arch.name}" is given twice; a report takes each table once',
                accepted="mnprofile diff, for two configurations of one table",
            )
        if not one.counted.layers:
            raise UsageError(
                f"{one.written or one.arch.name}: nothing to report",
                accepted="a network with multiply-adds or parameters",
            )
    return networks


def write_files(
    contents: Mapping[Path, str | bytes], folders: Mapping[str, Path]
) -> None:
    """Write files into ``folders``, by what names each of these in an error.

    Raises UsageError where a folder is another kind of file, and FileError.
    """
    files.check_targets(contents, makes_folders=True)
    for name, folder in folders.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise UsageError(f"{name}: {folder} is not a folder") from None
    files.write_texts(contents)


def _network(network: Reported) -> ReportNetwork:
    if isinstance(network, str | os.PathLike):
        arch, graph = find_network(os.fspath(network))
        return ReportNetwork(arch, count(graph), parse_spec(os.fspath(network))[0])
    counted = count(network)
    if not isinstance(counted.graph.table, Architecture):
        raise UsageError(f"report: {counted.config.name} was not built from a table")
    return ReportNetwork(counted.graph.table, counted)
