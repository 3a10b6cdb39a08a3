"""mnprofile explain ARCH [LAYER]: the formula, in symbols and in numbers."""

from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from mnprofile.base.errors import MnprofileError
from mnprofile.cli.help import Command
from mnprofile.cli.options import network_of, network_options, output_options
from mnprofile.cli.output import emit
from mnprofile.costs.explaining import (
    layer_explanation,
    network_explanation,
)
from mnprofile.costs.parts import explainable
from mnprofile.networks.catalog import build
from mnprofile.networks.configuration import parse_spec
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.sheets.explain import layer_document, network_document


class LayerType(click.ParamType[str]):
    """A layer or block, completed from the network that ARCH names."""

    name = "layer"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            arch, _ = parse_spec(ctx.params.get("arch") or "")
            names = explainable(build(arch))
        except MnprofileError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


EXAMPLES = """
mnprofile explain v1 block1
mnprofile explain v2@0.75/160 block3.depthwise
mnprofile explain v2 --format md
"""


@click.command("explain", cls=Command, examples=EXAMPLES)
@network_options
@click.argument("layer", metavar="[LAYER]", required=False, type=LayerType())
@output_options()
def command(
    layer: str | None, format_: str | None, output: Path | None, **given: Any
) -> None:
    """Show the formula of a layer or block of ARCH, in symbols and in numbers.

    LAYER is a layer (block3.expand), a block (block3) or its squeeze-excite
    (block4.se). Without LAYER: one line per block, and the saving over the same network
    with standard convolutions. In Markdown, the formulas are math. Of PyTorch networks
    and model files, LAYER may also be a stage, or a module with all that is in it.

    \b
    D_K  kernel side              M, N  input and output channels
    D_F  side of the input map    t     expansion factor
    D_G  side of the output map   r     squeeze-excite reduction
    α    width multiplier         ρ     resolution multiplier
    """
    arch, graph = network_of(**given)
    table = arch if isinstance(arch, Architecture) else None
    if layer is None:
        document = network_document(network_explanation(table, graph))
    else:
        document = layer_document(layer_explanation(table, graph, layer), graph.config)
    emit(document, format_, output)
