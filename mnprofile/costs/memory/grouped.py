"""Blocks run as one operator, in groups of their inner channels (V2 paper, 5.1).

An operator of the form B(N(A(x))), where A and B are convolutions and N works channel
by channel, can be run in G groups of its inner channels: each group's part of A and N
is computed, added to the output through B, and dropped. It needs

    input + output + inner / G

where ``inner`` is the maps before and after the depthwise convolution (it does not run
in place), and inner / G is the largest group. That is exact for equal groups, if there
are at least 3 of them or a shortcut; otherwise it is an upper bound.

Two kinds of operators are fused: the layers of a block; and a convolution with the
block or pooling after it, where that works channel by channel and nothing else reads
the map between them (V2's first convolution and first block, its last convolution and
the pooling), as in Table 3 of the paper.

Squeeze-excite needs the mean of every inner channel before the first group can be
projected. So such a block runs its groups twice, and its factors, one per inner
channel, stay in memory: ``recomputed_macs`` is the cost.
"""

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

from mnprofile.base.errors import UsageError
from mnprofile.costs.counting import figures_of
from mnprofile.costs.memory.liveness import Step, Tensor, buffers, live_sets
from mnprofile.graph.arithmetic import ceil_div
from mnprofile.graph.graph import Graph, Node

Groups = int | Literal["max"]


class Fused(NamedTuple):
    """Consecutive operators run as one.

    ``inputs`` and ``output`` are in memory before and after; ``inner`` are the maps
    that groups divide, ``factors`` the squeeze-excite vectors, which stay whole.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: tuple[Tensor, ...]
    inner: tuple[Tensor, ...]
    factors: tuple[Tensor, ...]
    output: Tensor

    @property
    def channels(self) -> int:
        """Inner channels, the maximum number of groups; 1 with nothing inside."""
        return self.inner[0].shape.c if self.inner else 1

    @property
    def first_pass_macs(self) -> int:
        """Multiply-adds before the projection, without squeeze-excite."""
        *before, _ = (
            node for node in self.nodes if node.op.is_counted and node.type != "SE"
        )
        return sum(figures_of(node).macs for node in before)


class GroupedStep(NamedTuple):
    """One fused operator in ``groups`` groups: its step, and the cost of grouping.

    ``recomputed_macs`` are multiply-adds done a second time (squeeze-excite blocks).
    ``extra_elems`` are the additional elements moved compared with no groups: each
    further group reads the whole input again where a convolution expands it, and reads
    and writes the whole output again where a convolution projects to it.
    """

    step: Step
    groups: int
    recomputed_macs: int
    extra_elems: int


def fused(graph: Graph) -> tuple[Fused, ...]:
    """The operators of a graph in order, each block fused into one."""
    homes = buffers(graph)
    tensors = {tensor.name: tensor for step in live_sets(graph) for tensor in step.live}
    run = (  # constants and further outputs do not
        node for node in graph if node.name in homes and not node.op.is_further
    )
    blocks = [tuple(nodes) for _, nodes in groupby(run, key=lambda node: node.block)]
    joined: list[tuple[Node, ...]] = blocks[:1]
    for before, block in pairwise(blocks):
        if _runs_together(graph, homes, before, block):
            joined[-1] += block
        else:
            joined.append(block)
    return tuple(_fused(nodes, homes, tensors) for nodes in joined)


def grouped_steps(graph: Graph, groups: Groups) -> tuple[GroupedStep, ...]:
    """Every fused operator in ``groups`` groups ("max": one inner channel at a time).

    An operator with nothing inside runs as it is.

    Raises:
        UsageError: fewer than 1 group, or more than an operator has inner channels.
    """
    operators = fused(graph)
    check_groups(operators, groups)
    plain = {step.name: step for step in live_sets(graph)}
    if groups == 1:
        return tuple(GroupedStep(step, 1, 0, 0) for step in plain.values())
    return tuple(_grouped(operators, groups, plain))


def fused_steps(graph: Graph) -> tuple[Step, ...]:
    """Every fused operator, counting nothing inside it but its factors.

    This is the paper's "disposable" inner tensors: a limit that grouping never reaches.
    """
    return tuple(
        _step(one, (*one.inputs, *one.factors, one.output)) for one in fused(graph)
    )


def check_groups(operators: tuple[Fused, ...], groups: Groups) -> None:
    """Raise UsageError for a number of groups that some operator cannot have."""
    if groups == "max":
        return
    inside = [one for one in operators if one.inner]
    least = min(inside, key=lambda one: one.channels) if inside else None
    most = least.channels if least else 1
    accepted = f"1 to {most}, or max" if most > 1 else "1, or max"
    if groups < 1:
        raise UsageError(f"groups: {groups} is out of range", accepted=accepted)
    if groups > most:
        place = f"the {most} channels inside {least.name}" if least else "possible"
        raise UsageError(f"groups: {groups} is more than {place}", accepted=accepted)


def _runs_together(
    graph: Graph,
    homes: dict[str, str],
    before: tuple[Node, ...],
    block: tuple[Node, ...],
) -> bool:
    """Whether a convolution's block and the next one are A and N of one operator."""
    mixing = [node.op.mixes_channels for node in before if node.op.is_counted]
    first = block[0].op
    if mixing != [True] or first.mixes_channels or first.works_in_place:
        return False
    between = homes[before[-1].name]
    readers = [
        node.name
        for node in graph
        if homes.get(node.name) != between
        and any(homes.get(name) == between for name in node.inputs)
    ]
    return readers == [block[0].name]


def _fused(
    nodes: tuple[Node, ...], homes: dict[str, str], tensors: dict[str, Tensor]
) -> Fused:
    own = dict.fromkeys(homes[node.name] for node in nodes)
    read = dict.fromkeys(
        homes[name] for node in nodes for name in node.inputs if name in homes
    )
    out = homes[nodes[-1].name]
    main = [homes[n.name] for n in nodes if n.op.is_counted and n.type != "SE"]
    inner = tuple(tensors[name] for name in main if name != out)
    scales = [homes[node.inputs[1]] for node in nodes if node.op.takes_factors]
    return Fused(
        name=" + ".join(dict.fromkeys(node.block for node in nodes)),
        nodes=nodes,
        inputs=tuple(tensors[name] for name in read if name not in own),
        inner=inner,
        factors=tuple(tensors[name] for name in scales) if inner else (),
        output=tensors[out],
    )


def _grouped(
    operators: tuple[Fused, ...], groups: Groups, plain: dict[str, Step]
) -> Iterator[GroupedStep]:
    for one in operators:
        count = one.channels if groups == "max" else groups
        if not one.inner or count == 1:
            for node in one.nodes:
                yield GroupedStep(plain[node.name], 1, 0, 0)
            continue
        for node in one.nodes:
            if node.type == "SE":
                yield GroupedStep(_without_inner(plain[node.name], one), 1, 0, 0)
        parts = tuple(_part(tensor, count) for tensor in one.inner)
        yield GroupedStep(
            _step(one, (*one.inputs, *one.factors, *parts, one.output)),
            count,
            one.first_pass_macs if one.factors else 0,
            _extra_elems(one, count),
        )


def _part(tensor: Tensor, count: int) -> Tensor:
    """The largest of ``count`` groups of a map's channels."""
    shape = tensor.shape._replace(c=ceil_div(tensor.shape.c, count))
    return tensor._replace(shape=shape)


def _extra_elems(one: Fused, count: int) -> int:
    passes = 2 if one.factors else 1
    again = passes * count - 1 if one.nodes[0].op.mixes_channels else passes - 1
    extra = again * sum(tensor.shape.elements for tensor in one.inputs)
    writing = [node.op for node in one.nodes if not node.op.works_in_place]
    if writing[-1].mixes_channels:  # depthwise layers and pooling do not
        extra += 2 * (count - 1) * one.output.shape.elements
    return extra


def _without_inner(step: Step, one: Fused) -> Step:
    """A squeeze-excite step of a grouped block: its inner maps are not kept for it."""
    inner = {tensor.name for tensor in one.inner}
    live = tuple(tensor for tensor in step.live if tensor.name not in inner)
    return step._replace(live=live)


def _step(one: Fused, live: tuple[Tensor, ...]) -> Step:
    last = one.nodes[-1]
    return Step(one.name, one.name, last.block, last.stage, live)
