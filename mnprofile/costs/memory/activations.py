"""Activation memory of one network: what is live at each step, and the peak.

The model is in ``liveness``; blocks that run as one operator are in ``grouped``.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Literal, NamedTuple, get_args

from mnprofile.base.errors import UsageError
from mnprofile.base.shown import Shown
from mnprofile.base.units import Bits, check_bits, grouped, short_bytes
from mnprofile.costs.memory.grouped import Groups, fused, fused_steps, grouped_steps
from mnprofile.costs.memory.liveness import Step, Tensor, live_sets
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph
from mnprofile.networks.catalog import Arch, graph_of

View = Literal["layer", "block", "stage"]
VIEWS: tuple[View, ...] = get_args(View)
DEFAULT_BITS = 8
LIVE = (
    "Live: inputs and output of the operator that runs, and what is still needed later."
    " Batch norm, activation functions, additions and SE products write in place."
)


@dataclass(frozen=True, repr=False)
class Memory(Shown):
    """Activation memory at every step, with ``bits`` bits per element.

    ``groups`` and ``is_fused`` say how blocks ran; ``recomputed_macs`` and
    ``extra_elems`` are the cost of grouping (see ``grouped.GroupedStep``).
    """

    config: Configuration
    bits: Bits | None  # None: the model file's own, tensor by tensor
    steps: tuple[Step, ...]
    groups: Groups = 1
    is_fused: bool = False
    recomputed_macs: int = 0
    extra_elems: int = 0

    def bytes_of(self, step: Step | Tensor) -> int:
        """Bytes that are live at a step, or of one map."""
        if isinstance(step, Step):
            if self.bits is not None:
                return step.elements * self.bits // 8
            return sum(map(self.bytes_of, step.live))
        bits = self.bits or step.bits or DEFAULT_BITS
        return step.shape.elements * bits // 8

    @property
    def bits_text(self) -> str:
        return f"{self.bits} bits" if self.bits else "the file's own types"

    @cached_property
    def peak(self) -> Step:
        """The first step with the most live memory."""
        return max(self.steps, key=self.bytes_of)

    @property
    def act_peak_bytes(self) -> int:
        return self.bytes_of(self.peak)

    def by(self, view: View) -> tuple[tuple[str, Step], ...]:
        """For each layer, block or stage in order, its step with the most memory.

        Raises:
            UsageError: another view.
        """
        if view not in VIEWS:
            raise UsageError(f"by: {view!r} is not a view", accepted=", ".join(VIEWS))
        return tuple(
            (name, max(steps, key=self.bytes_of))
            for name, steps in groupby(self.steps, attrgetter(view))
        )


class Widest(NamedTuple):
    """The largest map at one resolution: one row of Table 3 in the V2 paper.

    ``any_map`` is the largest of all, ``between`` the largest outside fused operators,
    which has to be in memory as a whole (None if there is none).
    """

    resolution: tuple[int, int]
    between: Tensor | None
    any_map: Tensor


def activation_memory(
    graph: Graph | Arch,
    *,
    bits: int | None = None,
    groups: Groups = 1,
    fuse: bool = False,
) -> Memory:
    """Live activation memory at every step of a graph.

    Args:
        graph: a graph, or what ``build`` takes.
        bits: 8, 16 or 32 per element; where None, the types that the model file gives
            its tensors, and 8 for a network that is not from one.
        groups: how many groups of inner channels a block runs in; "max" is one channel
            at a time.
        fuse: count a block's input and output only.

    Raises:
        UsageError: other bits, groups that some block cannot have, or groups and fuse.
    """
    graph = graph_of(graph)
    checked = None
    if bits is not None or graph.file is None:
        checked = check_bits(DEFAULT_BITS if bits is None else bits)
    if fuse and groups != 1:
        raise UsageError("groups and fuse together: each says how a block runs")
    if fuse:
        return Memory(graph.config, checked, fused_steps(graph), is_fused=True)
    if groups == 1:
        return Memory(graph.config, checked, live_sets(graph))
    parts = grouped_steps(graph, groups)
    return Memory(
        graph.config,
        checked,
        tuple(part.step for part in parts),
        groups,
        recomputed_macs=sum(part.recomputed_macs for part in parts),
        extra_elems=sum(part.extra_elems for part in parts),
    )


def maps_text(step: Step) -> str:
    """The sizes of the maps that are live at a step: "112x112x96 + 56x56x96"."""
    return " + ".join(str(one.shape) for one in step.live)


def peak_text(memory: Memory) -> str:
    """The size of the peak, where it is, and which maps cause it."""
    peak, most = memory.peak, memory.act_peak_bytes
    maps = " + ".join(f"{one.layer} {one.shape}" for one in peak.live)
    return f"{short_bytes(most)} ({grouped(most)} bytes) at {peak.layer}: {maps}"


def widest(graph: Graph) -> tuple[Widest, ...]:
    """The largest maps at each resolution except the inputs, largest first."""
    every = {tensor.name: tensor for step in live_sets(graph) for tensor in step.live}
    outside = {one.output.name for one in fused(graph)}
    inputs = {name for name, _ in graph.inputs}
    sizes: dict[tuple[int, int], list[Tensor]] = {}
    for tensor in every.values():
        if tensor.name not in inputs:
            size = (tensor.shape.h, tensor.shape.w)
            sizes.setdefault(size, []).append(tensor)
    found = []
    for size in sorted(sizes, reverse=True):
        tensors = sizes[size]
        between = [tensor for tensor in tensors if tensor.name in outside]
        found.append(
            Widest(
                size,
                max(between, key=_channels) if between else None,
                max(tensors, key=_channels),
            )
        )
    return tuple(found)


def _channels(tensor: Tensor) -> int:
    return tensor.shape.c
