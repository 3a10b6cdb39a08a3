"""mnprofile count ARCH: every figure of one network."""

from pathlib import Path
from typing import Any

import click

from mnprofile.base.errors import UsageError
from mnprofile.base.units import BITS, check_bits
from mnprofile.cli.help import Command
from mnprofile.cli.options import by_option, network_of, network_options, output_options
from mnprofile.cli.output import emit, in_terminal
from mnprofile.costs.counting import GROUPINGS, Grouping, count
from mnprofile.views.sheets.count import count_document

EXAMPLES = """
mnprofile count v2 --alpha 0.75 --res 160
mnprofile count v1 --by type
mnprofile count my_network.md --res 192 --format json
mnprofile count v2 --deploy --bits 8 --by stage
mnprofile count v3-small --fields receptive
"""


@click.command("count", cls=Command, examples=EXAMPLES)
@network_options
@by_option(GROUPINGS)
@click.option(
    "--elementwise",
    is_flag=True,
    help="Also count elements of batch norm, activations, pooling, additions and SE"
    " products.",
)
@click.option(
    "--deploy",
    is_flag=True,
    help="Add parameters and bytes as deployed, with batch norm folded in.",
)
@click.option(
    "--bits",
    type=click.Choice([str(bits) for bits in BITS]),
    help="Bits per deployed weight, with --deploy. [default: 8; of a model file, those"
    " of its own types]",
)
@click.option(
    "--fields",
    type=click.Choice(["receptive"]),
    help="Add the receptive field, stride and padding of each layer.",
)
@output_options()
def command(
    by: Grouping,
    elementwise: bool,
    deploy: bool,
    bits: str | None,
    fields: str | None,
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> None:
    """Count multiply-adds, parameters and activations, layer by layer.

    ARCH is an alias (v2), the name of a table, a path to a table, - for standard input,
    a configuration such as v2@0.75/160, a model file (ONNX, TFLite), or a PyTorch
    network: MODULE:CALLABLE or FILE.py:CALLABLE, whose code is imported and run.

    \b
    macs         multiply-adds of convolutions and fully connected layers,
                 squeeze-excite included; bias is not counted
    flops        2 x macs
    params       weights + biases + batch-norm gamma and beta
    buffers      batch-norm running mean and variance
    activations  output elements of the counted layers

    Figures that papers and model zoos print for exactly this configuration are shown
    below the shares (in JSON, under "published").
    """
    if bits is not None and not deploy:
        raise UsageError(
            "--bits applies to deployed weights only", accepted="with --deploy"
        )
    if fields and by != "layer":
        raise UsageError(
            f"--fields {fields}: known for each layer, not for a {by}",
            accepted="--by layer",
        )
    arch, graph = network_of(**given)
    counted = count(graph)
    document = count_document(
        *(counted, arch, by),
        elementwise=elementwise,
        totals_first=in_terminal(format_, output),
    )
    if deploy:
        from mnprofile.views.sheets.deployment import with_deployment

        asked = check_bits(int(bits or 8)) if bits or not graph.file else None
        document = with_deployment(document, counted, by, asked)
    if fields:
        from mnprofile.views.sheets.receptive_fields import with_receptive_fields

        document = with_receptive_fields(document, counted)
    emit(document, format_, output)
