"""Count a graph: every quantity per layer, and by block, stage and type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import add, attrgetter
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from mnprofile.base.errors import UsageError
from mnprofile.base.shown import Shown
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Node, Origin
from mnprofile.graph.operators.convolution import Sides
from mnprofile.graph.operators.op import Shape
from mnprofile.graph.stored import StoredBytes, added
from mnprofile.networks.catalog import Arch, graph_of

if TYPE_CHECKING:
    import pandas as pd

Grouping = Literal["layer", "block", "stage", "type"]
GROUPINGS: tuple[Grouping, ...] = get_args(Grouping)


class Counts(NamedTuple):
    """The counted quantities, per sample. Counts can be added.

    ``other_params`` are embeddings, norms other than batch norm, position tables, layer
    scale. The last six count the elements that enter batch norm, activation functions,
    pooling, residual additions, squeeze-excite products and all other operators.
    ``macs`` never include them.
    """

    macs: int = 0
    weights: int = 0
    biases: int = 0
    bn_affine: int = 0
    buffers: int = 0
    activations: int = 0
    batch_norm_elems: int = 0
    activation_elems: int = 0
    pool_elems: int = 0
    add_elems: int = 0
    scale_elems: int = 0
    other_params: int = 0
    other_elems: int = 0

    @property
    def flops(self) -> int:
        """Two floating-point operations per multiply-add."""
        return 2 * self.macs

    @property
    def params(self) -> int:
        """The number of elements in PyTorch's parameters()."""
        return self.weights + self.biases + self.bn_affine + self.other_params

    def __add__(self, other: "Counts") -> "Counts":  # type: ignore[override] # no tuple
        return Counts(*map(add, self, other))


QUANTITIES = (
    "macs",
    "flops",
    "weights",
    "biases",
    "bn_affine",
    "other_params",
    "params",
    "buffers",
    "activations",
)
ELEMENTWISE = tuple(name for name in Counts._fields if name.endswith("_elems"))


class Layer(NamedTuple):
    """One layer and its figures.

    ``kernel``, ``stride``, ``dilation`` and ``groups`` are those of its convolution, or
    1 where it has none. Shapes are (channels, height, width).
    """

    name: str
    block: str
    stage: str
    op: str
    type: str
    kernel: Sides
    stride: Sides
    dilation: Sides
    groups: int
    in_shape: Shape
    out_shape: Shape
    figures: Counts
    origin: Origin
    is_counted: bool  # it has multiply-adds or parameters
    kept: StoredBytes | None = None  # what the model file stores for it


class LayerGroup(NamedTuple):
    """Layers summed under one name: a block, a stage or a type."""

    name: str
    figures: Counts
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Count(Shown):
    """The figures of one network. ``layers`` are those with multiply-adds or
    parameters, in order; ``elementwise_layers`` are the others: pooling, additions,
    squeeze-excite products."""

    graph: Graph
    all_layers: tuple[Layer, ...]

    @property
    def config(self) -> Configuration:
        return self.graph.config

    @property
    def layers(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.all_layers if layer.is_counted)

    @property
    def elementwise_layers(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.all_layers if not layer.is_counted)

    @property
    def totals(self) -> Counts:
        return total(self.all_layers)

    def by(
        self, grouping: Grouping, *, elementwise: bool = False
    ) -> tuple[LayerGroup, ...]:
        """The figures summed by layer, block, stage or type, in network order.

        By type, the largest share of multiply-adds comes first. Groups without a
        counted layer (pooling, additions) are listed only with ``elementwise``.

        Raises:
            UsageError: another grouping.
        """
        if grouping not in GROUPINGS:
            raise UsageError(
                f"by: {grouping!r} is not a grouping", accepted=", ".join(GROUPINGS)
            )
        groups: dict[str, list[Layer]] = {}
        key = attrgetter("name" if grouping == "layer" else grouping)
        for layer in self.all_layers:
            groups.setdefault(key(layer), []).append(layer)
        summed = [
            LayerGroup(name, total(layers), tuple(layers))
            for name, layers in groups.items()
            if elementwise or any(layer.is_counted for layer in layers)
        ]
        if grouping == "type":
            summed.sort(key=lambda group: (-group.figures.macs, group.name))
        return tuple(summed)

    def to_frame(self) -> "pd.DataFrame":
        """A data frame with one row per counted layer."""
        import pandas as pd

        return pd.DataFrame([layer_record(layer) for layer in self.layers])


def count(graph: Graph | Arch) -> Count:
    """Count every quantity of a graph, layer by layer.

    ``graph`` may also be what ``build`` takes. Raises what ``build`` raises.

    >>> count("v2@0.75/160").totals.macs
    107295200
    """
    graph = graph_of(graph)
    kept = graph.file.kept if graph.file else None
    return Count(graph, tuple(_layer(nodes, kept) for nodes in graph.layers.values()))


def total(layers: Iterable[Layer]) -> Counts:
    """The sum of some layers."""
    return _sum(layer.figures for layer in layers)


def _sum(counts: Iterable[Counts]) -> Counts:
    """The sum of some counts, quantity by quantity: several times as fast as +."""
    return Counts(*map(sum, zip(*counts, strict=True)))


def figures_of(node: Node) -> Counts:
    """The figures of one operator."""
    op, x, y = node.op, node.in_shape, node.out_shape
    weights, biases, bn_affine, other = node.parameters
    if op.is_counted:
        has_weights = not op.products(x, *node.other_shapes)
        return Counts(
            macs=node.macs,
            weights=weights,
            biases=biases,
            bn_affine=bn_affine,
            other_params=other,
            activations=node.times * y.elements if has_weights else 0,
        )
    elements = {op.entering: node.times * x.elements} if op.entering else {}
    return Counts(
        weights=weights,
        biases=biases,
        bn_affine=bn_affine,
        other_params=other,
        buffers=op.buffers(x),
        **elements,
    )


def _layer(nodes: list[Node], kept: Mapping[str, StoredBytes] | None) -> Layer:
    """A layer from its operators; the first one names it."""
    first = nodes[0]
    op = first.op
    figures = _sum(map(figures_of, nodes))
    return Layer(
        name=first.layer,
        block=first.block,
        stage=first.stage,
        op=op.kind,
        type=first.type,
        kernel=getattr(op, "kernel", 1),
        stride=getattr(op, "stride", 1),
        dilation=getattr(op, "dilation", 1),
        groups=op.groups_on(first.in_shape),
        in_shape=first.in_shape,
        out_shape=first.out_shape,
        figures=figures,
        origin=first.origin,
        is_counted=op.is_counted or figures.params > 0,
        kept=None
        if kept is None
        else added(kept.get(node.name, StoredBytes()) for node in nodes),
    )


def figures_record(figures: Counts, *, elementwise: bool = False) -> dict[str, int]:
    """The counted quantities by name, in a fixed order."""
    names = QUANTITIES + (ELEMENTWISE if elementwise else ())
    return {name: getattr(figures, name) for name in names}


def layer_record(layer: Layer, *, elementwise: bool = False) -> dict[str, object]:
    """One layer as a flat record of plain values."""
    x, y = layer.in_shape, layer.out_shape
    return {
        "name": layer.name,
        "block": layer.block,
        "stage": layer.stage,
        "row": layer.origin.line,
        "op": layer.op,
        "type": layer.type,
        "kernel": sides_record(layer.kernel),
        "stride": sides_record(layer.stride),
        "dilation": sides_record(layer.dilation),
        "groups": layer.groups,
        "in_shape": list(x.dims),
        "out_shape": list(y.dims),
        **figures_record(layer.figures, elementwise=elementwise),
    }


def sides_record(sides: Sides) -> int | list[int]:
    """A kernel or stride in a record: one number if all its sides are equal."""
    if isinstance(sides, int):
        return sides
    return sides[0] if len(set(sides)) == 1 else [*sides]
