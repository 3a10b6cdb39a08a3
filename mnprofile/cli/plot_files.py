"""The plots of a sweep as a page or a picture, by the suffix of their file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mnprofile.base import files
from mnprofile.cli.output import warn

if TYPE_CHECKING:
    from mnprofile.views.html.sweep_page import NetworkPlots, TablePlots
    from mnprofile.views.plots.picture import PictureStyle


@dataclass(frozen=True)
class Drawing:
    """A file for the plots of a sweep: a page, or one picture."""

    path: Path
    suffix: str
    style: PictureStyle

    def write(self, plots: TablePlots | NetworkPlots) -> None:
        """Draw the plots, replacing the file. Raises FileError."""
        from mnprofile.views.plots.picture import picture

        if self.suffix == "html":
            files.write_text(self.path, plots.page())
        else:
            with files.replacing(self.path) as out:
                out.write(picture(plots.figure(), self.suffix, self.style))
        warn(f"Plots: {self.path}")


def drawing_to(path: Path, size: str, theme: str) -> Drawing:
    """How plots are written to a file of this suffix.

    Raises UsageError for another suffix, MissingExtraError without its renderer.
    """
    from mnprofile.views.plots.picture import style_of, suffix_of

    suffix = suffix_of(path, ("html",))
    return Drawing(path, suffix, style_of(size, theme, suffix))
