"""The integers that a page needs to count any configuration by itself.

Multiply-adds are weights x positions: weights depend on alpha and t, positions on the
resolution alone. A page that carries both multiplies and adds, and knows no rule of
scaling or padding: those stay here, written once.
"""

from dataclasses import dataclass

from mnprofile.blocks import build_rows
from mnprofile.counting import COUNTED_KINDS
from mnprofile.errors import UsageError
from mnprofile.graph import Graph
from mnprofile.notation import Architecture

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


@dataclass(frozen=True)
class _Seen:
    """One layer of one graph."""

    block: str
    stage: str
    type: str
    weights: int
    out: int
    biases: int
    norms: int
    positions: int


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
    ts = expansions if arch.has_expansion and arch.family != "v1" else (None,)
    grid = [(alpha, t) for alpha in alphas for t in ts]
    built = [_seen(build_rows(arch, alpha=a, t=t, impl=impl)) for a, t in grid]
    order = _order(built)
    # Strides do not depend on the width: one graph that has the layer tells its map.
    homes = {name: _home(name, built) for name in order}
    sizes = {
        index: _sizes(arch, grid[index], impl, resolutions)
        for index in sorted(set(homes.values()))
    }
    possible = tuple(
        side for side in resolutions if all(side in found for found in sizes.values())
    )
    slots = []
    for name in order:
        first = built[homes[name]][name]
        layers = [layers.get(name) for layers in built]
        slots.append(
            Slot(
                name,
                first.block,
                first.stage,
                first.type,
                first.biases,
                first.norms,
                tuple(layer.weights if layer else 0 for layer in layers),
                tuple(layer.out if layer else 0 for layer in layers),
                tuple(sizes[homes[name]][side][name].positions for side in possible),
            )
        )
    return Factors(alphas, ts, possible, tuple(slots))


def _seen(graph: Graph) -> dict[str, _Seen]:
    """The counted layers of a graph by name."""
    layers: dict[str, _Seen] = {}
    norms: dict[str, int] = {}
    for node in graph:
        if node.op.kind == "batch_norm":
            assert node.op.bn_affine(node.in_shape) == node.op.buffers(node.in_shape)
            norms[node.layer] = node.op.buffers(node.in_shape)
    for node in graph:
        if node.op.kind not in COUNTED_KINDS:
            continue
        out = node.out_shape.c
        biases, norm = node.op.biases(node.in_shape), norms.get(node.layer, 0)
        assert biases % out == norm % out == 0
        layers[node.layer] = _Seen(
            node.block,
            node.stage,
            node.type,
            node.op.weights(node.in_shape),
            out,
            biases // out,
            norm // out,
            node.out_shape.positions,
        )
    return layers


def _order(built: list[dict[str, _Seen]]) -> list[str]:
    """Every layer name once, in network order."""
    order = list(max(built, key=lambda layers: len(layers)))
    for layers in built:
        names = list(layers)
        for index, name in enumerate(names):
            if name not in order:
                before = order.index(names[index - 1]) + 1 if index else 0
                order.insert(before, name)
    return order


def _home(name: str, built: list[dict[str, _Seen]]) -> int:
    """The first configuration that has a layer, the fullest ones first."""
    fullest = max(range(len(built)), key=lambda index: len(built[index]))
    if name in built[fullest]:
        return fullest
    return next(index for index, layers in enumerate(built) if name in layers)


def _sizes(
    arch: Architecture,
    factor: tuple[float, float | None],
    impl: str,
    resolutions: tuple[int, ...],
) -> dict[int, dict[str, _Seen]]:
    """The layers of one configuration at every resolution that it can run."""
    alpha, t = factor
    found = {}
    for side in resolutions:
        try:
            graph = build_rows(arch, alpha=alpha, t=t, impl=impl, resolution=side)
        except UsageError:
            continue
        found[side] = _seen(graph)
    return found
