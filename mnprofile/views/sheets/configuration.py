"""Which network a result is about: its configuration and errata, put in words."""

from typing import Any

from mnprofile.graph.configuration import Configuration
from mnprofile.networks.notation.rows import Architecture


def errata_notes(arch: Architecture) -> list[str]:
    """One line a corrected cell that the figures rest on."""
    return [
        f'erratum: row {e.row}, column "{e.column}": printed "{e.printed}", read as'
        f' "{e.read_as}" ({e.why})'
        for e in arch.errata
    ]


def errata_record(arch: Architecture) -> list[dict[str, Any]]:
    """The corrected cells as JSON has them."""
    return [
        {
            "row": e.row,
            "line": e.line,
            "column": e.column,
            "printed": e.printed,
            "read_as": e.read_as,
            "why": e.why,
        }
        for e in arch.errata
    ]


def headline(config: Configuration) -> str:
    """The configuration in one line."""
    height, width = config.resolution
    parts = [f"{config.name}", f"alpha {config.alpha}", f"{height}x{width}"]
    if config.t is not None:
        parts.append(f"t {config.t}")
    parts.append(f"{config.classes} classes")
    parts.append(f"impl {config.impl}")
    if config.output_stride is not None:
        parts.append(f"output stride {config.output_stride}")
    return ", ".join(parts)


def model_record(config: Configuration) -> dict[str, Any]:
    """The configuration as JSON has it."""
    height, width = config.resolution
    return {
        "name": config.name,
        "impl": config.impl,
        "alpha": config.alpha,
        "resolution": height if height == width else [height, width],
        "rho": config.rho,
        "t": config.t,
        "classes": config.classes,
        "output_stride": config.output_stride,
    }
