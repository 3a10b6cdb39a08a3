"""The picture of a network: its layers by stage and block, laid out in the page."""

from typing import Any

from mnprofile.base.escape import visible
from mnprofile.graph.drawing import boxes
from mnprofile.views.document import record_of
from mnprofile.views.html.markup import data_block, element
from mnprofile.views.html.panels import Panel, ReportNetwork
from mnprofile.views.plots.palette import type_of
from mnprofile.views.sheets.columns import DRAWN

GRAPHS_ID = "mnp-graphs"
MAX_LAYERS = 2_000  # of one network; of more, a page shows none by itself


def picture_panel(network: ReportNetwork, key: str) -> Panel:
    """Where the page's script draws the graph, folded to its stages."""
    drawn = boxes(network.counted.graph)
    stages = dict.fromkeys(box.stage for box in drawn)
    blocks = dict.fromkeys(box.block for box in drawn)
    caption = (
        f"{len(stages)} stages, {len(blocks)} blocks and {len(drawn)} layers; shapes"
        " are on the edges, and bluer boxes cost more multiply-adds. A click opens a"
        " stage or block, and shows the figures of a layer."
    )
    body = element("div", class_="graph", data_graph=key)
    return Panel(f"{key}-picture", "Picture of the network", caption, body)


def graph_data(networks: list[tuple[str, ReportNetwork]]) -> Any:
    """The JSON block that the script reads: inputs, layers and outputs by key."""
    return data_block(GRAPHS_ID, {key: _graph(one, key) for key, one in networks})


def block_ids(network: ReportNetwork, key: str) -> dict[str, str]:
    """The id of each block's row in the table of formulas."""
    blocks = dict.fromkeys(layer.block for layer in network.counted.all_layers)
    return {block: f"{key}-f{index}" for index, block in enumerate(blocks)}


def row_ids(network: ReportNetwork, key: str) -> dict[str, str]:
    """The id of each layer's row in the layer table."""
    layers = network.counted.layers
    return {layer.name: f"{key}-l{index}" for index, layer in enumerate(layers)}


def _graph(network: ReportNetwork, key: str) -> dict[str, Any]:
    graph = network.counted.graph
    found, title = boxes(graph), visible(network.title)
    if len(found) > MAX_LAYERS:
        return {"of": title, "inputs": [], "layers": [], "outputs": []}
    figures = {layer.name: layer for layer in network.counted.all_layers}
    formulas, rows = block_ids(network, key), row_ids(network, key)
    homes = {node.name: node.layer for node in graph}
    last = {node.layer: node.out_shape for node in graph}
    return {
        "of": title,
        "inputs": [[visible(name), str(shape)] for name, shape in graph.inputs],
        "layers": [
            {
                "name": visible(box.name),
                "stage": visible(box.stage),
                "block": visible(box.block),
                "label": visible(box.label.rpartition(" -> ")[0] or box.label),
                "type": type_of(figures[box.name].type),
                "shape": visible(str(last[box.name])),
                "from": [visible(feed) for feed in box.fed_by],
                "row": rows.get(box.name),
                "formula": formulas.get(box.block),
                **record_of(figures[box.name].figures, *DRAWN),
            }
            for box in found
        ],
        "outputs": [visible(homes.get(name, name)) for name in graph.outputs],
    }
