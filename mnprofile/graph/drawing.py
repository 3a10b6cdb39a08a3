"""The layer graph as a tree, a Mermaid flowchart and a Graphviz graph."""

from typing import NamedTuple

from mnprofile.base import escape
from mnprofile.graph.graph import Graph, Node

_MERMAID = str.maketrans({"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;"})


class Box(NamedTuple):
    """One layer as it is drawn, and the layers that feed it."""

    name: str
    stage: str
    block: str
    label: str
    fed_by: tuple[str, ...]
    line: int | None


def boxes(graph: Graph) -> tuple[Box, ...]:
    """One box per layer, with its operators in the label: "Conv 1x1, bn, relu6"."""
    layer_of = {name: name for name, _ in graph.inputs}
    layer_of |= {node.name: node.layer for node in graph}
    # Outputs are labelled only where there are several.
    named = graph.outputs if len(graph.outputs) > 1 else ()
    heads = {layer_of[name] for name in named}
    found = []
    for name, nodes in graph.layers.items():
        feeds = [layer_of[key] for node in nodes for key in node.inputs]
        found.append(
            Box(
                name=name,
                stage=nodes[0].stage,
                block=nodes[0].block,
                label=_label(nodes) + (", output" if name in heads else ""),
                fed_by=tuple(dict.fromkeys(feed for feed in feeds if feed != name)),
                line=nodes[0].origin.line,
            )
        )
    return tuple(found)


def to_tree(graph: Graph) -> list[str]:
    """Stages, their blocks and the blocks' layers, one line each."""
    lines = [f"{name} {shape}" for name, shape in graph.inputs]
    drawn = boxes(graph)
    for stage in dict.fromkeys(box.stage for box in drawn):
        in_stage = [box for box in drawn if box.stage == stage]
        lines.append(stage)
        blocks = list(dict.fromkeys(box.block for box in in_stage))
        for block in blocks:
            last = block == blocks[-1]
            in_block = [box for box in in_stage if box.block == block]
            stem = "└─ " if last else "├─ "
            if [box.name for box in in_block] == [block]:
                lines.append(f"{stem}{block}: {in_block[0].label}")
                continue
            lines.append(f"{stem}{block}")
            for box in in_block:
                branch = "└─ " if box is in_block[-1] else "├─ "
                indent = "   " if last else "│  "
                name = box.name.removeprefix(f"{block}.")
                lines.append(f"{indent}{branch}{name}: {box.label}")
    return lines


def to_mermaid(graph: Graph) -> str:
    """A flowchart that GitHub draws, with one subgraph per block."""
    drawn = boxes(graph)
    ids = _ids(graph, drawn)
    lines = ["flowchart TD"]
    for name, shape in graph.inputs:
        lines.append(f'  {ids[name]}(["{_mermaid(name)} {shape}"])')
    for block, members in _by_block(drawn):
        indent = "  "
        if len(members) > 1:
            lines.append(f'  subgraph {_block_id(block)}["{_mermaid(block)}"]')
            indent = "    "
        for box in members:
            label = f"{_mermaid(box.name)}<br/>{_mermaid(box.label)}"
            lines.append(f'{indent}{ids[box.name]}["{label}"]')
        if len(members) > 1:
            lines.append("  end")
    lines += [
        f"  {ids[feed]} --> {ids[box.name]}" for box in drawn for feed in box.fed_by
    ]
    return "\n".join(lines) + "\n"


def to_dot(graph: Graph) -> str:
    """A graph for Graphviz' dot, with one cluster per block."""
    drawn = boxes(graph)
    ids = _ids(graph, drawn)
    lines = [
        f'digraph "{_dot(graph.config.name)}" {{',
        '  node [shape=box, fontname="sans-serif"];',
    ]
    for name, shape in graph.inputs:
        lines.append(f'  {ids[name]} [label="{_dot(name)} {shape}", shape=oval];')
    for block, members in _by_block(drawn):
        indent = "  "
        if len(members) > 1:
            lines.append(f'  subgraph "cluster_{_dot(block)}" {{')
            lines.append(f'    label="{_dot(block)}";')
            indent = "    "
        for box in members:
            label = f"{_dot(box.name)}\\n{_dot(box.label)}"
            lines.append(f'{indent}{ids[box.name]} [label="{label}"];')
        if len(members) > 1:
            lines.append("  }")
    lines += [
        f"  {ids[feed]} -> {ids[box.name]};" for box in drawn for feed in box.fed_by
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _label(nodes: list[Node]) -> str:
    first = nodes[0]
    stride = getattr(first.op, "stride", 1)
    dilation = getattr(first.op, "dilation", 1)
    parts = [first.type]
    if stride != 1:
        parts[0] += f" / s{stride}"
    if dilation != 1:
        parts[0] += f" dilation {dilation}"
    parts += [node.op.label for node in nodes[1:]]
    return f"{', '.join(parts)} -> {nodes[-1].out_shape}"


def _ids(graph: Graph, drawn: tuple[Box, ...]) -> dict[str, str]:
    names = [*(name for name, _ in graph.inputs), *(box.name for box in drawn)]
    return {name: f"n{at}" for at, name in enumerate(names)}


def _block_id(block: str) -> str:
    return "b_" + "".join(c if c.isalnum() else "_" for c in block)


def _by_block(drawn: tuple[Box, ...]) -> list[tuple[str, list[Box]]]:
    groups: dict[str, list[Box]] = {}
    for box in drawn:
        groups.setdefault(box.block, []).append(box)
    return list(groups.items())


def _mermaid(text: str) -> str:
    return escape.visible(text).translate(_MERMAID)


def _dot(text: str) -> str:
    return escape.visible(text).replace("\\", "\\\\").replace('"', '\\"')
