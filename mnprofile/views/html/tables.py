"""Sheets as HTML tables: the numbers under every plot, readable without a script."""

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from mnprofile.base.sheet import Column, Sheet, Value, cell_text, plain
from mnprofile.views.html.markup import element, join, text, trusted
from mnprofile.views.sheets.columns import DRAWN, label

LONG = 40  # letters of a row's name, from which on it may take several lines
PHRASE = 16  # letters of several words, which may where there is little room
NO_DRAWING: Mapping[str, Callable[[str], Markup]] = {}


def table(
    sheet: Sheet,
    *,
    caption: str = "",
    class_: str = "",
    row_classes: Sequence[str] = (),
    groups: Sequence[tuple[str, int]] = (),
    row_ids: Sequence[str | None] = (),
    drawn: Mapping[str, Callable[[str], Markup]] = NO_DRAWING,
) -> Markup:
    """A sheet with its column headers, in a frame that scrolls if it is too wide.

    ``class_`` "sortable" lets the page's script sort and filter it. ``row_classes``
    gives each row a class. ``groups`` are headers above the columns, each with the
    number of its columns; "" leaves them without one. ``row_ids`` give each row an id;
    ``drawn`` is how the texts of a column are drawn, by its key.
    """
    heads = [
        element(
            "th",
            _written_out(column),
            scope="col",
            class_=None if column.kind == "text" else "n",
        )
        for column in sheet.columns
    ]
    rows = [
        element("tr", _cells(sheet, row, drawn), class_=name or None, id=id_)
        for row, name, id_ in zip(
            sheet.rows,
            row_classes or [""] * len(sheet.rows),
            row_ids or [None] * len(sheet.rows),
            strict=True,
        )
    ]
    parts = [
        element("caption", caption or sheet.title) if caption or sheet.title else "",
        element("thead", _grouped(groups), element("tr", join(heads))),
        element("tbody", join(rows)),
        element("tfoot", element("tr", _cells(sheet, sheet.total)))
        if sheet.total
        else "",
    ]
    notes = [element("p", note, class_="note") for note in sheet.notes]
    named = caption or sheet.title or "Table"
    made = element("table", *parts, class_=class_ or None)
    frame = element(
        "div", made, class_="scroll", tabindex="0", role="region", aria_label=named
    )
    return join([frame, *notes])


def _written_out(column: Column) -> str:
    """The label of a column, as a page has room for it: Parameters, not Params."""
    is_usual = column.label == label(column.key)
    return DRAWN.get(column.key, column.label) if is_usual else column.label


def _grouped(groups: Sequence[tuple[str, int]]) -> Markup:
    """The row above the column headers, or nothing."""
    cells = [
        element("th", name, scope="colgroup", colspan=wide, class_="group")
        if name
        else element("td", colspan=wide)
        for name, wide in groups
    ]
    return element("tr", join(cells)) if groups else join([])


def bar_table(caption: str, heads: Sequence[str], rows: list[Markup]) -> Markup:
    """A table of bars: a name, a bar and a number per row, under three heads."""
    last = len(heads) - 1
    return element(
        "table",
        element("caption", caption),
        element(
            "thead",
            element(
                "tr",
                *(
                    element("th", head, scope="col", class_="n" if at == last else None)
                    for at, head in enumerate(heads)
                ),
            ),
        ),
        element("tbody", join(rows)),
        class_="bars",
    )


def bar_row(name: str, bar: Markup, number: str, class_: str = "") -> Markup:
    """One row of a table of bars; ``class_`` is the number's."""
    return element(
        "tr",
        element("th", name, scope="row"),
        element("td", bar, class_="draw"),
        element("td", number, class_=f"n {class_}".rstrip()),
    )


def details(summary: str, *content: Markup) -> Markup:
    """Content that opens on a click on its summary; open in print."""
    return element("details", element("summary", summary), *content)


def _cells(
    sheet: Sheet,
    row: Sequence[Value],
    drawn: Mapping[str, Callable[[str], Markup]] = NO_DRAWING,
) -> Markup:
    """The cells of a row, written out: a page of many layers has ten thousands."""
    cells = []
    tag, scope = "th", ' scope="row"'
    for value, column in zip(row, sheet.columns, strict=True):
        shown: str = cell_text(value, column.kind, separated=True)
        if column.key in drawn and shown:
            shown = drawn[column.key](shown)
        if column.kind != "text":
            class_ = f' class="n"{_sort_key(value)}'
        else:
            class_ = _length(str(value)) if scope else ""
        cells.append(f"<{tag}{scope}{class_}>{text(shown)}</{tag}>")
        tag, scope = "td", ""
    return trusted("".join(cells))


def _length(name: str) -> str:
    """The class of a row's name that may take several lines, as an attribute."""
    if len(name) > LONG:
        return ' class="long"'
    return ' class="phrase"' if len(name) > PHRASE and " " in name else ""


def _sort_key(value: Value) -> str:
    """An attribute: the plain number behind a cell whose text is made for reading."""
    number = plain(value)
    return f' data-n="{number!r}"' if isinstance(number, int | float) else ""
