"""Which network a result is about: its configuration and errata."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from mnprofile.base.sheet import Column, Sheet
from mnprofile.base.units import factor, size_text
from mnprofile.graph.configuration import Configuration
from mnprofile.networks.imported import Network
from mnprofile.views.document import record_of
from mnprofile.views.sheets.columns import columns


def errata_notes(arch: Network) -> list[str]:
    """One line per corrected cell that the figures rest on."""
    return [
        f'erratum: row {e.row}, column "{e.column}": printed "{e.printed}", read as'
        f' "{e.read_as}" ({e.why})'
        for e in arch.errata
    ]


def source_notes(arch: Network) -> list[str]:
    """What the figures rest on that the source does not print so: errata, and code."""
    code = [f"from released code, not printed: {told}" for told in arch.from_code]
    return [*errata_notes(arch), *code]


def errata_record(arch: Network) -> list[dict[str, Any]]:
    """The JSON record of the corrected cells."""
    return [
        record_of(erratum, "row", "line", "column", "printed", "read_as", "why")
        for erratum in arch.errata
    ]


def errata_sheet(archs: Iterable[tuple[str, Network]]) -> Sheet:
    """One row per corrected cell of some tables, under the tables' titles."""
    return Sheet.of(
        columns(
            "network",
            Column("row", "Row", "number"),
            "column",
            Column("printed", "Printed"),
            "read_as why",
        ),
        (
            {"network": title, **record}
            for title, arch in archs
            for record in errata_record(arch)
        ),
    )


def headline(config: Configuration) -> str:
    """The configuration in one line."""
    if config.reader:
        return f"{config.name}, input {', '.join(config.inputs)}"
    parts = [config.name, f"alpha {factor(config.alpha)}", size_text(config.resolution)]
    if config.depth != 1:
        parts.append(f"depth {factor(config.depth)}")
    if config.t is not None:
        parts.append(f"t {factor(config.t)}")
    parts.append(f"{config.classes} classes")
    parts.append(f"impl {config.impl}")
    if config.output_stride is not None:
        parts.append(f"output stride {config.output_stride}")
    return ", ".join(parts)


def headed(sheets: list[Sheet], config: Configuration) -> list[Sheet]:
    """The same sheets with the configuration as the title of the first."""
    return [replace(sheets[0], title=headline(config)), *sheets[1:]]


def model_record(config: Configuration) -> dict[str, Any]:
    """The JSON record of the configuration."""
    record = {
        **record_of(config, "name", "impl", "alpha"),
        "resolution": resolution_record(config.resolution),
        **record_of(config, "rho", "t", "classes", "output_stride", "depth"),
    }
    if not config.reader:
        return record
    return {
        **dict.fromkeys(record),
        "name": config.name,
        "resolution": record["resolution"] or None,
        "reader": config.reader,
        "inputs": list(config.inputs),
    }


def resolution_record(resolution: tuple[int, int]) -> int | list[int]:
    """A size in JSON: one number if it is square, else [height, width]."""
    height, width = resolution
    return height if height == width else [height, width]
