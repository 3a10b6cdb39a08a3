"""A plotly figure as a picture for slides: SVG of literal colours, PNG or PDF.

Draws what the figures of this package use (scatter, bar and heatmap on linear, log and
category axes), with plain attributes that every program for drawings reads. PNG and PDF
are that SVG, rendered by vl-convert (the extra "pictures"), which needs no browser.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

from markupsafe import Markup

from mnprofile.base.errors import UsageError
from mnprofile.base.extras import require
from mnprofile.base.units import parse_resolution
from mnprofile.views.html.markup import element
from mnprofile.views.plots.picture_axes import (
    Area,
    Axis,
    axis_of,
    labels,
    rule,
    words,
)
from mnprofile.views.plots.picture_traces import Look, marks, path, stacked, trace_parts
from mnprofile.views.plots.plotly_layout import THEMES, PlotlyFigure, themed

FORMATS = ("svg", "png", "pdf")
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
MAX_SIDE = 10_000


WIDTH, HEIGHT = 960, 540  # pixels, of a slide


@dataclass(frozen=True)
class PictureStyle:
    """Size in pixels, theme ("light" or "dark") and the size of the font on a slide.

    A larger picture than a slide is drawn larger as a whole, with its texts and marks.
    """

    width: int = WIDTH
    height: int = HEIGHT
    theme: str = "light"
    font: int = 14

    def __post_init__(self) -> None:
        if self.theme not in THEMES:
            raise UsageError(
                f'theme: "{self.theme}" is not a theme', accepted=", ".join(THEMES)
            )
        for side in (self.width, self.height):
            if not 100 <= side <= MAX_SIDE:
                raise UsageError(
                    f"size: {side} is out of range",
                    accepted=f"100 to {MAX_SIDE} pixels",
                )


SLIDE = PictureStyle()


def to_svg(figure: PlotlyFigure, style: PictureStyle = SLIDE) -> str:
    """A figure as the text of an SVG file."""
    size = style
    zoom = max(1.0, min(style.width / WIDTH, style.height / HEIGHT))
    wide, high = round(style.width / zoom), round(style.height / zoom)
    style = replace(style, width=wide, height=high)
    drawn = themed(figure, style.theme)
    traces, layout = drawn["data"], drawn["layout"]
    small = style.font * 0.85
    named = [one for one in traces if one.get("name") and one.get("showlegend", True)]
    rows = _legend_rows(named, style)
    bar = any(one["type"] == "heatmap" for one in traces)
    widest = max((len(text) for text in labels(layout["yaxis"], traces)), default=4)
    area = Area(
        left=small * 0.62 * widest + style.font * 2.6,
        right=style.width - (style.font * 7 if bar else style.font * 1.5),
        top=style.font * (1 + 1.6 * len(rows)),
        bottom=style.height - style.font * 4.2,
    )
    x = axis_of(layout["xaxis"], traces, "x", area.left, area.right)
    y = axis_of(layout["yaxis"], traces, "y", area.bottom, area.top)
    ink = layout["font"]["color"]
    look = Look(style.width, style.height, style.font, ink)
    parts = [
        element("rect", width="100%", height="100%", fill=layout["paper_bgcolor"]),
        *_frame(x, y, area, layout, style),
        *(part for one in stacked(traces) for part in trace_parts(one, x, y, look)),
        *_legend(rows, area, ink, style),
    ]
    return str(
        element(
            "svg",
            *parts,
            xmlns="http://www.w3.org/2000/svg",
            width=size.width,
            height=size.height,
            viewBox=f"0 0 {wide} {high}",
            preserveAspectRatio="none" if zoom > 1 else None,
            font_family=FONT,
            font_size=style.font,
        )
    )


def picture(figure: PlotlyFigure, suffix: str, style: PictureStyle) -> bytes:
    """A figure as the bytes of a file of this suffix: svg, png or pdf.

    Raises MissingExtraError where the renderer of PNG and PDF is not installed.
    """
    text = to_svg(figure, style)
    if suffix == "svg":
        return text.encode()
    require("vl_convert", "pictures")
    import vl_convert

    if suffix == "png":
        return bytes(vl_convert.svg_to_png(text, scale=2))
    return bytes(vl_convert.svg_to_pdf(text))


def style_of(size: str, theme: str, suffix: str) -> PictureStyle:
    """The style of pictures of a size such as "960x540" (width x height).

    Raises UsageError, or MissingExtraError where the suffix needs a renderer that is
    not installed: before anything is counted.
    """
    if suffix in ("png", "pdf"):
        require("vl_convert", "pictures")
    width, height = parse_resolution(size, "--size")
    return PictureStyle(width, height, theme)


def suffix_of(path: Path, more: Sequence[str] = ()) -> str:
    """The format of a picture's file, from its name. Raises UsageError."""
    suffix = path.suffix.lower().removeprefix(".")
    known = (*FORMATS, *more)
    if suffix not in known:
        raise UsageError(
            f"{path.name}: not a suffix of a picture",
            accepted=", ".join(f".{one}" for one in known),
        )
    return suffix


def _frame(
    x: Axis, y: Axis, area: Area, layout: dict[str, Any], style: PictureStyle
) -> Iterator[Markup]:
    """Grid lines, ticks and titles; texts that would touch are left out."""
    grid, ink, small = layout["xaxis"]["gridcolor"], layout["font"]["color"], 0.85
    size = round(style.font * small, 1)
    last = -math.inf
    for at, text in sorted(x.ticks):
        if not x.step:
            yield rule(at, area.top, at, area.bottom, grid)
        wide = 0.6 * size * len(text)
        if at - wide / 2 > last + 4:
            yield words(at, area.bottom + size * 1.4, text, ink, size, "middle")
            last = at + wide / 2
    low = math.inf
    for at, text in sorted(y.ticks, reverse=True):
        if not y.step:
            yield rule(area.left, at, area.right, at, grid)
        if at + size * 0.6 < low:
            yield words(area.left - 7, at + size * 0.35, text, ink, size, "end")
            low = at - size * 0.6
    middle = (area.left + area.right) / 2
    yield words(
        middle, style.height - style.font * 0.8, x.title, ink, style.font, "middle"
    )
    up, right = (area.top + area.bottom) / 2, style.font * 1.2
    yield element(
        "text",
        y.title,
        transform=f"translate({right:.1f} {up:.1f}) rotate(-90)",
        text_anchor="middle",
        fill=ink,
        font_size=style.font,
    )


# --- legend --------------------------------------------------------------------------


def _legend_rows(
    named: Sequence[dict[str, Any]], style: PictureStyle
) -> list[list[tuple[float, dict[str, Any]]]]:
    """The traces with names in rows, each with its distance from the left."""
    rows: list[list[tuple[float, dict[str, Any]]]] = []
    at = math.inf
    for trace in named:
        wide = style.font * 0.6 * len(unescape(trace["name"])) + style.font * 2.6
        if at + wide > style.width - style.font * 4:
            rows.append([])
            at = 0.0
        rows[-1].append((at, trace))
        at += wide
    return rows


def _legend(
    rows: Sequence[Sequence[tuple[float, dict[str, Any]]]],
    area: Area,
    ink: str,
    style: PictureStyle,
) -> Iterator[Markup]:
    for index, row in enumerate(rows):
        up = style.font * (1.4 + 1.5 * index)
        for at, trace in row:
            left = area.left + at
            middle = up - style.font * 0.35
            if "lines" in trace.get("mode", ""):
                ends = [(left, middle), (left + style.font * 1.4, middle)]
                yield path({**trace, "fillcolor": "none"}, ends)
            if "marker" in trace and trace["type"] == "scatter":
                mark = {**trace["marker"], "size": style.font * 0.8, "opacity": 1}
                at_mark = [(left + style.font * 0.7, middle)]
                yield from marks({**trace, "marker": mark}, at_mark)
            elif trace["type"] == "bar":
                side = style.font * 0.8
                color = trace["marker"]["color"]
                yield element(
                    "rect",
                    x=f"{left:.1f}",
                    y=f"{up - side:.1f}",
                    width=f"{side:.1f}",
                    height=f"{side:.1f}",
                    fill=color[0] if isinstance(color, list) else color,
                )
            name = unescape(trace["name"])
            yield words(
                left + style.font * 1.8, up, name, ink, style.font * 0.9, "start"
            )
