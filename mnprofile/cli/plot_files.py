"""The plots of a sweep as a page or a picture, by the suffix of their file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnprofile.base import files
from mnprofile.cli.output import warn

if TYPE_CHECKING:
    from mnprofile.search.grids import Grid
    from mnprofile.views.plots.sample import Sample

# Writes the plots of a sample of the rows.
Drawing = Callable[["Sample", Sequence["Grid"], list[str]], None]


def drawing_to(path: Path, size: str, theme: str) -> Drawing:
    """How plots are written to a file of this suffix: a page, or one picture.

    Raises UsageError for another suffix, MissingExtraError without its renderer.
    """
    from mnprofile.views.plots.picture import picture, style_of, suffix_of

    suffix = suffix_of(path, ("html",))
    style = style_of(size, theme, suffix)

    def draw(sample: Sample, grids: Sequence[Grid], notes: list[str]) -> None:
        if suffix == "html":
            from mnprofile.views.html.sweep_page import page  # loads Jinja2

            files.write_text(path, page(sample, grids, notes))
        else:
            from mnprofile.views.plots import accuracy_plotly, heat

            plot = sample.plot()
            figure = (
                accuracy_plotly.figure(plot)
                if plot.points
                else heat.figure(heat.heat_of(grids[0]))
            )
            with files.replacing(path) as out:
                out.write(picture(figure, suffix, style))
        warn(f"Plots: {path}")

    return draw
