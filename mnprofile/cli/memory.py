"""mnprofile memory ARCH: the feature maps live at each step, and the peak."""

from pathlib import Path
from typing import Any

import click

from mnprofile.base.errors import UsageError
from mnprofile.base.units import BITS
from mnprofile.cli.help import Command
from mnprofile.cli.options import by_option, network_of, network_options, output_options
from mnprofile.cli.output import emit
from mnprofile.costs.memory.activations import VIEWS, activation_memory
from mnprofile.costs.memory.grouped import Groups
from mnprofile.views.sheets.memory import By, memory_document


class GroupsType(click.ParamType[Groups]):
    """A number of groups, or max."""

    name = "groups"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Groups:
        text = str(value)
        if text == "max":
            return "max"
        if text.removeprefix("-").isdecimal() and len(text) < 10:
            return int(text)
        raise UsageError(
            f'--groups: "{text}" is not a number of groups',
            accepted="a whole number from 1, or max (one channel at a time)",
        )


EXAMPLES = """
mnprofile memory v2 --bits 8
mnprofile memory v2@0.5/128 --groups 4 --by block
mnprofile memory v2 --bits 16 --by resolution
"""


@click.command("memory", cls=Command, examples=EXAMPLES)
@network_options
@click.option(
    "--bits",
    type=click.Choice([str(bits) for bits in BITS]),
    help="Bits per element of a map, and per weight. [default: 8; of a model file, its"
    " own types]",
)
@click.option(
    "--groups",
    type=GroupsType(),
    default="1",
    show_default=True,
    help="Run each block in this many groups of its inner channels; max: one channel"
    " at a time.",
)
@click.option(
    "--fuse", is_flag=True, help="Count only the input and output of each block."
)
@by_option((*VIEWS, "resolution"))
@output_options()
def command(
    bits: str | None,
    groups: Groups,
    fuse: bool,
    by: By,
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> None:
    """Show live activation memory at every step of ARCH, and its peak.

    An operator's inputs and output are live while it runs; a map is freed after its
    last reader. Batch norm, activation functions, residual additions and squeeze-excite
    products overwrite their input; convolutions, including depthwise ones, do not. The
    network's input counts; workspace and alignment do not.

    \b
    --groups G   MobileNetV2 paper, 5.1: a block in G groups of its inner
                 channels needs input + output + inner/G
    --fuse       the limit of --groups: input + output
    --by resolution
                 the largest map at each resolution (the paper's Table 3)
    """
    _, graph = network_of(**given)
    if by == "resolution" and (groups != 1 or fuse):
        raise UsageError(
            "--by resolution does not depend on the schedule",
            accepted="without --groups and --fuse",
        )
    asked = int(bits) if bits else None
    memory = activation_memory(graph, bits=asked, groups=groups, fuse=fuse)
    emit(memory_document(graph, memory, by), format_, output)
