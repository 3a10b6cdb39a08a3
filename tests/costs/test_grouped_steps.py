"""Every step of one small network, run in four groups, and what is said of memory.

The V3 table of the tests: a stem, a squeeze-excite block (16 -> 64 -> 24), a last
convolution (24 -> 96), a pooling, a head of 32 and a classifier, on 32² pixels.
"""

import re

import pytest

from mnprofile.base.errors import UsageError
from mnprofile.costs.memory.activations import (
    VIEWS,
    activation_memory,
    maps_text,
    peak_text,
    widest,
)
from mnprofile.costs.memory.grouped import fused, grouped_steps
from mnprofile.costs.memory.liveness import Step
from mnprofile.graph.graph import Graph
from mnprofile.networks.catalog import build, parse
from tests.conftest import GOOD_V1, GOOD_V3


@pytest.fixture(scope="module")
def graph() -> Graph:
    return build(parse(GOOD_V3))


def maps(step: Step) -> list[str]:
    return [f"{one.layer} {one.shape}" for one in step.live]


def test_every_step_in_four_groups(graph: Graph) -> None:
    """What runs as it is has one group, costs nothing more, and keeps its own maps.

    Of block 1 the four steps of squeeze-excite run as they are, without the inner map
    of 8² x 64. It computes expansion and depthwise convolution twice: 16² x 16 x 64 =
    262,144 and 5² x 8² x 64 = 102,400 multiply-adds. It reads 16² x 16 = 4096 elements
    7 times more, and reads and writes 8² x 24 = 1536 three times more. The last
    convolution reads these 1536 three times more, and the pooling writes once.
    """
    found = [
        (part.step.name, part.groups, part.recomputed_macs, part.extra_elems)
        for part in grouped_steps(graph, 4)
    ]

    assert found == [
        ("stem.conv", 1, 0, 0),
        ("stem.bn", 1, 0, 0),
        ("stem.act", 1, 0, 0),
        ("block1.se.reduce.conv", 1, 0, 0),
        ("block1.se.reduce.act", 1, 0, 0),
        ("block1.se.expand.conv", 1, 0, 0),
        ("block1.se.expand.act", 1, 0, 0),
        ("block1", 4, 262_144 + 102_400, 7 * 4096 + 2 * 3 * 1536),
        ("last_conv + pool", 4, 0, 3 * 1536),
        ("fc1.linear", 1, 0, 0),
        ("fc1.act", 1, 0, 0),
        ("classifier.linear", 1, 0, 0),
    ]


def test_what_lives_at_the_steps_in_four_groups(graph: Graph) -> None:
    steps = {part.step.name: part.step for part in grouped_steps(graph, 4)}

    assert maps(steps["stem.conv"]) == ["input 32x32x3", "stem 16x16x16"]
    assert maps(steps["block1.se.reduce.conv"]) == [
        "block1.se.pool 1x1x64",
        "block1.se.reduce 1x1x16",
    ]
    assert maps(steps["block1"]) == [
        "stem 16x16x16",
        "block1.se.expand 1x1x64",
        "block1.expand 16x16x16",
        "block1.depthwise 8x8x16",
        "block1.project 8x8x24",
    ]
    assert maps(steps["last_conv + pool"]) == [
        "block1.project 8x8x24",
        "last_conv 8x8x24",
        "pool 1x1x96",
    ]


def test_the_steps_of_a_fused_operator_are_its_last_ones(graph: Graph) -> None:
    """Its block and stage are those where it ends."""
    steps = {part.step.name: part.step for part in grouped_steps(graph, 4)}
    last = steps["last_conv + pool"]

    assert (last.layer, last.block, last.stage) == ("last_conv + pool", "pool", "head")
    assert (steps["block1"].block, steps["block1"].stage) == ("block1", "s4")


def test_one_group_costs_nothing_more(graph: Graph) -> None:
    for part in grouped_steps(graph, 1):
        assert (part.groups, part.recomputed_macs, part.extra_elems) == (1, 0, 0)


def test_a_network_in_groups_costs_what_its_operators_cost(graph: Graph) -> None:
    memory = activation_memory(graph, groups=4)

    assert memory.recomputed_macs == 364_544
    assert memory.extra_elems == 37_888 + 4_608
    assert (memory.groups, memory.is_fused) == (4, False)


def test_a_network_with_fused_blocks_says_so(graph: Graph) -> None:
    memory = activation_memory(graph, fuse=True)

    assert (memory.groups, memory.is_fused) == (1, True)
    assert maps(memory.steps[1]) == [
        "stem 16x16x16",
        "block1.se.expand 1x1x64",
        "block1.project 8x8x24",
    ]


def test_the_largest_maps_come_largest_resolution_first(graph: Graph) -> None:
    found = [
        (row.resolution, row.between and maps_of(row.between), maps_of(row.any_map))
        for row in widest(graph)
    ]

    assert found == [
        ((16, 16), "stem 16x16x16", "block1.expand 16x16x64"),
        ((8, 8), "block1.project 8x8x24", "last_conv 8x8x96"),
        ((1, 1), "classifier 1x1x1000", "classifier 1x1x1000"),
    ]


def maps_of(one: object) -> str:
    return f"{one.layer} {one.shape}"  # type: ignore[attr-defined]


def test_a_resolution_may_have_no_map_outside_of_fused_operators() -> None:
    """The stem's map of 32² is read by the depthwise layer alone, which halves it."""
    table = GOOD_V1.replace("2x Conv dw / s1", "Conv dw / s2")
    table = table.replace(
        "2x Conv / s1 | 1x1x8x8 | 16x16x8", "Conv / s1 | 1x1x8x8 | 8x8x8"
    )
    table = table.replace("Pool 16x16 | 16x16x8", "Pool 8x8 | 8x8x8")
    first, *_ = widest(build(parse(table)))

    assert (first.resolution, first.between) == ((16, 16), None)
    assert maps_of(first.any_map) == "stem 16x16x8"


def test_the_peak_in_words(graph: Graph) -> None:
    """16² x (16 + 64) bytes, as the expansion runs."""
    assert peak_text(activation_memory(graph)) == (
        "20.5 kB (20,480 bytes) at block1.expand:"
        " stem 16x16x16 + block1.expand 16x16x64"
    )
    assert maps_text(activation_memory(graph).peak) == "16x16x16 + 16x16x64"


def test_a_view_that_is_none_names_those_that_are(graph: Graph) -> None:
    with pytest.raises(UsageError, match=re.escape(", ".join(VIEWS))) as caught:
        activation_memory(graph).by("row")  # type: ignore[arg-type]

    assert "'row'" in str(caught.value)


def test_a_block_s_inside_is_what_groups_divide(graph: Graph) -> None:
    by_name = {one.name: one for one in fused(graph)}
    block, stem = by_name["block1"], by_name["stem"]

    assert [one.layer for one in block.inputs] == ["stem"]
    assert [one.layer for one in block.inner] == ["block1.expand", "block1.depthwise"]
    assert [one.layer for one in block.factors] == ["block1.se.expand"]
    assert block.output.layer == "block1.project"
    assert (block.channels, block.first_pass_macs) == (64, 364_544)
    assert (stem.inner, stem.channels) == ((), 1)
