"""Graphs of arrays: many widths and sizes at once, as far as they share a structure.

The rules are those of a single count, evaluated on arrays. Where the structure of the
network depends on a value (a shortcut appears, an expansion disappears), the array is
split there and each part assembled separately.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mnprofile.base.errors import UsageError
from mnprofile.base.units import size_text
from mnprofile.graph.arithmetic import SplitError, decide
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph
from mnprofile.graph.operators.op import ShapeError
from mnprofile.networks.blocks.builder import assemble
from mnprofile.networks.notation.rows import Architecture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Structure:
    """The graph that some widths and sizes share, which are given by their indices.

    Channels are columns [k, 1] and sides of maps rows [1, r], or plain integers.
    """

    widths: Any  # [k]
    sizes: Any  # [r]
    graph: Graph


def structures(
    arch: Architecture,
    *,
    alpha: Floats,
    t: Floats | None,
    resolutions: tuple[tuple[int, int], ...],
    classes: int,
    impl: str,
    depth: float = 1.0,
    skip_impossible: bool = False,
) -> Iterator[Structure]:
    """The graphs of K widths at R resolutions, each pair in exactly one of them.

    A width is an ``alpha`` and a ``t``; a t of nan, or None for all, is the table's
    own; all have the same ``depth``. A resolution that is too small for Keras'
    MobileNetV1 padding is left out with ``skip_impossible``, else it raises UsageError.
    """
    import numpy as np

    ts = np.full(len(alpha), np.nan) if t is None else t
    sides = np.array(resolutions, np.int64).reshape(-1, 2)
    waiting = [(np.arange(len(alpha)), np.arange(len(sides)))]
    while waiting:
        widths, sizes = waiting.pop()
        height, width = sides[sizes].T[:, None, :]
        column: Any = alpha[widths][:, None]
        given: Any = ts[widths][:, None]
        try:
            config = Configuration(
                name=arch.name,
                impl=impl,
                alpha=column,
                resolution=(height, width),
                table_resolution=None,
                t=None if decide(np.isnan(given)) else given,
                classes=classes,
                output_stride=arch.output_stride,
                depth=depth,
            )
            graph = assemble(arch, config)
        except SplitError as split:
            waiting += _split(widths, sizes, split.mask)
        except ShapeError as fault:
            if not skip_impossible:
                size = size_text(sides[sizes[0]])
                raise UsageError(f"resolution: {size}: {fault.message}") from None
        else:
            yield Structure(widths, sizes, graph)


def _split(widths: Any, sizes: Any, mask: Any) -> list[tuple[Any, Any]]:
    """The two parts in which a question has one answer each, "no" first."""
    yes = mask.ravel()
    if mask.shape[1] == 1:
        return [(widths[~yes], sizes), (widths[yes], sizes)]
    assert mask.shape[0] == 1, "a question may depend on widths or on sizes, not both"
    return [(widths, sizes[~yes]), (widths, sizes[yes])]


def flat(value: Any) -> Any:
    """A column [K, 1] or row [1, R] as a vector; a plain integer as it is."""
    return value.reshape(-1) if hasattr(value, "reshape") else value
