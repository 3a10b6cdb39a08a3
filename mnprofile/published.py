"""Figures that papers and model zoos print, with source and place.

One CSV a source in ``mnprofile/figures/``; misprints in ``errata.toml`` beside them.
"""

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mnprofile.graph import Config

FOLDER = Path(__file__).parent / "figures"


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed figure. ``printed`` holds its digits exactly as they stand."""

    source: str  # the name of its CSV file
    where: str
    model: str
    family: str
    alpha: float | None
    resolution: int | None
    variant: str
    quantity: str
    printed: str
    unit: str
    device: str
    note: str


@dataclass(frozen=True, slots=True)
class Misprint:
    """A printed figure that is wrong, what it should read, and how that is known."""

    source: str
    where: str
    quantity: str
    printed: str
    reads: str
    reason: str
    established: str


@cache
def figures(source: str) -> tuple[Figure, ...]:
    """Every figure of one source, in the order of its file."""
    with open(FOLDER / f"{source}.csv", encoding="utf-8", newline="") as file:
        return tuple(_figure(source, row) for row in csv.DictReader(file))


@cache
def misprints() -> tuple[Misprint, ...]:
    """Every known misprint."""
    text = (FOLDER / "errata.toml").read_text("utf-8")
    return tuple(Misprint(**entry) for entry in tomllib.loads(text)["erratum"])


def misprint_of(figure: Figure) -> Misprint | None:
    """The known misprint of a figure, if it is one."""
    for entry in misprints():
        if (entry.source, entry.where, entry.quantity, entry.printed) == (
            figure.source,
            figure.where,
            figure.quantity,
            figure.printed,
        ):
            return entry
    return None


def printed_shares(config: Config) -> dict[tuple[str, str], Figure]:
    """The shares by type of the V1 paper's Table 2, by (type, quantity).

    Empty for any network but the one that the table is about.
    """
    ours = (config.name, config.alpha, config.resolution, config.classes)
    if ours != ("mobilenet_v1", 1.0, (224, 224), 1000) or config.output_stride:
        return {}
    return {
        (figure.variant.removeprefix("share of "), figure.quantity): figure
        for figure in figures("paper-v1")
        if figure.where.startswith("Table 2 ")
    }


def _figure(source: str, row: dict[str, str]) -> Figure:
    return Figure(
        source=source,
        where=row["where"],
        model=row["model"],
        family=row["family"],
        alpha=float(row["alpha"]) if row["alpha"] else None,
        resolution=int(row["resolution"]) if row["resolution"].isdigit() else None,
        variant=row["variant"],
        quantity=row["quantity"],
        printed=row["printed"],
        unit=row["unit"],
        device=row["device"],
        note=row["note"],
    )
