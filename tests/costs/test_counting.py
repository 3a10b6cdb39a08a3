"""Totals are the sum of their parts, for any configuration."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mnprofile
from mnprofile.costs.counting import GROUPINGS, Counts, count
from mnprofile.networks import catalog
from mnprofile.networks.catalog import build
from tests.conftest import SAMPLE

SMALL = ("alexnet", "squeezenet")  # layers without padding cannot run on small maps


@st.composite
def configurations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Any shipped table at any width, resolution, expansion and implementation."""
    name = draw(st.sampled_from([name for name in SAMPLE if name not in SMALL]))
    arch = catalog.load(name)
    impls = list(arch.scaling)
    sides = st.integers(32, 320)
    return name, {
        # int(32 x 0.04) = 1: Keras refuses less.
        "alpha": draw(st.floats(0.04, 3)) if arch.scaling["paper"].scales else 1,
        "resolution": draw(st.one_of(sides, st.tuples(sides, sides))),
        "classes": draw(st.integers(0, 2000)),
        "impl": draw(st.sampled_from(impls)),
        "output_stride": draw(st.sampled_from([None, 8, 16, 32])),
        "t": draw(st.one_of(st.none(), st.sampled_from([0, 0.5, 1, 3.3, 6])))
        if arch.has_expansion
        else None,
    }


@settings(max_examples=150, deadline=None)
@given(configurations())
def test_every_grouping_adds_up_to_the_totals(
    configuration: tuple[str, dict[str, Any]],
) -> None:
    name, chosen = configuration
    counted = count(build(name, **chosen))

    for grouping in GROUPINGS:
        groups = counted.by(grouping, elementwise=True)
        assert sum((g.figures for g in groups), start=Counts()) == counted.totals
        assert sum(len(g.layers) for g in groups) == len(counted.all_layers)


@settings(max_examples=100, deadline=None)
@given(configurations())
def test_a_layer_costs_its_weights_at_every_output_position(
    configuration: tuple[str, dict[str, Any]],
) -> None:
    name, chosen = configuration
    for layer in count(build(name, **chosen)).layers:
        positions = layer.out_shape.h * layer.out_shape.w
        assert layer.figures.macs == layer.figures.weights * positions
        assert layer.figures.activations == layer.out_shape.c * positions
        assert layer.in_shape.c >= 1


@settings(max_examples=60, deadline=None)
@given(configurations())
def test_every_node_reads_what_was_produced_before_it(
    configuration: tuple[str, dict[str, Any]],
) -> None:
    name, chosen = configuration
    graph = build(name, **chosen)
    shapes = {"input": graph.input_shape}
    for node in graph:
        assert node.name not in shapes
        assert node.in_shape == shapes[node.inputs[0]]
        assert all(name in shapes for name in node.inputs)
        shapes[node.name] = node.out_shape


def test_v2_at_its_defaults_has_53_counted_layers_10_additions_and_52_batch_norms() -> (
    None
):
    """torchvision's MobileNetV2: 52 convolutions, 1 linear layer, 10 shortcuts."""
    counted = count(mnprofile.build("v2"))
    graph = counted.graph

    assert len(counted.layers) == 53
    assert sum(node.op.kind == "batch_norm" for node in graph) == 52
    assert sum(node.op.kind == "add" for node in graph) == 10


@pytest.mark.parametrize(
    ("arch", "quantity", "value"),
    [
        # Elements on torchvision's networks, counted with hooks on the running modules.
        ("v2", "batch_norm_elems", 6_678_112),
        ("v2", "activation_elems", 6_105_792),
        ("v2", "pool_elems", 62_720),
        ("v2", "add_elems", 216_384),
        ("v3-large", "batch_norm_elems", 4_399_808),
        ("v3-large", "pool_elems", 644_448),
        ("v3-large", "scale_elems", 597_408),
        ("v3-small", "batch_norm_elems", 1_412_768),
        ("v3-small", "pool_elems", 313_600),
        ("v3-small", "scale_elems", 285_376),
    ],
)
def test_elementwise_operators(arch: str, quantity: str, value: int) -> None:
    assert getattr(count(mnprofile.build(arch)).totals, quantity) == value


def test_an_unknown_grouping_is_refused() -> None:
    with pytest.raises(mnprofile.UsageError, match="layer, block, stage, type"):
        count(mnprofile.build("v2")).by("row")  # type: ignore[arg-type]


def test_to_frame_has_a_row_a_layer_and_adds_up() -> None:
    frame = count(mnprofile.build("v2")).to_frame()

    assert len(frame) == 53
    assert int(frame["macs"].sum()) == 300_774_272


def test_stages_are_named_for_their_stride() -> None:
    stages = [group.name for group in count(mnprofile.build("v2")).by("stage")]

    assert stages == ["s2", "s4", "s8", "s16", "s32", "head"]
