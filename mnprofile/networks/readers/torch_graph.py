"""The layer graph of a recorded run: which operators make a layer, and their place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from torch import nn

from mnprofile.graph.graph import NO_SHAPE, Graph, Node, Origin
from mnprofile.graph.operators.joining import Scale
from mnprofile.graph.operators.op import Shape
from mnprofile.graph.operators.tensors import Unused
from mnprofile.networks.readers.inputs import InputSpec, fixed
from mnprofile.networks.readers.placing import type_of
from mnprofile.networks.readers.torch_recording import Recorder
from mnprofile.networks.readers.torch_tree import ModuleTree, stages


@dataclass(frozen=True, slots=True)
class Run:
    """What one run recorded."""

    recorder: Recorder
    inputs: tuple[tuple[str, Shape], ...]
    outputs: tuple[str, ...]


def assembled(
    module: nn.Module,
    name: str,
    inputs: tuple[InputSpec, ...],
    run: Run,
    notes: list[str],
) -> Graph:
    tree, recorder = ModuleTree(module), run.recorder
    recorded, paths = recorder.recorded, recorder.paths
    layers = _layers(recorder, tree)
    blocks: dict[str, str] = {}  # of each layer, by the module that began it
    for node in recorded:
        layer = layers[node.name]
        if layer not in blocks:
            blocks[layer] = tree.block(paths[node.name]) or layer
    ends = {
        blocks[layers[node.name]]: node.out_shape
        for node in recorded
        if not node.op.is_further
    }
    image = next((one.dims[2:] for one in inputs if len(one.dims) >= 4), None)
    named = stages(ends, image)
    squeezing = _squeeze_excite(recorded)
    origin, nodes = cache(tree.origin), []
    for node in recorded:
        layer = layers[node.name]
        placed = replace(
            node,
            layer=layer,
            block=blocks[layer],
            stage=named[blocks[layer]],
            type=_type(node, squeezing),
            origin=origin(paths[node.name]),
            stored=None,
        )
        by_rule = placed.parameters == node.stored
        nodes.append(placed if by_rule else replace(placed, stored=node.stored))
    nodes = [*_marked(nodes, run.outputs), *_unused(run)]
    outputs = run.outputs or tuple(one.name for one in nodes[-1:])
    return Graph(
        fixed(name, "torch", inputs),
        run.inputs,
        tuple(nodes),
        outputs,
        (*notes, *_batch_note(inputs)),
        derived=tuple(recorder.function.derived),
        constants=tuple(recorder.constants),
    )


def _layers(recorder: Recorder, tree: ModuleTree) -> dict[str, str]:
    """The layer of each operator: its own, or that which it follows at once."""
    layers: dict[str, str] = {}
    counted: set[str] = set()
    last: dict[str, str] = {}  # the latest node of a layer
    names: dict[str, int] = {}
    homes: dict[str, str] = {}
    for one in recorder.recorded:
        path = recorder.paths[one.name]
        before = layers[one.inputs[0]] if one.inputs and one.inputs[0] in layers else ""
        if one.op.is_further:
            layers[one.name] = before
            continue
        follows = (
            before in counted
            and one.op.follows_layers
            and last[before] == one.inputs[0]
            and _belongs(tree, path, homes[before])
        )
        layer = before
        if not follows:
            layer = _layer_name(one, path, recorder.weights.get(one.name, ""), names)
            homes[layer] = path
            if one.op.is_counted:
                counted.add(layer)
        layers[one.name] = layer
        last[layer] = one.name
    return layers


def _belongs(tree: ModuleTree, path: str, other: str) -> bool:
    """Whether two modules are of one block, or next to each other."""
    beside = path.rpartition(".")[0] == other.rpartition(".")[0]
    return beside or tree.block(path) == tree.block(other)


def _layer_name(node: Node, path: str, weight: str, names: dict[str, int]) -> str:
    """A layer with weights is named for the module that holds them."""
    name = node.name
    if weight and weight.startswith(path):
        home, _, own = weight.partition(".parametrizations.")[0].rpartition(".")
        if ".parametrizations." in weight:  # of the module that holds these
            home, own = f"{home}.{own}".strip("."), "weight"
        is_plain = own.startswith("weight")  # weight_ih_l0 of an LSTM, too
        part = "" if is_plain else own.removesuffix("weight").rstrip("_.")
        name = f"{home}.{part}".strip(".") if part else home
        name = name or own
    names[name] = names.get(name, 0) + 1
    return name if names[name] == 1 else f"{name}#{names[name]}"


def _squeeze_excite(recorded: list[Node]) -> frozenset[str]:
    """The layers that make the factors of squeeze-excite products."""
    by_name = {one.name: one for one in recorded}
    found: set[str] = set()
    for one in recorded:
        behind = by_name.get(one.inputs[1]) if isinstance(one.op, Scale) else None
        while behind is not None and behind.out_shape.positions == 1 and behind.inputs:
            if behind.in_shape.positions > 1:
                break
            found.add(behind.name)
            behind = by_name.get(behind.inputs[0])
    return frozenset(found)


def _type(node: Node, squeezing: frozenset[str]) -> str:
    if node.op.is_counted and node.name in squeezing:
        return "SE"
    return type_of(node)


def _marked(nodes: list[Node], outputs: tuple[str, ...]) -> Iterator[Node]:
    """The nodes, and of each whether any output depends on it."""
    needed = set(outputs or (nodes[-1].name,) if nodes else ())
    for node in reversed(nodes):
        if node.name in needed:
            needed.update(node.inputs)
    for node in nodes:
        if node.name in needed or node.written is None:
            yield node
        else:
            yield replace(node, written=node.written._replace(is_read=False))


def _unused(run: Run) -> list[Node]:
    """Parameters that no operator of the run uses, in a row of their own."""
    left = sum(held.left for held in run.recorder.sources.held)
    if not left:
        return []
    what = "not used in this run"
    homes = dict.fromkeys(
        held.name.partition(".")[0] for held in run.recorder.sources.held if held.left
    )
    origin = Origin("", text=", ".join(homes))
    return [
        Node(what, Unused(left), (), NO_SHAPE, NO_SHAPE, what, what, what, what, origin)
    ]


def _batch_note(inputs: tuple[InputSpec, ...]) -> list[str]:
    """Figures are of one run; say so where it is not of one sample."""
    first = inputs[0].dims
    if len(first) > 1 and first[0] != 1:
        return [f"figures are of one run with {inputs[0]}, a batch of {first[0]}"]
    return []
