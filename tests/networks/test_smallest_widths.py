"""What each implementation does when hardly any channel is left, and how it rounds.

Expected numbers are the implementations' own expressions on the row's numbers, written
beside each: ``int()`` and ``round()`` are Python's, ``md8`` is ``make_divisible``.
"""

import pytest

import mnprofile
from mnprofile.base.errors import UsageError
from tests.conftest import GOOD_V1, GOOD_V2, GOOD_V3, spoiled


def widths(page: str, **chosen: object) -> dict[str, int]:
    """Output channels by layer."""
    graph = mnprofile.build(mnprofile.parse(page), **chosen)  # type: ignore[arg-type]
    return {layer.name: layer.out_shape.c for layer in mnprofile.count(graph).layers}


def v2_with_factor(t: str, channels: str = "24") -> str:
    """A bottleneck with the factor t on this many channels."""
    return spoiled(
        GOOD_V2,
        ("| - | 8  | 1 | 2 |", f"| - | {channels} | 1 | 2 |"),
        ("16²×8 ", f"16²×{channels} "),
        ("| 6 | 16 | 2", f"| {t} | 16 | 1"),
    )


@pytest.mark.parametrize(
    ("impl", "channels"),
    # int(8 x 0.001) = 0: TF-slim keeps at least 8; timm's md8 gives at least 8.
    [("paper", 8), ("timm", 8)],
)
def test_a_v1_layer_that_would_have_no_channel(impl: str, channels: int) -> None:
    found = widths(GOOD_V1, alpha=0.001, impl=impl)

    assert set(list(found.values())[:-1]) == {channels}
    assert found["classifier"] == 10


@pytest.mark.parametrize("impl", ["keras", "torchvision"])
def test_a_library_that_would_build_no_channel_refuses(impl: str) -> None:
    """Keras: "Expected a strictly positive value. Received filters=0"; torch: "groups".

    int(8 x 0.124) = 0 in V1, int() and round() of 24 x 0.02 = 0.48 in V2.
    """
    is_v1 = impl == "keras"
    page = GOOD_V1 if is_v1 else v2_with_factor("6")
    with pytest.raises(UsageError, match="without a channel") as refused:
        widths(page, impl=impl, **({"alpha": 0.124} if is_v1 else {"t": 0.02}))

    assert refused.value.accepted == "a larger alpha or t, or another impl"
    assert widths(GOOD_V1, impl="keras", alpha=0.125)["stem"] == 1
    with pytest.raises(UsageError, match="without a channel"):
        widths(v2_with_factor("6"), impl="keras", t=0.02)
    with pytest.raises(UsageError, match="without a channel"):
        mnprofile.sweep(
            mnprofile.parse(page),
            impl=impl,
            alpha=[0.01, 1.0],
            t=None if is_v1 else [0.02],
            resolution=32,
        )


def test_keras_v1_has_two_channels_where_two_are_left() -> None:
    """int(8 x 0.25) = 2, int(8 x 0.249) = 1: nothing is added to what is left."""
    assert widths(GOOD_V1, alpha=0.25, impl="keras")["stem"] == 2
    assert widths(GOOD_V1, alpha=0.249, impl="keras")["stem"] == 1


@pytest.mark.parametrize(
    ("impl", "expanded"),
    # 0.01 x 24 = 0.24: md8 gives 8.
    [("paper", 8), ("timm", 8)],
)
def test_an_expansion_that_would_have_no_channel(impl: str, expanded: int) -> None:
    """As an option, and as the table's own factor at another width.

    At alpha 0.5 the block reads md8(12) = 16 channels: 0.16.
    """
    given = widths(v2_with_factor("6"), t=0.01, impl=impl)
    printed = widths(v2_with_factor("0.01"), alpha=0.5, impl=impl)

    assert given["block1.expand"] == expanded
    assert printed["stem"] == 16
    assert printed["block1.expand"] == expanded


@pytest.mark.parametrize(
    ("t", "torchvision", "keras"),
    [
        (0.0625, 2, 1),  # 1.5: to the even 2, cut to 1
        (0.1041, 2, 2),  # 2.4984
        (0.4375, 10, 10),  # 10.5: to the even 10
        (0.5625, 14, 13),  # 13.5: to the even 14
        (0.59, 14, 14),  # 14.16
        (0.62, 15, 14),  # 14.88
    ],
)
def test_torchvision_rounds_an_expansion_of_24_channels_and_keras_cuts_it(
    t: float, torchvision: int, keras: int
) -> None:
    for impl, expanded in (("torchvision", torchvision), ("keras", keras)):
        # 48 x 0.5 = 24 channels: what the table prints is rounded in the same way.
        printed = widths(v2_with_factor(f"{t}", "48"), alpha=0.5, impl=impl)

        assert printed["block1.expand"] == expanded
        if t > 1 / 8:  # else another block, of 8 channels, is left without one
            given = widths(v2_with_factor("6"), t=t, impl=impl)
            assert given["block1.expand"] == expanded


def test_timm_v3_factors_have_two_decimals() -> None:
    """19/24 = 0.791667 is 0.79 in timm: of 96 channels 75.84 -> 72.

    The exact factor makes 76, three decimals 76.032 and one 76.8: all -> 80.
    """
    page = spoiled(
        GOOD_V3,
        ("| - | 16 | - | HS | 2", "| - | 24 | - | HS | 2"),
        ("16²×16", "16²×24"),
        ("| 64 | 24 |", "| 19 | 24 |"),
    )

    assert widths(page, alpha=4.0, impl="timm")["block1.expand"] == 72
    assert widths(page, alpha=4.0, impl="paper")["block1.expand"] == 80


@pytest.mark.parametrize(
    ("page", "accepted"),
    [(GOOD_V1, "paper, keras, timm"), (GOOD_V2, None), (GOOD_V3, None)],
)
def test_a_family_that_an_implementation_lacks_says_who_has_it(
    page: str, accepted: str | None
) -> None:
    """torchvision has no MobileNetV1; all four have V2 and V3."""
    arch = mnprofile.parse(page)
    for impl in ("paper", "torchvision", "keras", "timm"):
        if accepted is None or impl in accepted:
            assert mnprofile.build(arch, impl=impl).config.impl == impl
            continue
        with pytest.raises(UsageError) as caught:
            mnprofile.build(arch, impl=impl)
        assert caught.value.accepted == accepted
        assert impl in caught.value.message


def test_an_unknown_implementation_says_which_there_are() -> None:
    for page in (GOOD_V1, GOOD_V2, GOOD_V3):
        with pytest.raises(UsageError) as caught:
            mnprofile.build(mnprofile.parse(page), impl="caffe")

        assert caught.value.accepted == "paper, torchvision, keras, timm"
        assert '"caffe"' in caught.value.message
