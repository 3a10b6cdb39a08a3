"""What every other profiler counts, and so what it prints for a network.

A rule is a factor for each quantity of the network, written once in ``PROFILERS``; a
profiler's total is the sum of factor x quantity. Nothing is run: torch is not needed.
The rules were read from each profiler's code, for the release named with them, in
evaluation mode and for a batch of one; ``cross_check`` compares them with real runs.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mnprofile.base.errors import UsageError, nearest
from mnprofile.base.shown import Shown
from mnprofile.costs.counting import figures_of
from mnprofile.evidence.profilers.torch_style import Style, TorchStyle
from mnprofile.graph.configuration import Configuration
from mnprofile.graph.graph import Graph, Node
from mnprofile.networks.catalog import Arch, graph_of

# Matrix products of activations: a profiler may lack a count for either.
PRODUCTS = ("matmul", "attention")
# Their rules cover whatever is tallied; those of the others were read for the layers of
# our tables.
COMPLETE = ("fvcore", "FlopCounterMode")
# Quantity: its symbol in a formula, and its meaning.
TALLIED = {
    "macs": ("M", "multiply-adds of convolutions and fully connected layers"),
    "conv_bias": ("Bc", "output elements of convolutions with a bias"),
    "linear_bias": ("Bl", "outputs of fully connected layers with a bias"),
    "batch_norm": ("X", "elements entering batch norm"),
    "batch_norm_channels": ("C", "batch-norm channels"),
    "relu": ("R", "elements entering ReLU"),
    "relu6": ("R6", "elements entering ReLU6"),
    "hardswish": ("HS", "elements entering hard-swish"),
    "hardsigmoid": ("HG", "elements entering hard-sigmoid"),
    "pool_in": ("P", "elements entering global pooling"),
    "pool_out": ("Po", "elements leaving global pooling"),
    "resize": ("U", "elements leaving nearest-neighbour upsampling"),
    "add": ("A", "elements of residual additions"),
    "scale": ("S", "elements of squeeze-excite products and layer scales"),
    "matmul": ("MM", "multiply-adds of matrix products of two activations"),
    "attention": ("AT", "multiply-adds in scaled_dot_product_attention"),
    "layer_norm": ("LN", "elements entering layer norm"),
    "group_norm": ("GN", "elements entering group norm"),
    "leaky_relu": ("LR", "elements entering leaky ReLU"),
    "params": ("params", "weights, biases, batch-norm gamma and beta"),
    "buffers": ("buffers", "batch-norm running mean and variance"),
}


@dataclass(frozen=True, slots=True)
class Styled:
    """A factor that depends on how pooling or activations are written."""

    functional: int
    module: int


Rule = Mapping[str, int | Styled]


@dataclass(frozen=True, slots=True)
class Profiler:
    """A profiler (or one of its backends), what it prints, and its rule."""

    name: str
    package: str  # on PyPI
    release: str  # that the rule is for
    prints: str
    rule: Rule

    def factor(self, quantity: str, writing: TorchStyle) -> int:
        """How often one unit of a quantity is counted."""
        factor = self.rule.get(quantity, 0)
        if not isinstance(factor, Styled):
            return factor
        is_pool = quantity.startswith("pool")
        style = writing.pooling if is_pool else writing.activations
        return factor.functional if style == "functional" else factor.module


_MODULE_ONLY = Styled(functional=0, module=1)

PROFILERS = (
    Profiler(
        "fvcore",
        "fvcore",
        "0.1.5.post20221221",
        'MACs, called "flops"',
        {
            "macs": 1,
            "batch_norm": 2,
            "pool_in": 1,
            "resize": 1,
            "matmul": 1,
            "layer_norm": 5,
            "group_norm": 5,
        },
    ),
    Profiler(
        "FlopCounterMode",
        "torch",
        "2.13",
        "FLOPs",
        {"macs": 2, "matmul": 2, "attention": 2},
    ),
    Profiler(
        "torchinfo",
        "torchinfo",
        "1.8.0",
        "mult-adds",
        # Outside convolutions it counts parameters, not operations.
        {"macs": 1, "conv_bias": 1, "linear_bias": 1, "batch_norm_channels": 2},
    ),
    Profiler(
        "ptflops",
        "ptflops",
        "0.7.5",
        "MACs (backend pytorch)",
        # A module hook and a patched function both count nn.ReLU and pooling modules.
        {
            "macs": 1,
            "conv_bias": 1,
            "linear_bias": 1,
            "batch_norm": 2,
            "relu": Styled(functional=1, module=2),
            "relu6": 1,
            "pool_in": Styled(functional=1, module=2),
            "matmul": 1,
        },
    ),
    Profiler(
        "ptflops-modules",
        "ptflops",
        "0.7.5",
        "MACs (count_functional=False)",
        {
            "macs": 1,
            "conv_bias": 1,
            "linear_bias": 1,
            "batch_norm": 2,
            "relu": _MODULE_ONLY,
            "relu6": _MODULE_ONLY,
            "pool_in": _MODULE_ONLY,
        },
    ),
    Profiler(
        "ptflops-aten",
        "ptflops",
        "0.7.5",
        "MACs (backend aten)",
        {"macs": 1, "conv_bias": 1, "linear_bias": 1, "matmul": 1},
    ),
    Profiler(
        "thop",
        "thop",
        "0.1.1.post2209072238",
        "MACs",
        {"macs": 1, "batch_norm": 4, "pool_in": _MODULE_ONLY, "pool_out": _MODULE_ONLY},
    ),
    Profiler(
        "torchprofile",
        "torchprofile",
        "0.1.0",
        "MACs",
        {
            "macs": 1,
            "batch_norm": 1,
            "pool_out": 1,
            "scale": 1,
            "matmul": 1,
            "attention": 1,
            "layer_norm": 1,
            "group_norm": 1,
            "leaky_relu": 1,
        },
    ),
    Profiler(
        "calflops",
        "calflops",
        "0.3.2",
        "FLOPs",
        {
            "macs": 2,
            "conv_bias": 1,
            "batch_norm": 2,
            "relu": 1,
            "relu6": Styled(functional=1, module=0),
            "pool_in": 1,
            "matmul": 2,
        },
    ),
    Profiler("calflops-macs", "calflops", "0.3.2", "MACs", {"macs": 1, "matmul": 1}),
    Profiler(
        "torchscan",
        "torchscan",
        "0.2.0",
        "MACs",
        {"macs": 1, "batch_norm": 2, "pool_in": _MODULE_ONLY, "pool_out": _MODULE_ONLY},
    ),
    Profiler(
        "onnx-tool",
        "onnx-tool",
        "1.0.1",
        "MACs (of the ONNX export)",
        # The export folds batch norm into a bias, which is then counted.
        {
            "macs": 1,
            "conv_bias": 1,
            "linear_bias": 1,
            "batch_norm": 1,
            "relu": 1,
            "relu6": 2,
            "hardswish": 5,
            "hardsigmoid": 4,
            "pool_in": 1,
            "pool_out": 4,
            "add": 1,
            "scale": 1,
        },
    ),
    Profiler("keras", "keras", "3", "Total params", {"params": 1, "buffers": 1}),
)


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a profiler's total."""

    quantity: str
    factor: int
    count: int

    @property
    def amount(self) -> int:
        return self.factor * self.count

    def __str__(self) -> str:
        symbol = TALLIED[self.quantity][0]
        return symbol if self.factor == 1 else f"{self.factor} {symbol}"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one profiler prints for a network, as a sum."""

    profiler: Profiler
    terms: tuple[Term, ...]

    @property
    def total(self) -> int:
        return sum(term.amount for term in self.terms)

    @property
    def besides(self) -> int:
        """The total without the multiply-adds, whatever their factor."""
        return sum(term.amount for term in self.terms if term.quantity != "macs")

    @property
    def formula(self) -> str:
        """The sum in symbols: "M + 2 X + P"."""
        return " + ".join(map(str, self.terms)) or "0"


@dataclass(frozen=True, slots=True, repr=False)
class Ledger(Shown):
    """Every profiler's total for one network. ``other`` is for the same network with
    its pooling written the other way."""

    config: Configuration
    writing: TorchStyle
    counts: Mapping[str, int] = field(hash=False)
    entries: tuple[LedgerEntry, ...]
    other: tuple[LedgerEntry, ...]

    def __getitem__(self, name: str) -> LedgerEntry:
        """The entry of a profiler. Raises UsageError for an unknown name."""
        profiler = profiler_of(name)
        return next(entry for entry in self.entries if entry.profiler is profiler)


def profiler_of(name: str) -> Profiler:
    """A profiler by name, in any case. Raises UsageError for an unknown name."""
    for profiler in PROFILERS:
        if profiler.name.lower() == name.lower():
            return profiler
    names = [profiler.name for profiler in PROFILERS]
    close = nearest(name, names)
    raise UsageError(
        f'unknown profiler "{name}"',
        accepted=", ".join(names),
        suggestion=close,
    )


def ledger(
    graph: Graph | Arch,
    *,
    pooling: Style = "functional",
    activations: Style = "module",
) -> Ledger:
    """What each profiler prints for a network, as a sum of terms.

    ``pooling`` and ``activations`` say how the network is written: as ``nn`` modules or
    as calls of ``nn.functional``. Additions and squeeze-excite products are the
    operators ``+`` and ``*``. Raises UsageError for an unknown style.
    """
    writing = TorchStyle(pooling, activations)
    graph = graph_of(graph)
    counts = quantities(graph)
    return Ledger(
        graph.config,
        writing,
        counts,
        tuple(entry(one, counts, writing) for one in PROFILERS),
        tuple(entry(one, counts, writing.other_pooling()) for one in PROFILERS),
    )


def entry(
    profiler: Profiler, counts: Mapping[str, int], writing: TorchStyle
) -> LedgerEntry:
    """A profiler's rule applied to the quantities of a network, or of a part of one."""
    terms = (
        Term(quantity, profiler.factor(quantity, writing), counts[quantity])
        for quantity in TALLIED
    )
    return LedgerEntry(profiler, tuple(term for term in terms if term.amount))


def quantities(nodes: Iterable[Node]) -> dict[str, int]:
    """Every quantity that a rule may use, summed over some operators."""
    found: Counter[str] = Counter(dict.fromkeys(TALLIED, 0))
    for node in nodes:
        found.update(_quantities_of(node))
    return dict(found)


def _quantities_of(node: Node) -> dict[str, int]:
    figures = figures_of(node)
    found = node.op.tally(node.in_shape, node.out_shape)
    for quantity in ("macs", "params", "buffers"):
        found[quantity] = getattr(figures, quantity)
    if node.op.product is not None:
        found[node.op.product] = found.pop("macs")
    return found


def gaps(book: Ledger) -> dict[str, int]:
    """Multiply-adds that a profiler has no count for, by its name."""
    found = {}
    for one in book.entries:
        rule = one.profiler.rule
        missing = sum(book.counts[key] for key in PRODUCTS if key not in rule)
        if missing and "macs" in rule:
            found[one.profiler.name] = missing
    return found
