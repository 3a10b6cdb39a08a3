"""The best known configuration within limits; expected values are from the sources."""

from typing import Any

import pytest

import mnprofile
from mnprofile.base.errors import UsageError


def test_the_best_of_v2_under_100m() -> None:
    """TF-slim's README: 0.5/224 (97 M, 65.4 %) is the best row under 100 M; the next
    better one is 0.75/160 (107 M, 66.4 %)."""
    found = mnprofile.find("v2", max_macs=100_000_000, published_only=True)
    assert found.best is not None
    assert (found.best.spec, found.best.top1) == ("mobilenet_v2@0.5/224", 65.4)
    assert found.next_better is not None
    assert found.next_better.spec == "mobilenet_v2@0.75/160"
    assert [str(limit) for limit in found.binding] == ["macs <= 100,000,000"]


def test_the_limit_that_binds_is_named() -> None:
    """V3-Small 1.25 (70.4 %) fits 100 M multiply-adds, but has over 3 M parameters."""
    found = mnprofile.find(max_macs=100_000_000, max_params=3_000_000)
    assert found.best is not None
    assert (found.best.spec, found.best.top1) == ("mobilenet_v3_large@0.5/224", 68.8)
    assert found.next_better is not None
    assert found.next_better.spec == "mobilenet_v3_small@1.25/224"
    assert [limit.column for limit in found.binding] == ["params"]


def test_published_come_first_then_estimates_each_by_top1_then_macs() -> None:
    ranked = mnprofile.find(["v1", "v2"], max_macs=200_000_000).ranked
    keys = [(not one.is_published, -one.top1, one.macs) for one in ranked]
    assert keys == sorted(keys)
    assert {one.is_published for one in ranked} == {True, False}


def test_estimates_apart_promise_more_than_the_best_published() -> None:
    found = mnprofile.find("v2", max_macs=100_000_000)
    assert found.estimates
    assert all(one.top1 > 65.4 and not one.is_published for one in found.estimates)


def test_every_limit_is_kept() -> None:
    limits: Any = {
        "max_macs": 150_000_000,
        "max_params": 3_000_000,
        "max_activations": 3_000_000,
        "min_top1": 60,
    }
    ranked = mnprofile.find(**limits).ranked
    assert ranked
    for one in ranked:
        assert one.macs <= 150_000_000
        assert one.params <= 3_000_000
        assert one.activations <= 3_000_000
        assert one.top1 >= 60


def test_the_best_within_256_kib() -> None:
    """Peaks of `activation_memory`, one network at a time, over the published grid."""
    found = mnprofile.find(max_memory=262_144, published_only=True)
    assert found.best is not None
    assert (found.best.spec, found.best.top1) == ("mobilenet_v3_large@1.0/96", 63.3)
    assert found.best.act_peak_bytes == 184_320
    assert all(one.act_peak_bytes <= 262_144 for one in found.ranked)
    better = found.next_better
    assert better is not None
    graph = mnprofile.build(
        better.arch, alpha=better.alpha, resolution=better.resolution
    )
    alone = mnprofile.activation_memory(graph, bits=8).act_peak_bytes
    assert better.act_peak_bytes == alone > 262_144
    assert [str(limit) for limit in found.binding] == ["act_peak_bytes <= 262,144"]


def test_twice_the_bits_are_twice_the_memory() -> None:
    eight = mnprofile.find("v2", max_memory=200_000).ranked
    sixteen = mnprofile.find("v2", max_memory=400_000, bits=16).ranked
    assert [one.spec for one in eight] == [one.spec for one in sixteen]
    assert sixteen[0].act_peak_bytes == 2 * eight[0].act_peak_bytes


def test_nothing_fits_and_the_nearest_is_named() -> None:
    """The smallest V2 (0.35/96) costs 11.9 M."""
    found = mnprofile.find("v2", max_macs=1_000_000)
    assert found.ranked == ()
    assert found.nearest is not None
    assert found.nearest.spec == "mobilenet_v2@0.35/96"
    assert [limit.column for limit in found.binding] == ["macs"]


def test_no_limit_binds_where_the_best_fits() -> None:
    found = mnprofile.find("v1", max_macs=10**9)
    assert found.best is not None
    assert found.best.spec == "mobilenet_v1@1.0/224"
    assert (found.next_better, found.binding) == (None, ())


def test_the_frame_has_the_ranking() -> None:
    found = mnprofile.find("v2", max_macs=100_000_000)
    frame = found.to_frame()
    assert frame["top1"].tolist() == [one.top1 for one in found.ranked]


@pytest.mark.parametrize(
    "limits",
    [
        {"max_macs": 0},
        {"max_params": -1},
        {"max_memory": 0},
        {"min_top1": 101},
        {"min_top1": 0},
    ],
)
def test_invalid_limits_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="is not a valid limit"):
        mnprofile.find(**limits)
