"""Why two networks differ: causes that add up to the difference, whatever it is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnprofile.costs.comparison.alignment import compare
from mnprofile.costs.comparison.causes import explain_difference, range_text
from mnprofile.costs.comparison.several import lines_of, sides_of
from mnprofile.costs.comparison.sides import (
    Costs,
    Form,
    Part,
    Side,
    Stored,
    side_of_count,
    summed,
)
from mnprofile.costs.counting import count
from mnprofile.networks.catalog import build


def of(arch: str, **settings: float | str) -> Side:
    return side_of_count(count(build(arch, **settings)))  # type: ignore[arg-type]


def layer(
    name: str,
    macs: int,
    params: int,
    activations: int,
    form: tuple[int, int, int, int, int] | None = None,
    type_: str = "Conv 1x1",
    stored: tuple[int, int] | None = None,
) -> Part:
    """A layer of stage s2; ``form`` is kernel side, groups, weights, biases, norms."""
    known = None if form is None else Form((form[0], form[0]), *form[1:])
    costs = Costs(macs, params, activations)
    block = name.split(".", maxsplit=1)[0]
    kept = None if stored is None else Stored(*stored)
    return Part(name, block, "s2", type_, costs, form=known, stored=kept)


def told(base: Side, head: Side) -> dict[str, tuple[int, int, int]]:
    """Each cause with its multiply-adds, parameters and activations."""
    return {
        cause.key: (cause.moved.macs, cause.moved.params, cause.moved.activations)
        for cause in explain_difference(compare(base, head))
    }


def test_width_and_resolution_are_told_apart() -> None:
    """Published: V2 1.0/224 300 M, 0.75/224 209 M, 0.75/160 107 M multiply-adds."""
    wide, narrow, small = 300_774_272, 209_069_792, 107_295_200
    assert count(build("v2", alpha=0.75)).totals.macs == narrow

    found = told(of("v2"), of("v2", alpha=0.75, resolution=160))

    assert list(found) == ["resolution", "channels"]
    assert found["channels"][:2] == (narrow - wide, 2_636_424 - 3_504_872)
    assert found["resolution"] == (small - narrow, 0, 2_988_400 - 5_856_304)


def test_another_number_of_classes_is_a_cause() -> None:
    """1,280 inputs: 979 classes fewer are 1,253,120 weights and 979 biases fewer."""
    found = told(of("v2"), of("v2", classes=21))

    assert found == {"classes": (-1_253_120, -1_254_099, -979)}


def test_a_wider_kernel_and_more_channels() -> None:
    """8 to 8 channels with 3x3 on 4x4 positions become 8 to 16 with 5x5, bias in both.

    By hand: 3x3x8x8 = 576 weights, 5x5x8x8 = 1,600, 5x5x8x16 = 3,200.
    """
    base = Side("a", (layer("stem", 9216, 584, 128, (3, 1, 576, 8, 0)),))
    head = Side("b", (layer("stem", 51200, 3216, 256, (5, 1, 3200, 16, 0)),))

    assert told(base, head) == {
        "channels": (25_600, 1_608, 128),
        "kernel": (16_384, 1_024, 0),
    }


def test_a_convolution_in_groups() -> None:
    """8 to 8 channels become depthwise: 64 weights on 16 positions, then 8."""
    base = Side("a", (layer("stem", 1024, 64, 128, (1, 1, 64, 0, 0)),))
    head = Side("b", (layer("stem", 128, 8, 128, (1, 8, 8, 0, 0)),))

    assert told(base, head) == {"groups": (-896, -56, 0)}


def test_batch_norm_folded_into_biases() -> None:
    """8 channels: 16 parameters of batch norm become 8 biases."""
    base = Side("a", (layer("stem", 1024, 80, 128, (1, 1, 64, 0, 16)),))
    head = Side("b", (layer("stem", 1024, 72, 128, (1, 1, 64, 8, 0)),))

    assert told(base, head) == {"batch norm folded": (0, -8, 0)}
    assert told(head, base) == {"batch norm unfolded": (0, 8, 0)}


def test_quantised_and_half_as_wide() -> None:
    """8 to 8 channels as float32 become 8 to 4 as int8 with a scale for each channel.

    By hand: 64 weights and 8 biases are 288 bytes; 32 bytes of weights, 4 biases of 4
    bytes and 4 scales of 4 are 64. As float32, B would be 144.
    """
    base = Side("a", (layer("stem", 1024, 72, 128, (1, 1, 64, 8, 0)),))
    small = layer("stem", 512, 36, 64, (1, 1, 32, 4, 0), stored=(32, 64))
    compared = compare(base, Side("b", (small,), reader="TFLite"))

    causes = explain_difference(compared)

    assert compared.stored == (288, 64)
    assert [(one.key, one.moved.params, one.bytes) for one in causes] == [
        ("channels", -36, -144),
        ("quantised", 0, -80),
    ]
    assert causes[1].details == ("32 → 8 bits",)


def test_types_that_are_not_known_are_not_compared() -> None:
    """A count's file of a TFLite file does not say how its parameters are stored."""
    base = Side("a", (layer("stem", 1024, 72, 128, (1, 1, 64, 8, 0)),))
    small = layer("stem", 1024, 72, 128, (1, 1, 64, 8, 0), stored=(64, 128))
    compared = compare(base, Side("b", (small,), knows_types=False))

    assert not compared.is_retyped
    assert explain_difference(compared) == ()


def renamed(side: Side) -> Side:
    """The same layers as a file without names has them: no blocks, stages of its own.

    A layer is in the stage of its own map, so an expansion that the table has in s4,
    with its block, is in s2.
    """
    layers, stage = [], "s2"
    for at, one in enumerate(side.layers):
        layers.append(replace(one, name=f"n{at}", block=f"n{at}", stage=stage))
        stage = one.stage
    return replace(side, layers=tuple(layers), reader="ONNX")


@pytest.mark.parametrize("base", ["v2", "v3-large"])
def test_layers_without_names_are_matched_as_with_them(base: str) -> None:
    """Another width and size, of a table against a file and of two files."""
    a, b = of(base), of(base, alpha=0.75, resolution=160)
    by_name = told(a, b)

    assert told(a, renamed(b)) == by_name
    assert told(renamed(a), b) == by_name
    other = replace(renamed(a), reader="torch", layers=a.layers)
    assert told(other, renamed(b)) == by_name | {"renamed": (0, 0, 0)}


def test_a_layer_of_its_own_among_layers_without_names() -> None:
    """A block that only the file has is added, and all others are matched."""
    table, file = of("v2"), renamed(of("v2"))
    extra = replace(file.layers[7], name="more", block="more")  # a depthwise layer
    longer = replace(file, layers=(*file.layers[:8], extra, *file.layers[8:]))

    found = told(table, longer)

    assert list(found) == ["blocks added"]
    assert found["blocks added"][0] == extra.costs.macs


def test_squeeze_excite_and_renaming() -> None:
    """An SE layer in a block that both have, and a layer that is only renamed."""
    same = (1024, 64, 128, (1, 1, 64, 0, 0))
    base = Side("a", (layer("block1.expand", *same), layer("block2.x", 1, 1, 1)))
    head = Side(
        "b",
        (
            layer("block1.expand", *same),
            layer("block1.se", 32, 40, 8, type_="SE"),
            layer("block3.x", 1, 1, 1),
        ),
    )

    assert told(base, head) == {
        "squeeze-excite added": (32, 40, 8),
        "renamed": (0, 0, 0),
    }


def test_what_has_no_known_form_stands_under_other() -> None:
    base = Side("a", (layer("stem", 100, 10, 5),))
    head = Side("b", (layer("stem", 90, 12, 5),))

    assert told(base, head) == {"other": (-10, 2, 0)}


counts = st.integers(0, 40)
forms = st.none() | st.tuples(st.integers(0, 3), counts, counts, counts, counts)
parts = st.builds(
    layer,
    st.sampled_from(["stem", "block1.a", "block1.b", "block2.a", "fc1"]),
    counts,
    counts,
    counts,
    forms,
    st.sampled_from(["Conv 1x1", "SE", "Conv DW 3x3"]),
    st.none() | st.tuples(counts, counts),
)
products = st.builds(
    lambda name, kernel, inside, out, size, bias: layer(
        name,
        kernel**2 * inside * out * size,
        kernel**2 * inside * out + bias * out,
        out * size,
        (kernel, 1, kernel**2 * inside * out, bias * out, 0),
    ),
    st.sampled_from(["stem", "block1.a", "block1.b", "block2.a", "fc1"]),
    *[st.integers(1, 5)] * 4,
    st.integers(0, 1),
)
sides = st.builds(
    lambda layers, reader: Side("made up", tuple(layers), reader=reader),
    st.lists(parts | products, max_size=8, unique_by=lambda one: one.name),
    st.sampled_from(["", "torch", "ONNX"]),
)


@given(sides, sides)
def test_the_causes_add_up_whatever_the_layers(base: Side, head: Side) -> None:
    """Even where a file's forms contradict its costs."""
    compared = compare(base, head)
    causes = explain_difference(compared)
    found = summed(cause.moved for cause in causes)

    assert found == summed(one.costs for one in head.layers) - summed(
        one.costs for one in base.layers
    )
    assert sum(cause.bytes for cause in causes) == sum(
        one.bytes for one in head.layers
    ) - sum(one.bytes for one in base.layers)


@given(st.lists(products, max_size=8, unique_by=lambda one: one.name))
def test_nothing_differs_from_itself(layers: list[Part]) -> None:
    side = Side("made up", tuple(layers))

    assert explain_difference(compare(side, side)) == ()


def test_details_in_few_words() -> None:
    assert range_text(["×0.75", "×0.5", "×1.25"]) == "×0.5 to ×1.25"
    assert range_text(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


# --- several networks ----------------------------------------------------------------


def test_every_row_of_every_network_is_there_once() -> None:
    """Sums over the merged rows are the published totals of all four networks."""
    base, *heads = (of(one) for one in ("v1", "v2", "v3-large", "v3-small"))
    comparisons = [compare(base, head) for head in heads]

    for depth in ("stage", "block", "layer"):
        lines = lines_of(comparisons, depth)
        totals = [summed(line.costs[at] for line in lines).macs for at in range(4)]
        assert totals == [568_740_352, 300_774_272, 216_589_760, 56_510_400]
    assert [one.label for one in sides_of(comparisons)][
        2
    ] == "mobilenet_v3_large@1.0/224"
