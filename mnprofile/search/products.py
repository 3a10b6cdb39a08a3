"""Many configurations at once: weights of the widths times positions of the sizes.

The layers that run at the same positions are summed first, so K widths and R
resolutions cost one product ``[K, G] @ [G, R]`` with one column per kind of position
(about six).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UsageError
from mnprofile.graph.graph import Node
from mnprofile.networks.notation.rows import Architecture
from mnprofile.search.structures import Structure, flat, structures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

EXACT_FLOAT = 2**53
EXACT_INT = 2**63


@dataclass(frozen=True)
class Product:
    """The figures of K widths at R resolutions, as factors.

    ``weights``, ``params`` and ``buffers`` are [K]. ``work`` and ``outputs`` are
    [K, G]: the weights, and the output channels, that run at each kind of position;
    ``positions`` [G, R] how many positions of that kind a resolution has.
    ``structures`` are the graphs of arrays that it was summed from.
    """

    weights: Ints
    params: Ints
    buffers: Ints
    work: Ints
    outputs: Ints
    positions: Ints
    structures: tuple[Structure, ...] = field(repr=False)

    def macs(self, widths: Any = slice(None)) -> Floats | Ints:
        """Multiply-adds [K, R] of some of the widths, by index: exact integers.

        Returned as floats, which are fastest, if all are below 2^53, else as 64-bit
        integers. Raises UsageError if even those cannot hold them.
        """
        return _matmul(self.work[widths], self.positions, "multiply-adds")

    def activations(self, widths: Any = slice(None)) -> Floats | Ints:
        """Output elements [K, R] of the counted layers, as ``macs`` returns them."""
        return _matmul(self.outputs[widths], self.positions, "output elements")


def product(
    arch: Architecture,
    *,
    alpha: Floats,
    t: Floats | None,
    resolutions: tuple[tuple[int, int], ...],
    classes: int,
    impl: str,
    depth: float = 1.0,
) -> Product:
    """Evaluate the rules for K widths ``alpha`` (each with its ``t``) at R resolutions.

    The values must be ones that ``configure`` accepts. Raises UsageError for
    a resolution that is too small for Keras' MobileNetV1 padding.
    """
    import numpy as np

    found = tuple(
        structures(
            arch,
            alpha=alpha,
            t=t,
            resolutions=resolutions,
            classes=classes,
            impl=impl,
            depth=depth,
        )
    )
    count_k, count_r = len(alpha), len(resolutions)
    sums = [_layer_sums(one, count_r) for one in found]
    kinds = {kind: total[0] for one in sums for kind, total in one.at.items()}
    order = {kind: column for column, kind in enumerate(kinds)}
    per_width = {
        name: np.zeros(count_k, np.int64) for name in ("weights", "params", "buffers")
    }
    work = np.zeros((count_k, len(kinds)), np.int64)
    outputs = np.zeros_like(work)
    for structure, one in zip(found, sums, strict=True):
        for name, values in per_width.items():
            values[structure.widths] = getattr(one, name)
        for kind, (_, weights, channels) in one.at.items():
            work[structure.widths, order[kind]] = weights
            outputs[structure.widths, order[kind]] = channels
    return Product(
        **per_width,
        work=work,
        outputs=outputs,
        positions=np.array([*kinds.values()], np.int64).reshape(len(kinds), count_r),
        structures=found,
    )


@dataclass
class _LayerSums:
    """The layers of one structure summed, over all and by kind of position.

    Every sum is a vector [k], or one number if all widths agree. ``at`` holds, for
    each kind, its positions [R] and the sums of weights and output channels.
    """

    weights: Any = 0
    params: Any = 0
    buffers: Any = 0
    at: dict[bytes, tuple[Ints, Any, Any]] = field(default_factory=dict)


def _layer_sums(structure: Structure, count_r: int) -> _LayerSums:
    import numpy as np

    sums = _LayerSums()
    sizes = structure.sizes if len(structure.sizes) < count_r else slice(None)
    for node in structure.graph:
        op, x, y = node.op, node.in_shape, node.out_shape
        if not op.is_counted:
            sums.params = _plus(sums.params, op.bn_affine(x) + op.other_params(x))
            sums.buffers = _plus(sums.buffers, op.buffers(x))
            continue
        sums.params = _plus(sums.params, op.biases(x))
        if _add_products(sums, node, sizes, count_r):
            continue  # no weights, and no output of a layer that has some
        positions = np.zeros(count_r, np.int64)
        positions[sizes] = flat(op.positions(x, y))
        kind = positions.tobytes()
        _, work, outputs = sums.at.get(kind, (positions, 0, 0))
        weights = flat(op.weights(x))
        sums.at[kind] = (positions, work + weights, outputs + flat(y.c))
        sums.weights = sums.weights + weights
    sums.params = sums.params + sums.weights
    return sums


def _add_products(sums: _LayerSums, node: Node, sizes: Any, count_r: int) -> bool:
    """Multiply-adds of two activations: a kind of position of their own, once each.

    Returns whether there are any. Raises UsageError where they depend on the width as
    well.
    """
    import numpy as np

    products: Any = node.op.products(node.in_shape, *node.other_shapes)
    if isinstance(products, int) and not products:
        return False
    if getattr(products, "ndim", 0) == 2 and products.shape[0] != 1:
        raise UsageError(f"{node.name}: its multiply-adds cannot be swept over widths")
    times = np.zeros(count_r, np.int64)
    times[sizes] = flat(products)
    sums.at[node.name.encode()] = (times, 1, 0)
    return True


def _plus(total: Any, value: Any) -> Any:
    """Their sum; without a copy of the total if there is nothing to add."""
    return total if isinstance(value, int) and not value else total + flat(value)


def _matmul(factors: Ints, positions: Ints, what: str) -> Floats | Ints:
    """The exact product of two arrays of integers that are not negative."""
    number = number_type(factors, positions, what)
    product: Floats | Ints = factors.astype(number) @ positions.astype(number)
    return product


def number_type(factors: Ints, positions: Ints, what: str) -> str:
    """The numpy type in which a product of such arrays is exact and fastest.

    Raises UsageError, which names ``what`` is counted, if there is none.
    """
    pairs = zip(
        factors.max(axis=0, initial=0), positions.max(axis=1, initial=0), strict=True
    )
    bound = sum(int(most) * int(times) for most, times in pairs)
    if bound < EXACT_FLOAT:
        return "float64"
    if bound < EXACT_INT:
        return "int64"
    raise UsageError(
        f"the largest configuration may have {bound:.1e} {what}",
        accepted="a sweep counts up to 2^63; narrow the alphas or the resolutions",
    )
