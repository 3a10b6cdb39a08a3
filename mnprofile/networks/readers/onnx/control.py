"""ONNX operators that run graphs of their own: If, Loop and Scan."""

from collections.abc import Iterable
from functools import partial

from mnprofile.networks.readers.files.bodies import (
    Bound,
    choose,
    collected,
    give,
    loop,
    started,
    tried,
)
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Program, Stored, Value


def _captured(low: Lowering, program: Program) -> dict[str, Bound]:
    """What a graph reads of the graph around it."""
    return {
        name: low.stored[name] if name in low.stored else low.values[name]
        for name in _free(program)
        if name in low.stored or name in low.values
    }


def _free(program: Program) -> Iterable[str]:
    """Names that nothing in a graph makes, also those of graphs within it."""
    own = {name for name, one in program.tensors.items() if one.is_stored}
    own.update(program.inputs)
    for call in program.calls:
        yield from (one for one in call.inputs if one and one not in own)
        for inner in call.attributes.values():
            if isinstance(inner, Program):
                yield from (one for one in _free(inner) if one not in own)
        own.update(call.outputs)
    yield from (one for one in program.outputs if one not in own)


def _graph(low: Lowering, call: Call, name: str) -> Program:
    found = call.attributes.get(name)
    if not isinstance(found, Program):
        low.refuse(call, f"there is no graph {name}")
    return found


def branch(low: Lowering, call: Call) -> None:
    """If: its branches have no inputs, they read what is around them."""
    names = ("then_branch", "else_branch")
    branches = {name: _graph(low, call, name) for name in names}
    choose(low, call, branches, partial(_captured, low))


def repeat(low: Lowering, call: Call) -> None:
    """Loop: a limit and a condition, then the states."""
    program = _graph(low, call, "body")
    states = len(call.inputs) - 2
    if states < 0 or len(program.inputs) != states + 2:
        low.refuse(call, f"{states} states, a body of {len(program.inputs)} inputs")
    bound = _captured(low, program)
    step, test = program.inputs[:2]
    bound[step] = bound[test] = low.counter(call)
    for at, name in enumerate(program.inputs[2:], 2):
        bound[name] = started(low, call, at, is_kept=program.outputs[at - 1] == name)
    body = tried(low, call, program, bound)
    if body is None:
        return
    times = _trips(low, call, body.inner, program)
    made = loop(low, call, body, times)
    if times is not None:
        _give(low, call, made[1:], states, times)


def _trips(low: Lowering, call: Call, inner: Lowering, program: Program) -> int | None:
    """The limit, if nothing can end the loop before."""
    limit = low.numbers(call, 0)
    given = low.name(call, 1)
    start = low.numbers(call, 1) if given else (1,)
    end = program.outputs[0]
    value = inner.values.get(end)
    known = inner.stored.get(end)
    goes_on = value is not None and value.node == program.inputs[1]
    if known is not None and known.values:
        goes_on = bool(known.values[0])
    if not limit or not start or not goes_on:
        return None
    return max(int(limit[0]), 0) if start[0] else 0


def scan(low: Lowering, call: Call) -> None:
    """Scan: states, then tensors whose parts the body takes one after the other."""
    program, taken = _graph(low, call, "body"), call.number("num_scan_inputs")
    states = len(call.inputs) - taken
    if not 0 < taken <= len(call.inputs) or len(program.inputs) != len(call.inputs):
        return low.unknown(call)  # as it was before opset 9
    axes = call.numbers("scan_input_axes") or (0,) * taken
    bound = _captured(low, program)
    times = 0
    for at, name in enumerate(program.inputs):
        if at < states:
            kept = program.outputs[at] == name
            bound[name] = started(low, call, at, is_kept=kept)
        else:
            dims, axis = low.dims(call, at), axes[at - states]
            times = dims[axis]
            axis %= len(dims)
            bound[name] = _part(low, call, at, (*dims[:axis], *dims[axis + 1 :]))
    body = tried(low, call, program, bound)
    if body:
        _give(low, call, loop(low, call, body, times), states, times)
    return None


def _give(
    low: Lowering, call: Call, made: list[Bound], states: int, times: int
) -> None:
    """The outputs of a loop: its last states, then what every run made."""
    give(low, call, made[:states])
    for at, one in enumerate(made[states:], states):
        if at < len(call.outputs) and call.outputs[at]:
            collected(low, call, one, times, at)


def _part(low: Lowering, call: Call, at: int, dims: tuple[int, ...]) -> Bound:
    known = low.constant(call, at)
    if known:
        return Stored(dims, known.roots)
    x: Value = low.value(call, at)
    return low.view(call, x, dims, name="part", output=None)
