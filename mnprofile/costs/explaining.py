"""What a layer, a block or a network costs and saves, as formulas with numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, overload

from mnprofile.base.errors import UsageError, nearest
from mnprofile.base.shown import Shown
from mnprofile.base.units import grouped, percent, short
from mnprofile.costs.counting import Counts, figures_of
from mnprofile.costs.formula import Formula
from mnprofile.costs.formulas import Derivation, Multipliers, derive, set_apart
from mnprofile.costs.layer_sums import derived as formula_of
from mnprofile.costs.parts import (
    Parts,
    explainable,
    kind_of,
    kind_of_module,
    source_of,
)
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Node
from mnprofile.graph.operators.op import Shape
from mnprofile.networks.blocks.builder import build_rows
from mnprofile.networks.catalog import Arch, build
from mnprofile.networks.notation.rows import Architecture

STANDARD = (
    "The comparison replaces each depthwise convolution and its projection by one"
    " standard convolution of the same kernel, stride, input and output channels;"
    " everything else is unchanged."
)
PROBES = (0.75, 0.5, 0.25)


class Ratio(NamedTuple):
    """One configuration compared with alpha 1 at the table's resolution.

    It has exact figures and what textbooks say: cost falls with alpha² rho²,
    parameters with alpha².
    """

    alpha: float
    resolution: tuple[int, int]
    macs: int
    base_macs: int
    params: int
    base_params: int
    rho_squared: float

    @property
    def macs_ratio(self) -> float:
        return self.macs / self.base_macs if self.base_macs else 1.0

    @property
    def params_ratio(self) -> float:
        return self.params / self.base_params if self.base_params else 1.0

    @property
    def textbook_macs(self) -> float:
        return self.alpha**2 * self.rho_squared

    @property
    def textbook_params(self) -> float:
        return self.alpha**2


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Shown):
    """One layer or block.

    ``scaled`` is the formula with alpha and rho, which ignores the rounding of channels
    (None where height and width scale differently). ``saving`` is the cost of a
    depthwise convolution and its projection, divided by that of one standard
    convolution; None for several of them.
    """

    name: str
    kind: str
    in_shape: Shape
    out_shape: Shape
    macs: Formula
    weights: Formula
    layers: tuple[tuple[str, Formula], ...]
    separable: Formula | None
    standard: Formula | None
    saving: Formula | None
    scaled: Formula | None
    ratios: tuple[Ratio, ...] = ()
    config: Configuration | None = None
    source: str = ""  # of code: the file, line and class of its modules

    @property
    def standard_macs(self) -> int:
        """The multiply-adds with standard convolutions: see STANDARD."""
        macs = self.macs.value
        if self.standard is not None and self.separable is not None:
            macs += self.standard.value - self.separable.value
        return int(macs)


@dataclass(frozen=True, slots=True, repr=False)
class NetworkExplanation(Shown):
    """A whole network, block by block, and compared with standard convolutions."""

    config: Configuration
    blocks: tuple[Explanation, ...]
    ratios: tuple[Ratio, ...]

    @property
    def macs(self) -> int:
        return sum(int(block.macs.value) for block in self.blocks)

    @property
    def standard_macs(self) -> int:
        """With standard convolutions: see STANDARD."""
        return sum(block.standard_macs for block in self.blocks)


@overload
def explain(network: Graph | Arch, layer: str, **settings: Any) -> Explanation: ...
@overload
def explain(
    network: Graph | Arch, layer: None = None, **settings: Any
) -> NetworkExplanation: ...
def explain(
    network: Graph | Arch, layer: str | None = None, **settings: Any
) -> Explanation | NetworkExplanation:
    """The formulas of one layer ("block3.expand") or block ("block3", "block3.se").

    Without ``layer``, the formula of every block, and the whole network's saving.
    ``network`` is a graph, or, with ``settings``, what ``build`` takes. Of a network
    that is not a table ``layer`` may also be a stage, or a module with its layers;
    there are no formulas with alpha and rho, and no ratios: it has one form.

    Raises:
        UsageError: no layer of that name has multiply-adds.
    """
    if isinstance(network, Graph) and settings:
        raise UsageError("explain: a graph is already configured")
    graph = network if isinstance(network, Graph) else build(network, **settings)
    table = graph.table if isinstance(graph.table, Architecture) else None
    if layer is None:
        return network_explanation(table, graph)
    return layer_explanation(table, graph, layer)


def explain_network(network: Graph | Arch, **settings: Any) -> NetworkExplanation:
    """The formula of every block, and the whole network's saving."""
    return explain(network, None, **settings)


def layer_explanation(
    table: Architecture | None, graph: Graph, layer: str
) -> Explanation:
    """What ``explain`` returns, for a graph of this table (None: of no table)."""
    known = explainable(graph)
    if layer not in known and (table or not Parts(graph).named(layer)):
        close = nearest(layer, known)
        if not known:
            raise UsageError(f"{graph.config.name} has no layer with multiply-adds")
        raise UsageError(
            f'{graph.config.name} has no layer or block called "{layer}" with'
            " multiply-adds",
            accepted="a name that `mnprofile count` prints, such as "
            + ", ".join(dict.fromkeys((known[0], known[len(known) // 2]))),
            suggestion=close,
        )
    if table is None:
        return _explanation(Parts(graph), layer, of_table=False)
    widths = _widths(table, graph)
    ratios = _ratios(table, graph, widths[0].graph, layer)
    return _explanation(
        Parts(graph), layer, of_table=True, widths=widths, ratios=ratios
    )


def network_explanation(
    table: Architecture | None, graph: Graph, *, compared: bool = True
) -> NetworkExplanation:
    """What ``explain_network`` returns, for a graph of this table (None: of none).

    Without ``compared`` it has neither ratios, which take four more networks, nor
    formulas with alpha and rho.
    """
    widths: tuple[Parts, Parts] | None = None
    ratios: tuple[Ratio, ...] = ()
    if table:
        widths = _widths(table, graph)
        ratios = _ratios(table, graph, widths[0].graph, None) if compared else ()
    here, is_table = Parts(graph), table is not None
    blocks = dict.fromkeys(node.block for node in graph if node.op.is_counted)
    return NetworkExplanation(
        graph.config,
        tuple(
            _explanation(
                here, name, of_table=is_table, widths=widths, is_scaled=compared
            )
            for name in blocks
        ),
        ratios,
    )


def why_no_ratios(config: Configuration) -> str | None:
    """Why formulas have no alpha, rho and t; None for a table."""
    if not config.reader:
        return None
    return (
        f"No α, ρ and t: they are multipliers of a table's rows, and {config.name} has"
        " one form, that of its code or file."
    )


def saving_text(network: NetworkExplanation) -> str:
    """The cost of the network compared with standard convolutions, in a sentence."""
    ours, standard = network.macs, network.standard_macs
    if ours == standard:
        return "No depthwise convolution replaces a standard one here."
    return (
        f"{short(ours)} multiply-adds ({grouped(ours)}) against {short(standard)}"
        f" ({grouped(standard)}) with standard convolutions:"
        f" {percent(ours, standard)}, {standard / ours:.2f} times less."
    )


def _widths(table: Architecture, graph: Graph) -> tuple[Parts, Parts]:
    """The network at alpha 1 and the table's resolution, and one of another width.

    The other one shows which channels alpha changes at all.
    """
    side = table.resolution
    config = graph.config._replace(alpha=1.0, resolution=(side, side))
    base = graph if config == graph.config else build_rows(table, config)
    alpha = 0.5 if graph.config.alpha <= 1 else 2.0
    return Parts(base), Parts(build_rows(table, config._replace(alpha=alpha)))


def _explanation(
    parts: Parts,
    name: str,
    *,
    of_table: bool,
    widths: tuple[Parts, Parts] | None = None,
    ratios: tuple[Ratio, ...] = (),
    is_scaled: bool = True,
) -> Explanation:
    """``widths`` are the network at alpha 1 and at another, to scale a formula by."""
    graph, nodes = parts.graph, parts.named(name)
    base, probe = (one.named(name) for one in widths) if widths else ((), ())
    apart = set_apart(base, probe)
    derived = derive(nodes, apart=apart) if of_table else formula_of(nodes)
    factored = any(one.symbol.text == "t" for one in derived.meanings)
    counted = sum((figures_of(node) for node in nodes), start=Counts())

    def formula(expr: Any, factored: bool = False) -> Formula:
        return Formula(expr, derived.meanings, factored)

    macs = formula(derived.macs, factored)
    assert macs.value == counted.macs, f"{name}: the formula gives {macs.value}"
    return Explanation(
        name=name,
        kind=kind_of(nodes) if of_table else kind_of_module(nodes),
        in_shape=nodes[0].in_shape,
        out_shape=nodes[-1].out_shape,
        macs=macs,
        weights=formula(derived.weights, factored),
        layers=tuple(
            (layer.name, layer.own or formula(layer.macs)) for layer in derived.layers
        ),
        separable=formula(derived.separable) if derived.separable else None,
        standard=formula(derived.standard) if derived.standard else None,
        saving=formula(derived.saving) if derived.saving else None,
        scaled=_scaled(graph, base, probe, derived, apart)
        if widths and is_scaled
        else None,
        ratios=ratios,
        config=graph.config,
        source=source_of(nodes) if graph.config.reader == "torch" else "",
    )


def _scaled(
    graph: Graph,
    base: tuple[Node, ...],
    probe: tuple[Node, ...],
    derived: Derivation,
    apart: dict[str, bool],
) -> Formula | None:
    """The formula with alpha and rho, from the channels and sides at alpha 1."""
    layers = [layer.name for layer in derived.layers]
    if [node.layer for node in base if node.op.is_counted] != layers or not probe:
        return None
    rho = graph.config.rho
    if rho is None:
        return None
    outs = [[n for n in nodes if n.op.is_counted][-1] for nodes in (base, probe)]
    scale = Multipliers(
        alpha=Fraction(repr(graph.config.alpha)),
        rho=Fraction(rho).limit_denominator(10**6),
        narrows_input=base[0].in_shape.c != probe[0].in_shape.c,
        narrows_output=outs[0].out_shape.c != outs[1].out_shape.c,
    )
    scaled = derive(base, scale, apart)
    factored = any(one.symbol.text == "t" for one in scaled.meanings)
    return Formula(scaled.macs, scaled.meanings, factored)


def _ratios(
    table: Architecture, graph: Graph, base: Graph, name: str | None
) -> tuple[Ratio, ...]:
    """The configuration compared with alpha 1; if it is that, some others instead."""
    if graph.config != base.config:
        others = [graph]
    else:
        side = table.resolution // 2
        chosen = [base.config._replace(alpha=alpha) for alpha in PROBES]
        chosen.append(base.config._replace(resolution=(side, side)))
        others = [other for one in chosen if side and (other := _built(table, one))]
    found = []
    for other in others:
        here, there = (_totals(one, name) for one in (other, base))
        if here is None or there is None:
            continue
        height, width = other.config.resolution
        found.append(
            Ratio(
                alpha=other.config.alpha,
                resolution=(height, width),
                macs=here.macs,
                base_macs=there.macs,
                params=here.params,
                base_params=there.params,
                rho_squared=height * width / table.resolution**2,
            )
        )
    return tuple(found)


def _built(table: Architecture, config: Configuration) -> Graph | None:
    """A network to compare with; None if the table cannot be built that small."""
    try:
        return build_rows(table, config)
    except UsageError:
        return None


def _totals(graph: Graph, name: str | None) -> Counts | None:
    nodes: Iterable[Node] = graph if name is None else Parts(graph).named(name)
    figures = [figures_of(node) for node in nodes]
    return sum(figures, start=Counts()) if figures else None
