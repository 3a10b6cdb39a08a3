"""What every other profiler prints for a network: the rules, applied.

Nothing is run: torch is not needed. Of a network that was read from PyTorch code it is
known how the code writes each operator (``Written``); of any other it is assumed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mnprofile.base.shown import Shown
from mnprofile.costs.counting import figures_of
from mnprofile.evidence.profilers.einsum import einsum_counts
from mnprofile.evidence.profilers.profiler import Profiler
from mnprofile.evidence.profilers.quantities import PRODUCTS, TALLIED
from mnprofile.evidence.profilers.rules import PROFILERS, profiler_of
from mnprofile.evidence.profilers.torch_style import Style, TorchStyle
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Node
from mnprofile.graph.written import Derived, Written
from mnprofile.networks.catalog import Arch, graph_of

# How much of each quantity there is, by the way in which it is written.
Uses = Mapping[tuple[str, Written], int]


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a profiler's total.

    ``is_part`` tells of a quantity that the profiler does not count everywhere, or not
    everywhere as often.
    """

    quantity: str
    factor: int
    count: int
    is_part: bool = False

    @property
    def amount(self) -> int:
        return self.factor * self.count

    @property
    def symbol(self) -> str:
        return TALLIED[self.quantity][0] + ("*" if self.is_part else "")

    def __str__(self) -> str:
        size = abs(self.factor)
        return self.symbol if size == 1 else f"{size} {self.symbol}"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one profiler prints for a network, as a sum.

    ``unknown`` are the quantities of the network that its rule does not cover: with
    any, there is no total. ``missing`` are multiply-adds that it does not count.
    """

    profiler: Profiler
    terms: tuple[Term, ...]
    unknown: tuple[str, ...] = ()
    missing: tuple[tuple[str, int], ...] = ()

    @property
    def total(self) -> int | None:
        return None if self.unknown else sum(term.amount for term in self.terms)

    @property
    def besides(self) -> int | None:
        """The total without the multiply-adds, whatever their factor."""
        if self.unknown:
            return None
        return sum(term.amount for term in self.terms if term.quantity != "macs")

    @property
    def formula(self) -> str:
        """The sum in symbols: "M + 2 X + P"."""
        if self.unknown:
            return "not known"
        text = "".join(f" {'-+'[one.factor > 0]} {one}" for one in self.terms)
        return text.removeprefix(" + ").strip() or "0"


@dataclass(frozen=True, slots=True, repr=False)
class Ledger(Shown):
    """Every profiler's total for one network.

    ``counts`` are the quantities of the network. ``other`` is for the same network with
    its pooling written the other way, where that is not known from its code
    (``is_read``).
    """

    config: Configuration
    writing: TorchStyle
    counts: Mapping[str, int] = field(hash=False)
    entries: tuple[LedgerEntry, ...]
    other: tuple[LedgerEntry, ...]
    is_read: bool = False

    def __getitem__(self, name: str) -> LedgerEntry:
        """The entry of a profiler. Raises UsageError for an unknown name."""
        profiler = profiler_of(name)
        return next(entry for entry in self.entries if entry.profiler is profiler)


def ledger(
    graph: Graph | Arch,
    *,
    pooling: Style = "functional",
    activations: Style = "module",
) -> Ledger:
    """What each profiler prints for a network, as a sum of terms.

    ``pooling`` and ``activations`` say how the network is written: as ``nn`` modules or
    as calls of ``nn.functional``. Additions and squeeze-excite products are the
    operators ``+`` and ``*``. Of a network that was read from PyTorch code all this is
    known. Raises UsageError for an unknown style.
    """
    writing = TorchStyle(pooling, activations)
    graph = graph_of(graph)
    found, turned = (
        uses((*graph, *graph.constants), style, graph.derived)
        for style in (writing, writing.other_pooling())
    )
    counts = Counter(dict.fromkeys(TALLIED, 0))
    for (quantity, _), amount in found.items():
        if quantity in TALLIED:
            counts[quantity] += amount
    return Ledger(
        graph.config,
        writing,
        dict(counts),
        tuple(entry(one, found) for one in PROFILERS),
        tuple(entry(one, turned) for one in PROFILERS),
        any(node.written for node in graph),
    )


def entry(profiler: Profiler, found: Uses) -> LedgerEntry:
    """A profiler's rule applied to the quantities of a network, or of a part of one."""
    by_factor: dict[str, Counter[int]] = {}
    unknown: dict[str, None] = {}
    for (quantity, written), amount in found.items():
        factor = profiler.factor(quantity, written)
        if factor is None:
            unknown[quantity] = None
        else:
            by_factor.setdefault(quantity, Counter())[factor] += amount
    terms = tuple(
        Term(quantity, factor, count, len(by_factor[quantity]) > 1)
        for quantity in TALLIED
        for factor, count in by_factor.get(quantity, {}).items()
        if factor * count
    )
    missing = tuple(
        (quantity, by_factor[quantity][0])
        for quantity in PRODUCTS
        if quantity in by_factor
        and by_factor[quantity][0]
        and quantity not in profiler.otherwise
    )
    return LedgerEntry(profiler, terms, tuple(unknown), missing)


# --- the quantities of a network -----------------------------------------------------


def uses(
    nodes: Iterable[Node],
    writing: TorchStyle,
    derived: Iterable[Derived] = (),
) -> Uses:
    """Every quantity that is not zero, summed over some operators."""
    found: Counter[tuple[str, Written]] = Counter()
    for node in nodes:
        for quantity, amount in _quantities_of(node):
            if amount:
                written = node.written or assumed(quantity, writing)
                found[quantity, written._replace(first=1)] += amount
    for one in derived:
        counts = {one.quantity: one.amount}
        if one.einsum is not None:
            counts = einsum_counts(one.einsum)
        for quantity, amount in counts.items():
            found[quantity, one.written._replace(first=1)] += amount
    return found


def _quantities_of(node: Node) -> Iterator[tuple[str, int]]:
    op, x, written = node.op, node.in_shape, node.written
    figures = figures_of(node)
    found = op.tally(x, node.out_shape)
    product = op.product or "macs"
    if written is not None:
        product = _product(product, written.function)
        found = _as_written(found, written, node)
    yield product, figures.macs
    yield "params", figures.params
    yield "buffers", figures.buffers
    for quantity, amount in found.items():
        yield quantity, node.times * amount


_PLAIN = ("linear", "conv1d", "conv2d", "conv3d", "matmul", "bmm", "")
_NAMED = ("mm", "addmm", "baddbmm", "einsum")
_MASKS = {
    "constant mask": "attention_masked",
    "learned mask": "attention_learned",
    "computed mask": "attention_computed",
}


def _product(quantity: str, function: str) -> str:
    """Multiply-adds by the function that does them, where profilers tell these apart.

    ``quantity`` is what they are without that.
    """
    name = function.rpartition(".")[2]
    if quantity == "attention":
        return _MASKS.get(name.rpartition(", ")[2], quantity)
    if quantity not in ("macs", "matmul") or name in _PLAIN:
        return quantity
    if name.endswith("_cell"):
        return "cell"
    return name if name in _NAMED else "other_products"


def _as_written(
    found: Mapping[str, int], written: Written, node: Node
) -> dict[str, int]:
    """Quantities that profilers tell apart by function, or by first dimension."""
    name, first = written.function.rpartition(".")[2], written.first
    renamed = {"pool_in": "", "pool_out": "mean_out"} if name == "mean" else {}
    if name.endswith(("pool1d", "pool3d")):
        renamed = {
            f"{kind}_{end}": f"pool_nd_{end}"
            for kind in ("pool", "adaptive")
            for end in ("in", "out")
        }
    if name == "einsum":
        renamed = {"scale": "einsum_scale"}
    if name.endswith("_cell"):
        renamed = {"linear_bias": "cell_bias", "later_rows": ""}
    made = {renamed.get(key, key): amount for key, amount in found.items()}
    made.pop("", None)
    if name == "linear" and "add" in made:
        # The bias of a layer on a transposed input is added by itself.
        added, row = made.pop("add"), node.out_shape.dims[-1]
        made |= {"added_bias": added, "later_rows": added - row * first}
    elif "later_rows" in made:
        op, x = node.op, node.in_shape
        made["later_rows"] -= (op.weights(x) + op.biases(x)) * (first - 1)
    for key in ("norm_params", "embedding", "batch_norm_channels"):
        if key in made:
            made[key] *= first
    return made


_WRITTEN = {
    "macs": "Conv2d conv2d",
    "conv_bias": "Conv2d conv2d",
    "linear_bias": "Linear linear",
    "later_rows": "Linear linear",
    "conv_transpose": "ConvTranspose2d conv_transpose2d",
    "transposed_out": "ConvTranspose2d conv_transpose2d",
    "transposed_out_grouped": "ConvTranspose2d conv_transpose2d",
    "transposed_bias": "ConvTranspose2d conv_transpose2d",
    "batch_norm": "BatchNorm2d batch_norm",
    "batch_norm_channels": "BatchNorm2d batch_norm",
    "maxpool_in": "MaxPool2d max_pool2d",
    "avgpool_in": "AvgPool2d avg_pool2d",
    "avgpool_out": "AvgPool2d avg_pool2d",
    "adaptive_in": "AdaptiveAvgPool2d adaptive_avg_pool2d",
    "adaptive_out": "AdaptiveAvgPool2d adaptive_avg_pool2d",
    "layer_norm": "LayerNorm layer_norm",
    "group_norm": "GroupNorm group_norm",
    "instance_norm": "InstanceNorm2d instance_norm",
    "norm_params": "LayerNorm layer_norm",
    "embedding": "Embedding embedding",
    "softmax": "Softmax softmax",
    "resize": "- interpolate",
    "attention": "- scaled_dot_product_attention",
}
_OPERATORS = ("add", "scale", "mean_out", "params", "buffers")
_RECURRENT = ("lstm", "gru", "rnn", "projected")


def assumed(quantity: str, writing: TorchStyle) -> Written:
    """How the code of a network that was not read from code is taken to write it."""
    if quantity in _OPERATORS:
        return Written()
    if quantity == "matmul":
        return Written(function="torch.matmul")
    if quantity.partition("_")[0] in _RECURRENT:
        return Written("LSTM")
    if quantity.startswith("pool_"):
        is_module, names = writing.pooling == "module", _WRITTEN["adaptive_in"]
    elif quantity in _WRITTEN:
        is_module, names = True, _WRITTEN[quantity]
    else:
        is_module = writing.activations == "module"
        # nn.ReLU6 calls hardtanh.
        called = "hardtanh" if is_module and quantity == "relu6" else quantity
        names = f"Activation {called}"
    module, function = names.split()
    module = module if is_module and module != "-" else ""
    return Written(module, f"nn.functional.{function}")
