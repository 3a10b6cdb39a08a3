"""The plots of a sweep as a page or a picture, by the suffix of their file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnprofile.base import files
from mnprofile.base.errors import FileError, Place
from mnprofile.cli.output import warn

if TYPE_CHECKING:
    from mnprofile.search.grids import Grid
    from mnprofile.views.plots.plotly_layout import PlotlyFigure
    from mnprofile.views.plots.sample import Sample

DEFAULT_PLOT = Path("reports") / "sweep.html"
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
            figure = _picture_of(sample, grids)
            with files.replacing(path) as out:
                out.write(picture(figure, suffix, style))
        warn(f"Plots: {path}")

    return draw


def _picture_of(sample: Sample, grids: Sequence[Grid]) -> PlotlyFigure:
    """Top-1 over cost; without a known top-1 the costs over the grid."""
    from mnprofile.views.plots import accuracy_plotly, expansion, heat

    plot = sample.plot()
    if plot.points:
        return accuracy_plotly.figure(plot)
    first = grids[0]
    same = [one for one in grids if one.arch is first.arch]
    curve = expansion.compound_of(same) if first.phi is not None else None
    if curve is not None:
        return expansion.figure([curve], over=expansion.PHI)
    return heat.figure(heat.heat_of(first))


def plot_path(plot: Path | None, *, wanted: bool) -> Path | None:
    """Where the plots go, or None. Only the default folder is created if missing."""
    if plot is None:
        if not wanted:
            return None
        plot = DEFAULT_PLOT
        try:
            plot.parent.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise FileError(
                f"cannot create the folder: {fault.strerror}",
                place=Place(str(plot.parent)),
            ) from None
    if not plot.parent.is_dir():
        raise FileError("no such folder", place=Place(str(plot.parent)))
    return plot
