"""mnprofile diff A B...: compare two to six networks, stage by stage."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click

from mnprofile.base.errors import UsageError
from mnprofile.cli.help import Command
from mnprofile.cli.options import (
    READING_OPTIONS,
    ArchType,
    by_option,
    network_of,
    output_options,
    reading_options,
    readings_of,
)
from mnprofile.cli.output import chosen_format, emit, write
from mnprofile.costs.comparison.alignment import (
    DEPTHS,
    Depth,
    compare,
)
from mnprofile.costs.comparison.diffing import side_of_json
from mnprofile.costs.comparison.several import MAX_NETWORKS
from mnprofile.costs.comparison.sides import (
    Quantity,
    Side,
    side_of_count,
)
from mnprofile.costs.counting import count
from mnprofile.networks.configuration import spec_text
from mnprofile.networks.widths import IMPLS
from mnprofile.views.sheets.comparison_several import several_document

EXAMPLES = """
mnprofile diff v1@1.0/224 v2@1.0/224
mnprofile diff v1 v2 v3-large v3-small -o diff.html
mnprofile diff v3-large@0.75 v3-large@0.75 --impl paper --impl torchvision
mnprofile diff before.json my_table.md --by block -o diff.md
mnprofile diff v2 model.onnx --input 1x3x224x224
"""


@click.command("diff", cls=Command, examples=EXAMPLES)
@click.argument("archs", metavar="A B...", type=ArchType(), nargs=-1, required=True)
@by_option(DEPTHS, default="stage")
@click.option(
    "--quantity",
    type=click.Choice(get_args(Quantity)),
    default="macs",
    show_default=True,
    help="Quantity to compare.",
)
@click.option(
    "--top",
    type=click.IntRange(0, 1000),
    default=5,
    show_default=True,
    help="Number of layers to list, those that changed most.",
)
@click.option("--t", type=float, multiple=True, help="Expansion factor.")
@click.option("--classes", type=int, multiple=True, help="Number of classes.")
@click.option(
    "--impl", type=click.Choice(IMPLS), multiple=True, help="Width-multiplier rules."
)
@reading_options
@output_options("html")
def command(
    archs: tuple[str, ...],
    by: Depth,
    quantity: Quantity,
    top: int,
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> None:
    """Compare two to six networks: what was added and removed, grew and shrank.

    A, B... are tables, configurations (v2@0.75/160) or JSON files written by
    mnprofile count; each is compared with A. Stages are matched by their stride,
    blocks within a stage in order, layers by their name within the block. The causes
    of the difference (resolution, channels, kernel...) add up to it exactly. In CSV
    and JSON, the first of macs, params and activations that differs decides if a row
    grew or shrank.

    --input, --arg, --train and --strict apply to each network that takes them,
    --t, --classes and --impl to all tables; given several times, the first
    applies to A, the second to B, and the last to the rest.

    Markdown is made for a pull request: the most important first, 60 lines or less.
    """
    if not 2 <= len(archs) <= MAX_NETWORKS:
        raise UsageError(
            f"{len(archs)} network{'' if len(archs) == 1 else 's'} cannot be compared",
            accepted=f"2 to {MAX_NETWORKS}",
        )
    reading = {name: given.pop(name) for name in READING_OPTIONS}
    for name, values in given.items():
        if len(values) > len(archs):
            raise UsageError(
                f"--{name} is given {len(values)} times",
                accepted=f"at most once for each of the {len(archs)} networks",
            )
    base, *heads = (
        _side(arch, {name: _pick(values, at) for name, values in given.items()}, own)
        for at, (arch, own) in enumerate(
            zip(archs, readings_of(archs, reading), strict=True)
        )
    )
    comparisons = [compare(base, head) for head in heads]
    kind = chosen_format(format_, output, {".html": "html"})
    if kind == "html":
        from mnprofile.views.html.diff_page import diff_page

        write(diff_page(comparisons, by, quantity, top or 1), output)
        return
    emit(several_document(comparisons, by, quantity, top), kind, output)


def _pick(values: tuple[Any, ...], at: int) -> Any:
    return values[min(at, len(values) - 1)] if values else None


def _side(arch: str, given: dict[str, Any], reading: dict[str, Any] | None) -> Side:
    """One side: a count file, a table and its configuration, or another network."""
    if arch.lower().endswith(".json"):
        return side_of_json(Path(arch))
    if reading is None:
        table, graph = network_of(arch, **given)
    else:
        table, graph = network_of(arch, **reading)
        given = {}
    label = side_of_count(count(graph))
    extra = [f"{name} {value}" for name, value in given.items() if value is not None]
    extra = [text for text in extra if not text.startswith("t ")]
    title = f"{table.title or table.name} {spec_text(graph.config)}"
    return replace(
        label,
        label=", ".join([label.label, *extra]),
        title=", ".join([title, *extra]),
    )
