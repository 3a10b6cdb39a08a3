"""The second opinion: our figures and what profilers count on the real network.

Layers are compared with fvcore and torch's FlopCounterMode, grand totals with the
ledger, which says what each profiler adds. Nothing may be left unexplained. torch and
fvcore are imported on use.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnprofile.base.errors import UsageError
from mnprofile.base.shown import Shown
from mnprofile.costs.counting import Count, Counts, Layer, count
from mnprofile.evidence.profilers.foreign import (
    LABELS,
    Unit,
    Watch,
    field_text,
    first_difference,
    our_units,
)
from mnprofile.evidence.profilers.measuring import (
    Measurement,
    ModuleFigures,
    measure,
)
from mnprofile.evidence.profilers.readings import (
    ALWAYS,
    Progress,
    Reading,
    chosen_counters,
    counter_readings,
)
from mnprofile.evidence.profilers.rules import profiler_of
from mnprofile.evidence.profilers.to_torch import to_torch
from mnprofile.evidence.profilers.torch_style import Style, TorchStyle
from mnprofile.evidence.profilers.totals import (
    Ledger,
    entry,
    ledger,
    uses,
)
from mnprofile.evidence.profilers.worker import Twin, version_of
from mnprofile.graph.graph import Graph, Node
from mnprofile.graph.operators.op import Shape
from mnprofile.networks.catalog import Arch, graph_of

if TYPE_CHECKING:
    from torch import nn

OUTSIDE = "(outside the graph)"
WHOLE = "(whole network)"


@dataclass(frozen=True, slots=True)
class Problem:
    """A difference between the two sides; ``line`` is that of the table."""

    layer: str
    line: int | None
    what: str
    ours: str | int
    theirs: str | int


@dataclass(frozen=True, slots=True)
class LayerCheck:
    """One layer: our figures, and what was measured on its modules.

    ``fvcore_macs`` are fvcore's convolutions and linear layers; ``fvcore_other`` what
    it adds for batch norm and pooling (both None if it did not run), and
    ``expected_other`` what its rule says it adds.
    """

    layer: Layer
    fvcore_macs: int | None
    fvcore_other: int | None
    expected_other: int
    flops: int
    params: int
    buffers: int
    out_shape: Shape | None
    missing: tuple[str, ...]  # modules that the network does not have

    @property
    def name(self) -> str:
        return self.layer.name

    @property
    def problems(self) -> tuple[Problem, ...]:
        line = self.layer.origin.line
        if self.missing:
            return tuple(
                Problem(self.name, line, "module", name, "missing")
                for name in self.missing
            )
        ours = self.layer.figures
        pairs: list[tuple[str, str | int, str | int | None]] = [
            ("output", str(self.layer.out_shape), str(self.out_shape or "none")),
            ("multiply-adds (FlopCounterMode)", ours.flops, self.flops),
            ("multiply-adds (fvcore)", ours.macs, self.fvcore_macs),
            ("batch norm and pooling (fvcore)", self.expected_other, self.fvcore_other),
            ("parameters", ours.params, self.params),
            ("buffers", ours.buffers, self.buffers),
        ]
        return tuple(
            Problem(self.name, line, what, mine, theirs)
            for what, mine, theirs in pairs
            if theirs is not None and mine != theirs
        )


@dataclass(frozen=True, slots=True, repr=False)
class Check(Shown):
    """The outcome of a cross-check.

    ``left_out`` are the operators that fvcore names as not counted, with their number;
    ``not_installed`` the profilers of "all" that are missing.
    """

    count: Count
    writing: TorchStyle
    layers: tuple[LayerCheck, ...]
    params: int
    buffers: int
    problems: tuple[Problem, ...]
    readings: tuple[Reading, ...]
    left_out: Mapping[str, int]
    not_installed: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing that was measured differs or is left unexplained."""
        return not self.problems and not any(one.rest for one in self.readings)

    @property
    def is_complete(self) -> bool:
        """Whether every profiler that was run gave a total."""
        return all(one.total is not None for one in self.readings)


def check(
    graph: Graph | Arch,
    *,
    counters: Sequence[str] = (),
    network: nn.Module | None = None,
    pooling: Style = "functional",
    activations: Style = "module",
    progress: Progress = lambda *_: None,
) -> Check:
    """Compare the figures of a graph with profilers that run the network.

    Args:
        graph: a graph, or what ``build`` takes.
        counters: further profilers to run, each in its own process; "all" for every
            installed one.
        network: checked in place of ``to_torch(graph)``, whose module names it must
            have; cannot be combined with ``counters``.
        pooling, activations: how the network is written, see ``to_torch``.
        progress: called before each step.

    Raises:
        UsageError: an unknown profiler, or one that cannot be run from here.
        MissingExtraError: torch, fvcore or a profiler asked for by name is missing.
        UnmeasuredError: the network does not fit into memory.
    """
    writing = TorchStyle(pooling, activations)
    graph = graph_of(graph)
    names, not_installed = chosen_counters(counters)
    if names and network is not None:
        raise UsageError("counters run on the graph's own network, not on another one")
    steps = 2 + len(names)
    progress("building the network", 0, steps)
    if network is None:
        twin = to_torch(graph, pooling=pooling, activations=activations)
    else:
        twin = copy.deepcopy(network)  # which is left as it was
    progress(" and ".join(ALWAYS), 1, steps)
    watch = Watch()
    measured = measure(twin.eval(), graph.input_shape, watch.after, watch.operators())
    book = ledger(graph, pooling=pooling, activations=activations)
    readings = list(_own_readings(measured, book))
    readings += counter_readings(names, book, Twin(graph, writing), progress, steps)
    progress("done", steps, steps)
    counted = count(graph)
    layers = _layers(counted, measured, writing)
    whole = measured.modules[""]
    problems = tuple(_problems(graph, layers, measured))
    problems = problems or tuple(_differing_operators(counted, watch.units))
    return Check(
        counted,
        writing,
        layers,
        whole.params,
        whole.buffers,
        problems,
        tuple(readings),
        measured.left_out,
        not_installed,
    )


def _own_readings(measured: Measurement, book: Ledger) -> Iterable[Reading]:
    """The grand totals of the two counters that ran for the layers."""
    whole = measured.modules[""]
    stopped = ""
    if measured.stopped_by:
        stopped = f"the network did not run: {measured.stopped_by}"
    for name, package, total, failure in (
        ("fvcore", "fvcore", whole.fvcore, stopped or measured.fvcore_failure),
        ("FlopCounterMode", "torch", whole.flops, stopped),
    ):
        printed = None if failure else total
        yield Reading(book[name], version_of(package), printed, failure)


def _layers(
    counted: Count, measured: Measurement, writing: TorchStyle
) -> tuple[LayerCheck, ...]:
    """Every layer with what was measured on the modules of its operators."""
    nodes = counted.graph.layers
    return tuple(
        _layer(layer, nodes[layer.name], measured, writing)
        for layer in counted.all_layers
    )


def _layer(
    layer: Layer, nodes: Sequence[Node], measured: Measurement, writing: TorchStyle
) -> LayerCheck:
    found = [measured.modules.get(node.name, ModuleFigures()) for node in nodes]
    macs = sum(one.fvcore_macs for one in found)
    other = sum(one.fvcore for one in found) - macs
    expected = entry(profiler_of("fvcore"), uses(nodes, writing)).total or 0
    return LayerCheck(
        layer,
        fvcore_macs=macs if measured.has_fvcore else None,
        fvcore_other=other if measured.has_fvcore else None,
        expected_other=expected - layer.figures.macs,
        flops=sum(one.flops for one in found),
        params=sum(one.params for one in found),
        buffers=sum(one.buffers for one in found),
        out_shape=found[0].out_shape,
        missing=tuple(one.name for one in nodes if one.name not in measured.modules),
    )


def _problems(
    graph: Graph, layers: Sequence[LayerCheck], measured: Measurement
) -> Iterable[Problem]:
    """Every difference in network order, then those of the whole network."""
    for layer in layers:
        was_reached = layer.out_shape is not None or not measured.stopped_by
        if was_reached or layer.missing:
            yield from layer.problems
    if measured.stopped_by:
        if not any(layer.missing for layer in layers):
            yield _stop(layers, measured)
        return
    whole, figures = measured.modules[""], sum_of(layers)
    for what, all_of_it, in_layers in (
        ("multiply-adds (FlopCounterMode)", whole.flops, figures.flops),
        ("everything (fvcore)", whole.fvcore, figures.fvcore),
        ("parameters", whole.params, figures.params),
        ("buffers", whole.buffers, figures.buffers),
    ):
        if all_of_it != in_layers:
            yield Problem(OUTSIDE, None, what, 0, all_of_it - in_layers)
    if measured.has_fvcore:
        yield from _uncounted(graph, measured.left_out)


def _differing_operators(counted: Count, ran: tuple[Unit, ...]) -> Iterable[Problem]:
    """The first layer that differs in what its figures do not show, or after which
    other operators run."""
    first = first_difference(our_units(counted), ran)
    if first is None:
        return
    named = first.ours or first.theirs
    assert named is not None
    for key in first.fields or ("name",):
        ours, theirs = (field_text(one, key) for one in (first.ours, first.theirs))
        what = LABELS.get(key, key.replace("_", " "))
        yield Problem(named.name, named.line, what, ours, theirs)


def _stop(layers: Sequence[LayerCheck], measured: Measurement) -> Problem:
    """Where the network failed to run, and why."""
    at = f"{measured.stopped_at}."
    lines = [one.layer.origin.line for one in layers if at.startswith(f"{one.name}.")]
    return Problem(
        measured.stopped_at,
        lines[0] if lines else None,
        "running it",
        "runs",
        measured.stopped_by,
    )


def _uncounted(graph: Graph, left_out: Mapping[str, int]) -> Iterable[Problem]:
    """Operators not counted by fvcore whose number differs from ours."""
    tallies = [node.op.tally(node.in_shape, node.out_shape) for node in graph]
    for names, quantity in (
        (("add",), "add"),
        (("mul",), "scale"),
        (("hardtanh", "relu6"), "relu6"),
        (("hardswish",), "hardswish"),
        (("hardsigmoid",), "hardsigmoid"),
    ):
        ours = sum(quantity in tally for tally in tallies)
        theirs = sum(left_out.get(name, 0) for name in names)
        if ours != theirs:
            yield Problem(WHOLE, None, f"number of {names[0]}", ours, theirs)


@dataclass(frozen=True, slots=True)
class LayerSums:
    """Sums over several layers: ours, and what was measured."""

    ours: Counts
    fvcore_macs: int
    fvcore_other: int
    flops: int
    params: int
    buffers: int
    problems: int

    @property
    def fvcore(self) -> int:
        return self.fvcore_macs + self.fvcore_other


def sum_of(layers: Iterable[LayerCheck]) -> LayerSums:
    """The sum of some layers, and the number of problems in them."""
    chosen = tuple(layers)
    return LayerSums(
        sum((one.layer.figures for one in chosen), start=Counts()),
        sum(one.fvcore_macs or 0 for one in chosen),
        sum(one.fvcore_other or 0 for one in chosen),
        sum(one.flops for one in chosen),
        sum(one.params for one in chosen),
        sum(one.buffers for one in chosen),
        sum(len(one.problems) for one in chosen),
    )
