"""The integers that a page needs to count any configuration by itself.

Multiply-adds are weights x positions: weights depend on alpha and t, positions on the
resolution alone. A page that carries both multiplies and adds, and knows no rule of
scaling or padding: those stay here, written once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mnprofile.graph.arithmetic import SplitError
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Node
from mnprofile.graph.operators.op import Shape, ShapeError
from mnprofile.networks.blocks.builder import assemble
from mnprofile.networks.configuration import Request, configure
from mnprofile.networks.notation.rows import Architecture

ALPHAS = tuple(n / 20 for n in range(2, 41))  # 0.1, 0.15 ... 2.0
EXPANSIONS = (None, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # None: the table's
RESOLUTIONS = tuple(range(32, 513, 8))


@dataclass(frozen=True)
class Slot:
    """A layer that some configuration has.

    ``weights`` and ``out`` (channels) have one value an (alpha, t), t running fastest,
    and 0 where the configuration lacks the layer. ``positions`` has one a resolution.
    Biases are ``biases`` x out, batch-norm parameters and buffers ``norms`` x out each.
    """

    name: str
    block: str
    stage: str
    type: str
    biases: int
    norms: int
    weights: tuple[int, ...]
    out: tuple[int, ...]
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Factors:
    """All configurations of one table on a grid of alpha, t and resolution."""

    alphas: tuple[float, ...]
    expansions: tuple[float | None, ...]
    resolutions: tuple[int, ...]
    slots: tuple[Slot, ...]


def factors(
    arch: Architecture,
    *,
    impl: str = "paper",
    alphas: tuple[float, ...] = ALPHAS,
    expansions: tuple[float | None, ...] = EXPANSIONS,
    resolutions: tuple[int, ...] = RESOLUTIONS,
) -> Factors:
    """Build a table on the grid and keep each layer's factors.

    Resolutions that the implementation cannot run are left out.
    """
    base = configure(arch, Request(impl=impl))
    ts = expansions if arch.has_expansion else (None,)
    pairs = [(alpha, t) for alpha in alphas for t in ts]
    built = [
        (_counted(graph), chosen) for graph, chosen in _by_width(arch, base, pairs)
    ]
    built.sort(key=lambda one: (-len(one[0]), one[1]))
    # Strides do not depend on the width: one graph that has a layer tells its maps.
    homes: dict[str, int] = {}
    for index, (layers, _) in enumerate(built):
        for name in layers:
            homes.setdefault(name, index)
    maps = {
        index: _by_resolution(arch, base, pairs[built[index][1][0]], resolutions)
        for index in sorted(set(homes.values()))
    }
    possible = tuple(
        side for side in resolutions if all(side in found for found in maps.values())
    )
    slots = []
    for name in _order([list(layers) for layers, _ in built]):
        weights, out = [0] * len(pairs), [0] * len(pairs)
        for layers, chosen in built:
            if name in layers:
                node = layers[name].node
                _put(weights, chosen, node.op.weights(node.in_shape))
                _put(out, chosen, node.out_shape.c)
        home = built[homes[name]][0][name]
        slots.append(
            Slot(
                name,
                home.node.block,
                home.node.stage,
                home.node.type,
                home.biases,
                home.norms,
                tuple(weights),
                tuple(out),
                tuple(maps[homes[name]][side][name] for side in possible),
            )
        )
    return Factors(alphas, ts, possible, tuple(slots))


@dataclass(frozen=True)
class _Layer:
    """One counted layer of a graph: biases and norms are per output channel."""

    node: Node
    biases: int
    norms: int


def _counted(graph: Graph) -> dict[str, _Layer]:
    """The counted layers of a graph by name."""
    one = Shape(1, 1, 1)
    norms = {
        node.layer: node.op.buffers(one)
        for node in graph
        if not node.op.is_counted and node.op.buffers(one)
    }
    return {
        node.layer: _Layer(
            node, int(getattr(node.op, "bias", False)), norms.get(node.layer, 0)
        )
        for node in graph
        if node.op.is_counted
    }


def _order(structures: list[list[str]]) -> list[str]:
    """Every layer name once, in network order; the fullest structure comes first."""
    order = structures[0][:]
    for names in structures[1:]:
        for index, name in enumerate(names):
            if name not in order:
                before = order.index(names[index - 1]) + 1 if index else 0
                order.insert(before, name)
    return order


def _put(into: list[int], chosen: Sequence[int], values: Any) -> None:
    """Put one number, or one a configuration, where the configurations stand."""
    import numpy as np

    spread = np.broadcast_to(values, len(chosen)).tolist()
    for index, value in zip(chosen, spread, strict=True):
        into[index] = value


def _by_width(
    arch: Architecture, base: Configuration, pairs: Sequence[tuple[float, float | None]]
) -> Iterator[tuple[Graph, tuple[int, ...]]]:
    """Graphs over many (alpha, t) at once, with the indices that each stands for."""
    import numpy as np

    def config(chosen: Sequence[int]) -> Configuration:
        alpha: Any = np.array([pairs[index][0] for index in chosen])
        t: Any = np.array([pairs[index][1] for index in chosen])
        return replace(
            base, alpha=alpha, t=t if pairs[chosen[0]][1] is not None else None
        )

    for printed in (True, False):
        wanted = [i for i, (_, t) in enumerate(pairs) if (t is None) is printed]
        yield from _assembled(arch, config, wanted)


def _by_resolution(
    arch: Architecture,
    base: Configuration,
    factor: tuple[float, float | None],
    resolutions: Sequence[int],
) -> dict[int, dict[str, int]]:
    """Positions of each layer at every resolution that can be run."""
    import numpy as np

    def config(chosen: Sequence[int]) -> Configuration:
        sides: Any = np.array([resolutions[index] for index in chosen])
        return replace(base, alpha=factor[0], t=factor[1], resolution=(sides, sides))

    found: dict[int, dict[str, int]] = {}
    for graph, chosen in _assembled(arch, config, range(len(resolutions))):
        for name, layer in _counted(graph).items():
            positions = [0] * len(resolutions)
            _put(positions, chosen, layer.node.out_shape.positions)
            for index in chosen:
                found.setdefault(resolutions[index], {})[name] = positions[index]
    return found


def _assembled(
    arch: Architecture,
    config: Callable[[Sequence[int]], Configuration],
    chosen: Sequence[int],
) -> Iterator[tuple[Graph, tuple[int, ...]]]:
    """Graphs on arrays, split where a yes-or-no question has both answers."""
    if not chosen:
        return
    try:
        yield assemble(arch, config(chosen)), tuple(chosen)
    except ShapeError:
        return
    except SplitError as fault:
        answers = fault.mask.ravel().tolist()
        for wanted in (True, False):
            part = [i for i, yes in zip(chosen, answers, strict=True) if yes is wanted]
            yield from _assembled(arch, config, part)
