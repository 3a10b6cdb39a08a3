"""The figures of a PyTorch network and what two profilers count on it, by module.

FlopCounterMode runs it on meta tensors, where attention is run as its matrix products,
fvcore on the CPU. Each module is compared by what it does itself, without the modules
inside it. Where fvcore has no handle for an operator, the difference must be exactly
what that operator does.
"""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnprofile.costs.counting import Count, count
from mnprofile.evidence.profilers.measuring import fvcore_counts
from mnprofile.evidence.profilers.readings import (
    ALWAYS,
    Progress,
    Reading,
    chosen_counters,
    counter_readings,
)
from mnprofile.evidence.profilers.totals import ledger
from mnprofile.evidence.profilers.worker import Code, version_of
from mnprofile.graph.graph import Graph, Node
from mnprofile.networks.readers.inputs import parse_inputs

if TYPE_CHECKING:
    from torch import Tensor, nn

# What fvcore counts besides convolutions, linear layers and matrix products.
_BESIDES = frozenset(
    (
        "batch_norm",
        "layer_norm",
        "group_norm",
        "instance_norm",
        "adaptive_avg_pool2d",
        "upsample_nearest2d",
        "upsample_bilinear2d",
        "grid_sampler",
    )
)
UNREAD, EINSUM = "no output depends on it", "einsum by its equation"
# What fvcore calls operators that it has no handle for, by what they multiply.
_UNHANDLED = {
    "attention": "scaled_dot_product_attention",
    "lstm": "lstm",
    "projected": "lstm",
    "gru": "gru",
    "rnn": "rnn_tanh",
}


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """Multiply-adds of one module without those inside it.

    ``fvcore`` is None if it did not run; ``left_out`` is what it has no handle for, if
    that explains its difference.
    """

    module: str
    kind: str
    line: int | None
    ours: int
    flop_counter: int
    fvcore: int | None
    left_out: str

    @property
    def agrees(self) -> bool:
        seen = self.fvcore is None or self.fvcore == self.ours or bool(self.left_out)
        return self.ours == self.flop_counter and seen


@dataclass(frozen=True, slots=True)
class ModuleCheck:
    """The outcome. ``params`` are torch's; ``uncounted`` fvcore's list of operators."""

    count: Count
    rows: tuple[ModuleRow, ...]
    params: int
    uncounted: Mapping[str, int]
    fvcore_failure: str
    readings: tuple[Reading, ...] = ()
    not_installed: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether nothing that was measured differs without a reason."""
        same_params = self.params == self.count.totals.params
        explained = not any(one.rest for one in self.readings)
        return same_params and explained and all(row.agrees for row in self.rows)

    @property
    def is_complete(self) -> bool:
        ran = all(one.total is not None for one in self.readings)
        return ran and not self.fvcore_failure and not self.count.graph.unknown


def check_module(
    module: nn.Module,
    graph: Graph,
    counters: Sequence[str] = (),
    code: Code | None = None,
    progress: Progress = lambda *_: None,
) -> ModuleCheck:
    """Compare the graph that was read from a network with profilers that run it.

    ``counters`` are further profilers, each run in its own process on the network that
    ``code`` makes there, and compared in total.

    Raises MissingExtraError without torch, fvcore or a profiler asked for by name.
    """
    names, not_installed = chosen_counters(counters)
    steps = 1 + len(names)
    progress(" and ".join(ALWAYS), 0, steps)
    paths = dict(module.named_modules())
    flops = _by_flop_counter(module, graph)
    operators, uncounted, failure = _by_fvcore(module, graph)
    seen = {path: macs for path, (macs, _) in operators.items()}
    params = sum(one.numel() for one in module.parameters())
    book = ledger(graph)
    whole = None if failure else sum(operators.get("", (0, 0)))
    readings = [
        Reading(book["fvcore"], version_of("fvcore"), whole, failure),
        Reading(book["FlopCounterMode"], version_of("torch"), flops.total()),
    ]
    rows = _module_rows(
        graph,
        paths,
        flops,
        None if failure else _exclusive(seen, paths),
        uncounted,
        is_exact=not readings[0].rest,
    )
    if code is not None:
        readings += counter_readings(names, book, code, progress, steps)
    progress("done", steps, steps)
    return ModuleCheck(
        count(graph),
        tuple(rows),
        params,
        uncounted,
        failure,
        tuple(readings),
        not_installed,
    )


def _module_rows(
    graph: Graph,
    paths: Mapping[str, nn.Module],
    flops: Mapping[str, int],
    theirs: Mapping[str, int] | None,
    uncounted: Mapping[str, int],
    *,
    is_exact: bool,
) -> Iterator[ModuleRow]:
    """One row per module in which anything is counted, its children left out.

    ``theirs`` are fvcore's multiply-adds, None where it failed; ``is_exact``: the
    ledger explains all that it counts.
    """
    nodes: dict[str, list[Node]] = {}
    for node in graph:
        if node.op.is_counted:
            nodes.setdefault(_path_of(node.name, paths), []).append(node)
    for path, one in paths.items():
        own = nodes.get(path, [])
        ours = sum(node.macs for node in own)
        seen = None if theirs is None else theirs[path]
        if ours or flops[path] or seen:
            gap = 0 if seen is None else ours - seen
            left_out = _left_out(own, gap, uncounted, is_exact=is_exact)
            kind, line = type(one).__name__, own[0].origin.line if own else None
            yield ModuleRow(path, kind, line, ours, flops[path] // 2, seen, left_out)


def _path_of(name: str, paths: Mapping[str, object]) -> str:
    """The module that a node belongs to: the longest path that its name begins with."""
    path = name.partition("#")[0]
    while path not in paths:
        path = path.rpartition(".")[0]
    return path


def _exclusive(counts: Mapping[str, int], paths: Mapping[str, object]) -> Counter[str]:
    """The counts of modules without those of the modules directly inside them."""
    found = Counter({path: counts.get(path, 0) for path in paths})
    for path in paths:
        if path:
            found[path.rpartition(".")[0]] -= counts.get(path, 0)
    return found


def _left_out(
    nodes: list[Node], gap: int, uncounted: Mapping[str, int], *, is_exact: bool
) -> str:
    """What is exactly the difference, or nothing: an operator without a handle, one
    that no output depends on, or one that fvcore counts in its own way.

    ``is_exact``: the ledger explains all that fvcore counts.
    """
    if not gap:
        return ""
    named = ((node.macs, _UNHANDLED.get(node.op.product or "")) for node in nodes)
    unhandled = [(macs, name) for macs, name in named if name in uncounted]
    if gap == sum(macs for macs, _ in unhandled):
        return str(unhandled[0][1])
    written = [(node.macs, node.written) for node in nodes if node.written]
    if gap == sum(macs for macs, one in written if not one.is_read):
        return UNREAD
    einsums = any(one.function.endswith("einsum") for _, one in written)
    return EINSUM if einsums and is_exact else ""


def _by_flop_counter(module: nn.Module, graph: Graph) -> Counter[str]:
    """Flops by module path, without the modules inside, as they are called.

    On the CPU where the network cannot run on meta tensors: there torch would run
    attention and LSTM layers as operators that FlopCounterMode does not know.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from mnprofile.evidence.profilers.own_code import inputs_of, on_cpu
    from mnprofile.networks.readers.torch_calling import foreign_code
    from mnprofile.networks.readers.torch_modules import no_fast_path

    with no_fast_path(), torch.no_grad(), foreign_code():
        try:
            network = copy.deepcopy(module).eval().to("meta")
            with torch.device("meta"):
                return _flops(network, *inputs_of(graph, "meta"))
        except Exception:  # whatever a foreign forward() raises; it ran on the CPU
            network = on_cpu(module)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of flags that are only put back
                with sdpa_kernel(SDPBackend.MATH), torch.backends.mkldnn.flags(False):
                    return _flops(network, *inputs_of(graph, "cpu"))


def _flops(
    network: nn.Module, positional: list[Tensor], named: dict[str, Tensor]
) -> Counter[str]:
    """Run a network; what FlopCounterMode counts while each module runs."""
    from torch.nn.modules import module as hooks
    from torch.utils.flop_counter import FlopCounterMode

    paths = {one: path for path, one in network.named_modules()}
    found: Counter[str] = Counter()
    running = [""]

    def note(*_: object) -> None:
        found[running[-1]] += counter.get_total_flops() - found.total()

    def enter(one: nn.Module, _: object) -> None:
        note()
        running.append(paths.get(one, running[-1]))

    def leave(*_: object) -> None:
        note()
        running.pop()

    handles = [
        hooks.register_module_forward_pre_hook(enter),
        hooks.register_module_forward_hook(leave, always_call=True),
    ]
    try:
        with FlopCounterMode(display=False) as counter:
            network(*positional, **named)
        note()
    finally:
        for handle in handles:
            handle.remove()
    return found


def _by_fvcore(
    module: nn.Module, graph: Graph
) -> tuple[dict[str, tuple[int, int]], dict[str, int], str]:
    """By module path, multiply-adds and what else it counts; what has no handle, and
    why it failed."""
    import torch

    from mnprofile.evidence.profilers.own_code import Positional, on_cpu, zeros
    from mnprofile.networks.readers.torch_modules import no_fast_path

    specs = parse_inputs(graph.config.inputs)

    def made() -> tuple[nn.Module, tuple[Tensor, ...]]:
        network = Positional(on_cpu(module), [one.name for one in specs])
        return network.eval(), tuple(map(zeros, specs))

    with torch.no_grad(), no_fast_path():
        counts, left_out, failure = fvcore_counts(made)
    found = {}
    for path, operators in counts.items():
        besides = sum(n for name, n in operators.items() if name in _BESIDES)
        own = path.removeprefix("network").removeprefix(".")
        found[own] = (int(operators.total() - besides), int(besides))
    return found, left_out, failure
