"""TFLite operators that run other subgraphs: IF and WHILE."""

from mnprofile.networks.readers.files.bodies import (
    Bound,
    choose,
    give,
    loop,
    started,
    tried,
)
from mnprofile.networks.readers.files.lowering import Lowering
from mnprofile.networks.readers.files.program import Call, Program

COMPARED = {"LESS": 0, "LESS_EQUAL": 1, "GREATER": 0, "GREATER_EQUAL": 1}


def _subgraph(low: Lowering, call: Call, name: str) -> Program:
    every = low.file.subgraphs
    index = call.number(name, -1)
    if not 0 <= index < len(every):
        low.refuse(call, f"there is no subgraph {index}")
    return every[index]


def _bound(
    low: Lowering, call: Call, program: Program, first: int = 0
) -> dict[str, Bound]:
    """The inputs of a subgraph: those of its call, from ``first`` on."""
    places = range(first, len(call.inputs))
    if len(program.inputs) != len(places):
        low.refuse(call, f'"{program.name}" has {len(program.inputs)} inputs')
    given = (low.constant(call, at) or low.value(call, at) for at in places)
    return dict(zip(program.inputs, given, strict=True))


def branch(low: Lowering, call: Call) -> None:
    """IF: a condition, then the inputs of both branches."""
    names = ("then_branch", "else_branch")
    branches = {name: _subgraph(low, call, name) for name in names}
    choose(low, call, branches, lambda program: _bound(low, call, program, 1))


def repeat(low: Lowering, call: Call) -> None:
    """WHILE: its states go through the body as long as the condition holds."""
    test, program = _subgraph(low, call, "cond"), _subgraph(low, call, "body")
    sides = len(program.inputs), len(program.outputs), len(test.inputs)
    if set(sides) != {len(call.inputs)} or len(call.outputs) != len(call.inputs):
        low.refuse(call, f"{len(call.inputs)} states, but graphs of {list(sides)}")
    times = _trips(low, call, test, program)
    bound = {
        name: started(low, call, at, is_kept=program.outputs[at] == name)
        for at, name in enumerate(program.inputs)
    }
    body = tried(low, call, program, bound)
    if body:
        give(low, call, loop(low, call, body, times))


def _trips(low: Lowering, call: Call, test: Program, body: Program) -> int | None:
    """How often a loop runs that counts up to a constant; None for any other."""
    made = {one: each for each in test.calls for one in each.outputs}
    ends = [made[one] for one in test.outputs if one in made]
    counts: list[int | None] = []
    while ends:
        one = ends.pop()
        if one.operator == "LOGICAL_AND":  # it ends with the first that ends
            ends += [made[name] for name in one.inputs if name in made]
            counts += [None] * sum(name not in made for name in one.inputs)
        else:
            counts.append(_count(low, call, test, body, one))
    known = [one for one in counts if one is not None]
    return min(known) if known and len(known) == len(counts) else None


def _count(
    low: Lowering, call: Call, test: Program, body: Program, end: Call
) -> int | None:
    """Runs until a counter, which each run moves by a constant, reaches its limit."""
    if end.operator not in COMPARED or len(end.inputs) != 2:
        return None
    counter, limit = end.inputs
    if end.operator.startswith("GREATER"):
        counter, limit = limit, counter
    if counter not in test.inputs:
        return None
    at = test.inputs.index(counter)
    until = _number(low, call, test, body, limit)
    start = low.numbers(call, at)
    adds = (one for one in body.calls if body.outputs[at] in one.outputs)
    add = next(adds, None)
    if add is None or add.operator != "ADD" or body.inputs[at] not in add.inputs:
        return None
    steps = [body.tensors[one].values for one in add.inputs if one != body.inputs[at]]
    if until is None or not start or len(steps) != 1 or not steps[0]:
        return None
    step = int(steps[0][0])
    distance = until + COMPARED[end.operator] - int(start[0])
    return max(-(-distance // step), 0) if step > 0 else None


def _number(
    low: Lowering, call: Call, test: Program, body: Program, name: str
) -> int | None:
    """A constant of the condition, or a state that stays what it was."""
    values = test.tensors[name].values if name in test.tensors else None
    if name in test.inputs:
        at = test.inputs.index(name)
        if body.outputs[at] == body.inputs[at]:
            values = low.numbers(call, at)
    return int(values[0]) if values and len(values) == 1 else None


def inline(low: Lowering, call: Call) -> None:
    """An operator that a subgraph takes apart into plain ones (a composite)."""
    program = _subgraph(low, call, "subgraph")
    body = tried(low, call, program, _bound(low, call, program))
    if body:
        give(low, call, loop(low, call, body, 1))
