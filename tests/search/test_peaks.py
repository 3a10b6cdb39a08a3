"""Peaks of a sweep equal those of single graphs; ``test_products`` tries all tables."""

from typing import Any

import numpy as np
import pytest

from mnprofile.base.errors import UsageError
from mnprofile.costs.memory.activations import activation_memory
from mnprofile.networks import catalog
from mnprofile.networks.catalog import build
from mnprofile.search import peaks
from mnprofile.search.peaks import peaks_of
from mnprofile.search.products import product


def made_of(name: str, **given: Any) -> Any:
    """A product of one width and size unless others are given."""
    settings = {
        "alpha": np.array([1.0]),
        "t": None,
        "resolutions": ((224, 224),),
        "classes": 1000,
        "impl": "paper",
    }
    return product(catalog.load(name), **(settings | given))


def test_one_array_with_every_structure_of_v2() -> None:
    """Identities (t = 0), blocks without expansion and a shortcut in the first block
    have different structures, and share the array."""
    arch = catalog.load("v2")
    alphas, ts = [0.01, 1.0, 1.0, 1.0, 0.3, 1.0], [6.0, 0.0, 1.0, 6.0, 0.0, 0.01]
    sides = ((224, 224), (97, 33), (1, 1))
    found = peaks_of(
        made_of("v2", alpha=np.array(alphas), t=np.array(ts), resolutions=sides), 16
    )
    for k, (alpha, t) in enumerate(zip(alphas, ts, strict=True)):
        alone = [
            activation_memory(
                build(arch, alpha=alpha, t=t, resolution=side), bits=16
            ).act_peak_bytes
            for side in sides
        ]
        assert found.grid()[k].tolist() == alone


def test_published_sizes_of_v1_and_v2() -> None:
    """V1's peak is 112x112x32 + 112x112x64 (the V2 paper, Table 3, 112x112: 64 channels
    in 16 bits are 1600 kB; 32 more precede them); V2's 112x112x96 + 56x56x96."""
    assert peaks_of(made_of("v1"), 16).grid().tolist() == [[2_408_448]]
    assert peaks_of(made_of("v2"), 8).grid().tolist() == [[1_505_280]]


def test_few_sums_are_left_of_a_range_of_widths_and_sizes() -> None:
    """Of the 28 sums of V3-Large; this makes a sweep of peaks fast."""
    found = peaks_of(
        made_of(
            "v3-large",
            alpha=np.linspace(0.72, 0.99, 50),
            resolutions=tuple((side, side) for side in range(96, 256)),
        ),
        8,
    )
    assert len(found.sums) <= 6


@pytest.mark.parametrize("name", ["v1", "v2", "v3-large", "v3-small"])
def test_sums_left_out_are_never_the_peak(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every sum (several over the same sizes) the peak is the same."""
    made = made_of(
        name,
        alpha=np.linspace(0.05, 2, 40),
        resolutions=tuple((side, side) for side in range(1, 300, 7)),
    )
    some = peaks_of(made, 8)
    monkeypatch.setattr(peaks, "_MARGIN", float("inf"))
    every = peaks_of(made, 8)

    assert len(every.sums) >= len(some.sums)
    assert every.grid().tolist() == some.grid().tolist()


def test_some_of_the_widths() -> None:
    found = peaks_of(made_of("v2", alpha=np.array([0.35, 0.5, 1.0])), 8)

    assert found.grid([2]).tolist() == found.grid(slice(2, 3)).tolist()
    assert found.grid([2]).tolist() == [[1_505_280]]


def test_no_width_at_all() -> None:
    found = peaks_of(made_of("v2", alpha=np.array([])), 8)

    assert found.grid().shape == (0, 1)


def test_beyond_2_53_bytes_stay_exact_and_beyond_2_63_they_are_refused() -> None:
    made = made_of("v1", resolutions=((2**26 + 1, 2**26 + 1),))
    # Half a map with a side of 2^25 + 1 and 32 channels, and one with 64.
    assert peaks_of(made, 8).grid().tolist() == [[96 * (2**25 + 1) ** 2]]
    with pytest.raises(UsageError, match="bytes of activations"):
        peaks_of(made_of("v1", resolutions=((2**30, 2**30),)), 32)
