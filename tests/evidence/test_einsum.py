"""What numpy prints for the cost of an einsum, which two profilers take."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mnprofile.evidence.profilers.einsum import einsum_counts
from mnprofile.graph.written import Einsum

SIZES = dict(zip("abcdef", (1, 2, 3, 5, 7, 13), strict=True))


@st.composite
def calls(draw: st.DrawFn) -> Einsum:
    """One to four operands, some with an ellipsis, with or without an output."""
    letters = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True)
    terms = ["".join(one) for one in draw(st.lists(letters, min_size=1, max_size=4))]
    dims = [tuple(SIZES[one] for one in term) for term in terms]
    used = sorted(set("".join(terms)))
    output = "".join(draw(st.lists(st.sampled_from(used), unique=True)))
    if draw(st.booleans()):
        at = draw(st.integers(0, len(terms) - 1))
        hidden = (2, 3)[: draw(st.integers(0, 2))]
        terms[at], dims[at] = f"...{terms[at]}", (*hidden, *dims[at])
        output = f"...{output}"
    arrow = f"->{output}" if draw(st.booleans()) else ""
    return Einsum(",".join(terms) + arrow, tuple(dims))


@settings(max_examples=150, deadline=None)
@given(calls())
def test_the_cost_that_numpy_prints(call: Einsum) -> None:
    arrays = [np.zeros(dims) for dims in call.dims]
    told = np.einsum_path(call.equation, *arrays, optimize="optimal")[1]
    line = next(one for one in told.splitlines() if "Optimized FLOP" in one)

    found = einsum_counts(call)

    assert found["einsum_printed"] == int(float(line.rpartition(":")[2]))


def test_the_equations_that_fvcore_counts_exactly() -> None:
    """nlc,nld->ncd with 5 x 16 and 5 x 16: 1280; printed are 2561 in four digits."""
    call = Einsum("nlc,nld->ncd", ((1, 5, 16), (1, 5, 16)))
    other = Einsum("nlc,nld->ndc", ((1, 5, 1601), (1, 5, 16)))

    assert einsum_counts(call)["einsum_halved"] == 1280
    assert einsum_counts(other)["einsum_halved"] == 128_100  # of 128,080


def test_an_ellipsis_hides_the_sizes_from_torchprofile() -> None:
    plain = Einsum("ab,bc->ac", ((2, 3), (3, 5)))
    hidden = Einsum("...b,bc->...c", ((2, 3), (3, 5)))

    assert einsum_counts(plain)["einsum_indices"] == 30
    assert einsum_counts(hidden)["einsum_indices"] == 0
