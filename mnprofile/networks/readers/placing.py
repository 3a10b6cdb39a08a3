"""Layers, blocks and stages of a network whose operators know the module they are in.

A layer is an operator with weights and what works on its output in place. A block is
the module above it that is numbered, a stage what runs at one resolution.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log2

from mnprofile.graph.graph import Node
from mnprofile.graph.operators.op import Shape, TensorShape

FULLY_CONNECTED, SQUEEZE_EXCITE, HEAD = "Fully Connected", "SE", "head"
WEIGHT = ".weight"  # how PyTorch ends the name of a layer's weight
_NUMBERED = re.compile(r"(.*?[0-9]+)(?:_[A-Za-z].*)?")


def placed(
    nodes: Sequence[Node], scopes: Mapping[str, tuple[str, ...]], image: Shape | None
) -> tuple[Node, ...]:
    """The nodes with layer, block, stage and type.

    ``scopes`` are the modules of a node, outermost first; ``image`` is the input that
    stages are named for, None where there is none.
    """
    layers = layers_of(nodes, scopes)
    blocks = {name: block_of(name) for name in set(layers.values())}
    stages = stages_of(nodes, layers, blocks, image)
    excited = squeeze_excite(nodes)
    return tuple(
        replace(
            node,
            layer=layers[node.name],
            block=blocks[layers[node.name]],
            stage=stages[blocks[layers[node.name]]],
            type=SQUEEZE_EXCITE if node.name in excited else type_of(node),
        )
        for node in nodes
    )


def path_of(scopes: tuple[str, ...]) -> str:
    """``features``, ``features.1``, ``conv`` -> ``features.1.conv``.

    An exporter may repeat what is above a module in its name.
    """
    parts: list[str] = []
    for scope in scopes:
        if parts and scope.startswith(f"{parts[-1]}."):
            parts.pop()
        parts.append(scope)
    return ".".join(parts)


def modules_of(constants: tuple[str, ...], scopes: tuple[str, ...]) -> tuple[str, ...]:
    """The modules of a layer: by its weight as PyTorch names it, else its own name's.

    Where that has none, as of what a converter made anew, its constants may have.
    """
    if constants and constants[0].endswith(WEIGHT):
        return (constants[0].removesuffix(WEIGHT),)
    paths = (tuple(filter(None, name.split("/")[:-1])) for name in constants)
    return scopes or next(filter(None, paths), ())


def layers_of(
    nodes: Sequence[Node], scopes: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    """The layer of each node, named for its module; several in one are numbered."""
    readers: dict[str, int] = {}
    for node in nodes:
        for name in node.inputs:
            readers[name] = readers.get(name, 0) + 1
    shared = _shared(
        [scopes.get(node.name, ()) for node in nodes if node.op.is_counted]
    )
    layers: dict[str, str] = {}
    used: dict[str, int] = {}
    for node in nodes:
        before = node.inputs[0] if len(node.inputs) == 1 else ""
        joins = node.op.works_in_place and readers.get(before) == 1
        if joins and before in layers and not node.op.is_counted:
            layers[node.name] = layers[before]
            continue
        path = path_of(scopes.get(node.name, ())[shared:])
        if path and not node.op.is_counted:
            path = f"{path}.{node.op.kind}"
        name = path or node.name
        used[name] = used.get(name, 0) + 1
        layers[node.name] = name if used[name] == 1 else f"{name}#{used[name]}"
    return layers


def _shared(scopes: Sequence[tuple[str, ...]]) -> int:
    """How many modules are above everything: the network itself."""
    first = scopes[0] if scopes else ()
    for depth, name in enumerate(first):
        if any(len(one) <= depth + 1 or one[depth] != name for one in scopes):
            return depth
    return 0


def block_of(layer: str) -> str:
    """The first part of a layer's name that is numbered, else the layer itself."""
    parts = layer.split("#", maxsplit=1)[0].split(".")
    for at, part in enumerate(parts):
        found = _NUMBERED.fullmatch(part)
        if found is None:
            continue
        last = at + 1
        while last < len(parts) - 1 and parts[last].isdigit():
            last += 1
        name = found[1] if last == at + 1 else parts[last - 1]
        above = parts[:at] if last == at + 1 else parts[: last - 1]
        return ".".join((*above, name))
    return layer


def stages_of(
    nodes: Sequence[Node],
    layers: Mapping[str, str],
    blocks: Mapping[str, str],
    image: Shape | None,
) -> dict[str, str]:
    """The stage of each block: by its resolution, or its first module without one."""
    wide = [at for at, node in enumerate(nodes) if node.out_shape.positions > 1]
    last = wide[-1] if wide else -1
    stages: dict[str, str] = {}
    stage = "s1" if image else ""
    for at, node in enumerate(nodes):
        block = blocks[layers[node.name]]
        if at > last:
            stages.setdefault(block, HEAD)
            continue
        if image is None:
            stages.setdefault(block, block.split(".", maxsplit=1)[0])
            continue
        if is_map(node.out_shape) and node.out_shape.positions > 1:
            ratio = max(image.h / node.out_shape.h, 1)
            stage = f"s{2 ** round(log2(ratio))}"
            stages[block] = stage
        stages.setdefault(block, stage)
    return stages


def is_map(shape: Shape) -> bool:
    return not isinstance(shape, TensorShape)


def type_of(node: Node) -> str:
    """A 1x1 convolution on a pooled map is a fully connected layer."""
    pooled = is_map(node.in_shape) and node.in_shape.positions == 1
    return FULLY_CONNECTED if pooled and node.op.type == "Conv 1x1" else node.type


def squeeze_excite(nodes: Sequence[Node]) -> set[str]:
    """The layers that make the factors of a map from its own mean."""
    by_name = {node.name: node for node in nodes}
    found: set[str] = set()
    for node in nodes:
        if not (node.op.takes_factors and len(node.inputs) == 2):
            continue
        at, passed = by_name.get(node.inputs[1]), []
        while at is not None and at.out_shape.positions == 1 and len(at.inputs) == 1:
            passed.append(at)
            at = by_name.get(at.inputs[0])
        if passed and passed[-1].in_shape.positions > 1:
            found |= {one.name for one in passed if one.op.is_counted}
    return found
