"""Activation memory: an allocator that runs, every order, the paper's Table 3."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from math import inf
from typing import Any

import pytest

from mnprofile import activation_memory, build, parse
from mnprofile.base.errors import UsageError
from mnprofile.costs.memory.activations import widest
from mnprofile.costs.memory.grouped import Fused, fused, grouped_steps
from mnprofile.costs.memory.liveness import (
    candidates,
    dominant,
    live_sets,
    peak_elements,
)
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Node, Position, Tape
from mnprofile.graph.operators.convolution import Conv, Depthwise
from mnprofile.graph.operators.elementwise import Activation, BatchNorm
from mnprofile.graph.operators.joining import Add, Concatenate, Multiply
from mnprofile.graph.operators.op import Shape
from mnprofile.graph.operators.pooling import GlobalPool
from mnprofile.networks.blocks.builder import assemble
from mnprofile.networks.catalog import load
from tests.conftest import GOOD_V1, GOOD_V2, GOOD_V3, SAMPLE

IN_PLACE = {"batch_norm", "activation", "add", "scale", "multiply"}


class Heap:
    """Memory that is allocated and freed, and the most that was ever allocated."""

    def __init__(self) -> None:
        self.blocks: dict[int, int] = {}
        self.made = 0
        self.peak = 0

    def take(self, elements: int) -> int:
        self.made += 1
        self.blocks[self.made] = elements
        self.peak = max(self.peak, self.in_use)
        return self.made

    def give_back(self, handle: int) -> None:
        del self.blocks[handle]

    @property
    def in_use(self) -> int:
        return sum(self.blocks.values())


def run(graph: Graph) -> tuple[int, list[int]]:
    """Run a graph on a heap with reference counts: its peak, and use at each step.

    Independent of ``liveness``: only how often a value is read is known ahead.
    """
    heap = Heap()
    held = {name: heap.take(x.c * x.h * x.w) for name, x in graph.inputs}
    # Reads still to come, by block of memory.
    waiting = dict.fromkeys((*held, *(node.name for node in graph)), 0)
    for node in graph:
        for name in node.inputs:
            waiting[name] += 1
    for name in graph.outputs:
        waiting[name] += 1  # the caller reads the result
    reads = {block: waiting[name] for name, block in held.items()}
    use = []
    for node in graph:
        sources = [held[name] for name in node.inputs]
        for source in sources:
            reads[source] -= 1
        if node.op.kind in IN_PLACE and reads[sources[0]] == 0:
            mine = sources[0]
        else:
            y = node.out_shape
            mine = heap.take(y.c * y.h * y.w)
            reads[mine] = 0
        held[node.name] = mine
        reads[mine] += waiting[node.name]
        use.append(heap.in_use)
        for block in list(heap.blocks):
            if reads[block] == 0:
                heap.give_back(block)
    return heap.peak, use


def test_the_heap_gives_back_what_is_read() -> None:
    """By hand: input 12, the convolution's 48, batch norm within it, and 48 more."""
    tape = Tape(Shape(3, 2, 2))
    tape.add("conv", Conv(12, 1))
    tape.add("bn", BatchNorm())
    tape.add("dw", Depthwise(3))

    assert run(small(tape)) == (96, [60, 48, 96])


def small(tape: Tape) -> Graph:
    config = Configuration("small", "paper", 1.0, (2, 2), None, None, 0)
    return tape.graph(config)


EVERY_TABLE: list[tuple[str, dict[str, object]]] = [
    (name, settings)
    for name in SAMPLE
    for settings in ({}, {"alpha": 0.35, "resolution": (97, 160)})
    # The heap below gives every operator memory of its own, so it knows no views.
    if not any(node.op.is_view for node in build(name))
    and (load(name).scaling["paper"].scales or not settings)
]
MORE: list[tuple[str, dict[str, object]]] = [
    ("v2", {"t": 0}),
    ("v2", {"t": 0.5}),
    ("v2", {"classes": 0}),
    ("v3-large", {"output_stride": 16, "impl": "torchvision"}),
    ("v1", {"impl": "keras", "resolution": 250}),
]


@pytest.mark.parametrize(("name", "settings"), EVERY_TABLE + MORE)
def test_an_allocator_that_runs_the_network_agrees(
    name: str, settings: dict[str, object]
) -> None:
    graph = build(name, **settings)  # type: ignore[arg-type]
    peak, use = run(graph)
    steps = live_sets(graph)

    assert [step.elements for step in steps] == use
    assert peak_elements(steps) == peak
    assert activation_memory(graph, bits=16).act_peak_bytes == 2 * peak


@pytest.mark.parametrize("table", [GOOD_V1, GOOD_V2, GOOD_V3])
def test_an_allocator_agrees_on_a_user_s_table(table: str) -> None:
    graph = build(parse(table))

    assert peak_elements(live_sets(graph)) == run(graph)[0]


# --- every order ----------------------------------------------------------------------


def orders(graph: Graph) -> Iterator[Graph]:
    """The graph in every topological order that ends with its result."""
    for nodes in permutations(graph.nodes[:-1]):
        ready = {name for name, _ in graph.inputs}
        for node in (*nodes, graph.nodes[-1]):
            if not ready.issuperset(node.inputs):
                break
            ready.add(node.name)
        else:
            yield replace(graph, nodes=(*nodes, graph.nodes[-1]))


def residual() -> Graph:
    """An inverted residual: nothing to choose but when to run what."""
    tape = Tape(Shape(4, 6, 6))
    tape.add("expand", Conv(24, 1))
    tape.add("act", Activation("relu6"))
    tape.add("depthwise", Depthwise(3))
    tape.add("project", Conv(4, 1))
    tape.add("add", Add(), "input")
    return small(tape)


def two_branches() -> Graph:
    """Two branches of different cost from one map: their order decides the peak."""
    tape = Tape(Shape(2, 8, 8))
    tape.add("a_wide", Conv(32, 1))
    tape.add("a_bn", BatchNorm())
    tape.add("a_narrow", Conv(6, 1, 2))
    tape.last = "input"
    tape.add("b_wide", Conv(16, 1))
    tape.add("b_narrow", Conv(6, 1, 2))
    tape.last = "input"
    tape.add("c", Depthwise(3, 2))
    tape.add("c_narrow", Conv(6, 1))
    tape.add("ab", Add(), "a_narrow")
    tape.add("abc", Add(), "b_narrow")
    return small(tape)


def reads_twice() -> Graph:
    """An activation whose input is needed later cannot write over it."""
    tape = Tape(Shape(4, 4, 4))
    tape.add("conv", Conv(8, 1))
    tape.add("act", Activation("hardswish"))
    tape.add("pool", GlobalPool())
    tape.last = "act"
    tape.add("again", Conv(8, 1))
    tape.add("add", Add(), "conv")
    return small(tape)


def two_heads() -> Graph:
    """An output in the middle stays live to the end, and nothing writes over it."""
    tape = Tape(Shape(3, 8, 8))
    tape.add("stem", Conv(8, 3, 2))
    tape.outputs.append(tape.add("tap", Conv(4, 1)))
    tape.add("act", Activation("relu"))
    tape.add("deep", Conv(16, 3, 2))
    tape.outputs.append(tape.add("head", Conv(5, 1)))
    return small(tape)


def two_inputs() -> Graph:
    """Two images, concatenated once each has been halved."""
    tape = Tape({"left": Shape(3, 8, 8), "right": Shape(1, 8, 8)})
    tape.add("a", Conv(4, 3, 2))
    tape.last = "right"
    tape.add("b", Conv(2, 3, 2))
    tape.add("both", Concatenate(), "a")
    tape.add("twice", Multiply(), "both")
    return small(tape)


def test_an_output_lives_to_the_end() -> None:
    """By hand: the tap's 4 x 4 x 4 stay live during all that comes after."""
    steps = {step.name: step for step in live_sets(two_heads())}

    assert [one.name for one in steps["act"].live] == ["tap", "act"]
    assert [one.name for one in steps["deep"].live] == ["tap", "act", "deep"]
    assert [one.name for one in steps["head"].live] == ["tap", "deep", "head"]
    assert steps["head"].elements == 64 + 64 + 20


def test_inputs_are_freed_one_by_one() -> None:
    """By hand: the left image (192) is gone once "a" has read it."""
    steps = [step.elements for step in live_sets(two_inputs())]

    # left + right + a, right + a + b, a + b + both, both (in place).
    assert steps == [192 + 64 + 64, 64 + 64 + 32, 64 + 32 + 96, 96]


@pytest.mark.parametrize(
    "make", [residual, two_branches, reads_twice, two_heads, two_inputs]
)
def test_the_peak_is_right_for_every_topological_order(make: object) -> None:
    assert callable(make)
    peaks = set()
    least = inf
    for graph in orders(make()):
        peak, use = run(graph)
        steps = live_sets(graph)
        assert [step.elements for step in steps] == use
        assert peak_elements(steps) == peak
        peaks.add(peak)
        least = min(least, peak)

    assert peaks
    assert least <= peak_elements(live_sets(make()))


def test_the_order_can_matter() -> None:
    """Otherwise the test above would prove little."""
    assert len({run(graph)[0] for graph in orders(two_branches())}) > 1


@pytest.mark.parametrize("table", [GOOD_V2, GOOD_V3])
def test_no_other_order_of_a_squeezed_or_residual_block_needs_less(table: str) -> None:
    """The shipped order is as good as any: each block by itself, in every order."""
    graph = build(parse(table))
    for one in fused(graph):
        nodes = tuple(node for node in one.nodes if node.op.kind != "batch_norm")
        if len(nodes) < 4:
            continue
        block = alone(one.nodes)
        least = min(run(other)[0] for other in orders(block))
        assert peak_elements(live_sets(block)) == least, one.name


def alone(nodes: tuple[Node, ...]) -> Graph:
    """Some nodes as a separate graph, batch norm and activations left out."""
    source, tape = nodes[0].inputs[0], Tape(nodes[0].in_shape)
    names = {source: "input"}
    for node in nodes:
        inputs = [names[name] for name in node.inputs]
        if node.op.kind in ("batch_norm", "activation"):
            names[node.name] = inputs[0]
            continue
        tape.last = inputs[0]
        tape.at = Position(block="alone")
        names[node.name] = tape.add(node.name, node.op, *inputs[1:])
    return small(tape)


def test_an_activation_does_not_write_over_a_map_that_is_read_later() -> None:
    """By hand: add runs with act (gone), again 128 and conv 128 elements alive."""
    steps = {step.name: step for step in live_sets(reads_twice())}

    assert [tensor.name for tensor in steps["act"].live] == ["conv", "act"]
    assert [tensor.name for tensor in steps["add"].live] == ["conv", "again"]


# --- figures by hand and from the paper -----------------------------------------------


def test_v2_peaks_where_its_second_block_narrows_the_map() -> None:
    """112 x 112 x 96 before and 56 x 56 x 96 after the depthwise convolution."""
    memory = activation_memory(build("v2"), bits=8)

    assert memory.peak.name == "block2.depthwise.conv"
    assert memory.act_peak_bytes == 1204224 + 301056 == 1505280


@pytest.mark.parametrize(("bits", "expected"), [(8, 1505280), (16, 3010560)])
def test_bytes_follow_bits(bits: int, expected: int) -> None:
    assert activation_memory(build("v2"), bits=bits).act_peak_bytes == expected


def test_a_shortcut_keeps_its_map_alive_through_the_block() -> None:
    steps = {step.name: step for step in live_sets(build("v2"))}

    assert [tensor.name for tensor in steps["block3.depthwise.conv"].live] == [
        "block2.project.conv",
        "block3.expand.conv",
        "block3.depthwise.conv",
    ]


def between(name: str) -> dict[int, tuple[int, int]]:
    """Channels and whole kB (1000 bytes, 16 bits) by the side of the map."""
    return {
        row.resolution[0]: (
            row.between.shape.c,
            row.between.shape.elements * 2 // 1000,
        )
        for row in widest(build(name))
        if row.between is not None
    }


def test_v1_has_the_channels_of_table_3() -> None:
    """V2 paper, Table 3: 64/1600, 128/800, 256/400, 512/200, 1024/199, 1024/2.

    7x7 is a misprint: 7 x 7 x 1024 x 2 bytes are 100 kB.
    """
    assert between("v1") == {
        112: (64, 1605),
        56: (128, 802),
        28: (256, 401),
        14: (512, 200),
        7: (1024, 100),
        1: (1024, 2),
    }


def test_v2_has_the_channels_of_table_3_where_the_network_has_them() -> None:
    """V2 paper, Table 3: 16/400, 32/200, 64/100, 160/62, 320/32, 1280/2.

    At 56, 28 and 14 the paper prints the channels of the block that leaves that size
    (Table 2: 56² x 24 -> 32, 28² x 32 -> 64, 14² x 96 -> 160); its maps there have 24,
    32 and 96 channels.
    """
    assert between("v2") == {
        112: (16, 401),
        56: (24, 150),
        28: (32, 50),
        14: (96, 37),
        7: (320, 31),
        1: (1280, 2),
    }


# --- blocks in groups -----------------------------------------------------------------


def run_in_groups(one: Fused, groups: int, *, shortcut: bool) -> int:
    """Allocate and free memory as a block runs group by group; return the peak."""
    heap = Heap()
    size = sum(tensor.shape.elements for tensor in one.inputs)
    source = heap.take(size)
    passes = ["squeeze", "project"] if one.factors else ["project"]
    factors = [
        heap.take(tensor.shape.elements) for tensor in one.factors
    ]  # means first, then factors
    output = None
    channels = one.channels
    cuts = [channels * at // groups for at in range(groups + 1)]
    for run_ in passes:
        for at in range(groups):
            width = cuts[at + 1] - cuts[at]
            before = None
            for tensor in one.inner:
                part = heap.take(width * tensor.shape.h * tensor.shape.w)
                if before is not None:
                    heap.give_back(before)
                is_last = run_ == "project" and at == groups - 1
                if is_last and not shortcut and source is not None:
                    heap.give_back(source)
                    source = None  # type: ignore[assignment]
                before = part
            if run_ == "project" and output is None:
                output = heap.take(one.output.shape.elements)
            if before is not None:
                heap.give_back(before)
    assert output is not None
    for handle in factors:
        heap.give_back(handle)
    return heap.peak


@pytest.mark.parametrize("groups", [2, 3, 4, 8, 16])
@pytest.mark.parametrize("name", ["v2", "v3-large", "v3-small"])
def test_a_block_in_groups_needs_what_an_allocator_takes(
    name: str, groups: int
) -> None:
    """Exact for equal groups, 3 or more or with a shortcut; else an upper bound."""
    graph = build(name)
    steps = {part.step.name: part for part in grouped_steps(graph, groups)}
    checked = 0
    for one in fused(graph):
        if not one.inner or one.nodes[-1].op.kind == "pool":
            continue
        shortcut = one.nodes[-1].op.kind == "add"
        needed = steps[one.name].step.elements
        taken = run_in_groups(one, groups, shortcut=shortcut)
        assert taken <= needed
        if one.channels % groups == 0 and (groups >= 3 or shortcut):
            assert taken == needed, one.name
        checked += 1
    assert checked > 8


def test_four_groups_of_v2_need_input_output_and_a_quarter() -> None:
    """Block 2: 112² x 16 + 56² x 24 + (112² + 56²) x 96/4."""
    memory = activation_memory(build("v2"), bits=8, groups=4)

    assert memory.peak.name == "block2"
    assert memory.act_peak_bytes == 200704 + 75264 + 376320 == 652288
    assert memory.recomputed_macs == 0


def test_one_channel_at_a_time_leaves_input_and_output() -> None:
    """The first convolution and block: 224² x 3 + 112² x 16 + 112² x (1 + 1)."""
    memory = activation_memory(build("v2"), bits=8, groups="max")

    assert memory.peak.name == "stem + block1"
    assert memory.act_peak_bytes == 150528 + 200704 + 25088 == 376320


def test_fused_blocks_need_input_and_output() -> None:
    """224² x 3 + 112² x 16."""
    memory = activation_memory(build("v2"), bits=8, fuse=True)

    assert memory.act_peak_bytes == 150528 + 200704 == 351232


def test_squeeze_excite_is_computed_twice_in_groups() -> None:
    """V3-Large's block 4: expand 24 x 72 at 56², depthwise 5 x 5 x 72 at 28²."""
    parts = {part.step.name: part for part in grouped_steps(build("v3-large"), 4)}

    assert parts["block4"].recomputed_macs == 5419008 + 1411200
    assert parts["block3"].recomputed_macs == 0


def test_each_group_reads_the_input_and_adds_to_the_output() -> None:
    """V2's block 3: 3 more readings of 56² x 24, 3 more updates of as much."""
    parts = {part.step.name: part for part in grouped_steps(build("v2"), 4)}

    assert parts["block3"].extra_elems == 3 * 75264 + 3 * 2 * 75264


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("v1", "stem + block1", "pool"),
        ("v2", "stem + block1", "last_conv + pool"),
        ("v3-large", "stem", "last_conv + pool"),  # block 1's shortcut reads the stem
    ],
)
def test_a_convolution_runs_with_what_works_channel_by_channel_after_it(
    name: str, first: str, last: str
) -> None:
    found = [one.name for one in fused(build(name))]

    assert found[0] == first
    assert last in found


def test_one_group_is_the_plain_network() -> None:
    graph = build("v2")

    assert tuple(p.step for p in grouped_steps(graph, 1)) == live_sets(graph)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bits": 0}, ("bits: 0", "8, 16, 32")),
        ({"groups": 0}, ("groups: 0", "1 to 32")),
        ({"groups": -3}, ("groups: -3", "1 to 32")),
        ({"groups": 33}, ("groups: 33", "32 channels", "stem + block1")),
        ({"groups": 2, "fuse": True}, ("groups and fuse",)),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: dict[str, int], words: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError) as caught:
        activation_memory(build("v2"), **arguments)  # type: ignore[arg-type]

    assert [word for word in words if word not in str(caught.value)] == []


def test_a_network_without_blocks_inside_takes_one_group_only() -> None:
    table = GOOD_V1.replace("| 2x Conv dw / s1 | 3x3x8 dw | 16x16x8 |\n", "")
    graph = build(parse(table.replace("2x Conv / s1", "Conv / s1")))

    with pytest.raises(UsageError, match="groups: 17"):
        activation_memory(graph, groups=17)


# --- arrays ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "alphas"),
    [
        ("v1", [0.5, 0.75, 1.4]),
        ("v2", [0.5, 0.75, 1.4]),
        ("v3-small", [0.75, 1.25]),
        ("v3-large", [0.75, 1.25]),
    ],
)
def test_live_sets_of_arrays_are_those_of_each_configuration(
    name: str, alphas: list[float]
) -> None:
    """Channels in columns, sizes in rows: every peak of a sweep at once."""
    import numpy

    sides = [96, 128, 224]
    arch = load(name)
    column: Any = numpy.array(alphas)[:, None]
    row: Any = numpy.array(sides)[None, :]
    config = Configuration(
        arch.name, "paper", column, (row, row), None, None, arch.classes
    )
    peaks = peak_elements(live_sets(assemble(arch, config)))

    expected = [
        [run(build(name, alpha=alpha, resolution=side))[0] for side in sides]
        for alpha in alphas
    ]
    assert numpy.array(peaks).tolist() == expected


@pytest.mark.parametrize("name", SAMPLE[:17])
def test_steps_left_out_are_never_the_peak(name: str) -> None:
    """And few are left: a sweep evaluates them for every configuration."""
    steps = live_sets(build(name))
    kept = dominant(steps)

    assert max(step.elements for step in kept) == max(s.elements for s in steps)
    assert len(kept) < len(steps) / 2


@pytest.mark.parametrize(("name", "products"), [("v1", 18), ("v2", 18)])
def test_a_sweep_multiplies_few_columns_by_rows(name: str, products: int) -> None:
    """Of some 300 maps that are live at some 150 steps."""
    found = candidates(live_sets(build(name)))

    assert sum(len(terms) for terms in found) == products
    assert max(sum(c * p for c, p in terms) for terms in found) == run(build(name))[0]
