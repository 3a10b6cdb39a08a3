"""The integers that a page needs to count any configuration by itself.

Multiply-adds are weights x positions: weights depend on alpha and t, positions on the
resolution alone. A page that has both multiplies and adds them, and does not repeat the
rules of scaling and padding.
"""

from collections import Counter
from dataclasses import dataclass

from mnprofile.base.units import Bits
from mnprofile.graph.graph import Graph, Node
from mnprofile.graph.operators.op import Shape
from mnprofile.networks.configuration import checked_classes
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.peaks import peaks_of
from mnprofile.search.products import Product, product
from mnprofile.search.structures import flat, structures

ALPHAS = tuple(n / 20 for n in range(2, 41))  # 0.1, 0.15 ... 2.0
EXPANSIONS = (None, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # None: the table's
RESOLUTIONS = tuple(range(32, 513, 8))
Resolution = int | tuple[int, int]


@dataclass(frozen=True)
class Slot:
    """A layer that some configuration has.

    ``weights`` and ``out`` (channels) have one value per (alpha, t), t running fastest,
    and 0 where the configuration lacks the layer. ``positions`` has one per size.
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
    """All configurations of one table on a grid of alpha, t and resolution.

    A resolution is the side of a square, or (height, width).
    """

    alphas: tuple[float, ...]
    expansions: tuple[float | None, ...]
    resolutions: tuple[Resolution, ...]
    slots: tuple[Slot, ...]


def factors(
    arch: Architecture,
    *,
    impl: str = "paper",
    classes: int | None = None,
    alphas: tuple[float, ...] = ALPHAS,
    expansions: tuple[float | None, ...] = EXPANSIONS,
    resolutions: tuple[Resolution, ...] = RESOLUTIONS,
) -> Factors:
    """Build a table on the grid and keep each layer's factors.

    Resolutions that the implementation cannot run are left out.
    """
    import numpy as np

    ts = expansions if arch.has_expansion else (None,)
    pairs = np.array([(alpha, t) for alpha in alphas for t in ts], float)
    found = structures(
        arch,
        alpha=pairs[:, 0],
        t=pairs[:, 1],
        resolutions=_sides(resolutions),
        classes=checked_classes(arch, classes),
        impl=impl,
        skip_impossible=True,
    )
    # The structure with most layers comes first: it fixes most of their order.
    built = [(one, _counted(one.graph)) for one in found]
    built.sort(key=lambda pair: (-len(pair[1]), pair[0].widths.tolist()))
    possible = sorted({index for one, _ in built for index in one.sizes.tolist()})
    norms = {id(one): _norms(one.graph) for one, _ in built}
    slots = []
    for name in _order([list(layers) for _, layers in built]):
        weights, out = np.zeros((2, len(pairs)), np.int64)
        positions = np.zeros(len(resolutions), np.int64)
        having = [(one, layers[name]) for one, layers in built if name in layers]
        for one, node in having:
            weights[one.widths] = flat(node.op.weights(node.in_shape))
            out[one.widths] = flat(node.out_shape.c)
            positions[one.sizes] = flat(node.out_shape.positions)
        home, first = having[0]
        slots.append(
            Slot(
                name,
                first.block,
                first.stage,
                first.type,
                int(getattr(first.op, "bias", False)),
                norms[id(home)][name],
                tuple(weights.tolist()),
                tuple(out.tolist()),
                tuple(positions[possible].tolist()),
            )
        )
    sides = tuple(resolutions[index] for index in possible)
    return Factors(alphas, ts, sides, tuple(slots))


def product_of(
    arch: Architecture,
    found: Factors,
    resolutions: tuple[Resolution, ...],
    *,
    impl: str,
    classes: int | None = None,
) -> Product:
    """The configurations of some factors as a product, widths as in a ``Slot``."""
    import numpy as np

    pairs = np.array([(a, t) for a in found.alphas for t in found.expansions], float)
    return product(
        arch,
        alpha=pairs[:, 0],
        t=pairs[:, 1],
        resolutions=_sides(resolutions),
        classes=checked_classes(arch, classes),
        impl=impl,
    )


def _sides(resolutions: tuple[Resolution, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((one, one) if isinstance(one, int) else one for one in resolutions)


def peak_terms(
    made: Product, bits: Bits
) -> list[list[tuple[tuple[int, ...], tuple[int, ...]]]]:
    """The sums of bytes per position times positions whose largest is the peak.

    Bytes have one value per width of the product, positions one per resolution.
    """
    return [
        [
            (tuple(map(int, column)), tuple(map(int, row)))
            for column, row in zip(channels.T.tolist(), sizes.tolist(), strict=True)
        ]
        for channels, sizes in peaks_of(made, bits).sums
    ]


def _counted(graph: Graph) -> dict[str, Node]:
    """The counted operators of a graph, by the name of their layer."""
    return {node.layer: node for node in graph if node.op.is_counted}


def _norms(graph: Graph) -> Counter[str]:
    """Batch-norm buffers per output channel, by layer."""
    one, found = Shape(1, 1, 1), Counter[str]()
    for node in graph:
        found[node.layer] += node.op.buffers(one)
    return found


def _order(structures: list[list[str]]) -> list[str]:
    """Every layer name once, in network order; the first structure has most layers."""
    order: list[str] = []
    for names in structures:
        for index, name in enumerate(names):
            if name not in order:
                before = order.index(names[index - 1]) + 1 if index else 0
                order.insert(before, name)
    return order
