"""Values as lists and ranges, and the grids that they span."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnprofile.base.errors import UsageError
from mnprofile.networks import catalog
from mnprofile.search.grids import (
    grid,
    grids_for,
    parse_resolutions,
    parse_values,
    published_axes,
    total_size,
)

RANGE = st.tuples(st.integers(1, 1000), st.integers(1, 300), st.integers(1, 200))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.35", (0.35,)),
        ("0.35,0.5", (0.35, 0.5)),
        ("0.35:0.5:0.05", (0.35, 0.4, 0.45, 0.5)),
        ("1:1:0.1", (1.0,)),
        ("1.4:1.0:-0.2", (1.4, 1.2, 1.0)),
        ("0.5,0.25:0.75:0.25", (0.5, 0.25, 0.75)),
        (" 1 , 2 ", (1.0, 2.0)),
        ("1e-1", (0.1,)),
    ],
)
def test_values_that_are_accepted(text: str, values: tuple[float, ...]) -> None:
    assert parse_values(text, "alpha") == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a number or a range"),
        (",", "is not a number or a range"),
        ("1,", "is not a number or a range"),
        ("1:2", "is not a number or a range"),
        ("1:2:3:4", "is not a number or a range"),
        ("::", "is not a number or a range"),
        ("a", "is not a number"),
        ("nan", "is not a number"),
        ("inf", "is not a number"),
        ("1e400", "is not a number"),
        ("1_000", "is not a number"),
        ("0.35:1.4:0", "the step is zero"),
        ("1.4:0.35:0.05", "leads away from 0.35"),
        ("0.35:1.4:-0.05", "leads away from 1.4"),
        ("0.35:1.4:0.1", "never land on 1.4"),
        ("0:1:0.0000001", "10,000,001 values are too many"),
    ],
)
def test_values_that_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_values(text, "alpha")


def test_a_range_that_never_lands_names_two_that_do() -> None:
    with pytest.raises(UsageError) as caught:
        parse_values("0.35:1.4:0.1", "alpha")
    assert caught.value.accepted == "0.35:1.35:0.1 or 0.35:1.45:0.1"


@given(RANGE)
def test_a_range_meets_both_ends(parts: tuple[int, int, int]) -> None:
    """In hundredths, where steps of a float would drift."""
    start, step, count = parts
    stop = start + step * count
    text = f"{start / 100}:{stop / 100}:{step / 100}"
    values = parse_values(text, "alpha")
    assert values[0] == start / 100
    assert values[-1] == stop / 100
    assert len(values) == count + 1


def test_resolutions_may_be_ranges_and_rectangles() -> None:
    assert parse_resolutions("96:160:32,320x240") == (
        (96, 96),
        (128, 128),
        (160, 160),
        (320, 240),
    )


def test_a_resolution_is_whole() -> None:
    with pytest.raises(UsageError, match=r"1\.5 is not a whole number"):
        parse_resolutions("1.5")


def test_the_grid_that_is_not_given_is_the_published_one() -> None:
    """TF-slim mobilenet/README.md: alpha 0.35 to 1.4, resolution 96 to 224."""
    v2 = grid(catalog.load("v2"))
    assert v2.alphas == (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
    assert [side for side, _ in v2.resolutions] == [96, 128, 160, 192, 224]
    assert v2.size == 30


def test_an_unpublished_table_has_its_family_s_axes() -> None:
    reduced = catalog.load("v3-large-reduced")
    assert published_axes(reduced) == published_axes(catalog.load("v3-large"))


def test_rho_is_a_factor_of_the_table_s_resolution() -> None:
    made = grid(catalog.load("v2"), rhos=[0.714, 1])
    assert made.resolutions == ((160, 160), (224, 224))


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"alpha": -1}, "alpha: -1"),
        ({"alpha": float("nan")}, "alpha: nan"),
        ({"alpha": []}, "alphas: no values"),
        ({"resolution": 10**6}, "resolution: 1000000"),
        ({"resolution": 1.5}, "resolution: 1.5"),
        ({"resolution": 96, "rho": 1}, "together"),
        ({"rho": float("inf")}, "rho: inf"),
        ({"t": 65}, "t: 65"),
        ({"classes": 10.5}, "classes: 10.5"),
        ({"impl": "pytorch"}, "impl"),
    ],
)
def test_values_out_of_range_are_refused(values: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        grids_for("v2", **values)  # type: ignore[arg-type]


def test_a_spec_fixes_what_it_names() -> None:
    (made,) = grids_for("v2@0.75/160")
    assert made.alphas == (0.75,)
    assert made.resolutions == ((160, 160),)
    with pytest.raises(UsageError, match=r"v2@0\.75 already sets it"):
        grids_for("v2@0.75", alpha=1)


def test_10_to_the_12_configurations_are_refused() -> None:
    grids = grids_for(
        "v2", alpha="0.00001:10:0.00001", resolution="1:1000:1", t="1:2:0.001"
    )
    with pytest.raises(UsageError, match="1,001,000,000,000 configurations"):
        total_size(grids)
