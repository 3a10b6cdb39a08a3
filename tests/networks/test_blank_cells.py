"""Cells that the papers leave blank: a value that an operator does not use is refused.

Each good page below has every kind of row; one cell of it is filled in and must be
refused at its own place, whatever the row's other cells say.
"""

import pytest

import mnprofile
from mnprofile.base.errors import TableError
from tests.conftest import GOOD_V1, GOOD_V2, GOOD_V3

DASH_ONLY, ONE_OR_DASH = "-", "1 or -"
CONV, POOL, CLASSIFIER = "conv2d 1x1", "pool", "| k "
GOOD = {"v1": GOOD_V1, "v2": GOOD_V2, "v3": GOOD_V3}


def filled(page: str, row: str, header: str, text: str) -> tuple[str, int, int]:
    """The page with one cell of the first row that holds ``row`` replaced.

    Returned with the cell's line and column, counted from 1.
    """
    lines = page.split("\n")
    head = next(at for at, line in enumerate(lines) if line.startswith("|"))
    at = next(at for at in range(head + 2, len(lines)) if row in lines[at])
    headers = [cell.strip() for cell in lines[head].split("|")]
    cells = lines[at].split("|")
    cells[headers.index(header)] = f" {text} "
    lines[at] = "|".join(cells)
    column = len("|".join(cells[: headers.index(header)])) + 3
    return "\n".join(lines), at + 1, column


def refusal(page: str) -> TableError:
    with pytest.raises(TableError) as caught:
        mnprofile.parse(page, "my.md")
    return caught.value


@pytest.mark.parametrize(
    ("style", "row", "header", "text", "accepted"),
    [
        ("v2", CONV, "t", "1", DASH_ONLY),
        ("v2", POOL, "t", "1", DASH_ONLY),
        ("v2", POOL, "c", "32", DASH_ONLY),
        ("v2", POOL, "n", "2", ONE_OR_DASH),
        ("v2", POOL, "s", "2", ONE_OR_DASH),
        ("v2", CLASSIFIER, "t", "1", DASH_ONLY),
        ("v2", CLASSIFIER, "n", "2", ONE_OR_DASH),
        ("v2", CLASSIFIER, "s", "2", ONE_OR_DASH),
        ("v3", CONV, "exp size", "8", DASH_ONLY),
        ("v3", POOL, "exp size", "96", DASH_ONLY),
        ("v3", POOL, "#out", "96", DASH_ONLY),
        ("v3", POOL, "SE", "✓", DASH_ONLY),
        ("v3", POOL, "NL", "RE", DASH_ONLY),
        ("v3", POOL, "s", "2", ONE_OR_DASH),
        ("v3", CLASSIFIER, "exp size", "32", DASH_ONLY),
        ("v3", CLASSIFIER, "SE", "✓", DASH_ONLY),
        ("v3", CLASSIFIER, "NL", "HS", DASH_ONLY),
        ("v3", CLASSIFIER, "s", "2", ONE_OR_DASH),
    ],
)
def test_a_value_that_the_operator_has_no_use_for(
    style: str, row: str, header: str, text: str, accepted: str
) -> None:
    page, line, column = filled(GOOD[style], row, header, text)
    place = refusal(page).place

    assert place is not None
    assert (place.line, place.column, place.header) == (line, column, header)
    assert refusal(page).accepted == accepted
    assert f'"{text}"' in refusal(page).message


@pytest.mark.parametrize(
    ("row", "header", "text", "accepted"),
    [
        ("Avg Pool", "Type / Stride", "Avg Pool / s2", "/ s1"),
        ("FC", "Type / Stride", "FC / s2", "/ s1"),
        ("Softmax", "Type / Stride", "Softmax / s2", "/ s1"),
        ("Avg Pool", "Filter Shape", "Pool 16x8", "Pool 7x7"),
        ("Avg Pool", "Filter Shape", "16x16", "such as Pool 7x7"),
        ("Avg Pool", "Filter Shape", "Classifier", "such as Pool 7x7"),
        ("FC", "Filter Shape", "1x1x8x10", "such as 1024x1000 or 1024xk"),
        ("FC", "Filter Shape", "8x0", "a whole number from 1 to 1000000"),
        ("Softmax", "Filter Shape", "1x1x10", "such as Classifier"),
        ("Softmax", "Filter Shape", "-", "such as Classifier"),
        ("Conv dw", "Filter Shape", "3x3x8x8", "such as 3x3x64 dw"),
        ("Conv / s2", "Filter Shape", "3x3x8 dw", "such as 3x3x32x64"),
    ],
)
def test_a_filter_or_stride_that_a_v1_type_cannot_have(
    row: str, header: str, text: str, accepted: str
) -> None:
    page, line, column = filled(GOOD_V1, row, header, text)
    place = refusal(page).place

    assert place is not None
    assert (place.line, place.column, place.header) == (line, column, header)
    assert refusal(page).accepted == accepted


@pytest.mark.parametrize("text", ["1", "-"])
@pytest.mark.parametrize(
    ("style", "row", "header"),
    [
        ("v2", POOL, "n"),
        ("v2", POOL, "s"),
        ("v2", CLASSIFIER, "n"),
        ("v2", CLASSIFIER, "s"),
        ("v3", POOL, "s"),
        ("v3", CLASSIFIER, "s"),
    ],
)
def test_a_stride_and_a_number_of_repeats_may_be_1_or_blank(
    style: str, row: str, header: str, text: str
) -> None:
    """The papers print both: V2 an n of 1 for the pooling and no s, V3 an s of 1."""
    page, _, _ = filled(GOOD[style], row, header, text)

    assert mnprofile.parse(page) == mnprofile.parse(GOOD[style])


def types(page: str) -> list[str]:
    graph = mnprofile.build(mnprofile.parse(page))
    return [layer.type for layer in mnprofile.count(graph).layers]


@pytest.mark.parametrize("spelling", ["✓", "✔", "yes"])
def test_spellings_of_a_tick(spelling: str) -> None:
    page, _, _ = filled(GOOD_V3, "bneck", "SE", spelling)

    assert types(page).count("SE") == 2


def test_only_a_dash_leaves_squeeze_excite_out() -> None:
    blank, _, _ = filled(GOOD_V3, "bneck", "SE", "-")
    no, line, column = filled(GOOD_V3, "bneck", "SE", "no")
    place = refusal(no).place

    assert "SE" not in types(blank)
    assert place is not None
    assert (place.line, place.column, place.header) == (line, column, "SE")
