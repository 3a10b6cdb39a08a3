"""Depth multipliers and compound scaling."""

import pytest

from mnprofile.base.errors import UsageError
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import load, parse
from mnprofile.networks.configuration import Request, configure
from mnprofile.networks.notation.rows import Architecture
from tests.conftest import GOOD_V2, spoiled


def blocks(arch: Architecture, **request: float) -> int:
    """How many inverted residuals a request builds."""
    graph = build_rows(arch, configure(arch, Request(**request)))  # type: ignore[arg-type]
    return len({node.block for node in graph if node.block.startswith("block")})


@pytest.mark.parametrize(
    ("phi", "alpha", "depth", "side"),
    [
        # Tan and Le 2019, section 3.3: depth 1.2, width 1.1, resolution 1.15.
        (0, 1.0, 1.0, 224),
        (1, 1.1, 1.2, 258),
        (2, 1.21, 1.44, 296),
        (-1, 1 / 1.1, 1 / 1.2, 195),
    ],
)
def test_phi_sets_width_depth_and_resolution(
    phi: int, alpha: float, depth: float, side: int
) -> None:
    config = configure(load("efficientnet-b0"), Request(phi=phi))

    assert (config.alpha, config.depth) == pytest.approx((alpha, depth))
    assert config.resolution == (side, side)


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        # 1, 2, 2, 3, 3, 4, 1 blocks times the depth, each rounded up: those of the
        # authors' B0, B1 and B2 (1.1 and 1.2), and B7 (3.1).
        (1.0, 16),
        (1.1, 23),
        (1.2, 23),
        (3.1, 55),
        (0.5, 10),
    ],
)
def test_depth_multiplies_repeats_and_rounds_up(depth: float, expected: int) -> None:
    assert blocks(load("efficientnet-b0"), depth=depth) == expected


def test_a_product_that_is_whole_is_not_rounded_up() -> None:
    """In floating point, 1.1 x 10 is 11.000000000000002."""
    ten = parse(spoiled(GOOD_V2, ("| 6 | 16 | 2 | 2 |", "| 6 | 16 | 10 | 2 |")))

    assert blocks(ten, depth=1.1) == 11
    assert blocks(ten, depth=1.11) == 12


@pytest.mark.parametrize(
    ("name", "request_", "message"),
    [
        ("v2", {"phi": 1}, "phi: mobilenet_v2 has no compound scaling"),
        ("efficientnet-b0", {"phi": 1, "alpha": 1.0}, "--phi and --alpha together"),
        ("efficientnet-b0", {"phi": 1, "depth": 1.0}, "--phi and --depth together"),
        ("efficientnet-b0", {"phi": 1, "resolution": 224}, "--phi and --res together"),
        ("efficientnet-b0", {"phi": 1, "rho": 1.0}, "--phi and --rho together"),
        ("efficientnet-b0", {"phi": 1e9}, "phi: 1e\\+09 is out of range"),
        ("efficientnet-b0", {"phi": float("nan")}, "phi: nan is out of range"),
        ("efficientnet-b0", {"phi": True}, "phi: True is not a number"),
        ("efficientnet-b0", {"depth": 0}, "depth: 0 is out of range"),
        ("efficientnet-b0", {"depth": 1e9}, "depth: 1e\\+09 is out of range"),
        ("efficientnet-b0", {"depth": "1"}, "depth: '1' is not a number"),
        ("alexnet", {"depth": 2}, "depth: alexnet has no row with repeats"),
    ],
)
def test_what_is_refused(name: str, request_: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        configure(load(name), Request(**request_))  # type: ignore[arg-type]
