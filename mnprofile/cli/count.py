"""mnprofile count ARCH: every figure of one network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mnprofile.base.errors import UsageError
from mnprofile.base.json_files import envelope
from mnprofile.base.units import BITS
from mnprofile.cli.options import (
    arch_argument,
    config_options,
    network_of,
    output_options,
)
from mnprofile.cli.output import emit
from mnprofile.costs.counting import (
    GROUPINGS,
    Count,
    Grouping,
    count,
    figures_record,
    layer_record,
)
from mnprofile.evidence.literature.misprints import misprint_of
from mnprofile.evidence.literature.published import published_for
from mnprofile.evidence.literature.sources import Printed
from mnprofile.networks.notation.rows import Architecture
from mnprofile.views.sheets.configuration import (
    errata_notes,
    errata_record,
    model_record,
)
from mnprofile.views.sheets.count import count_sheets, csv_sheet, group_record

if TYPE_CHECKING:
    from mnprofile.views.sheets.count_extras import Extras


@click.command("count")
@arch_argument
@config_options
@click.option(
    "--by",
    type=click.Choice(GROUPINGS),
    default="layer",
    show_default=True,
    help="What one line of the table is.",
)
@click.option(
    "--elementwise",
    is_flag=True,
    help="Count elements of batch norm, activations, pooling, additions, SE products.",
)
@click.option(
    "--deploy",
    is_flag=True,
    help="Parameters and bytes as deployed: batch norm folded into the weights.",
)
@click.option(
    "--bits",
    type=click.Choice([str(bits) for bits in BITS]),
    help="Bits a deployed weight takes, with --deploy. [default: 8]",
)
@click.option(
    "--fields",
    type=click.Choice(["receptive"]),
    help="Further fields of each layer: receptive field, stride and padding.",
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

    ARCH is an alias (v2), a table's name, a path to a table, - for standard input, or
    short for a configuration: v2@0.75/160.

    \b
    macs         multiply-adds of convolutions and fully connected layers,
                 squeeze-excite included; bias is not counted
    flops        2 x macs
    params       weights + biases + batch-norm gamma and beta
    buffers      batch-norm running mean and variance
    activations  output elements of the counted layers

    What papers and model zoos print for exactly this configuration stands below the
    shares (and under "published" in JSON).

    \b
    Examples:
      mnprofile count v2 --alpha 0.75 --res 160
      mnprofile count v1 --by type
      mnprofile count my_network.md --res 192 --format json
      mnprofile count v2 --deploy --bits 8 --by stage
      mnprofile count v3-small --fields receptive
    """
    if bits is not None and not deploy:
        raise UsageError(
            "--bits: it says how weights are deployed", accepted="with --deploy"
        )
    if fields and by != "layer":
        raise UsageError(
            f"--fields {fields}: each layer has its own, no {by} has",
            accepted="--by layer",
        )
    arch, graph = network_of(**given)
    counted = count(graph)
    notes = (*counted.graph.notes, *errata_notes(arch))
    sheets = count_sheets(counted, arch, by, notes, elementwise=elementwise)
    csv = csv_sheet(counted, by, elementwise=elementwise)
    extras: Extras | None = None
    if deploy or fields:
        from mnprofile.views.sheets.count_extras import (
            Extras,  # what the main job goes without
        )

        extras = Extras(counted, by, int(bits or 8) if deploy else None, bool(fields))
        sheets += extras.sheets()
        csv = extras.widened(csv)

    def record() -> dict[str, Any]:
        plain = count_record(counted, arch, elementwise)
        return envelope("count", extras.added(plain) if extras else plain)

    emit(format_, output, sheets=sheets, csv=csv, record=record)


def count_record(
    counted: Count, arch: Architecture, elementwise: bool
) -> dict[str, Any]:
    """A count as JSON has it."""
    totals = counted.totals
    layers = counted.all_layers if elementwise else counted.layers
    return {
        "model": model_record(counted.config),
        "totals": figures_record(totals, elementwise=elementwise),
        "layers": [layer_record(layer, elementwise=elementwise) for layer in layers],
        **{
            f"by_{grouping}": [
                group_record(group, totals, grouping, elementwise)
                for group in counted.by(grouping, elementwise=elementwise)
            ]
            for grouping in ("type", "stage", "block")
        },
        "published": [
            _published_record(figure) for figure in published_for(arch, counted.graph)
        ],
        "notes": list(counted.graph.notes),
        "errata": errata_record(arch),
    }


def _published_record(figure: Printed) -> dict[str, Any]:
    misprint = misprint_of(figure)
    return {
        "source": figure.source,
        "table": figure.table,
        "where": figure.where,
        "model": figure.model,
        "variant": figure.variant or None,
        "quantity": figure.quantity,
        "printed": figure.printed,
        "unit": figure.unit,
        "device": figure.device or None,
        "reads": misprint.reads if misprint else None,
        "reason": misprint.reason if misprint else None,
    }
