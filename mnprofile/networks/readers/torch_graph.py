"""The layer graph of a recorded run: which operators make a layer, and their place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import nn

from mnprofile.graph.graph import NO_SHAPE, Graph, Node, Origin, Parameters
from mnprofile.graph.operators.joining import Scale
from mnprofile.graph.operators.op import Shape
from mnprofile.graph.operators.tensors import Unused
from mnprofile.networks.readers.inputs import InputSpec, fixed
from mnprofile.networks.readers.torch_call import Recorded
from mnprofile.networks.readers.torch_recording import Recorder
from mnprofile.networks.readers.torch_tree import FOLLOWERS, ModuleTree, stages


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
    tree = ModuleTree(module)
    recorded = run.recorder.recorded
    layers = _layers(recorded, tree)
    blocks = {layer: tree.block(path) for layer, path in _layer_paths(recorded, layers)}
    ends = {
        blocks[layer] or layer: one.y
        for one, layer in zip(recorded, layers, strict=True)
        if not one.op.is_further
    }
    image = next((one.dims[2:] for one in inputs if len(one.dims) >= 4), None)
    named = stages(ends, image, tree)
    squeezing = _squeeze_excite(recorded)
    nodes = []
    for one, layer in zip(recorded, layers, strict=True):
        block = blocks[layer] or layer
        expected = Parameters(
            one.op.weights(one.x),
            one.op.biases(one.x),
            one.op.bn_affine(one.x),
            one.op.other_params(one.x),
        )
        nodes.append(
            Node(
                name=one.name,
                op=one.op,
                inputs=one.inputs,
                in_shape=one.x,
                out_shape=one.y,
                layer=layer,
                block=block,
                stage=named[block],
                type=_type(one, squeezing),
                origin=tree.origin(one.path),
                other_shapes=one.others,
                stored=None if expected == one.stored else one.stored,
                written=one.written,
            )
        )
    nodes = [*_marked(nodes, run.outputs), *_unused(run)]
    outputs = run.outputs or tuple(one.name for one in nodes[-1:])
    config = fixed(name, "torch", inputs)
    told = [*notes, *_batch_note(inputs)]
    return Graph(
        config,
        run.inputs,
        tuple(nodes),
        outputs,
        tuple(told),
        derived=tuple(run.recorder.derived),
        constants=tuple(map(_on_constants, run.recorder.constants)),
    )


def _on_constants(one: Recorded) -> Node:
    """An operator that is in no layer: its input is the same in every run."""
    return Node(
        name=one.name,
        op=one.op,
        inputs=(),
        in_shape=one.x,
        out_shape=one.y,
        layer="",
        block="",
        stage="",
        type=one.op.type,
        origin=Origin(""),
        other_shapes=one.others,
        stored=one.stored,
        written=one.written,
    )


def _layers(recorded: list[Recorded], tree: ModuleTree) -> list[str]:
    """The layer of each operator: its own, or that which it follows at once."""
    layer_of: dict[str, str] = {}
    counted: set[str] = set()
    last: dict[str, str] = {}  # the latest node of a layer
    names: dict[str, int] = {}
    paths: dict[str, str] = {}
    found: list[str] = []
    for one in recorded:
        if one.op.is_further:
            layer_of[one.name] = layer_of[one.inputs[0]]
            found.append(layer_of[one.name])
            continue
        before = layer_of.get(one.inputs[0]) if one.inputs else None
        follows = (
            before in counted
            and one.op.kind in FOLLOWERS
            and last[str(before)] == one.inputs[0]
            and _belongs(tree, one.path, paths[str(before)])
        )
        if follows and before is not None:
            layer = before
        else:
            layer = _layer_name(one, names)
            paths[layer] = one.path
            if one.op.is_counted:
                counted.add(layer)
        layer_of[one.name] = layer
        last[layer] = one.name
        found.append(layer)
    return found


def _belongs(tree: ModuleTree, path: str, other: str) -> bool:
    """Whether two modules are of one block, or next to each other."""
    beside = path.rpartition(".")[0] == other.rpartition(".")[0]
    return beside or tree.block(path) == tree.block(other)


def _layer_name(one: Recorded, names: dict[str, int]) -> str:
    """A layer with weights is named for the module that holds them."""
    name = one.name
    if one.weight and one.weight.startswith(one.path):
        home, _, own = one.weight.partition(".parametrizations.")[0].rpartition(".")
        if ".parametrizations." in one.weight:  # of the module that holds these
            home, own = f"{home}.{own}".strip("."), "weight"
        is_plain = own.startswith("weight")  # weight_ih_l0 of an LSTM, too
        part = "" if is_plain else own.removesuffix("weight").rstrip("_.")
        name = f"{home}.{part}".strip(".") if part else home
        name = name or own
    names[name] = names.get(name, 0) + 1
    return name if names[name] == 1 else f"{name}#{names[name]}"


def _layer_paths(
    recorded: list[Recorded], layers: list[str]
) -> Iterator[tuple[str, str]]:
    seen = set()
    for one, layer in zip(recorded, layers, strict=True):
        if layer not in seen:
            seen.add(layer)
            yield layer, one.path


def _squeeze_excite(recorded: list[Recorded]) -> frozenset[str]:
    """The layers that make the factors of squeeze-excite products."""
    by_name = {one.name: one for one in recorded}
    found: set[str] = set()
    for one in recorded:
        if not isinstance(one.op, Scale):
            continue
        behind = by_name.get(one.inputs[1])
        while behind is not None and behind.y.positions == 1 and behind.inputs:
            if behind.x.positions > 1:
                break
            found.add(behind.name)
            behind = by_name.get(behind.inputs[0])
    return frozenset(found)


def _type(one: Recorded, squeezing: frozenset[str]) -> str:
    if one.op.is_counted and one.name in squeezing:
        return "SE"
    pointwise = one.op.type == "Conv 1x1"
    if pointwise and one.x.positions == 1 and one.op.kind == "conv":
        return "Fully Connected"
    return one.op.type


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
