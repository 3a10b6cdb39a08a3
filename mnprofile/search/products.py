"""Many configurations at once: weights of the widths times positions of the sizes.

The layers that run at the same positions are summed first, so K widths and R
resolutions cost one product ``[K, G] @ [G, R]`` with one column per kind of position
(about six). The rules are those of a single count, evaluated on arrays; where the
structure of the network depends on a value (a shortcut appears, an expansion goes), the
array is split there and each part assembled on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UsageError
from mnprofile.graph.arithmetic import SplitError
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.op import ShapeError
from mnprofile.networks.blocks.builder import assemble
from mnprofile.networks.notation.rows import Architecture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

EXACT_FLOAT = 2**53
EXACT_INT = 2**63


@dataclass(frozen=True)
class Part:
    """Some widths and resolutions of the whole, by index."""

    rows: Any  # [k]
    columns: Any  # [r]


@dataclass(frozen=True)
class Product:
    """The figures of K widths at R resolutions, still as factors.

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
    structures: tuple[tuple[Part, Graph], ...] = field(repr=False)

    def macs(self, rows: slice = slice(None)) -> Floats | Ints:
        """Multiply-adds [K, R] of some of the widths: exact integers.

        They come as floats, the fastest exact way, where all stay under 2^53, else as
        64-bit integers. Raises UsageError where even those cannot hold them.
        """
        return _matmul(self.work[rows], self.positions, "multiply-adds")

    def activations(self, rows: slice = slice(None)) -> Floats | Ints:
        """Output elements [K, R] of the counted layers, as ``macs`` gives them."""
        return _matmul(self.outputs[rows], self.positions, "output elements")


def product(
    arch: Architecture,
    *,
    alpha: Floats,
    t: Floats | None,
    resolutions: tuple[tuple[int, int], ...],
    classes: int,
    impl: str,
) -> Product:
    """Evaluate the rules for K widths ``alpha`` (each with its ``t``) at R resolutions.

    The values must be ones that ``configure`` accepts. Raises UsageError for
    a resolution that is too small for Keras' MobileNetV1 padding.
    """
    import numpy as np

    count_k, count_r = len(alpha), len(resolutions)
    sizes = np.array(resolutions, dtype=np.int64).reshape(count_r, 2)
    per_width = {
        name: np.zeros(count_k, np.int64) for name in ("weights", "params", "buffers")
    }
    kinds: dict[bytes, Ints] = {}  # of positions: each a row [R]
    sums: list[tuple[Any, _Sums]] = []
    whole = Part(np.arange(count_k), np.arange(count_r))
    structures = tuple(_assembled(arch, alpha, t, sizes, classes, impl, whole))
    for part, graph in structures:
        at = part.rows if len(part.rows) < count_k else slice(None)
        found = _sums(graph, part.columns, count_r, kinds)
        for name, values in per_width.items():
            values[at] = getattr(found, name)
        sums.append((at, found))
    order = {kind: column for column, kind in enumerate(kinds)}
    work = np.zeros((count_k, len(kinds)), np.int64)
    outputs = np.zeros_like(work)
    for at, found in sums:
        for kind, (weights, channels) in found.at.items():
            work[at, order[kind]] = weights
            outputs[at, order[kind]] = channels
    return Product(
        **per_width,
        work=work,
        outputs=outputs,
        positions=np.array([*kinds.values()], np.int64).reshape(len(kinds), count_r),
        structures=structures,
    )


@dataclass
class _Sums:
    """The layers of one structure summed, over all and by kind of position.

    Every value is a vector [k], or one number where all widths agree.
    """

    weights: Any = 0
    params: Any = 0
    buffers: Any = 0
    at: dict[bytes, tuple[Any, Any]] = field(default_factory=dict)


def _sums(graph: Graph, columns: Any, count_r: int, kinds: dict[bytes, Ints]) -> _Sums:
    """Sum a graph's operators. New kinds of positions are added to ``kinds``."""
    import numpy as np

    sums = _Sums()
    for node in graph:
        op, x, y = node.op, node.in_shape, node.out_shape
        if not op.is_counted:
            sums.params = sums.params + flat(op.bn_affine(x))
            sums.buffers = sums.buffers + flat(op.buffers(x))
            continue
        weights = flat(op.weights(x))
        sums.weights = sums.weights + weights
        sums.params = sums.params + weights + flat(op.biases(x))
        row = np.zeros(count_r, np.int64)
        row[columns] = flat(y.positions)
        kind = row.tobytes()
        kinds.setdefault(kind, row)
        work, outputs = sums.at.get(kind, (0, 0))
        sums.at[kind] = (work + weights, outputs + flat(y.c))
    return sums


def _assembled(
    arch: Architecture,
    alpha: Floats,
    t: Floats | None,
    sizes: Ints,
    classes: int,
    impl: str,
    part: Part,
) -> Iterator[tuple[Part, Graph]]:
    """The graph of each part of the array that has one structure throughout."""
    side = sizes[part.columns].T[:, None, :]  # [2, 1, r]
    config = Configuration(
        name=arch.name,
        impl=impl,
        alpha=alpha[part.rows][:, None],
        resolution=(side[0], side[1]),
        table_resolution=None,
        t=t[part.rows][:, None] if t is not None else None,
        classes=classes,
    )
    try:
        graph = assemble(arch, config)
    except SplitError as split:
        for smaller in _split(part, split.mask):
            yield from _assembled(arch, alpha, t, sizes, classes, impl, smaller)
    except ShapeError as fault:
        height, width = sizes[part.columns[0]]
        raise UsageError(f"resolution: {height}x{width}: {fault.message}") from None
    else:
        yield part, graph


def _split(part: Part, mask: Any) -> tuple[Part, Part]:
    """The two parts of an array in which a question has one answer each."""
    rows, columns = mask.shape
    if columns == 1 and rows > 1:
        yes = mask[:, 0]
        return (
            Part(part.rows[yes], part.columns),
            Part(part.rows[~yes], part.columns),
        )
    assert rows == 1, "a question may depend on widths or on sizes, not on both"
    yes = mask[0]
    return Part(part.rows, part.columns[yes]), Part(part.rows, part.columns[~yes])


def flat(value: Any) -> Any:
    """A column [K, 1] or row [1, R] as a vector; a plain integer as it is."""
    return value.reshape(-1) if hasattr(value, "reshape") else value


def _matmul(factors: Ints, positions: Ints, what: str) -> Floats | Ints:
    """The exact product of two arrays of integers that are not negative."""
    number = number_type(factors, positions, what)
    product: Floats | Ints = factors.astype(number) @ positions.astype(number)
    return product


def number_type(factors: Ints, positions: Ints, what: str) -> str:
    """The numpy type in which a product of such arrays is exact and fastest.

    Raises UsageError, saying ``what`` is counted, where no type is.
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
