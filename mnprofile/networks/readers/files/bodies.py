"""Graphs that one operator of a model file runs: branches, and bodies of loops.

A graph inside is recorded by itself first: of one that cannot be read nothing is left,
and what a branch costs can be said without running it.
"""

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mnprofile.graph.graph import Parameters, Tape
from mnprofile.graph.operators.op import Shape
from mnprofile.networks.readers.files.finishing import MAX_DEPTH, record
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import (
    Call,
    Dims,
    ModelFileError,
    Program,
    Stored,
    Tensor,
    Value,
)

Bound = Value | Stored
NOTHING = Shape(1, 1, 1)  # the input of a graph that has none


@dataclass(frozen=True)
class Body:
    """A graph inside that was recorded, and what its inputs are outside."""

    program: Program
    inner: Lowering
    bound: Mapping[str, Bound]

    @property
    def parameters(self) -> Parameters:
        """Those that nothing before it has."""
        every = [node.parameters for node in self.inner.tape.nodes]
        return Parameters(*map(sum, zip(Parameters(), *every, strict=True)))

    def __str__(self) -> str:
        macs = sum(node.macs for node in self.inner.tape.nodes)
        unknown = any(node.op.is_unknown for node in self.inner.tape.nodes)
        bound = "at least " if unknown else ""
        return f"{bound}{macs:,} multiply-adds, {sum(self.parameters):,} parameters"

    def dims(self, output: str) -> Dims | None:
        """The dimensions of one of its outputs."""
        found = self.inner.values.get(output) or self.inner.stored.get(output)
        return found.dims if found else None


def body_of(low: Lowering, program: Program, bound: Mapping[str, Bound]) -> Body:
    """Record a graph inside. Raises ModelFileError."""
    values = {name: one for name, one in bound.items() if isinstance(one, Value)}
    stated = {
        name: tensor.sizes
        for name, tensor in program.tensors.items()
        if tensor.sizes is not None and not tensor.is_stored
    }
    inner = Lowering(
        low.file,
        low.rules,
        _joined(program.tensors, low.tensors),
        low.batch,
        {name: one.dims for name, one in values.items()},
        lambda: stated,
        low.channels_last,
        counted=set(low.counted),
        inside=low.inside,
        depth=low.depth + 1,
    )
    shapes = {name: low.shape(one) for name, one in values.items()}
    inner.tape = Tape(shapes or {"": NOTHING})
    for name, one in bound.items():
        if isinstance(one, Value):
            inner.values[name] = one._replace(node=name)
            inner.dtypes[name] = low.dtypes.get(one.node, "")
        else:
            inner.stored[name] = one
    record(inner, program)
    return Body(program, inner, bound)


def _joined(
    inner: Mapping[str, Tensor], outer: Mapping[str, Tensor]
) -> Mapping[str, Tensor]:
    """The tensors of a graph and those around it, not copied for every graph."""
    around: list[Any] = outer.maps if isinstance(outer, ChainMap) else [outer]
    if len(around) > MAX_DEPTH:  # graphs that were run one after the other
        merged: dict[str, Tensor] = {}
        for one in reversed(around):
            merged.update(one)
        around = [merged]
    return ChainMap({**inner}, *around)


def tried(
    low: Lowering, call: Call, program: Program, bound: Mapping[str, Bound]
) -> Body | None:
    """The body of a loop, or None where it cannot be read: then it is only named."""
    try:
        return body_of(low, program, bound)
    except ModelFileError:
        low.unknown(call, f'("{program.name}" of {len(program.calls)} nodes)')
        return None


def run_body(low: Lowering, call: Call, body: Body, times: int) -> list[Bound]:
    """Put a body in place of a call, and return what its outputs are outside."""
    inner, program = body.inner, body.program
    names = {n: one.node for n, one in body.bound.items() if isinstance(one, Value)}
    for node in inner.tape.nodes:
        name = low._unique(node.name)
        names[node.name] = name
        made = replace(
            node,
            name=name,
            layer=name,
            inputs=tuple(names[one] for one in node.inputs),
            times=node.times * times,
        )
        low.tape.nodes.append(made)
        low.tape.shapes[name] = node.out_shape
        low.positions[name] = len(low.tape.nodes) - 1
        low.dtypes[name] = inner.dtypes[node.name]
        low.scopes[name] = inner.scopes[node.name]
        if node.name in inner.bytes:
            low.bytes[name] = inner.bytes[node.name]
    # Names of ONNX are those of one graph, so another may have a constant of that name.
    is_shared = any(program is one for one in low.file.subgraphs)
    own = set() if is_shared else _own(program, low)
    low.counted |= inner.counted - own
    low.tensors = inner.tensors
    low.notes += inner.notes
    found: list[Bound] = []
    for output in program.outputs:
        value = inner.values.get(output)
        if value is not None:
            found.append(value._replace(node=names[value.node]))
        elif output in inner.stored:
            found.append(inner.stored[output])
        else:
            low.refuse(call, f'nothing makes its output "{output}"')
    return found


def _own(program: Program, low: Lowering) -> set[str]:
    """The tensors of a graph that are not of the graph around it."""
    return {name for name in program.tensors if name not in low.tensors}


def give(low: Lowering, call: Call, outputs: Sequence[Bound]) -> None:
    """Let what a body made be the outputs of its call."""
    for at, (name, made) in enumerate(zip(call.outputs, outputs, strict=False)):
        if not name:
            continue
        if isinstance(made, Stored):
            low.keep(call, made._replace(values=None), at)
        else:
            low.alias(call, made, at)


def collected(low: Lowering, call: Call, made: Bound, times: int, at: int) -> None:
    """An output that holds what every run of a body made, one after the other."""
    dims = (times, *made.dims)
    if isinstance(made, Stored):
        return low.keep(call, made._replace(dims=dims, values=None), at)
    low.copy(call, "scan", made, dims=dims, output=at)
    return None


def choose(
    low: Lowering,
    call: Call,
    branches: Mapping[str, Program],
    bound: Callable[[Program], Mapping[str, Bound]],
) -> None:
    """An If: the first branch if its condition holds, else the second, by their names.

    Of a condition that is a constant one branch is left. Else both are named with what
    they cost, and their parameters count: the file holds them all.
    """
    condition = low.numbers(call, 0)
    if condition:
        taken = [*branches.values()][0 if condition[0] else 1]
        body = body_of(low, taken, bound(taken))
        return give(low, call, run_body(low, call, body, 1))
    told, total = [], Parameters()
    counted, bodies = low.counted, []
    for name, program in branches.items():
        try:
            body = body_of(low, program, bound(program))
        except ModelFileError:
            told.append(f'{name} "{program.name}" of {len(program.calls)} nodes')
            continue
        own = _own(program, low)
        low.counted = body.inner.counted - own
        bodies.append(body)
        total = Parameters(*map(sum, zip(total, body.parameters, strict=True)))
        told.append(f'{name} "{program.name}": {body}')
    _shapes(low, call, bodies, len(branches))
    low.unknown(call, f"({'; or '.join(told)})", total)
    low.counted |= counted
    return None


def _shapes(low: Lowering, call: Call, bodies: list[Body], count: int) -> None:
    """Outputs whose shape the file does not state, if all branches have one shape."""
    for at, name in enumerate(call.outputs):
        every = [
            one.dims(one.program.outputs[at])
            for one in bodies
            if at < len(one.program.outputs)
        ]
        same = len(every) == count and len(set(every)) == 1
        if name and same and every[0] is not None and low.given(name) is None:
            low.sizes[name] = every[0]


def loop(low: Lowering, call: Call, body: Body, times: int | None) -> list[Bound]:
    """Run a body a known number of times; else name it and what one run costs."""
    if times is not None:
        return run_body(low, call, body, times)
    program = body.program
    _shapes(low, call, [body], 1)
    why = f'(each run of "{program.name}": {body}; how many is not known)'
    low.unknown(call, why, body.parameters)
    low.counted |= body.inner.counted - set(program.tensors)
    return []


def started(low: Lowering, call: Call, at: int, *, is_kept: bool) -> Bound:
    """What a loop starts with: a constant only if every run leaves it as it is.

    Else it is a state, such as the zeros of a recurrent layer, and no parameter.
    """
    known = low.constant(call, at)
    if known is None:
        return low.value(call, at)
    return known if is_kept else low.state(call, at)
