"""Which feature maps are live at each step of a graph: the model of activation memory.

The model, stated once:

- The graph runs in the order of its nodes, one operator at a time.
- An operator's inputs and its output are live while it runs. A map is freed after its
  last reader. The network's inputs are maps like any other; its outputs are never
  freed.
- Batch norm, activation functions, residual additions and squeeze-excite products
  overwrite their first input, unless a later operator still reads it or it is an
  output. Every other operator, including depthwise convolutions, writes to new memory.
- A further output of an operator (an LSTM's last state, the indices of a maximum) is
  live from when that operator runs. Outputs that nothing reads are left out.
- A view (reshape, transpose, split) is in its input's memory and keeps it alive; a
  constant (a position table) is stored with the weights. Neither takes memory.
- Nothing else is counted, such as the workspace of a convolution routine or alignment.

A map has c x (h x w) elements, so what is live at a step is a sum of products. Nothing
here compares sizes: on a graph of arrays (channels in columns, sizes in rows) the same
code gives every configuration of a sweep at once.
"""

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

from mnprofile.base.errors import UsageError
from mnprofile.graph.arithmetic import at_least
from mnprofile.graph.graph import Graph, Node
from mnprofile.graph.operators.op import Shape

MAX_LIVE = 400_000  # maps, summed over all steps

# Channels and positions of maps of one size: their elements are the product.
Terms = tuple[tuple[int, int], ...]


class Tensor(NamedTuple):
    """A feature map in memory, named for the operator that first writes it.

    ``layer`` is its name for people: the layer that the operator belongs to.
    """

    name: str
    layer: str
    shape: Shape
    bits: int | None = None  # of an element, where the model file says so


class Step(NamedTuple):
    """An operator that runs, and every map that is live while it does.

    ``live`` is in the order of writing; the step's own output comes last.
    """

    name: str
    layer: str
    block: str
    stage: str
    live: tuple[Tensor, ...]

    @property
    def elements(self) -> int:
        """Elements that are live, per sample: a sum of c x (h x w)."""
        return sum(tensor.shape.elements for tensor in self.live)


def live_sets(graph: Graph) -> tuple[Step, ...]:
    """What is live at each step, one step per node, in the graph's order.

    Raises UsageError for a graph whose maps nearly all stay live.
    """
    homes = buffers(graph)
    last = {homes[name]: -1 for name, _ in graph.inputs}
    for index, node in enumerate(graph):
        used = (homes[name] for name in (*node.inputs, node.name) if name in homes)
        last |= dict.fromkeys(used, index)
    ends = (homes[name] for name in graph.outputs if name in homes)
    last |= dict.fromkeys(ends, len(graph.nodes))
    bits = graph.file.bits if graph.file else {}
    live = {
        name: Tensor(name, name, shape, bits.get(name)) for name, shape in graph.inputs
    }
    further: dict[str, list[Node]] = {}
    for node in graph:
        if node.op.is_further:
            further.setdefault(node.inputs[0], []).append(node)
    steps, total = [], 0
    for index, node in enumerate(graph):
        for one in (*further.get(node.name, ()), node):
            if homes.get(one.name) == one.name:
                shape, own = one.out_shape, bits.get(one.name)
                live[one.name] = Tensor(one.name, one.layer, shape, own)
        total += len(live)
        if total > MAX_LIVE:
            raise UsageError(
                f"{graph.config.name}: {len(live)} maps are live at {node.layer}",
                accepted=f"{MAX_LIVE} in all, summed over the operators",
            )
        steps.append(
            Step(node.name, node.layer, node.block, node.stage, tuple(live.values()))
        )
        live = {name: tensor for name, tensor in live.items() if last[name] > index}
    return tuple(steps)


def buffers(graph: Graph) -> dict[str, str]:
    """For each input and node, the node whose memory its output is in.

    A node that works in place uses the memory of its first input, as a view does.
    Constants, and views of constants, have no such memory.
    """
    read_last: dict[str, int] = {}
    for index, node in enumerate(graph):
        read_last |= dict.fromkeys(node.inputs, index)
    read_last |= dict.fromkeys(graph.outputs, len(graph.nodes))
    homes = {name: name for name, _ in graph.inputs}
    # By the node that owns the memory, for everything that is in it.
    needed_until = {name: read_last.get(name, -1) for name in homes}
    for index, node in enumerate(graph):
        op, home = node.op, homes.get(node.inputs[0]) if node.inputs else None
        if op.is_constant or (op.is_view and home is None):
            continue
        in_place = op.works_in_place and home and needed_until[home] <= index
        if home is None or not (op.is_view or in_place):
            home = node.name
        homes[node.name] = home
        needed_until[home] = max(
            needed_until.get(home, -1), read_last.get(node.name, -1)
        )
    return homes


def dominant(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps that can be the peak: those whose maps are not all live at another.

    This depends on names only, not on sizes, so a sweep evaluates these steps only. Of
    steps with the same maps, the first is kept.
    """
    every = tuple(steps)
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for at, step in enumerate(every):
        for tensor in step.live:
            first.setdefault(tensor.name, at)
            last[tensor.name] = at
    kept = []
    for at, step in enumerate(every):
        # A map is live without a break, so from ``start`` to ``end`` all maps of the
        # step are; there may be more.
        start = max((first[tensor.name] for tensor in step.live), default=-1)
        end = min((last[tensor.name] for tensor in step.live), default=-1)
        if start == at and all(
            len(every[other].live) == len(step.live) for other in range(at, end + 1)
        ):
            kept.append(step)
    return tuple(kept)


def candidates(steps: Iterable[Step]) -> tuple[Terms, ...]:
    """Sums of channels x positions, as few as possible; the largest is the peak.

    Maps of one size are added up first, and of the steps with maps of only one size,
    just the one with the most channels is kept. So a sweep multiplies a column by a row
    a few dozen times per network, not once per map and step.
    """
    of_one_size: dict[object, tuple[int, int]] = {}
    found: list[Terms] = []
    for step in dominant(steps):
        sizes: dict[object, tuple[int, int]] = {}
        for shape in (tensor.shape for tensor in step.live):
            key = (_key(shape.h), _key(shape.w))
            channels, _ = sizes.get(key, (0, 0))
            sizes[key] = (channels + shape.c, shape.positions)
        if len(sizes) > 1:
            found.append(tuple(sizes.values()))
            continue
        ((size, (channels, positions)),) = sizes.items()
        before, _ = of_one_size.get(size, (0, 0))
        of_one_size[size] = (at_least(channels, before), positions)
    return (*((term,) for term in of_one_size.values()), *found)


def peak_elements(steps: Iterable[Step]) -> int:
    """The largest number of elements that are live at once, per sample.

    On a graph of arrays, an array with the peak of every configuration.
    """
    return reduce(
        at_least,
        (
            sum(channels * positions for channels, positions in terms)
            for terms in candidates(steps)
        ),
    )


def _key(size: object) -> object:
    """A key that equal sizes share: a number itself, the bytes of an array."""
    return size.tobytes() if hasattr(size, "tobytes") else size
