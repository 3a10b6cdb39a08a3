"""The parts of a network that can be explained: their names, nodes and kinds."""

from collections import defaultdict

from mnprofile.graph.graph import Graph, Node


def explainable(graph: Graph) -> list[str]:
    """The names that ``explain`` accepts: blocks, their squeeze-excite and layers."""
    names: dict[str, None] = {}
    for node in graph:
        if node.op.is_counted:
            names[node.block] = None
            if node.type == "SE":
                names[f"{node.block}.se"] = None
            names[node.layer] = None
    return list(names)


class Parts:
    """A graph and its nodes by layer and by block."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.layers = graph.layers
        self.blocks: dict[str, list[Node]] = defaultdict(list)
        for node in graph:
            self.blocks[node.block].append(node)

    def named(self, name: str) -> tuple[Node, ...]:
        """The nodes of a block, a block's squeeze-excite or a layer.

        Without a table also those of a stage, or of a module with all that is in it.
        """
        if name.endswith(".se"):
            block = self.blocks.get(name.removesuffix(".se"), ())
            return tuple(node for node in block if node.type == "SE")
        layer, block = (kind.get(name, ()) for kind in (self.layers, self.blocks))
        found = tuple(block if len(block) > len(layer) else layer)
        if found or self.graph.table:
            return found
        within = tuple(
            node
            for node in self.graph
            if node.stage == name or node.name.startswith(f"{name}.")
        )
        return within if any(node.op.is_counted for node in within) else ()


def kind_of(nodes: tuple[Node, ...]) -> str:
    ops = [node.op for node in nodes if node.op.is_counted and node.type != "SE"]
    squeezes = any(node.type == "SE" for node in nodes)
    if not ops:
        return "squeeze-excite"
    if any(op.product for op in ops):
        return "attention"
    if not all(op.mixes_channels for op in ops):
        if len(ops) == 1:
            kind = "depthwise convolution"
        elif not ops[0].mixes_channels:
            kind = "depthwise separable convolution"
        else:
            kind = "inverted residual"
    elif "Fully Connected" in (nodes[0].type, ops[-1].type):
        kind = "fully connected layer"
    else:
        is_pointwise = getattr(ops[0], "kernel", 1) == 1
        kind = "pointwise convolution" if is_pointwise else "standard convolution"
    return f"{kind} with squeeze-excite" if squeezes else kind


def source_of(nodes: tuple[Node, ...]) -> str:
    origins = dict.fromkeys(node.origin for node in nodes if node.origin.line)
    return ", ".join(f"{one.text} ({one.source}:{one.line})" for one in origins)


def kind_of_module(nodes: tuple[Node, ...]) -> str:
    types = [node.type for node in nodes if node.op.is_counted]
    return types[0] if len(types) == 1 else f"{len(types)} layers"
